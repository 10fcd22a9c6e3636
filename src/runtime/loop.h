// The inside of a reactor: one io_context, its timers, the buffer that all its connections read
// into.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "runtime/limits.h"
#include "runtime/reactor.h"
#include "runtime/system.h"
#include "runtime/timer_queue.h"

namespace amity::runtime {

namespace asio = boost::asio;
// Waits for readiness only; every read and write is a system call of ours.
using Descriptor = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

class LoopTimers : public Timers {
 public:
  LoopTimers(asio::io_context& io, const Clock& clock) : io_(io), clock_(clock), alarm_(io) {}

  TimerId at(Instant when, std::function<void()> callback) override;
  void cancel(TimerId id) override { queue_.cancel(id); }
  void post(std::function<void()> callback) override;

 private:
  void arm();
  void fire();

  asio::io_context& io_;
  const Clock& clock_;
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>,
                             asio::io_context::executor_type>
      alarm_;
  TimerQueue queue_;
  bool armed_ = false;
  Instant armed_for_;
};

struct Loop {
  explicit Loop(const ReactorOptions& given);

  ReactorOptions options;
  asio::io_context io{1};
  SystemClock clock;
  SystemRandom random;
  LoopTimers timers{io, clock};
  std::vector<std::uint8_t> receive_buffer;
  std::vector<std::uint8_t> datagram_buffer;
};

}  // namespace amity::runtime
