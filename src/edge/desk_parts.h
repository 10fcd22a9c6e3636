// What the parts of the desk's implementation share. Of no use to others.
#pragma once

#include "edge/desk.h"

namespace amity::edge {

enum class EdgeEvent : std::uint32_t {
  kConnected = 1,
  kLostBatches = 2,
  kReplaced = 3,
  kDeviceRegistered = 4,
  kConfigurationRefused = 5,
  kProgramTaken = 6,
  kProgramRefused = 7,
  kBatchPutAside = 8,
  kPlaceUnknown = 9,
};

// Followed by an edge's name: where the journal stood when its batches were tried again.
inline const std::string kAgainKey = "edge/again/";

// What the sources of a buffer's batches begin with; `buffer` are the first digits of its id.
inline std::string source_of(const std::string& edge, const std::string& buffer) {
  return "edge/" + edge + "/" + buffer + "/";
}

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
  std::uint64_t offered = 0;     // the configuration that it was sent, on this connection
  std::string program;           // likewise the manifest
  std::uint16_t protocol = 0;    // that it speaks
  std::set<Sequence> under_way;  // batches
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
    const Instant until = desk->c_.runtime.clock.now() + std::chrono::milliseconds(ms);
    timer = desk->c_.runtime.timers.at(until, [this] {
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

}  // namespace amity::edge
