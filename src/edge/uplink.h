// The edge's side of the connection to its server: forwards what is durable in the buffer, oldest
// first, and forgets what is acknowledged. Connects again, ever, with growing pauses. One thread:
// the loop's.
#pragma once

#include <functional>
#include <memory>

#include "base/runtime.h"
#include "edge/buffer.h"
#include "edge/message.h"

namespace amity::edge {

struct UplinkConfig {
  Endpoint server;
  std::string version, target;  // of the program
};

class Uplink {
 public:
  // What else is spoken of. Callbacks run on the loop and may send(); they do not destroy the
  // uplink.
  struct Events {
    std::function<void(const Welcome&)> welcomed = [](const Welcome&) {};
    std::function<void(const Error& why)> lost = [](const Error&) {};      // or not reached
    std::function<void(const Message&)> received = [](const Message&) {};  // offers and pieces
    std::function<void(Sequence)> acknowledged = [](Sequence) {};
    std::function<std::uint64_t()> configuration = [] { return 0; };
    std::function<EdgeStatus()> status = [] { return EdgeStatus{}; };
    // The server knows batches that this buffer has lost; they are numbered anew.
    std::function<void(Sequence known)> rolled_back = [](Sequence) {};
    // The disk failed: nothing is forwarded any more.
    std::function<void(const Error& why)> failed = [](const Error&) {};
  };

  // `runtime.network` speaks TLS with a certificate of ours. All references outlive the uplink.
  Uplink(Runtime runtime, Buffer& buffer, UplinkConfig config, Events events);
  ~Uplink();

  void start();
  // There is more that is durable.
  void wake();
  // To the server, where it is reached; otherwise dropped.
  void send(const Message& message);
  bool reached() const { return welcomed_; }
  Sequence acknowledged() const { return acknowledged_; }

 private:
  struct Line;

  void connect();
  void on_open();
  void on_bytes(ByteView bytes);
  void take(const Message& message);
  void take_welcome(const Welcome& welcome);
  void take_acknowledged(Sequence sequence);
  void drop(const Error& why);
  void pump();
  void tick();

  Runtime runtime_;
  Buffer& buffer_;
  UplinkConfig config_;
  Events events_;
  std::unique_ptr<Line> line_;
  std::vector<std::unique_ptr<Line>> ending_;  // until the loop goes round
  MessageStream messages_;
  bool welcomed_ = false, pumping_ = false;
  Sequence sent_ = 0, acknowledged_ = 0;
  std::deque<std::pair<Sequence, std::size_t>> in_flight_;  // and their bytes
  std::size_t bytes_in_flight_ = 0;
  std::int64_t retry_ms_ = kRetryFirst_ms;
  Instant heard_;
  TimerId retry_ = 0, ticker_ = 0;
  std::shared_ptr<Uplink*> self_ = std::make_shared<Uplink*>(this);
};

}  // namespace amity::edge
