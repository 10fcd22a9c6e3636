// Meters that speak unasked: shortly after the turn of each interval every meter sends its last row, and alarms
// when there
// are any, as one DataNotification on a connection of its own.
#pragma once

#include <unordered_map>
#include <vector>

#include "world/fleet.h"

namespace amity::world {

class PushSender {
 public:
  explicit PushSender(Fleet& fleet);
  ~PushSender();

  std::uint64_t sent() const { return sent_; }
  std::uint64_t failed() const { return failed_; }

 private:
  struct Link;

  void begin_round();
  void on_timer();
  void arm();
  void push(std::uint32_t meter);
  Result<Bytes> frames_of(VirtualMeter& meter);
  void finished(Link* link, bool good);

  Fleet& fleet_;
  std::vector<std::uint32_t> order_;    // meters by their moment after the turn of the interval
  std::size_t next_ = 0;                // index into order_
  UtcSeconds round_;                    // the turn of the interval
  std::vector<std::int64_t> sent_until_;  // per meter: stamps up to here have been pushed
  TimerId timer_ = 0;
  std::unordered_map<Link*, std::unique_ptr<Link>> links_;
  std::uint32_t invoke_id_ = 0;
  std::uint64_t sent_ = 0, failed_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace amity::world
