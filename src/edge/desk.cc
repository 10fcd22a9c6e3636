#include <algorithm>
#include <charconv>
#include <filesystem>

#include "edge/desk_parts.h"
#include "edge/file.h"

namespace amity::edge {
namespace {

// Under which a buffer's mark is kept, and its batches' sources begin.
std::string buffer_name(const std::string& edge, const BufferId& id) {
  return edge + "/" + to_hex(id);
}
std::string mark_key(const std::string& buffer) {
  return "edge/mark/" + buffer;
}
std::string source_prefix(const std::string& edge, const BufferId& id) {
  return "edge/" + edge + "/" + to_hex(ByteView(id).first(4)) + "/";
}

struct StoredMark {
  Sequence mark = 0;
  store::Sequence journal = 0;  // all that came up to here is below the mark
};

Bytes encode_mark(const StoredMark& stored) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(1);
  writer.u64(stored.mark);
  writer.u64(stored.journal);
  return out;
}
Result<StoredMark> decode_mark(ByteView bytes) {
  ByteReader in(bytes);
  StoredMark stored;
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != 1) return in.malformed("a mark of version " + std::to_string(version));
  AMITY_TRY(stored.mark, in.u64());
  AMITY_TRY(stored.journal, in.u64());
  return stored;
}

std::optional<std::pair<std::string, Sequence>> batch_of(const std::string& source) {
  if (!source.starts_with("edge/")) return std::nullopt;
  const std::size_t slash = source.rfind('/');
  Sequence sequence = 0;
  const char* end = source.data() + source.size();
  if (std::from_chars(source.data() + slash + 1, end, sequence).ptr != end) return std::nullopt;
  return std::pair(source.substr(0, slash + 1), sequence);
}

std::uint64_t batches_in(const std::string& folder) {
  std::uint64_t count = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    count += entry.path().extension() == ".batch";
  return count;
}

// Of this side's disk or moment: the same batch may be kept when it comes again.
bool may_pass(ErrorCode code) {
  return code == ErrorCode::kIo || code == ErrorCode::kBusy || code == ErrorCode::kTimeout ||
         code == ErrorCode::kClosed || code == ErrorCode::kCorrupt;
}

}  // namespace

Desk::Desk(DeskContext context)
    : c_(std::move(context)),
      configurations_(c_.registry, c_.configurations),
      programs_(c_.programs) {}
Desk::~Desk() {
  c_.runtime.timers.cancel(looking_);
  c_.runtime.timers.cancel(expiring_);
}

Endpoint Desk::listening() const {
  return listener_ ? listener_->local() : Endpoint{};
}

Status Desk::start(const Endpoint& at) {
  AMITY_CHECK(recover());
  AMITY_TRY(listener_,
            c_.runtime.network.listen(at, [this](auto stream) { accept(std::move(stream)); }));
  look_at_files();
  return {};
}

// A batch may be durable and its mark not: its number stands in the journal, as part of the source.
Status Desk::recover() {
  std::optional<store::Sequence> from;
  Status sound;
  AMITY_CHECK(c_.registry.each_value("edge/mark/", [&](const std::string&, ByteView value) {
    const auto stored = decode_mark(value);
    if (!stored.ok()) sound = stored.error();
    if (stored.ok()) from = std::min(from.value_or(stored->journal), stored->journal);
  }));
  AMITY_CHECK(sound);
  if (!from) return {};
  AMITY_TRY(const store::Sequence first, c_.journal.first());
  store::Sequence after = std::max(*from, first - 1);
  std::set<std::pair<DeviceId, std::int64_t>> contacts;
  while (after < c_.journal.last()) {
    AMITY_TRY(const auto entries, c_.journal.read(after, kFactsPerScan));
    if (entries.empty()) break;
    for (const store::JournalEntry& entry : entries) {
      const auto* readings = std::get_if<ReadingsArrived>(&entry.fact);
      const auto* events = std::get_if<EventsArrived>(&entry.fact);
      const auto* contact = std::get_if<ContactMade>(&entry.fact);
      if (contact != nullptr) contacts.emplace(contact->device, contact->at.value);
      if (const auto* command = std::get_if<CommandChanged>(&entry.fact); command != nullptr)
        if (is_settled(command->state)) settled_.emplace(command->id, command->state);
      const auto batch = readings != nullptr ? batch_of(readings->source)
                         : events != nullptr ? batch_of(events->source)
                                             : std::nullopt;
      if (batch) kept_[batch->first].sequences.insert(batch->second);
    }
    after = entries.back().sequence;
  }
  for (auto& [source, kept] : kept_) kept.contacts = contacts;
  return {};
}

void Desk::accept(std::unique_ptr<Stream> stream) {
  if (connections_.size() >= kConnectionsMax) return;  // dropped: closes
  ++counters_.connections;
  auto owned = std::make_unique<Connection>(this, std::move(stream));
  Connection& connection = *owned;
  connections_.emplace(&connection, std::move(owned));
  connection.wait(kHelloTimeout_ms);
  connection.stream->set_handler(&connection);
}

// The connection may be the caller: it ends when the loop goes round.
void Desk::drop(Connection* connection) {
  const auto at = connections_.find(connection);
  if (at == connections_.end()) return;
  Connection* const ending = ending_.emplace_back(std::move(at->second)).get();
  connections_.erase(at);
  ending->closing = true;
  ending->stream->set_handler(nullptr);
  c_.runtime.timers.cancel(std::exchange(ending->timer, 0));
  if (ending->edge && ending->edge->connection == connection) {
    ending->edge->connection = nullptr;
    pictures_[ending->edge->name].connected = false;
  }
  c_.runtime.timers.post([weak = std::weak_ptr<Desk*>(self_)] {
    if (const auto self = weak.lock()) (*self)->ending_.clear();
  });
}

void Desk::refuse(Connection& connection, std::uint64_t& counter, const std::string& why) {
  ++counter;
  const std::string who =
      connection.edge ? connection.edge->name : c_.proved_name(*connection.stream);
  c_.warn("edge: " + (who.empty() ? std::string() : who + " at ") +
          connection.stream->peer().to_string() + " was refused: " + why);
  connection.closing = true;
  connection.stream->send(encode_message(Refused{why}));
  connection.stream->close();
  drop(&connection);
}

void Desk::take(Connection& connection, const Message& message) {
  if (const auto* hello = std::get_if<Hello>(&message)) return greet(connection, *hello);
  if (!connection.edge)
    return refuse(connection, counters_.refused_protocol, "it does not say who it is");
  if (const auto* batch = std::get_if<BatchSent>(&message)) return take_batch(connection, *batch);
  if (const auto* status = std::get_if<EdgeStatus>(&message)) {
    pictures_[connection.edge->name].status = *status;
    connection.stream->send(encode_message(Acknowledged{connection.edge->saved}));
    return;
  }
  if (const auto* report = std::get_if<ConfigurationReport>(&message))
    return take_report(*connection.edge, *report);
  if (const auto* ask = std::get_if<UpdateAsk>(&message))
    return connection.stream->send(encode_message(programs_.piece(*ask)));
  if (const auto* report = std::get_if<UpdateReport>(&message))
    return take_report(*connection.edge, *report);
  refuse(connection, counters_.refused_protocol, "edges do not say such things");
}

void Desk::greet(Connection& connection, const Hello& hello) {
  const std::string name = c_.proved_name(*connection.stream);
  const bool spoken = hello.protocol >= kProtocolOldest && hello.protocol <= kProtocol;
  if (connection.edge || !spoken)
    return refuse(connection, counters_.refused_protocol,
                  "it speaks protocol " + std::to_string(hello.protocol) + ", not " +
                      std::to_string(kProtocol));
  const auto device = c_.registry.device_by_serial(name);
  const bool known = device.ok() && *device && (*device)->protocol == kEdgeProtocol &&
                     (*device)->state == DeviceState::kActive;
  if (name.empty() || !known)
    return refuse(connection, counters_.refused_unknown,
                  "no edge is registered as \"" + name + "\"");
  auto& edge = edges_[name];
  if (!edge) edge = std::make_shared<Edge>(c_.registry, name, (*device)->id);
  if (const Status opened = open_buffer(*edge, hello); !opened.ok())
    return refuse(connection, counters_.refused_protocol, to_string(opened.error()));
  if (edge->connection != nullptr) {
    event(*edge, Severity::kLow, static_cast<std::uint32_t>(EdgeEvent::kReplaced),
          "another connection of the edge takes over");
    refuse(*edge->connection, counters_.refused_protocol,
           "another connection of this edge took over");
  }
  edge->connection = &connection;
  connection.edge = edge;
  connection.next = edge->saved + 1;
  EdgePicture& picture = pictures_[name];
  picture.connected = true;
  picture.version = hello.version;
  picture.target = hello.target;
  picture.buffer = to_hex(hello.buffer);
  picture.acknowledged = edge->saved;
  picture.configuration = hello.configuration;
  picture.put_aside = c_.quarantine.empty() ? 0 : batches_in(quarantine_of(name));
  edge->offered = 0;
  edge->program.clear();
  edge->protocol = hello.protocol;
  connection.stream->send(
      encode_message(Welcome{hello.protocol, edge->saved, c_.runtime.clock.utc().value}));
  offer_configuration(*edge);
  offer_program(*edge);
  send_orders(*edge);
  ContactMade contact;
  contact.device = edge->device;
  contact.at = c_.runtime.clock.utc();
  contact.ok = true;
  c_.journal.append(contact, [](Result<store::Sequence>) {});
}

// Where the buffer's numbers begin, of what is kept already.
Status Desk::open_buffer(Edge& edge, const Hello& hello) {
  if (edge.generation == 0 || edge.buffer != hello.buffer) {
    AMITY_TRY(const auto value, c_.registry.value(mark_key(buffer_name(edge.name, hello.buffer))));
    StoredMark stored{hello.first - 1, c_.journal.last()};
    if (value) {
      AMITY_TRY(stored, decode_mark(*value));
    } else {
      // Before anything is taken: from here on the journal is looked through after a crash.
      AMITY_CHECK(c_.registry.put_value(mark_key(buffer_name(edge.name, hello.buffer)),
                                        encode_mark(stored)));
    }
    edge.buffer = hello.buffer;
    edge.source = source_prefix(edge.name, hello.buffer);
    edge.marks = Marks(stored.mark);
    edge.saved = stored.mark;
    edge.journal = stored.journal;
    ++edge.generation;
    edge.parts.clear();
    for (const Sequence sequence : kept_[edge.source].sequences) edge.marks.done(sequence);
    AMITY_CHECK(save(edge));
  }
  if (hello.first > edge.marks.mark() + 1) {
    event(edge, Severity::kHigh, static_cast<std::uint32_t>(EdgeEvent::kLostBatches),
          "batches " + std::to_string(edge.marks.mark() + 1) + " to " +
              std::to_string(hello.first - 1) +
              " of the edge are gone: it was told that they were kept");
    edge.marks.lost(edge.marks.mark() + 1, hello.first - 1);
    AMITY_CHECK(save(edge));
  }
  return {};
}

Status Desk::save(Edge& edge) {
  if (edge.marks.mark() == edge.saved) return {};
  // With batches under way the journal is looked through from where it was before.
  if (edge.marks.open() == 0) edge.journal = c_.journal.last();
  const StoredMark stored{edge.marks.mark(), edge.journal};
  AMITY_CHECK(
      c_.registry.put_value(mark_key(buffer_name(edge.name, edge.buffer)), encode_mark(stored)));
  edge.saved = stored.mark;
  pictures_[edge.name].acknowledged = stored.mark;
  return {};
}

void Desk::event(const Edge& edge, Severity severity, std::uint32_t code, std::string text) {
  EventsArrived arrived;
  arrived.source = "edge";
  arrived.received = c_.runtime.clock.utc();
  arrived.events.push_back({edge.device, arrived.received, EventCategory::kComms, severity, code,
                            "edge", std::move(text)});
  c_.intake.accept(std::move(arrived), [](Result<intake::Receipt>) {});
}

void Desk::take_batch(Connection& connection, const BatchSent& sent) {
  const std::shared_ptr<Edge> edge = connection.edge;
  EdgePicture& picture = pictures_[edge->name];
  if (sent.sequence < connection.next)
    return refuse(connection, counters_.refused_protocol, "its batches are out of order");
  if (edge->parts.size() > 2 * kBatchesInFlightMax)
    return refuse(connection, counters_.refused_protocol, "it does not wait for acknowledgements");
  if (sent.sequence > connection.next) {
    event(*edge, Severity::kHigh, static_cast<std::uint32_t>(EdgeEvent::kLostBatches),
          "batches " + std::to_string(connection.next) + " to " +
              std::to_string(sent.sequence - 1) + " were lost on the edge's disk");
    edge->marks.lost(connection.next, sent.sequence - 1);
  }
  connection.next = sent.sequence + 1;
  if (!edge->marks.begin(sent.sequence)) {
    ++picture.repeated;
    return finished(edge, sent.sequence, {}, {});
  }
  auto unpacked = open_batch(*edge, sent);
  if (!unpacked.ok()) return finished(edge, sent.sequence, unpacked.error(), sent.body);
  const std::string place = edge->unpacker.unknown_places();
  if (!place.empty())
    event(*edge, Severity::kMedium, static_cast<std::uint32_t>(EdgeEvent::kPlaceUnknown), place);
  for (const DeviceId device : edge->unpacker.registered()) {
    event(*edge, Severity::kInfo, static_cast<std::uint32_t>(EdgeEvent::kDeviceRegistered),
          "device " + std::to_string(device.value) + " was registered: the edge reads it");
  }
  ++picture.batches;
  picture.readings += unpacked->readings.readings.size();
  picture.events += unpacked->events.events.size();
  picture.refused_readings = edge->unpacker.refused_readings();
  deliver(edge, sent.sequence, std::move(*unpacked), sent.body);
}

Result<Unpacked> Desk::open_batch(Edge& edge, const BatchSent& sent) {
  AMITY_TRY(Batch batch, decode_batch(sent.body));
  return edge.unpacker.unpack(std::move(batch), edge.source + std::to_string(sent.sequence),
                              c_.runtime.clock.utc());
}

// Into the journal; the answers come on its thread, and are taken up on the loop's.
void Desk::deliver(const std::shared_ptr<Edge>& edge, Sequence sequence, Unpacked unpacked,
                   const Bytes& body) {
  auto& kept = kept_[edge->source].contacts;
  std::erase_if(unpacked.contacts, [&](const ContactMade& c) {
    return kept.contains({c.device, c.at.value});
  });
  std::erase_if(unpacked.commands, [&](const CommandChanged& c) { return !settle(*edge, c); });
  const bool readings = !unpacked.readings.readings.empty(),
             events = !unpacked.events.events.empty();
  const std::size_t facts = unpacked.contacts.size() + unpacked.commands.size();
  edge->parts[sequence] = {
      static_cast<int>(readings) + static_cast<int>(events) + static_cast<int>(facts) + 1, Status{},
      body, unpacked.commands};
  const auto part = [weak = std::weak_ptr<Desk*>(self_), timers = &c_.runtime.timers, edge,
                     sequence, generation = edge->generation](const Status& status) {
    timers->post([weak, edge, sequence, generation, status] {
      const auto self = weak.lock();
      if (!self || edge->generation != generation) return;
      const auto at = edge->parts.find(sequence);
      if (at == edge->parts.end()) return;
      if (!status.ok()) at->second.status = status;
      if (--at->second.open > 0) return;
      const Edge::Parts all = std::move(at->second);
      edge->parts.erase(at);
      if (!all.status.ok())
        for (const CommandChanged& c : all.commands) (*self)->settled_.erase({c.id, c.state});
      (*self)->finished(edge, sequence, all.status, all.body);
    });
  };
  const auto receipt = [part](const Result<intake::Receipt>& r) {
    part(r.ok() ? Status{} : Status(r.error()));
  };
  if (events) c_.intake.accept(std::move(unpacked.events), receipt);
  if (readings) c_.intake.accept(std::move(unpacked.readings), receipt);
  const auto kept_fact = [part](const Result<store::Sequence>& r) {
    part(r.ok() ? Status{} : Status(r.error()));
  };
  for (const ContactMade& contact : unpacked.contacts) c_.journal.append(contact, kept_fact);
  for (const CommandChanged& command : unpacked.commands) c_.journal.append(command, kept_fact);
  part({});
}

void Desk::finished(const std::shared_ptr<Edge>& edge, Sequence sequence, Status status,
                    const Bytes& body) {
  if (!status.ok() && !may_pass(status.error().code))
    status = put_aside(*edge, sequence, body, status.error());
  if (!status.ok()) {
    edge->marks.failed(sequence);
    c_.warn("edge: batch " + std::to_string(sequence) + " of " + edge->name +
            " was not kept: " + to_string(status.error()));
    if (edge->connection != nullptr)
      refuse(*edge->connection, counters_.refused_protocol,
             "not kept, try again: " + status.error().reason);
    return;
  }
  if (!edge->parts.contains(sequence)) edge->marks.done(sequence);
  if (std::exchange(edge->saving, true)) return;
  // One mark for all that became durable in this round of the loop.
  c_.runtime.timers.post([weak = std::weak_ptr<Desk*>(self_), edge] {
    const auto self = weak.lock();
    edge->saving = false;
    if (!self) return;
    const Status saved = (*self)->save(*edge);
    if (edge->connection == nullptr) return;
    if (!saved.ok())
      return (*self)->refuse(*edge->connection, (*self)->counters_.refused_protocol,
                             to_string(saved.error()));
    edge->connection->stream->send(encode_message(Acknowledged{edge->saved}));
  });
}

std::string Desk::quarantine_of(const std::string& edge) const {
  const bool plain = edge.find('/') == edge.npos && edge.front() != '.';
  return c_.quarantine + "/" + (plain ? edge : to_hex(as_bytes(edge)));
}

// A batch that will never be understood here is kept as it came, and the queue goes on.
Status Desk::put_aside(Edge& edge, Sequence sequence, const Bytes& body, const Error& why) {
  if (c_.quarantine.empty()) return why;
  EdgePicture& picture = pictures_[edge.name];
  const std::string folder = quarantine_of(edge.name);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return make_error(ErrorCode::kIo, folder + ": " + error.message());
  const std::string name = to_hex(ByteView(edge.buffer).first(4)) + "-" + std::to_string(sequence);
  const std::string path = folder + "/" + name + ".batch";
  const bool again = std::filesystem::exists(path, error);
  picture.put_aside = batches_in(folder);
  if (!again && picture.put_aside >= kPutAsidePerEdgeMax)
    return make_error(ErrorCode::kBusy,
                      "too many batches of this edge were put aside; the last: " + to_string(why));
  AMITY_CHECK(replace_file(folder + "/" + name + ".txt", as_bytes(to_string(why) + "\n")));
  AMITY_CHECK(replace_file(path, body));
  if (again) return {};
  ++picture.put_aside;
  const std::string text = "batch " + std::to_string(sequence) + " of " +
                           std::to_string(body.size()) + " bytes cannot be taken and is kept in " +
                           path + ": " + to_string(why);
  c_.warn("edge: " + edge.name + ": " + text);
  event(edge, Severity::kHigh, static_cast<std::uint32_t>(EdgeEvent::kBatchPutAside), text);
  return {};
}

}  // namespace amity::edge
