// For random points (rollover, meter exchange and ratio change at midnight or within the day, gaps,
// lost and wrong register readings): estimated days close on the registers, so that for every
// channel and day the sum of final intervals x multiplier = register advance x multiplier, or the
// day is flagged. Adjacent periods sum to the period over both.
#include <gtest/gtest.h>

#include "mdm/estimate/estimate.h"
#include "mdm/profile/test_numbers.h"
#include "mdm/registers/reconcile.h"

namespace amity::mdm {
namespace {

constexpr std::uint32_t kInterval_s = 1'800;

struct World {
  PointHistory history;
  std::vector<RegisterReading> readings;
  SeriesWindow window;
  std::vector<std::int64_t> truth;  // raw, of every slot
  std::vector<UtcSeconds> midnights;
  bool wrong = false;  // a register reading lies
};

void change_something(Numbers& n, World& w, UtcSeconds now, std::int64_t& dial) {
  Installation& meter = w.history.installations.back();
  if (n.below(40) == 0 && now > meter.from) {
    meter.to = now;
    meter.last = dial;
    dial = static_cast<std::int64_t>(n.below(1'000));
    const DeviceId next(meter.device.value + 1);
    w.history.installations.push_back(
        {next, ChannelId(1), now, {}, dial, {}, 4, 0, {{now, 20, 1}}});
  } else if (n.below(60) == 0 && now > meter.ratios.back().from) {
    meter.ratios.push_back({now, static_cast<std::int64_t>(10 + n.below(90)), 1});
    w.readings.push_back({meter.device, now, dial});  // as whoever changes a CT notes it
  }
}

World make(std::uint64_t seed) {
  Numbers n(seed);
  World w;
  const DayCalendar calendar(*TimeZone::find("Europe/Madrid"));
  LocalDay day =
      calendar.day_at(UtcSeconds(1'774'000'000 + static_cast<std::int64_t>(n.below(40)) * 86'400));
  std::int64_t dial = static_cast<std::int64_t>(n.below(10'000));
  w.history.installations = {
      {DeviceId(1), ChannelId(1), day.start, {}, dial, {}, 4, 0, {{day.start, 40, 1}}}};
  for (int d = 0; d < 8; ++d) {
    w.midnights.push_back(day.start);
    std::vector<Reading> readings;
    std::vector<std::uint8_t> open(day.slots(kInterval_s), 0);
    for (std::size_t i = 0; i < open.size(); ++i) {
      const UtcSeconds end = day.start + static_cast<std::int64_t>(i + 1) * kInterval_s;
      const auto value = static_cast<std::int64_t>(n.below(30));
      w.truth.push_back(value);
      readings.push_back({ChannelId(2), end, value, {}});
      dial = (dial + value) % 10'000;
      change_something(n, w, end, dial);
      open[i] = n.below(30) == 0;
    }
    DayGrid grid;
    EXPECT_TRUE(lay_out(readings, day, kInterval_s, grid).ok());
    EXPECT_TRUE(w.window.add(grid, open).ok());
    day = calendar.day_at(day.start + day.length_s + 43'200);
    const bool lies = n.below(20) == 0;
    w.wrong = w.wrong || lies;
    if (n.below(10) != 0) {
      const DeviceId device = w.history.installations.back().device;
      w.readings.push_back({device, day.start, lies ? (dial + 3) % 10'000 : dial});
    }
  }
  w.midnights.push_back(day.start);
  return w;
}

// Whole days between readings of one meter with one ratio are closed by estimation; the raw unit is
// the meter's, so the multiplier cancels.
std::vector<std::int64_t> finals_of(const World& w) {
  std::vector<RegisterPoint> points;
  for (const Installation& i : w.history.installations) {
    points.push_back({i.from, i.first, points.empty() ? PointKind::kRead : PointKind::kInstalled});
    for (const RegisterReading& r : w.readings) {
      if (r.device == i.device && r.time > points.back().time) points.push_back({r.time, r.value});
    }
    if (i.to) points.push_back({*i.to, *i.last, PointKind::kRemoved});
  }
  EstimateInput in;
  in.window = &w.window;
  in.registers = points;
  in.face.modulus = 10'000;
  Estimates out;
  estimate({}, in, out);
  std::vector<std::int64_t> finals(w.window.size());
  for (std::size_t i = 0; i < finals.size(); ++i) finals[i] = w.window.value(i);
  for (const SlotEstimate& s : out.slots) finals[s.slot] = s.value;
  return finals;
}

DayReconciliation reconciled(const World& w, std::size_t d, std::span<const std::int64_t> values) {
  const std::size_t slots = w.window.slots_of(d);
  const std::vector<SlotQuality> quality(slots, SlotQuality::kActual);
  const IntervalView view{ChannelId(2),
                          w.window.day(d).start,
                          kInterval_s,
                          0,
                          values.subspan(w.window.first_slot(d), slots),
                          quality};
  const auto r = reconcile_day(w.history, w.readings, w.window.day(d), view);
  EXPECT_TRUE(r.ok());
  return r.ok() ? *r : DayReconciliation{};
}

TEST(ReconcileProperty, EveryDayIsEqualOrFlagged) {
  std::array<std::size_t, 6> seen{};
  std::size_t wrong_exact = 0;
  for (std::uint64_t seed = 1; seed <= 1'500; ++seed) {
    const World w = make(seed);
    ASSERT_TRUE(check(w.history).ok()) << "seed " << seed;
    const auto finals = finals_of(w);
    for (std::size_t d = 0; d < w.window.day_count(); ++d) {
      const DayReconciliation r = reconciled(w, d, finals);
      ++seen[static_cast<std::size_t>(r.kind)];
      if (r.kind == Reconciliation::kExact) {
        ASSERT_EQ(r.intervals, r.advance) << "seed " << seed;
      }
      ASSERT_EQ(r.kind == Reconciliation::kExact, !is_flagged(r.kind));
      wrong_exact += w.wrong && r.kind == Reconciliation::kExact;
    }
  }
  EXPECT_GT(seen[0], 5'000u);  // exact
  EXPECT_GT(seen[2], 100u);    // estimated: an interpolated midnight
  EXPECT_GT(seen[3], 100u);    // differs
  EXPECT_GT(seen[5], 50u);     // no register
  EXPECT_GT(wrong_exact, 0u);
}

TEST(ReconcileProperty, TheTruthIsExactWhereEveryMidnightWasRead) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const World w = make(seed);
    if (w.wrong) continue;
    for (std::size_t d = 0; d < w.window.day_count(); ++d) {
      const DayReconciliation r = reconciled(w, d, w.truth);
      // Every midnight that was read closes; one that was not is told.
      ASSERT_TRUE(r.kind == Reconciliation::kExact || r.kind == Reconciliation::kNoRegister ||
                  (r.flags & static_cast<std::uint16_t>(UseFlag::kInterpolated)) != 0)
          << "seed " << seed << " day " << d << ": " << to_string(r.kind) << " " << r.intervals
          << " " << r.advance;
    }
  }
}

TEST(ReconcileProperty, AdjacentPeriodsSum) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const World w = make(seed);
    Numbers n(seed);
    const std::int64_t length = w.midnights.back() - w.midnights.front();
    const auto cut = w.midnights.front() +
                     static_cast<std::int64_t>(n.below(static_cast<std::uint64_t>(length)));
    const auto whole =
        use_between(w.history, w.readings, w.midnights.front(), w.midnights.back(), -1);
    const auto low = use_between(w.history, w.readings, w.midnights.front(), cut, -1);
    const auto high = use_between(w.history, w.readings, cut, w.midnights.back(), -1);
    ASSERT_TRUE(whole.ok() && low.ok() && high.ok());
    if (whole->has(UseFlag::kDecreased)) continue;
    ASSERT_EQ(low->units + high->units, whole->units) << "seed " << seed << " cut " << to_iso(cut);
  }
}

}  // namespace
}  // namespace amity::mdm
