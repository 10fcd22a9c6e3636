// Real meters' files through the rules and the ladder: what is found in them is known, and stays.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "app/vee_run.h"
#include "base/decimal.h"
#include "mdm/registers/consumption.h"
#include "mdm/validate/rules_toml.h"

namespace amity::app {
namespace {

const std::string kData = std::string(AMITY_SOURCE_DIR) + "/../shared/data/";

bool there(const std::string& file) {
  return std::filesystem::exists(kData + file);
}

// Each row's fields, of a file that xz or gzip packed; the header is left out.
template <class Row>
void each_row(const std::string& file, Row row) {
  const std::string unpack = file.ends_with(".xz") ? "xz -dc '" : "gzip -dc '";
  const std::unique_ptr<FILE, int (*)(FILE*)> in(
      ::popen((unpack + kData + file + "'").c_str(), "r"), ::pclose);
  ASSERT_NE(in, nullptr);
  char line[400];
  bool header = true;
  while (std::fgets(line, sizeof line, in.get()) != nullptr) {
    if (std::exchange(header, false)) continue;
    std::vector<std::string> fields(1);
    for (const char* c = line; *c != '\0' && *c != '\n' && *c != '\r'; ++c) {
      if (*c == ',') {
        fields.emplace_back();
      } else {
        fields.back() += *c;
      }
    }
    if (!row(fields)) return;
  }
}

std::string told(const VeeSummary& s) {
  std::string text = std::to_string(s.readings) + " readings of " + std::to_string(s.channels) +
                     " channels, " + std::to_string(s.days) + " days, failed " +
                     std::to_string(s.days_failed) + ", warned " + std::to_string(s.days_warned) +
                     ", estimated " + std::to_string(s.estimated) + ", open " +
                     std::to_string(s.open);
  for (const auto& [rule, days] : s.by_rule) text += "; " + rule + " " + std::to_string(days);
  for (const auto& [method, slots] : s.by_method)
    text += "; " + method + " " + std::to_string(slots);
  return text;
}

VeeOptions options_of(const char* zone) {
  VeeOptions options;
  options.rules = *mdm::rules_from_toml(mdm::default_rules_text());
  options.zone = *TimeZone::find(zone);
  return options;
}

std::string judged(VeeRun& run) {
  const Status done = run.run([](const VeeRecord&) {});
  EXPECT_TRUE(done.ok()) << done.error().reason;
  return told(run.summary());
}

UtcSeconds civil(const TimeZone& zone, int y, int mo, int d, int h, int mi, int s) {
  const auto instants = zone.instants(y, mo, d, h, mi, s);
  return instants.empty() ? UtcSeconds() : instants.front();
}

int number(const std::string& text, std::size_t at, std::size_t size) {
  return std::stoi(text.substr(at, size));
}

// Half hours by the wall clock of Sydney, named by their end.
TEST(VeeRealData, TwoHomesOfSydney) {
  const std::string file = "sgsc_households/sgsc_50_customers_halfhourly.csv.xz";
  if (!there(file)) GTEST_SKIP() << file << " is not there";
  const TimeZone zone = *TimeZone::find("Australia/Sydney");
  VeeRun run(options_of("Australia/Sydney"));
  std::map<std::string, int> homes;
  each_row(file, [&](const std::vector<std::string>& f) {
    homes.emplace(f[0], 0);
    if (homes.size() > 2) return false;
    const std::string& t = f[1];  // "2012-02-10 08:00:00"
    const UtcSeconds at = civil(zone, number(t, 0, 4), number(t, 5, 2), number(t, 8, 2),
                                number(t, 11, 2), number(t, 14, 2), 0);
    const auto value = decimal_from(f[3]);
    if (at.value != 0 && value.ok())
      run.add({f[0], 1, "import", Unit::kWattHour, at, {value->value, value->exponent + 3}, {}});
    return true;
  });
  EXPECT_EQ(
      judged(run),
      "66778 readings of 2 channels, 1394 days, failed 12, warned 141, estimated 106, open 34; "
      "count 13; high_low 133; peak 22; spike 9; average_like_day 100; linear 6; none 34");
}

// Hours of a synthetic home of Illinois, named by their begin.
TEST(VeeRealData, AHomeOfIllinois) {
  const std::string file = "eemeter_samples/il-electricity-cdd-hdd-hourly.csv.gz";
  if (!there(file)) GTEST_SKIP() << file << " is not there";
  VeeRun run(options_of("America/Chicago"));
  each_row(file, [&](const std::vector<std::string>& f) {
    const auto at = from_iso(f[0]);
    const auto value = decimal_from(f[1]);
    if (at.ok() && value.ok())
      run.add({"il",
               1,
               "import",
               Unit::kWattHour,
               *at + 3'600,
               {value->value, value->exponent + 3},
               {}});
    return true;
  });
  // The last hour begins a day of its own: the one that fails.
  EXPECT_EQ(judged(run),
            "19417 readings of 1 channels, 810 days, failed 1, warned 281, estimated 23, open 0; "
            "count 1; high_low 83; jump 176; peak 2; spike 82; average_like_day 23");
}

// Registers read about every hour, falls and gaps among them: what each day used by them, and which
// days are not plain. A single reading that is far too high is a day above what the meter lets
// through, then a fall.
TEST(VeeRealData, TwelveWaterMetersOfAlicante) {
  constexpr std::int64_t kMost_l = 24 * 4'000;  // a day at the 4 m3/h of a small meter
  const std::string file = "daiad_water/swm_trialA_55plus_meters.csv.xz";
  if (!there(file)) GTEST_SKIP() << file << " is not there";
  const TimeZone zone = *TimeZone::find("Europe/Madrid");
  std::map<std::string, std::vector<mdm::RegisterReading>> meters;
  each_row(file, [&](const std::vector<std::string>& f) {
    if (meters.size() == 12 && !meters.contains(f[0])) return false;
    const std::string& t = f[1];  // "01/03/2016 00:28:55"
    const UtcSeconds at = civil(zone, number(t, 6, 4), number(t, 3, 2), number(t, 0, 2),
                                number(t, 11, 2), number(t, 14, 2), number(t, 17, 2));
    if (at.value != 0) meters[f[0]].push_back({DeviceId(1), at, std::stoll(f[2])});
    return true;
  });
  std::size_t readings = 0, falls = 0, gaps = 0, days = 0, fallen = 0, told_gap = 0, above = 0;
  std::int64_t used = 0, advance = 0;
  for (auto& [meter, all] : meters) {
    std::ranges::stable_sort(all, {}, &mdm::RegisterReading::time);
    readings += all.size();
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (all[i].time == all[i - 1].time) continue;
      falls += all[i].value < all[i - 1].value;
      gaps += all[i].time - all[i - 1].time > 86'400;
    }
    mdm::PointHistory history;
    history.installations = {
        {DeviceId(1), ChannelId(1), all.front().time, {}, all.front().value, {}, 0, 0, {}}};
    const mdm::DayCalendar calendar(zone);
    for (mdm::LocalDay day = calendar.day_at(all.front().time + 86'400);
         day.end() <= all.back().time; day = calendar.day_at(day.end() + 43'200)) {
      const auto time = &mdm::RegisterReading::time;
      const auto first = std::ranges::upper_bound(all, day.start, {}, time) - 1;
      const auto last = std::ranges::lower_bound(first, all.end(), day.end(), {}, time) + 1;
      const auto use = mdm::use_between(history, std::span(first, last), day.start, day.end(), 0);
      ASSERT_TRUE(use.ok()) << use.error().reason;
      ++days;
      used += use->units;
      fallen += use->has(mdm::UseFlag::kDecreased);
      told_gap += use->steps == 1;
      above += use->units > kMost_l;
    }
    advance += all.back().value - all.front().value;
  }
  EXPECT_EQ(std::to_string(readings) + " readings, " + std::to_string(falls) + " falls, " +
                std::to_string(gaps) + " gaps; " + std::to_string(days) + " days, " +
                std::to_string(fallen) + " with a fall, " + std::to_string(told_gap) +
                " without a reading, " + std::to_string(above) + " above the rating; used " +
                std::to_string(used) + " l of " + std::to_string(advance),
            "87214 readings, 8 falls, 107 gaps; 4356 days, 5 with a fall, 62 without a reading, 2 "
            "above the rating; used 2402037 l of 1014482");
}

}  // namespace
}  // namespace amity::app
