// For tests: a runtime in virtual time on one thread. Streams have a delay; every connection can be cut.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/runtime.h"

namespace amity::headend {

class TestLoop : public Clock, public Timers, public Random, public Network {
 public:
  explicit TestLoop(UtcSeconds start) : start_utc_us_(start.value * 1'000'000) {}

  Runtime runtime() { return Runtime{*this, *this, *this, *this}; }
  void run_for(Duration duration) {
    const Instant end = now_ + duration;
    while (!queue_.empty() && queue_.begin()->first.first <= end) {
      auto first = queue_.begin();
      now_ = std::max(now_, first->first.first);
      auto callback = std::move(first->second);
      queue_.erase(first);
      callback();
    }
    now_ = end;
  }

  UtcSeconds utc() const override { return UtcSeconds(utc_us() / 1'000'000); }
  std::int64_t utc_us() const override { return start_utc_us_ + now_.us; }
  Instant now() const override { return now_; }

  TimerId at(Instant when, std::function<void()> callback) override {
    const TimerId id = ++last_id_;
    queue_.emplace(std::pair(std::max(when, now_), id), std::move(callback));
    times_[id] = std::max(when, now_);
    return id;
  }
  void cancel(TimerId id) override {
    const auto at = times_.find(id);
    if (at == times_.end()) return;
    queue_.erase({at->second, id});
    times_.erase(at);
  }
  void post(std::function<void()> callback) override { at(now_, std::move(callback)); }

  void fill(std::span<std::uint8_t> out) override {
    for (auto& b : out) b = static_cast<std::uint8_t>(u64() >> 32);
  }
  std::uint64_t u64() override { return random_ = random_ * 6364136223846793005u + 1442695040888963407u; }

  std::unique_ptr<Stream> connect(const Endpoint& to, Duration timeout, Stream::Handler* handler) override;
  Result<std::unique_ptr<Listener>> listen(const Endpoint& at,
                                           std::function<void(std::unique_ptr<Stream>)> on_accept) override;
  Result<std::unique_ptr<DatagramSocket>> open_datagram(
      const Endpoint& at, std::function<void(const Endpoint&, ByteView)> on_datagram) override;
  void datagram(const Endpoint& from, const Endpoint& to, ByteView bytes) {
    if (const auto at = sockets_.find(to); at != sockets_.end()) at->second(from, bytes);
  }

  Duration delay = std::chrono::milliseconds(5);
  std::size_t connections_made = 0;
  std::size_t open_now = 0, open_max = 0;
  std::map<std::string, std::size_t> open_by_host, open_by_host_max;

 private:
  struct Side {
    Stream::Handler* handler = nullptr;
    std::shared_ptr<bool> alive = std::make_shared<bool>(true);
    Endpoint local, peer;
    std::weak_ptr<Side> other;
    bool open = false;
  };
  class TestStream;
  class TestListener;
  class TestSocket;

  std::int64_t start_utc_us_;
  Instant now_{1'000'000};
  std::map<std::pair<Instant, TimerId>, std::function<void()>> queue_;
  std::map<TimerId, Instant> times_;
  TimerId last_id_ = 0;
  std::uint64_t random_ = 42;
  std::uint16_t next_port_ = 40'000;
  std::map<Endpoint, std::function<void(std::unique_ptr<Stream>)>> listeners_;
  std::map<Endpoint, std::function<void(const Endpoint&, ByteView)>> sockets_;
};

class TestLoop::TestStream : public Stream {
 public:
  TestStream(TestLoop* loop, std::shared_ptr<Side> side, bool counted)
      : loop_(loop), side_(std::move(side)), counted_(counted) {
    if (!counted_) return;
    loop_->open_max = std::max(loop_->open_max, ++loop_->open_now);
    auto& most = loop_->open_by_host_max[side_->peer.host];
    most = std::max(most, ++loop_->open_by_host[side_->peer.host]);
  }
  ~TestStream() override {
    *side_->alive = false;
    side_->handler = nullptr;
    hang_up();
    if (!counted_) return;
    --loop_->open_now;
    --loop_->open_by_host[side_->peer.host];
  }
  void set_handler(Handler* handler) override { side_->handler = handler; }
  void send(Bytes bytes) override {
    loop_->at(loop_->now() + loop_->delay, [other = side_->other, bytes = std::move(bytes)] {
      const auto to = other.lock();
      if (to && to->handler != nullptr) to->handler->on_bytes(bytes);
    });
  }
  std::size_t queued_bytes() const override { return 0; }
  void close() override {
    side_->handler = nullptr;
    hang_up();
  }
  Endpoint local() const override { return side_->local; }
  Endpoint peer() const override { return side_->peer; }

 private:
  void hang_up() {
    if (!std::exchange(side_->open, false)) return;
    loop_->at(loop_->now() + loop_->delay, [other = side_->other] {
      const auto to = other.lock();
      if (!to || !std::exchange(to->open, false)) return;
      if (to->handler != nullptr) to->handler->on_closed(make_error(ErrorCode::kClosed, "the peer hung up"));
    });
  }
  TestLoop* loop_;
  std::shared_ptr<Side> side_;
  bool counted_;
};

class TestLoop::TestListener : public Listener {
 public:
  TestListener(TestLoop* loop, Endpoint at) : loop_(loop), at_(std::move(at)) {}
  ~TestListener() override { loop_->listeners_.erase(at_); }
  Endpoint local() const override { return at_; }

 private:
  TestLoop* loop_;
  Endpoint at_;
};

class TestLoop::TestSocket : public DatagramSocket {
 public:
  TestSocket(TestLoop* loop, Endpoint at) : loop_(loop), at_(std::move(at)) {}
  ~TestSocket() override { loop_->sockets_.erase(at_); }
  void send_to(const Endpoint& to, ByteView bytes) override { loop_->datagram(at_, to, bytes); }
  Endpoint local() const override { return at_; }

 private:
  TestLoop* loop_;
  Endpoint at_;
};

inline std::unique_ptr<Stream> TestLoop::connect(const Endpoint& to, Duration, Stream::Handler* handler) {
  ++connections_made;
  auto ours = std::make_shared<Side>(), theirs = std::make_shared<Side>();
  ours->handler = handler;
  ours->local = {"10.9.9.9", next_port_++};
  ours->peer = theirs->local = to;
  theirs->peer = ours->local;
  ours->other = theirs;
  theirs->other = ours;
  at(now_ + delay, [this, ours, theirs, to] {
    if (!*ours->alive) return;
    const auto listener = listeners_.find(to);
    if (listener == listeners_.end()) {
      if (ours->handler != nullptr) ours->handler->on_closed(make_error(ErrorCode::kClosed, "connection refused"));
      return;
    }
    ours->open = theirs->open = true;
    listener->second(std::make_unique<TestStream>(this, theirs, false));
    if (ours->handler != nullptr) ours->handler->on_open();
  });
  return std::make_unique<TestStream>(this, ours, true);
}

inline Result<std::unique_ptr<Listener>> TestLoop::listen(const Endpoint& at_endpoint,
                                                          std::function<void(std::unique_ptr<Stream>)> on_accept) {
  listeners_[at_endpoint] = std::move(on_accept);
  return std::unique_ptr<Listener>(std::make_unique<TestListener>(this, at_endpoint));
}

inline Result<std::unique_ptr<DatagramSocket>> TestLoop::open_datagram(
    const Endpoint& at_endpoint, std::function<void(const Endpoint&, ByteView)> on_datagram) {
  sockets_[at_endpoint] = std::move(on_datagram);
  return std::unique_ptr<DatagramSocket>(std::make_unique<TestSocket>(this, at_endpoint));
}

}  // namespace amity::headend
