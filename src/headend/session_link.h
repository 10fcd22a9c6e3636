// A session machine as something to await: a connection or a serial port, the machine on it, its
// timer. The machine has on_bytes(bytes, now), on_timer(now), next_timeout(), poll_output(bytes)
// and poll_event(). Destroying the link drops the conversation where it stands.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/task.h"
#include "headend/address.h"
#include "headend/connection_pool.h"
#include "headend/driver.h"
#include "headend/open_stream.h"

namespace amity::headend {

template <class Session>
class SessionLink final : private Stream::Handler {
 public:
  using Event = typename decltype(std::declval<Session&>().poll_event())::value_type;

  // `pool` and `address` outlive the link.
  SessionLink(Runtime runtime, ConnectionPool& pool, const Address& address, Session session)
      : runtime_(runtime), pool_(pool), address_(address), session_(std::move(session)) {}
  ~SessionLink() override { runtime_.timers.cancel(timer_); }
  SessionLink(const SessionLink&) = delete;
  SessionLink& operator=(const SessionLink&) = delete;

  Session& session() { return session_; }
  Instant now() const { return runtime_.clock.now(); }
  bool up() const { return stream_ != nullptr && opened_; }
  // TLS failed: the session was never told why.
  bool untrusted() const { return untrusted_; }
  const Traffic& traffic() const { return traffic_; }

  // An idle connection of the pool, a new one, or the port.
  Task<Status> open() {
    if (address_.shared()) stream_ = pool_.take(address_.place());
    if (stream_) {
      opened_ = true;
      stream_->set_handler(this);
    } else if (address_.serial) {
      AMITY_CO_TRY(auto port,
                   runtime_.network.open_serial(address_.endpoint.host, *address_.serial));
      stream_ = std::move(port);
      opened_ = true;
      stream_->set_handler(this);
    } else {
      auto opening = open_stream(runtime_, address_, this);
      untrusted_ = !opening.ok() && is_untrusted(opening.error());
      AMITY_CO_TRY(stream_, std::move(opening));
    }
    if (address_.serial) {
      AMITY_CO_CHECK(set_line(*address_.serial));
    }
    while (!opened_ && !lost_) co_await Awaiter{this, true};
    if (lost_) co_return *lost_;
    co_return Status{};
  }

  // After the session was asked for something: the event it comes to, or why there will be none.
  Task<Result<Event>> next() {
    send();
    co_await Awaiter{this, false};
    if (event_) co_return std::move(*std::exchange(event_, std::nullopt));
    co_return lost_.value_or(make_error(ErrorCode::kClosed, "the connection is closed"));
  }

  // Takes effect once all that was sent before has left the port; nothing on a TCP connection.
  Status set_line(const SerialLine& line) {
    auto* const port = dynamic_cast<SerialPort*>(stream_.get());
    return port == nullptr ? Status{} : port->set_line(line);
  }

  // `clean`: nothing is outstanding, so the next meter may go on with a shared connection.
  void close(bool clean) {
    send();
    if (!stream_) return;
    stream_->set_handler(nullptr);
    if (clean && opened_ && address_.shared()) {
      pool_.give_back(address_.place(), std::move(stream_));
    } else {
      stream_->close();
      stream_.reset();
    }
  }

  void abort(Error why) {
    lost_ = std::move(why);
    stream_.reset();
    if (waiter_) std::exchange(waiter_, {}).resume();
  }

 private:
  struct Awaiter {
    SessionLink* link;
    bool opening;
    bool await_ready() const {
      return link->lost_ || (opening ? link->opened_ : link->take_event());
    }
    void await_suspend(std::coroutine_handle<> h) {
      link->waiter_ = h;
      link->opening_ = opening;
    }
    void await_resume() const {}
  };

  void on_open() override {
    opened_ = true;
    go_on();
  }
  void on_bytes(ByteView bytes) override {
    traffic_.bytes_received += bytes.size();
    session_.on_bytes(bytes, now());
    go_on();
  }
  void on_closed(const Error& why) override {
    untrusted_ = is_untrusted(why);
    lost_ = why;
    stream_.reset();
    go_on();
  }

  bool take_event() {
    if (!event_) event_ = session_.poll_event();
    return event_.has_value();
  }

  void send() {
    Bytes out;
    while (session_.poll_output(out)) {
      traffic_.bytes_sent += out.size();
      if (stream_) stream_->send(std::move(out));
      out = Bytes();
    }
    const std::optional<Instant> wanted = session_.next_timeout();
    if (!wanted || (timer_ != 0 && timer_at_ <= *wanted)) return;  // fires early, armed anew
    runtime_.timers.cancel(timer_);
    timer_at_ = *wanted;
    timer_ = runtime_.timers.at(*wanted, [this] {
      timer_ = 0;
      session_.on_timer(now());
      go_on();
    });
  }

  // The last thing any callback does: the task that goes on may destroy this link.
  void go_on() {
    send();
    if (!waiter_) return;
    const bool ready = lost_ || (opening_ ? opened_ : take_event());
    if (ready) {
      take_event();  // what came before the end counts
      std::exchange(waiter_, {}).resume();
    }
  }

  Runtime runtime_;
  ConnectionPool& pool_;
  const Address& address_;
  Session session_;
  std::unique_ptr<Stream> stream_;
  std::optional<Event> event_;
  std::optional<Error> lost_;
  std::coroutine_handle<> waiter_;
  bool opened_ = false, opening_ = false, untrusted_ = false;
  Traffic traffic_;
  TimerId timer_ = 0;
  Instant timer_at_;
};

}  // namespace amity::headend
