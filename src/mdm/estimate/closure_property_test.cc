// For random series, gaps and registers: the final intervals of every stretch between two register
// readings sum to the register's advance x multiplier, or the stretch is flagged. What is known is
// never changed.
#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "mdm/estimate/estimate.h"
#include "mdm/profile/test_numbers.h"

namespace amity::mdm {
namespace {

struct World {
  SeriesWindow window;
  std::vector<std::int64_t> truth;
  std::vector<RegisterPoint> registers;
  std::vector<std::size_t> boundary;  // of each register reading
  RegisterFace face;
  std::int64_t multiplier = 1;
  EstimatePolicy policy;
};

std::vector<std::uint8_t> gaps(Numbers& n, std::size_t slots) {
  std::vector<std::uint8_t> open(slots, 0);
  for (std::uint64_t g = n.below(3); g > 0; --g) {
    const std::size_t first = n.below(slots), length = 1 + n.below(slots);
    for (std::size_t i = first; i < std::min(slots, first + length); ++i) open[i] = 1;
  }
  return open;
}

World make(std::uint64_t seed) {
  Numbers n(seed);
  World w;
  const DayCalendar calendar(*TimeZone::find("Europe/Madrid"));
  LocalDay day =
      calendar.day_at(UtcSeconds(1'774'000'000 + static_cast<std::int64_t>(n.below(400)) * 86'400));
  const std::uint32_t interval_s = std::array<std::uint32_t, 3>{900, 1'800, 3'600}[n.below(3)];
  w.multiplier = std::array<std::int64_t, 3>{1, 40, 1'000}[n.below(3)];
  w.policy.shape = static_cast<Shape>(n.below(3));
  w.face.interval_multiplier = w.multiplier;
  w.face.modulus = 100'000;
  std::int64_t dial = static_cast<std::int64_t>(n.below(100'000));
  w.registers.push_back({day.start, dial, PointKind::kRead, w.multiplier});
  w.boundary.push_back(0);
  for (std::uint64_t d = 2 + n.below(12); d > 0; --d) {
    std::vector<Reading> readings;
    for (std::size_t i = 0; i < day.slots(interval_s); ++i) {
      const auto value = static_cast<std::int64_t>(n.below(4) == 0 ? 0 : n.below(50));
      w.truth.push_back(value);
      readings.push_back(
          {ChannelId(1), day.start + static_cast<std::int64_t>(i + 1) * interval_s, value, {}});
      dial = (dial + value) % w.face.modulus;
    }
    DayGrid grid;
    EXPECT_TRUE(lay_out(readings, day, interval_s, grid).ok());
    EXPECT_TRUE(w.window.add(grid, gaps(n, grid.slots)).ok());
    day = calendar.day_at(day.start + day.length_s + 43'200);
    if (n.below(3) == 0) continue;  // no register reading at this midnight
    const std::int64_t off =
        n.below(8) == 0 ? -static_cast<std::int64_t>(n.below(3'000)) : 0;  // sometimes wrong
    w.registers.push_back(
        {day.start, std::max<std::int64_t>(dial + off, 0), PointKind::kRead, w.multiplier});
    w.boundary.push_back(w.window.size());
  }
  return w;
}

TEST(ClosureProperty, FinalIntervalsSumToTheAdvanceOrAreFlagged) {
  std::size_t exact = 0, flagged = 0, unbounded = 0;
  for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
    const World w = make(seed);
    EstimateInput in;
    in.window = &w.window;
    in.registers = w.registers;
    in.face = w.face;
    Estimates out;
    estimate(w.policy, in, out);
    std::vector<std::int64_t> final(w.window.size());
    std::set<std::size_t> estimated;
    for (std::size_t i = 0; i < final.size(); ++i) final[i] = w.window.value(i);
    for (const SlotEstimate& s : out.slots) {
      ASSERT_FALSE(w.window.known(s.slot)) << "seed " << seed;
      ASSERT_TRUE(estimated.insert(s.slot).second) << "seed " << seed;
      ASSERT_GE(s.value, 0) << "seed " << seed;
      final[s.slot] = s.value;
    }
    for (std::size_t i = 0; i < final.size(); ++i) {
      ASSERT_EQ(estimated.contains(i), !w.window.known(i)) << "seed " << seed;
      if (w.window.known(i)) {
        ASSERT_EQ(final[i], w.truth[i]) << "seed " << seed;
      }
    }
    std::set<std::size_t> reported;
    for (const SegmentReport& r : out.segments) {
      reported.insert(r.first);
      const auto sum =
          std::accumulate(final.begin() + static_cast<std::ptrdiff_t>(r.first),
                          final.begin() + static_cast<std::ptrdiff_t>(r.last), std::int64_t{0});
      ASSERT_EQ(sum, r.actual + r.estimated) << "seed " << seed;
      if (r.closure == Closure::kUnbounded) {
        ++unbounded;
      } else if (r.closure == Closure::kExact) {
        ASSERT_EQ(sum, r.advance) << "seed " << seed;
        ++exact;
      } else {
        ++flagged;
      }
    }
    // Every stretch that the registers bound and that has something open in it was looked at.
    for (std::size_t b = 0; b + 1 < w.boundary.size(); ++b) {
      bool open = false;
      for (std::size_t i = w.boundary[b]; i < w.boundary[b + 1]; ++i)
        open = open || !w.window.known(i);
      ASSERT_EQ(open, reported.contains(w.boundary[b])) << "seed " << seed;
    }
  }
  EXPECT_GT(exact, 5'000u);
  EXPECT_GT(flagged, 100u);
  EXPECT_GT(unbounded, 100u);
}

}  // namespace
}  // namespace amity::mdm
