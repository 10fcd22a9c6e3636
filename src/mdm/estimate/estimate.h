// The ladder of estimation over a window of one channel. Shapes are weighed in double (basic IEEE
// operations) and rounded to the channel's integers once; energy is closed in integers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mdm/estimate/method.h"
#include "mdm/estimate/series_window.h"
#include "mdm/profile/register_track.h"

namespace amity::mdm {

enum class Shape : std::uint8_t {
  kLadder = 0,    // E3 up to linear_max_s, then E4
  kExpected = 1,  // blend; its mean is right: for gaps that no registers bound
  kTypical = 2,   // blend; its median is right: closest to each interval, low in sum where no
                  // registers bound it
};

struct EstimatePolicy {
  Shape shape = Shape::kLadder;
  std::uint32_t linear_max_s = 7'200;
  int like_days = 3;
  int look_back_days = 90;
};

// Typical use of a class: a weight for each interval of the wall clock's day, for each weekday.
struct ClassProfile {
  std::uint32_t interval_s = 0;
  std::vector<std::int64_t> weight;  // [7 x 86,400 / interval_s], Monday first
};

struct EstimateInput {
  const SeriesWindow* window = nullptr;
  std::span<const RegisterPoint>
      registers;  // ascending; those on interval boundaries bound the gaps
  RegisterFace face;
  std::span<const std::int64_t> check;        // E2: [window slots] or empty
  std::span<const std::uint8_t> check_known;  // [window slots]
  const SeriesWindow* last_year = nullptr;    // E5: days numbered 364 less
  const ClassProfile* profile = nullptr;      // E6
  std::int64_t average_daily_load = 0;        // E6: in the channel's raw unit
  bool deenergised = false;                   // E7, all of it
  std::span<const std::uint8_t> off;          // E7: [window slots] or empty
  // Where the multiplier is not the same all over: each slot's [window slots]. `examples` is the
  // window times that, what shapes are taken from; `last_year` and `average_daily_load` are too.
  std::span<const std::int64_t> ratio;
  const SeriesWindow* examples = nullptr;
};

struct SlotEstimate {
  std::size_t slot = 0;
  std::int64_t value = 0;
  Method method = Method::kNone;  // kNone: no rung held, nothing is claimed
  bool scaled = false;            // E8

  friend bool operator==(const SlotEstimate&, const SlotEstimate&) = default;
};

enum class Closure : std::uint8_t {
  kUnbounded = 0,  // no registers around it
  kExact = 1,      // sum of final intervals = register advance
  kExceeded =
      2,  // the intervals that are there exceed the advance: flagged, estimates left unscaled
  kInexact =
      3,  // the advance is no whole number of the channel's unit: closed on it rounded, flagged
  kUnusable = 4,  // the register fell
};

// Between two register readings (or a window's end) with something open in it.
struct SegmentReport {
  std::size_t first = 0, last = 0;  // slots [first, last)
  std::uint32_t open = 0;           // of them estimated
  Closure closure = Closure::kUnbounded;
  std::int64_t advance = 0, actual = 0, estimated = 0;  // `estimated` as given out

  friend bool operator==(const SegmentReport&, const SegmentReport&) = default;
};

struct Estimates {
  std::vector<SlotEstimate> slots;  // every open slot, ascending
  std::vector<SegmentReport> segments;
};

// `out` is a buffer to be reused.
void estimate(const EstimatePolicy& policy, const EstimateInput& input, Estimates& out);

std::string_view to_string(Closure closure);

// E1: ask the meter again rather than estimate, as long as that may still help.
struct RereadPolicy {
  std::int64_t give_up_after_s = 5 * 86'400;
  std::int64_t first_wait_s = 3'600;  // doubled each time
  std::int64_t wait_max_s = 86'400;
};
enum class Reread : std::uint8_t { kNow = 0, kWait = 1, kGiveUp = 2 };
Reread reread_due(const RereadPolicy& policy, UtcSeconds gap_end, std::uint32_t attempts,
                  UtcSeconds last_attempt, UtcSeconds now);

}  // namespace amity::mdm
