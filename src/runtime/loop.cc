#include "runtime/loop.h"

#include <boost/asio/post.hpp>

namespace amity::runtime {

Loop::Loop(const ReactorOptions& given)
    : options(given), receive_buffer(kReceiveBufferBytes), datagram_buffer(kDatagramBytesMax) {}

TimerId LoopTimers::at(Instant when, std::function<void()> callback) {
  const TimerId id = queue_.add(when, std::move(callback));
  arm();
  return id;
}

void LoopTimers::post(std::function<void()> callback) {
  asio::post(io_, std::move(callback));
}

// The alarm is moved only to an earlier time; one that rings with nothing due is set anew. So
// timeouts that are set and cancelled for every request cost no system call.
void LoopTimers::arm() {
  if (queue_.empty() || (armed_ && armed_for_ <= queue_.earliest())) return;
  armed_ = true;
  armed_for_ = queue_.earliest();
  alarm_.expires_at(
      std::chrono::steady_clock::time_point(std::chrono::microseconds(armed_for_.us)));
  alarm_.async_wait([this](boost::system::error_code error) {
    if (!error) fire();
  });
}

void LoopTimers::fire() {
  armed_ = false;
  const Instant now = clock_.now();
  // Those added by a callback, even for a time past, wait for the next round: a timer cannot starve
  // the sockets.
  std::size_t round = queue_.size();
  std::function<void()> callback;
  while (round-- > 0 && queue_.pop_due(now, callback)) callback();
  arm();
}

}  // namespace amity::runtime
