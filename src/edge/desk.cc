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

// Of this side's disk or moment: the same batch may be kept when it comes again.
bool may_pass(ErrorCode code) {
  return code == ErrorCode::kIo || code == ErrorCode::kBusy || code == ErrorCode::kTimeout ||
         code == ErrorCode::kClosed || code == ErrorCode::kCorrupt;
}

}  // namespace

Desk::Desk(DeskContext context)
    : c_(std::move(context)),
      settled_(c_.registry),
      configurations_(c_.registry, c_.configurations),
      programs_(c_.programs) {}
Desk::~Desk() {
  c_.runtime.timers.cancel(looking_);
  c_.runtime.timers.cancel(expiring_);
  c_.runtime.timers.cancel(saving_settled_);
}

Endpoint Desk::listening() const {
  return listener_ ? listener_->local() : Endpoint{};
}

Status Desk::start(const Endpoint& at) {
  AMITY_CHECK(recover());
  AMITY_TRY(listener_,
            c_.runtime.network.listen(at, [this](auto stream) { accept(std::move(stream)); }));
  look_at_files();
  return look_at_aside();
}

// A batch may be durable and its mark not: its number stands in the journal, as part of the source.
Status Desk::recover() {
  std::optional<store::Sequence> from;
  Status sound;
  const auto earlier = [&](store::Sequence at) { from = std::min(from.value_or(at), at); };
  AMITY_CHECK(c_.registry.each_value("edge/mark/", [&](const std::string&, ByteView value) {
    const auto stored = decode_mark(value);
    if (!stored.ok()) sound = stored.error();
    if (stored.ok()) earlier(stored->journal);
  }));
  AMITY_CHECK(c_.registry.each_value(kAgainKey, [&](const std::string&, ByteView value) {
    if (value.empty()) return;  // none is under way
    const auto at = ByteReader(value).u64();
    if (!at.ok()) sound = at.error();
    if (at.ok()) earlier(*at);
  }));
  AMITY_CHECK(sound);
  AMITY_CHECK(settled_.load());
  AMITY_TRY(const store::Sequence first, c_.journal.first());
  store::Sequence after = std::min(settled_.upto(), from.value_or(settled_.upto()));
  after = std::max(after, std::max<store::Sequence>(first, 1) - 1);
  std::set<std::pair<DeviceId, std::int64_t>> contacts;
  while (after < c_.journal.last()) {
    AMITY_TRY(const auto entries, c_.journal.read(after, kFactsPerScan));
    if (entries.empty()) break;
    for (const store::JournalEntry& entry : entries) {
      settled_.read_up(entry);
      if (!from || entry.sequence <= *from) continue;
      const auto* readings = std::get_if<ReadingsArrived>(&entry.fact);
      const auto* events = std::get_if<EventsArrived>(&entry.fact);
      const auto* contact = std::get_if<ContactMade>(&entry.fact);
      if (contact != nullptr) contacts.emplace(contact->device, contact->at.value);
      const auto batch = readings != nullptr ? batch_of(readings->source)
                         : events != nullptr ? batch_of(events->source)
                                             : std::nullopt;
      if (batch) kept_[batch->first].sequences.insert(batch->second);
    }
    after = entries.back().sequence;
  }
  for (auto& [source, kept] : kept_) kept.contacts = contacts;
  return settled_.save(std::max(after, settled_.upto()));
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
  if (connection.edge) pictures_[connection.edge->name].last_seen = c_.runtime.clock.utc();
  if (const auto* hello = std::get_if<Hello>(&message)) return greet(connection, *hello);
  if (!connection.edge)
    return refuse(connection, counters_.refused_protocol, "it does not say who it is");
  if (const auto* batch = std::get_if<BatchSent>(&message)) return take_batch(connection, *batch);
  if (const auto* status = std::get_if<EdgeStatus>(&message)) {
    EdgePicture& picture = pictures_[connection.edge->name];
    picture.status = *status;
    if (status->time_ms)
      picture.clock_offset_ms = *status->time_ms - c_.runtime.clock.utc_us() / 1'000;
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
  picture.last_seen = c_.runtime.clock.utc();
  picture.version = hello.version;
  picture.target = hello.target;
  picture.buffer = to_hex(hello.buffer);
  picture.acknowledged = edge->saved;
  picture.configuration = hello.configuration;
  picture.put_aside = aside_of(name).size();
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
    edge.source = source_of(edge.name, to_hex(ByteView(hello.buffer).first(4)));
    edge.marks = Marks(stored.mark);
    edge.saved = stored.mark;
    edge.journal = stored.journal;
    ++edge.generation;
    edge.under_way.clear();
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
  if (edge->under_way.size() > 2 * kBatchesInFlightMax)
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
  tell_of(*edge);
  ++picture.batches;
  picture.readings += unpacked->readings.readings.size();
  picture.events += unpacked->events.events.size();
  picture.refused_readings = edge->unpacker.refused_readings();
  deliver(edge, sent.sequence, std::move(*unpacked), sent.body);
}

// What is to be told of the batch that was unpacked last.
void Desk::tell_of(Edge& edge) {
  const std::string place = edge.unpacker.unknown_places();
  if (!place.empty())
    event(edge, Severity::kMedium, static_cast<std::uint32_t>(EdgeEvent::kPlaceUnknown), place);
  for (const DeviceId device : edge.unpacker.registered()) {
    event(edge, Severity::kInfo, static_cast<std::uint32_t>(EdgeEvent::kDeviceRegistered),
          "device " + std::to_string(device.value) + " was registered: the edge reads it");
  }
}

Result<Unpacked> Desk::open_batch(Edge& edge, const BatchSent& sent) {
  AMITY_TRY(Batch batch, decode_batch(sent.body));
  return edge.unpacker.unpack(std::move(batch), edge.source + std::to_string(sent.sequence),
                              c_.runtime.clock.utc());
}

void Desk::deliver(const std::shared_ptr<Edge>& edge, Sequence sequence, Unpacked unpacked,
                   const Bytes& body) {
  edge->under_way.insert(sequence);
  keep(*edge, edge->source, std::move(unpacked),
       [this, edge, sequence, generation = edge->generation, body](const Status& status) {
         if (edge->generation != generation) return;
         edge->under_way.erase(sequence);
         finished(edge, sequence, status, body);
       });
}

// Into the journal; the answers come on its thread, and are taken up on the loop's.
void Desk::keep(const Edge& edge, const std::string& source, Unpacked unpacked,
                std::function<void(const Status&)> done) {
  const auto& kept = kept_[source].contacts;
  std::erase_if(unpacked.contacts, [&](const ContactMade& c) {
    return kept.contains({c.device, c.at.value});
  });
  std::erase_if(unpacked.commands, [&](const CommandChanged& c) { return !settle(edge, c); });
  struct Parts {
    std::size_t open = 1;
    Status status;  // of the last one that failed
    std::function<void(const Status&)> done;
  };
  const auto parts = std::make_shared<Parts>();
  parts->done = std::move(done);
  const auto part = [weak = std::weak_ptr<Desk*>(self_), timers = &c_.runtime.timers,
                     parts](const Status& status) {
    timers->post([weak, parts, status] {
      if (weak.expired()) return;
      if (!status.ok()) parts->status = status;
      if (--parts->open == 0) parts->done(parts->status);
    });
  };
  const auto receipt = [part](const Result<intake::Receipt>& r) {
    part(r.ok() ? Status{} : Status(r.error()));
  };
  const bool readings = !unpacked.readings.readings.empty(),
             events = !unpacked.events.events.empty();
  parts->open += static_cast<std::size_t>(readings) + static_cast<std::size_t>(events) +
                 unpacked.contacts.size() + unpacked.commands.size();
  if (events) c_.intake.accept(std::move(unpacked.events), receipt);
  if (readings) c_.intake.accept(std::move(unpacked.readings), receipt);
  const auto kept_fact = [part](const Result<store::Sequence>& r) {
    part(r.ok() ? Status{} : Status(r.error()));
  };
  for (const ContactMade& contact : unpacked.contacts) c_.journal.append(contact, kept_fact);
  for (const CommandChanged& command : unpacked.commands)
    c_.journal.append(command, noted(command, kept_fact));
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
  if (!edge->under_way.contains(sequence)) edge->marks.done(sequence);
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

}  // namespace amity::edge
