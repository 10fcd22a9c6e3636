// Real meters' files through the importer, the rules and the ladder: what is in them is counted and
// summed here by other means, and what is found in them stays as it is.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "app/import_test_support.h"
#include "app/vee_run.h"
#include "base/decimal.h"
#include "mdm/registers/consumption.h"
#include "mdm/validate/rules_toml.h"
#include "store/store.h"

namespace amity::app {
namespace {

using namespace amity::app::testing;

const std::string kData = std::string(AMITY_SOURCE_DIR) + "/../shared/data/";

bool there(const std::string& file) {
  return std::filesystem::exists(kData + file);
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ',') {
      fields.emplace_back();
    } else if (c != '\r' && c != '\n') {
      fields.back() += c;
    }
  }
  return fields;
}

using Row = std::vector<std::string>;

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

class RealData : public ImportTest {
 protected:
  // The rows of a file that xz or gzip packed, as they are, up to that which `keep` says no to,
  // into a file of the folder: its path.
  std::string unpacked(const std::string& packed, const std::function<bool(const Row&)>& keep) {
    const std::string unpack = packed.ends_with(".xz") ? "xz -dc '" : "gzip -dc '";
    const std::unique_ptr<FILE, int (*)(FILE*)> in(
        ::popen((unpack + kData + packed + "'").c_str(), "r"), ::pclose);
    EXPECT_NE(in, nullptr);
    std::string text;
    char line[400];
    bool header = true;
    while (in && std::fgets(line, sizeof line, in.get()) != nullptr) {
      if (!std::exchange(header, false) && !keep(fields_of(line))) break;
      text += line;
    }
    return file(std::filesystem::path(packed).stem(), text);
  }

  // What the importer tells of it, without the file's name.
  std::string imported(const std::string& mapping, const std::string& csv) {
    const Outcome outcome = import({"--add", "--mapping", file("mapping.toml", mapping), csv});
    EXPECT_LE(outcome.exit_code == kExitBadInput ? 0 : outcome.exit_code, 0) << outcome.err;
    told_ = outcome.err;
    const std::size_t colon = outcome.out.find(": ");
    return colon == std::string::npos
               ? outcome.out
               : outcome.out.substr(colon + 2, outcome.out.size() - colon - 3);
  }

  void each_series(const std::function<void(const std::string& serial, const Channel&,
                                            const std::vector<Reading>&)>& visit) {
    const auto store = store::open_embedded(folder_ + "/data", {});
    ASSERT_TRUE(store.ok()) << to_string(store.error());
    const auto devices = (*store)->registry().devices();
    ASSERT_TRUE(devices.ok());
    for (const Device& device : *devices) {
      const auto channels = (*store)->registry().channels_of(device.id);
      ASSERT_TRUE(channels.ok());
      for (const Channel& channel : *channels) {
        const auto span = (*store)->readings().span(channel.id);
        ASSERT_TRUE(span.ok());
        const auto readings = (*store)->readings().read(channel.id, span->first - 1, span->last);
        ASSERT_TRUE(readings.ok());
        visit(device.serial, channel, *readings);
      }
    }
  }

  // Sum of each meter's intervals, in millionths of a kWh.
  std::map<std::string, std::int64_t> sums() {
    std::map<std::string, std::int64_t> sums;
    each_series([&](const std::string& serial, const Channel& channel,
                    const std::vector<Reading>& readings) {
      for (const Reading& r : readings) {
        const auto value = rescale({r.value, channel.exponent}, -3);
        ASSERT_TRUE(value.ok());
        sums[serial] += *value;
      }
    });
    return sums;
  }

  // Intervals that are not there, between each channel's first and last.
  std::int64_t missing() {
    std::int64_t missing = 0;
    each_series(
        [&](const std::string&, const Channel& channel, const std::vector<Reading>& readings) {
          missing += (readings.back().time - readings.front().time) / channel.interval_s + 1 -
                     static_cast<std::int64_t>(readings.size());
        });
    return missing;
  }

  std::string judged(const char* zone) {
    VeeOptions options;
    options.rules = *mdm::rules_from_toml(mdm::default_rules_text());
    options.zone = *TimeZone::find(zone);
    VeeRun run(std::move(options));
    each_series([&](const std::string& serial, const Channel& channel,
                    const std::vector<Reading>& readings) {
      for (const Reading& r : readings)
        run.add({serial,
                 1,
                 channel.name,
                 channel.unit,
                 r.time,
                 {r.value, channel.exponent},
                 r.quality});
    });
    const Status done = run.run([](const VeeRecord&) {});
    EXPECT_TRUE(done.ok()) << done.error().reason;
    return told(run.summary());
  }

  std::string told_;  // by the last import, on stderr
};

constexpr const char* kSydney = R"(
[columns]
meter = "customer_id"
time = "reading_datetime"
value = "general_supply_kwh"
[series]
channel = "import"
unit = "kWh"
[time]
format = "YYYY-MM-DD hh:mm:ss"
zone = "Australia/Sydney"
label = "end"
interval_s = 1800
)";

// What the rows of a file come to, reckoned by other means than the importer's: by the time that is
// written there, the later value counts.
struct Rows {
  std::size_t rows = 0, same = 0, other = 0;  // same, other: of a time that has been there
  std::map<std::pair<std::string, std::string>, std::int64_t> by_clock;  // millionths

  void add(const std::string& meter, const std::string& time, const std::string& value) {
    ++rows;
    const auto millionths = static_cast<std::int64_t>(std::llround(std::stod(value) * 1e6));
    const auto [at, fresh] = by_clock.try_emplace({meter, time}, millionths);
    if (!fresh) ++(at->second == millionths ? same : other);
    at->second = millionths;
  }
  std::string imported(std::size_t meters) const {
    const std::string n = std::to_string(meters);
    return std::to_string(rows) + " values of " + n + " series; " +
           std::to_string(by_clock.size()) + " new, " + std::to_string(same) + " known already, " +
           std::to_string(other) + " corrected; added " + n + " meters, " + n +
           " channels; 0 refused, " + std::to_string(same + other) + " notes";
  }
  std::map<std::string, std::int64_t> sums() const {
    std::map<std::string, std::int64_t> sums;
    for (const auto& [when, value] : by_clock) sums[when.first] += value;
    return sums;
  }
};

// When the clock is put forward, 01:00 and 01:30 stand there twice: a later value for the same
// time, which the importer tells and keeps as a correction. When it is set back, 02:00 and 02:30
// stand there once: two half hours are missing.
TEST_F(RealData, TenHomesOfSydney) {
  const std::string packed = "sgsc_households/sgsc_50_customers_halfhourly.csv.xz";
  if (!there(packed)) GTEST_SKIP() << packed << " is not there";
  std::set<std::string> homes;
  Rows rows;
  const std::string csv = unpacked(packed, [&](const Row& f) {
    homes.insert(f[0]);
    if (homes.size() > 10) return false;
    rows.add(f[0], f[1], f[3]);
    return true;
  });
  EXPECT_EQ(imported(kSydney, csv), rows.imported(10));
  EXPECT_EQ(rows.imported(10),
            "289789 values of 10 series; 289755 new, 4 known already, 30 corrected; added 10 "
            "meters, 10 channels; 0 refused, 34 notes");
  EXPECT_NE(
      told_.find("times are given again from 2012-10-06T15:00:00Z on; the later value counts"),
      std::string::npos)
      << told_;
  EXPECT_EQ(sums(), rows.sums());
  EXPECT_EQ(missing(), 686) << "half hours between a home's first and last";
  EXPECT_EQ(
      judged("Australia/Sydney"),
      "289755 readings of 10 channels, 6062 days, failed 75, warned 1080, estimated 966, open "
      "243; count 75; high_low 861; jump 5; peak 41; prolonged 2; register 63; run 137; spike "
      "171; average_like_day 772; linear 194; none 243");
}

std::string eemeter_mapping(const std::string& meter, const std::string& format, int interval_s) {
  return "[columns]\ntime = \"start\"\nvalue = \"value\"\n[series]\nmeter = \"" + meter +
         "\"\nunit = \"kWh\"\ndecimals = 6\n[time]\nformat = \"" + format +
         "\"\nlabel = \"start\"\ninterval_s = " + std::to_string(interval_s) + "\n";
}

// One meter a file, intervals named by their begin, some with the noise of floating point
// (170.99999999999999). Twice is once.
TEST_F(RealData, HomesOfIllinoisAndBritain) {
  struct Sample {
    const char *file, *format;
    int interval_s;
    const char *zone, *imported;
    std::int64_t missing;
    const char* judged;
  };
  constexpr const char* kWall = "YYYY-MM-DD hh:mm:ss";
  const Sample samples[] = {
      // The last hour begins a day of its own: the one that fails.
      {"il-electricity-cdd-hdd-hourly", "iso", 3'600, "America/Chicago",
       "19417 values of 1 series; 19417 new, 0 known already, 0 corrected", 0,
       "19417 readings of 1 channels, 810 days, failed 1, warned 281, estimated 23, open 0; "
       "count 1; high_low 83; jump 176; peak 2; spike 82; average_like_day 23"},
      {"uk-electricity-hdd-only-hourly-sample-0", "iso", 3'600, "Europe/London",
       "23508 values of 1 series; 23508 new, 0 known already, 0 corrected", 0,
       "23508 readings of 1 channels, 980 days, failed 2, warned 38, estimated 11, open 2; "
       "count 2; high_low 2; run 1; spike 35; average_like_day 11; none 2"},
      // Some midnights stand there twice, always with the same value.
      {"uk-electricity-hdd-only-hourly-sample-1", kWall, 1'800, "Europe/London",
       "22536 values of 1 series; 22521 new, 15 known already, 0 corrected", 52,
       "22521 readings of 1 channels, 471 days, failed 7, warned 63, estimated 86, open 3; "
       "count 7; high_low 37; spike 28; average_like_day 82; linear 4; none 3"},
      // Months without any.
      {"uk-electricity-hdd-only-hourly-sample-2", kWall, 1'800, "Europe/London",
       "35468 values of 1 series; 35444 new, 24 known already, 0 corrected", 15'676,
       "35444 readings of 1 channels, 1065 days, failed 344, warned 174, estimated 14284, open "
       "1392; count 344; high_low 99; jump 83; peak 3; prolonged 248; spike 30; average_like_day "
       "5065; like_day 1008; linear 3; none 1392; previous_year 8208"},
      {"uk-gas-hdd-only-hourly-sample-0", "iso", 3'600, "Europe/London",
       "23508 values of 1 series; 23508 new, 0 known already, 0 corrected", 0,
       "23508 readings of 1 channels, 980 days, failed 2, warned 525, estimated 11, open 2; "
       "count 2; high_low 178; jump 221; run 5; spike 203; average_like_day 11; none 2"}};
  for (const Sample& sample : samples) {
    const std::string packed = "eemeter_samples/" + std::string(sample.file) + ".csv.gz";
    if (!there(packed)) GTEST_SKIP() << packed << " is not there";
    Rows rows;
    const std::string csv = unpacked(packed, [&](const Row& f) {
      rows.add(sample.file, f[0], f[1]);
      return true;
    });
    std::filesystem::remove_all(folder_ + "/data");
    const std::string mapping = eemeter_mapping(sample.file, sample.format, sample.interval_s);
    const std::string first = imported(mapping, csv), second = imported(mapping, csv);
    EXPECT_EQ(first, rows.imported(1)) << sample.file;
    EXPECT_TRUE(first.starts_with(sample.imported)) << sample.file << ": " << first;
    EXPECT_NE(second.find("; 0 new, " + std::to_string(rows.rows) + " known already, 0 corrected;"),
              std::string::npos)
        << sample.file << ": " << second;
    EXPECT_EQ(sums(), rows.sums()) << sample.file;
    EXPECT_EQ(missing(), sample.missing) << sample.file;
    EXPECT_EQ(judged(sample.zone), sample.judged) << sample.file;
  }
}

constexpr const char* kAlicante = R"(
[columns]
meter = "meter"
time = "datetime"
value = "register_litre"
[series]
channel = "volume"
unit = "l"
register = true
[time]
format = "DD/MM/YYYY hh:mm:ss"
zone = "Europe/Madrid"
)";

// What the days of one meter's register used, and which of them are not plain.
struct WaterDays {
  std::size_t readings = 0, falls = 0, gaps = 0, days = 0, fallen = 0, told_gap = 0, above = 0;
  std::int64_t used = 0, advance = 0;

  void add(const TimeZone& zone, const std::vector<mdm::RegisterReading>& all) {
    constexpr std::int64_t kMost_l = 24 * 4'000;  // a day at the 4 m3/h of a small meter
    readings += all.size();
    for (std::size_t i = 1; i < all.size(); ++i) {
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
  std::string text() const {
    return std::to_string(readings) + " readings, " + std::to_string(falls) + " falls, " +
           std::to_string(gaps) + " gaps; " + std::to_string(days) + " days, " +
           std::to_string(fallen) + " with a fall, " + std::to_string(told_gap) +
           " without a reading, " + std::to_string(above) + " above the rating; used " +
           std::to_string(used) + " l of " + std::to_string(advance);
  }
};

// Registers read about every hour, falls and gaps among them: what each day used by them, and which
// days are not plain. A single reading that is far too high is a day above what the meter lets
// through, then a fall.
TEST_F(RealData, TwelveWaterMetersOfAlicante) {
  const std::string packed = "daiad_water/swm_trialA_55plus_meters.csv.xz";
  if (!there(packed)) GTEST_SKIP() << packed << " is not there";
  std::set<std::string> meters;
  std::set<std::pair<std::string, std::string>> moments;
  std::size_t rows = 0;
  double sum = 0;
  const std::string csv = unpacked(packed, [&](const Row& f) {
    meters.insert(f[0]);
    if (meters.size() > 12) return false;
    ++rows;
    moments.insert({f[0], f[1]});
    sum += std::stod(f[2]);  // one of them is 4e+05
    return true;
  });
  EXPECT_EQ(imported(kAlicante, csv),
            "87214 values of 12 series; 87214 new, 0 known already, 0 corrected; added 12 meters, "
            "12 channels; 0 refused, 0 notes");
  EXPECT_EQ(rows - moments.size(), 10u) << "in the hour that comes twice: one reading in each";
  WaterDays water;
  std::int64_t stored = 0;
  each_series(
      [&](const std::string&, const Channel& channel, const std::vector<Reading>& readings) {
        ASSERT_EQ(channel.unit, Unit::kLitre);
        std::vector<mdm::RegisterReading> all;
        for (const Reading& r : readings) {
          const auto litres = rescale({r.value, channel.exponent}, 0);
          ASSERT_TRUE(litres.ok());
          stored += *litres;
          all.push_back({DeviceId(1), r.time, *litres});
        }
        water.add(*TimeZone::find("Europe/Madrid"), all);
      });
  EXPECT_EQ(stored, static_cast<std::int64_t>(sum));
  EXPECT_EQ(water.text(),
            "87214 readings, 7 falls, 107 gaps; 4356 days, 4 with a fall, 62 without a reading, 1 "
            "above the rating; used 2002046 l of 1014482");
}

}  // namespace
}  // namespace amity::app
