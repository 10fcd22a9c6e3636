// Who may start now. Waiting jobs are kept per segment (a concentrator, a cell), so a segment at its limit holds up
// nobody else; across segments the highest priority goes first, then who has waited longest. Everything is O(log n).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace amity::headend {

enum class Priority : std::uint8_t { kOnDemand = 0, kAlarm = 1, kSchedule = 2, kBackfill = 3 };
inline constexpr std::size_t kPriorities = 4;

// A rate with room for a burst.
class TokenBucket {
 public:
  TokenBucket(double per_s, double burst) : per_s_(per_s), burst_(burst), tokens_(burst) {}
  bool take(Instant now);
  // When take() will succeed, if nobody else takes.
  Instant next(Instant now);

 private:
  void refill(Instant now);
  double per_s_, burst_, tokens_;
  Instant at_;
};

// How long a segment may still be on the air: its duty cycle over kDutyWindow_s. What was used is
// known afterwards, so the account may be overdrawn once; then it waits.
class AirTime {
 public:
  explicit AirTime(std::uint16_t permille) : permille_(permille), left_us_(window_us()) {}
  bool limited() const { return permille_ < 1'000; }
  void spend(Duration used) { left_us_ -= used.count(); }
  // When there is time left again; `now` where there is.
  Instant next(Instant now);

 private:
  std::int64_t window_us() const;
  std::int64_t permille_, left_us_;
  Instant at_;
};

struct DispatchLimits {
  std::size_t in_flight_max = 400;
  double starts_per_s = 5'000;
  std::size_t segment_in_flight_max = 8;
  double segment_starts_per_s = 50;
  double segment_burst = 50;
};

// Of one segment; `duty_permille` of the time its conversations may be on the air.
struct SegmentLimits {
  std::size_t in_flight_max = 8;
  double starts_per_s = 50, burst = 50;
  std::uint16_t duty_permille = 1'000;
};

class Dispatcher {
 public:
  struct Job {
    DeviceId device;
    Priority priority = Priority::kSchedule;
    std::uint32_t segment = 0;  // 0: reached directly, only the limits of the whole apply
  };

  explicit Dispatcher(const DispatchLimits& limits);

  // 0 for "". The limits are those of the first call with this name; absent: as in DispatchLimits.
  std::uint32_t segment(const std::string& name,
                        const std::optional<SegmentLimits>& limits = std::nullopt);
  void offer(DeviceId device, Priority priority, std::uint32_t segment);
  // The next job that may start, already counted as started. finished() gives its place back.
  std::optional<Job> next(Instant now);
  // A segment that was on the air longer than its duty cycle allows starts nothing until the time
  // is made up.
  void finished(std::uint32_t segment, Duration air_time = Duration(0));
  // When to ask next() again although nothing finished: a token will be there. nullopt: not for
  // tokens.
  std::optional<Instant> wake_at() const { return wake_at_; }

  std::size_t in_flight() const { return in_flight_; }
  std::size_t in_flight(std::uint32_t segment) const { return segments_[segment].in_flight; }
  std::size_t waiting() const { return waiting_; }

 private:
  struct Segment {
    explicit Segment(const SegmentLimits& given)
        : limits(given), tokens(given.starts_per_s, given.burst), air(given.duty_permille) {}
    SegmentLimits limits;
    TokenBucket tokens;
    AirTime air;
    std::size_t in_flight = 0;
    std::deque<std::pair<std::uint64_t, DeviceId>> jobs[kPriorities];  // with their order of arrival
    std::optional<std::pair<std::uint8_t, std::uint64_t>> listed;      // its key in ready_
  };
  struct Ready {
    std::uint8_t priority;
    std::uint64_t order;
    std::uint32_t segment;
    friend auto operator<=>(const Ready&, const Ready&) = default;
  };

  bool full(std::uint32_t index) const;
  void list(std::uint32_t index);    // puts the segment's best job in ready_, or takes the segment out
  void unlist(std::uint32_t index);

  DispatchLimits limits_;
  TokenBucket tokens_;
  std::deque<Segment> segments_;
  std::unordered_map<std::string, std::uint32_t> by_name_;
  std::set<Ready> ready_;
  std::set<std::pair<Instant, std::uint32_t>> token_waits_;
  std::optional<Instant> wake_at_;
  std::uint64_t next_order_ = 1;
  std::size_t in_flight_ = 0, waiting_ = 0;
};

}  // namespace amity::headend
