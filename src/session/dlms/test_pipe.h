// A client and a server on one in-memory line, for the tests of this room: bytes travel in pieces
// of any size, some are lost, repeated or damaged, time passes only when both wait.
#pragma once

#include <functional>

#include "session/dlms/client.h"
#include "session/dlms/server.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms::testing {

// splitmix64.
class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(u64() >> 32);
  }
  std::uint64_t u64() override {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

inline const Obis kClock(0, 0, 1, 0, 0, 255);
inline const Obis kEnergy(1, 0, 1, 8, 0, 255);
inline const Obis kProfile(1, 0, 99, 1, 0, 255);
inline const Obis kLogBook(0, 0, 96, 1, 0, 255);
inline const Obis kScripts(0, 0, 10, 0, 100, 255);

inline AttributeRequest ask(std::uint16_t class_id, const Obis& obis, std::int8_t attribute) {
  return {{class_id, obis, attribute}, std::nullopt};
}

// A meter with a clock, a register, a profile of `rows` entries, a long writable text and one
// method that echoes.
class TestObjects : public Objects {
 public:
  std::uint32_t rows = 96;
  Bytes text;           // kLogBook, attribute 2
  unsigned obeyed = 0;  // methods run
  std::string last_selection;

  DataAccessResult get(const AssociationContext&, const AttributeRef& a,
                       const std::optional<SelectiveAccess>& access, Bytes& out) override {
    DataWriter writer(out);
    if (a.instance == kClock && a.attribute == 2) {
      writer.octet_string(*from_hex("07EA0B150600090000000000"));
    } else if (a.instance == kEnergy && a.attribute == 2) {
      writer.uint32(123'456);
    } else if (a.instance == kEnergy && a.attribute == 3) {
      writer.structure(2);
      writer.int8(0);
      writer.enumeration(30);
    } else if (a.instance == kLogBook && a.attribute == 2) {
      writer.octet_string(text);
    } else if (a.instance == kProfile && a.attribute == 2) {
      return get_rows(access, writer);
    } else {
      return DataAccessResult::kObjectUndefined;
    }
    return DataAccessResult::kSuccess;
  }

  DataAccessResult set(const AssociationContext&, const AttributeRef& a,
                       const std::optional<SelectiveAccess>&, ByteView data) override {
    if (a.instance != kLogBook) return DataAccessResult::kReadWriteDenied;
    DataTree tree;
    if (!tree.parse(data).ok() || !tree.root().is_bytes()) return DataAccessResult::kTypeUnmatched;
    const ByteView bytes = tree.root().bytes();
    text.assign(bytes.begin(), bytes.end());
    return DataAccessResult::kSuccess;
  }

  ActionResult action(const AssociationContext&, const MethodRef& m,
                      const std::optional<ByteView>& parameters, Bytes& out) override {
    if (m.instance != kScripts) return ActionResult::kObjectUndefined;
    ++obeyed;
    if (parameters) append(out, *parameters);
    return ActionResult::kSuccess;
  }

  void list(const AssociationContext&, std::vector<ObjectEntry>& out) override {
    out.push_back({8, 0, kClock, 0x1000, 9, 6, 0});
    out.push_back({3, 0, kEnergy, 0x2000, 3, 1, 0});
    out.push_back({7, 1, kProfile, 0x3000, 8, 2, 0});
    out.push_back({1, 0, kLogBook, 0x4000, 2, 0, 1u << 2});
  }

 private:
  DataAccessResult get_rows(const std::optional<SelectiveAccess>& access, DataWriter& writer) {
    std::uint32_t first = 1;
    std::uint32_t last = rows;
    last_selection = "all";
    if (access && access->selector == kAccessByEntry) {
      const auto entry = decode_entry(access->parameters);
      if (!entry.ok()) return DataAccessResult::kTypeUnmatched;
      first = entry->from_entry;
      last = entry->to_entry;
      last_selection = "entries";
    } else if (access && access->selector == kAccessByRange) {
      const auto range = decode_range(access->parameters);
      if (!range.ok()) return DataAccessResult::kTypeUnmatched;
      last_selection = to_hex(range->from.content()) + ".." + to_hex(range->to.content());
      last = 4;
    }
    writer.array(last - first + 1);
    for (std::uint32_t row = first; row <= last; ++row) {
      writer.structure(2);
      writer.octet_string(*from_hex("07EA0B150600090000000000"));
      writer.uint32(row * 1000);
    }
    return DataAccessResult::kSuccess;
  }
};

// What the line does to bytes under way.
struct Line {
  std::size_t piece_bytes = 0;  // 0: as sent
  double loss = 0;              // of a whole output
  double damage = 0;            // one flipped bit in an output
  double repeat = 0;            // an output arrives twice
  std::uint64_t seed = 1;
};

class Pipe {
 public:
  // Both sides must outlive the pipe.
  Pipe(Client& client, Server& server, Line line = {})
      : client_(client), server_(server), line_(line), random_(line.seed) {}

  Instant now{1'000'000};
  std::vector<ClientEvent> events;
  std::vector<ServerEvent> server_events;
  std::vector<std::string> transcript;     // "> HEX" to the meter, "< HEX" from it
  std::function<bool(Bytes&)> from_meter;  // may change or (false) swallow what the meter sends
  std::function<bool(Bytes&)> to_meter;

  void open() {
    server_.on_open(now);
    client_.on_open(now);
  }

  // Until nobody has anything to do; waits for timers only while the client is busy.
  void run(std::size_t steps_max = 100'000) {
    for (std::size_t step = 0; step < steps_max; ++step) {
      if (transfer()) continue;
      collect();
      if (!client_.busy() || !sleep()) return;
    }
    ADD_FAILURE() << "the conversation does not end";
  }

  // The events since the last call, of one kind; fails the test when there is not exactly one event
  // of that kind at the end.
  template <class T>
  T expect() {
    run();
    T found{};
    if (events.empty() || !std::holds_alternative<T>(events.back())) {
      ADD_FAILURE() << "another event came"
                    << (events.empty() ? ": none" : failure_text(events.back()));
      events.clear();
      return found;
    }
    found = std::get<T>(events.back());
    events.clear();
    return found;
  }

  static std::string failure_text(const ClientEvent& event) {
    const auto* failed = std::get_if<Failed>(&event);
    return failed == nullptr ? " " + std::to_string(event.index())
                             : ": " + to_string(failed->error);
  }

  // Everything that is ready to travel, once. False: nothing was.
  bool transfer() {
    bool moved = false;
    Bytes bytes;
    while (client_.poll_output(bytes)) {
      moved = true;
      transcript.push_back("> " + to_hex(bytes));
      if (!to_meter || to_meter(bytes))
        deliver(bytes, [this](ByteView piece) { server_.on_bytes(piece, now); });
    }
    while (server_.poll_output(bytes)) {
      moved = true;
      transcript.push_back("< " + to_hex(bytes));
      if (!from_meter || from_meter(bytes))
        deliver(bytes, [this](ByteView piece) { client_.on_bytes(piece, now); });
    }
    return moved;
  }

 private:
  template <class Sink>
  void deliver(Bytes& bytes, Sink sink) {
    if (random_.unit() < line_.loss) return;
    if (random_.unit() < line_.damage)
      bytes[random_.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random_.below(8));
    const int times = random_.unit() < line_.repeat ? 2 : 1;
    const std::size_t piece = line_.piece_bytes == 0 ? bytes.size() : line_.piece_bytes;
    for (int i = 0; i < times; ++i) {
      for (std::size_t at = 0; at < bytes.size(); at += piece) {
        sink(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
      }
    }
  }

  void collect() {
    while (auto event = client_.poll_event()) events.push_back(*std::move(event));
    while (auto event = server_.poll_event()) server_events.push_back(*std::move(event));
  }

  // To the next moment that either side waits for.
  bool sleep() {
    std::optional<Instant> next = client_.next_timeout();
    if (const auto other = server_.next_timeout(); other && (!next || *other < *next)) next = other;
    if (!next) return false;
    if (*next > now) now = *next;
    client_.on_timer(now);
    server_.on_timer(now);
    return true;
  }

  Client& client_;
  Server& server_;
  Line line_;
  SeededRandom random_;
};

// A meter and a client that fit each other, with the keys of the published vectors.
struct Bench {
  ClientConfig client;
  ServerConfig server;
  TestObjects objects;
  MemoryCounters client_counters{1};
  MemoryCounters server_counters{1};
  SeededRandom client_random{11};
  SeededRandom server_random{22};

  explicit Bench(Mechanism mechanism = Mechanism::kNone, SecurityPolicy security = {}) {
    const std::string ek = "000102030405060708090A0B0C0D0E0F",
                      ak = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF";
    const bool long_keys = security.suite == SecuritySuite::k2;
    client.keys = {Secret(*from_hex(long_keys ? ek + ak : ek)),
                   Secret(*from_hex(long_keys ? ak + ek : ak))};
    client.client_title = *system_title_from(*from_hex("4D4D4D0000000001"));
    client.link.client_sap = 1;
    client.mechanism = mechanism;
    client.password = Secret("correct horse battery");
    client.security = security;
    server.title = *system_title_from(*from_hex("4D4D4D0000BC614E"));
    server.keys = client.keys;
    ServerAssociation association;
    association.client_sap = 1;
    association.mechanism = mechanism;
    association.password = client.password;
    association.security = security;
    server.associations.push_back(association);
    ServerAssociation open;
    open.client_sap = 16;
    server.associations.push_back(open);
  }

  Client make_client() { return Client(client, &client_counters, client_random); }
  Server make_server() { return Server(&server, &objects, &server_counters, &server_random); }
};

// One line of text of an encoded value.
inline std::string text_of(const Bytes& data) {
  DataTree tree;
  const Status parsed = tree.parse(data);
  return parsed.ok() ? to_text(tree.root()) : to_string(parsed.error());
}

}  // namespace amity::dlms::testing
