#include "edge/desk.h"

#include <algorithm>
#include <charconv>

#include "store/varint.h"

namespace amity::edge {
namespace {

using std::chrono::milliseconds;

enum class EdgeEvent : std::uint32_t {
  kConnected = 1,
  kLostBatches = 2,
  kReplaced = 3,
  kDeviceRegistered = 4,
  kConfigurationRefused = 5,
  kProgramTaken = 6,
  kProgramRefused = 7
};

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

}  // namespace

// One edge and the buffer it speaks of.
struct Desk::Edge {
  Edge(store::Registry& registry, std::string n, DeviceId d)
      : name(std::move(n)), device(d), unpacker(registry, name, d) {}

  std::string name;
  DeviceId device;
  Unpacker unpacker;
  BufferId buffer{};
  std::string source;  // prefix
  Marks marks;
  std::uint64_t generation = 0;  // of the buffer: answers about another one count no more
  Sequence saved = 0;            // the mark that is on disk
  store::Sequence journal = 0;   // facts of the batches beyond it come after
  bool saving = false;
  Connection* connection = nullptr;
  std::uint64_t offered = 0;  // the configuration that it was sent, on this connection
  std::string program;        // likewise the manifest
  std::map<Sequence, std::pair<int, Status>> parts;  // of batches under way: how many are open
};

struct Desk::Connection : Stream::Handler {
  Connection(Desk* d, std::unique_ptr<Stream> s) : desk(d), stream(std::move(s)) {}
  ~Connection() override { desk->c_.runtime.timers.cancel(timer); }

  void on_open() override {}
  void on_closed(const Error& why) override {
    if (!edge && why.code == ErrorCode::kSecurity) {
      ++desk->counters_.refused_tls;
      desk->c_.warn("edge: " + stream->peer().to_string() + " was refused: " + why.reason);
    }
    desk->drop(this);
  }
  void on_bytes(ByteView bytes) override {
    if (edge) wait(kSilenceMax_ms);
    messages.add(bytes);
    while (!closing) {
      auto message = messages.next();
      if (!message.ok())
        return desk->refuse(*this, desk->counters_.refused_protocol, to_string(message.error()));
      if (!*message) return;
      desk->take(*this, **message);
    }
  }
  void wait(std::int64_t ms) {
    desk->c_.runtime.timers.cancel(timer);
    timer = desk->c_.runtime.timers.at(desk->c_.runtime.clock.now() + milliseconds(ms), [this] {
      timer = 0;
      desk->refuse(*this, desk->counters_.refused_protocol, "it says nothing");
    });
  }

  Desk* desk;
  std::unique_ptr<Stream> stream;
  MessageStream messages;
  std::shared_ptr<Edge> edge;  // once it has said hello
  Sequence next = 0;           // the number that is expected
  bool closing = false;
  TimerId timer = 0;
};

Desk::Desk(DeskContext context)
    : c_(std::move(context)),
      configurations_(c_.registry, c_.configurations),
      programs_(c_.programs) {}
Desk::~Desk() {
  c_.runtime.timers.cancel(looking_);
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
  if (connection.edge || hello.protocol != kProtocol)
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
  edge->offered = 0;
  edge->program.clear();
  connection.stream->send(
      encode_message(Welcome{kProtocol, edge->saved, c_.runtime.clock.utc().value}));
  offer_configuration(*edge);
  offer_program(*edge);
  ContactMade contact;
  contact.device = edge->device;
  contact.at = c_.runtime.clock.utc();
  contact.ok = true;
  c_.journal.append(contact, [](Result<store::Sequence>) {});
}

void Desk::look_at_files() {
  if (!configurations_.any() && c_.programs.empty()) return;
  for (const auto& [name, edge] : edges_) {
    if (edge->connection == nullptr) continue;
    offer_configuration(*edge);
    offer_program(*edge);
  }
  looking_ = c_.runtime.timers.at(c_.runtime.clock.now() + milliseconds(kConfigurationsEvery_ms),
                                  [this] { look_at_files(); });
}

// Once per connection and version: what was refused is not pressed on the edge again.
void Desk::offer_configuration(Edge& edge) {
  auto wanted = configurations_.wanted(edge.name);
  if (!wanted.ok())
    return c_.warn("edge: configuration of " + edge.name + ": " + to_string(wanted.error()));
  if (!*wanted || (*wanted)->version == pictures_[edge.name].configuration ||
      (*wanted)->version == edge.offered)
    return;
  edge.offered = (*wanted)->version;
  edge.connection->stream->send(encode_message(**wanted));
}

void Desk::take_report(Edge& edge, const ConfigurationReport& report) {
  EdgePicture& picture = pictures_[edge.name];
  picture.configuration_refusal = report.refusal;
  if (report.refusal.empty()) {
    picture.configuration = report.version;
    return;
  }
  const std::string text =
      "configuration " + std::to_string(report.version) + " was refused: " + report.refusal;
  c_.warn("edge: " + edge.name + ": " + text);
  event(edge, Severity::kMedium, static_cast<std::uint32_t>(EdgeEvent::kConfigurationRefused),
        text);
}

// Once per connection and manifest.
void Desk::offer_program(Edge& edge) {
  const EdgePicture& picture = pictures_[edge.name];
  const auto offer = programs_.wanted(picture.target, picture.version);
  if (!offer || offer->manifest == edge.program) return;
  edge.program = offer->manifest;
  edge.connection->stream->send(encode_message(*offer));
}

void Desk::take_report(Edge& edge, const UpdateReport& report) {
  const bool taken = report.refusal.empty();
  pictures_[edge.name].update_refusal = report.refusal;
  const std::string program = "program " + to_hex(report.digest).substr(0, 12);
  const std::string text =
      taken ? program + " is in place and on trial" : program + " was refused: " + report.refusal;
  c_.warn("edge: " + edge.name + ": " + text);
  event(edge, taken ? Severity::kInfo : Severity::kMedium,
        static_cast<std::uint32_t>(taken ? EdgeEvent::kProgramTaken : EdgeEvent::kProgramRefused),
        text);
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
    return finished(edge, sent.sequence, {});
  }
  const auto fail = [&](const Error& why) {
    edge->marks.failed(sent.sequence);
    refuse(connection, counters_.refused_protocol,
           "batch " + std::to_string(sent.sequence) + ": " + to_string(why));
  };
  auto batch = decode_batch(sent.body);
  if (!batch.ok()) return fail(batch.error());
  auto unpacked = edge->unpacker.unpack(
      std::move(*batch), edge->source + std::to_string(sent.sequence), c_.runtime.clock.utc());
  if (!unpacked.ok()) return fail(unpacked.error());
  for (const DeviceId device : edge->unpacker.registered()) {
    event(*edge, Severity::kInfo, static_cast<std::uint32_t>(EdgeEvent::kDeviceRegistered),
          "device " + std::to_string(device.value) + " was registered: the edge reads it");
  }
  ++picture.batches;
  picture.readings += unpacked->readings.readings.size();
  picture.events += unpacked->events.events.size();
  picture.refused_readings = edge->unpacker.refused_readings();
  deliver(edge, sent.sequence, std::move(*unpacked));
}

// Into the journal; the answers come on its thread, and are taken up on the loop's.
void Desk::deliver(const std::shared_ptr<Edge>& edge, Sequence sequence, Unpacked unpacked) {
  auto& kept = kept_[edge->source].contacts;
  std::erase_if(unpacked.contacts, [&](const ContactMade& c) {
    return kept.contains({c.device, c.at.value});
  });
  const bool readings = !unpacked.readings.readings.empty(),
             events = !unpacked.events.events.empty();
  edge->parts[sequence] = {static_cast<int>(readings) + static_cast<int>(events) +
                               static_cast<int>(unpacked.contacts.size()) + 1,
                           Status{}};
  const auto part = [weak = std::weak_ptr<Desk*>(self_), timers = &c_.runtime.timers, edge,
                     sequence, generation = edge->generation](const Status& status) {
    timers->post([weak, edge, sequence, generation, status] {
      const auto self = weak.lock();
      if (!self || edge->generation != generation) return;
      const auto at = edge->parts.find(sequence);
      if (at == edge->parts.end()) return;
      if (!status.ok()) at->second.second = status;
      if (--at->second.first > 0) return;
      const Status all = std::move(at->second.second);
      edge->parts.erase(at);
      (*self)->finished(edge, sequence, all);
    });
  };
  const auto receipt = [part](const Result<intake::Receipt>& r) {
    part(r.ok() ? Status{} : Status(r.error()));
  };
  if (events) c_.intake.accept(std::move(unpacked.events), receipt);
  if (readings) c_.intake.accept(std::move(unpacked.readings), receipt);
  for (const ContactMade& contact : unpacked.contacts) {
    c_.journal.append(contact, [part](const Result<store::Sequence>& r) {
      part(r.ok() ? Status{} : Status(r.error()));
    });
  }
  part({});
}

void Desk::finished(const std::shared_ptr<Edge>& edge, Sequence sequence, const Status& status) {
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

}  // namespace amity::edge
