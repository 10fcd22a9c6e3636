// A month of an account for the tests: a tariff as text, intervals to be changed by wall time.
#pragma once

#include <gtest/gtest.h>

#include "mdm/rate/rate.h"
#include "mdm/rate/statement_text.h"
#include "mdm/rate/tariff_toml.h"

namespace amity::mdm {

struct TestMonth {
  Tariff tariff;
  TimeZone zone;
  RatePlan plan;
  std::vector<std::int64_t> import, exported, reactive;
  std::vector<SlotQuality> quality;
  std::vector<SlotQuality> exported_quality, reactive_quality;  // empty: as the import's
  std::vector<std::int64_t> earlier_peaks;
  std::vector<std::vector<std::int64_t>> own_earlier_peaks;
  std::uint32_t unreconciled_days = 0;

  // Local dates, both included; quarter hours of 250 Wh.
  TestMonth(std::string_view toml, const char* first, const char* last)
      : TestMonth(read(toml), first, last) {}
  TestMonth(Tariff given, const char* first, const char* last)
      : tariff(std::move(given)), zone(*TimeZone::find(tariff.zone)) {
    const DayCalendar calendar(zone, tariff.holidays);
    const auto period = bill_period(calendar, *from_iso(std::string(first) + "T12:00Z"),
                                    *from_iso(std::string(last) + "T12:00Z"));
    EXPECT_TRUE(period.ok());
    auto made = make_plan(tariff, *period, 900, 0);
    EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().reason);
    plan = std::move(*made);
    import.assign(plan.map.slots, 250);
    quality.assign(plan.map.slots, SlotQuality::kActual);
  }
  static Tariff read(std::string_view toml) {
    auto tariff = tariff_from_toml(toml);
    EXPECT_TRUE(tariff.ok()) << (tariff.ok() ? "" : tariff.error().reason);
    return tariff.ok() ? *tariff : Tariff{};
  }
  // The slot that begins at this instant.
  std::size_t slot(const char* iso) const {
    return static_cast<std::size_t>((*from_iso(iso) - plan.map.period.start) / 900);
  }
  IntervalView view(std::uint32_t channel, const std::vector<std::int64_t>& values) const {
    return {ChannelId(channel), plan.map.period.start, 900, 0, values, quality};
  }
  Statement bill() const {
    AccountUse use{"A-1", view(1, import), nullptr, nullptr, earlier_peaks, unreconciled_days};
    use.own_earlier_peaks = own_earlier_peaks;
    IntervalView e = view(2, exported), r = view(3, reactive);
    if (!exported_quality.empty()) e.quality = exported_quality;
    if (!reactive_quality.empty()) r.quality = reactive_quality;
    if (!exported.empty()) use.exported = &e;
    if (!reactive.empty()) use.reactive = &r;
    Statement out;
    const Status done = rate(plan, use, out);
    EXPECT_TRUE(done.ok()) << (done.ok() ? "" : done.error().reason);
    return out;
  }
  static std::string name(ChannelId id) {
    return std::array{"?", "import", "export", "reactive"}[id.value];
  }
  std::string text() const { return to_text(bill(), tariff, zone, name); }
};

}  // namespace amity::mdm
