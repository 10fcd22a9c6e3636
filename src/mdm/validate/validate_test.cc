// Golden texts: what came in, what the rule is set to, what it says. Read them as a metering
// engineer.
#include "mdm/validate/validate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "mdm/validate/rules_toml.h"

namespace amity::mdm {
namespace {

const TimeZone kMadrid = *TimeZone::find("Europe/Madrid");

// A home's day of quarter hours: 100 Wh by night, 200 Wh from 08:00 to 23:00, never twice the same.
struct Case {
  LocalDay day;
  Channel channel;
  std::vector<Reading> readings;
  DayGrid grid, reactive;
  DayInput in;
  ChannelState state;
  DayVerdict verdict;
  RuleSet rules;
  std::vector<RegisterPoint> registers;

  explicit Case(const char* noon = "2026-06-01T12:00:00Z",
                const char* customer_class = "residential") {
    day = DayCalendar(kMadrid).day_at(*from_iso(noon));
    channel = {ChannelId(7),
               DeviceId(3),
               ChannelKind::kInterval,
               "import",
               "1-0:1.29.0*255",
               Unit::kWattHour,
               0,
               900,
               1};
    for (std::size_t i = 0; i < day.slots(900); ++i) {
      const bool awake = i >= 32 && i < 92;
      readings.push_back({channel.id,
                          day.start + static_cast<std::int64_t>(i + 1) * 900,
                          (awake ? 200 : 100) + static_cast<std::int64_t>(i % 7),
                          {}});
    }
    in.now = day.start + 2 * 86'400;
    const auto book = rules_from_toml(default_rules_text());
    EXPECT_TRUE(book.ok()) << to_string(book.error());
    rules = *book->find(customer_class, Unit::kWattHour);
  }
  std::int64_t sum() const {
    std::int64_t total = 0;
    for (const Reading& r : readings) total += r.value;
    return total;
  }
  void value(std::size_t slot, std::int64_t v, Quality quality = {}) {
    readings[slot].value = v;
    readings[slot].quality = quality;
  }
  void bounded(std::int64_t from, std::int64_t to) {
    registers = {{day.start, from}, {day.start + day.length_s, to}};
  }
  void run() {
    ASSERT_TRUE(lay_out(readings, day, channel.interval_s, grid).ok());
    in.grid = &grid;
    in.channel = &channel;
    in.registers = registers;
    validate_day(rules, in, state, verdict);
  }
  std::string says(Rule rule) {
    run();
    return explain(verdict.of(rule), grid, channel, kMadrid);
  }
};

TEST(Validate, AGoodDayPassesWhatCanBeLookedAt) {
  Case c;
  std::string text;
  c.run();
  for (std::size_t r = 0; r < kRules; ++r) {
    text += fmt::format("{:<12} {}\n", to_string(static_cast<Rule>(r)),
                        explain(c.verdict.findings[r], c.grid, c.channel, kMadrid));
  }
  EXPECT_EQ(text,
            "identity     skipped: what it needs is not known\n"
            "clock        pass: nothing to remark\n"
            "count        pass: nothing to remark\n"
            "status       pass: nothing to remark\n"
            "negative     pass: nothing to remark\n"
            "ceiling      skipped: what it needs is not known\n"
            "sum          skipped: what it needs is not known\n"
            "spike        skipped: the highest, 206 Wh, is below the floor of 1000 Wh\n"
            "jump         pass: nothing to remark\n"
            "run          pass: nothing to remark\n"
            "high_low     skipped: 0 days known, 7 wanted\n"
            "peak         skipped: 0 days known, 7 wanted\n"
            "power_factor skipped: switched off\n"
            "register     pass: nothing to remark\n"
            "prolonged    pass: nothing to remark\n");
  EXPECT_EQ(c.verdict.worst, Outcome::kPass);
}

TEST(Validate, Rule1Identity) {
  Case c;
  c.in.reported = Reported{DeviceId(3), 40, Unit::kWattHour, 900};
  EXPECT_EQ(c.says(Rule::kIdentity), "fail: multiplier 40 delivered, 1 in master data");
  c.in.reported = Reported{DeviceId(3), 1, Unit::kVarHour, 900};
  EXPECT_EQ(c.says(Rule::kIdentity), "fail: unit 'varh' delivered, 'Wh' in master data");
  c.in.reported = Reported{DeviceId(3), 1, Unit::kWattHour, 1'800};
  EXPECT_EQ(c.says(Rule::kIdentity), "fail: intervals of 1800 s delivered, 900 s in master data");
  c.in.reported = Reported{DeviceId(4), 1, Unit::kWattHour, 900};
  EXPECT_EQ(c.says(Rule::kIdentity), "fail: delivered for device 4, the channel is of device 3");
  c.in.reported = Reported{DeviceId(3), 1, Unit::kWattHour, 900};
  EXPECT_EQ(c.says(Rule::kIdentity), "pass: nothing to remark");
}

TEST(Validate, Rule2Clock) {
  Case c;
  c.in.clock_offset_s = -181;
  EXPECT_EQ(c.says(Rule::kClock), "fail: the meter's clock is -181 s off, the limit is 180 s");
  c.in.clock_offset_s = 180;
  EXPECT_EQ(c.says(Rule::kClock), "pass: nothing to remark");
  c.in.now = c.day.start + 12 * 3'600;
  EXPECT_EQ(
      c.says(Rule::kClock),
      "fail: an interval ends at 2026-06-01T12:15:00+02:00, it is 2026-06-01T12:00:00+02:00 now");
  c.in.now = c.day.start + 86'400;
  c.in.point.commissioned = c.day.start + 3'600;
  EXPECT_EQ(c.says(Rule::kClock),
            "fail: an interval ends at 2026-06-01T00:15:00+02:00, the meter was commissioned at "
            "2026-06-01T01:00:00+02:00");
}

TEST(Validate, Rule3Count) {
  Case c;
  c.readings.erase(c.readings.begin() + 40, c.readings.begin() + 43);
  EXPECT_EQ(c.says(Rule::kCount),
            "fail: 93 of 96 intervals are there, the longest gap is 3 intervals, at "
            "2026-06-01T10:15:00+02:00");
  Case twice;
  twice.readings.push_back(twice.readings.back());
  EXPECT_EQ(twice.says(Rule::kCount), "warn: 1 reading delivered again");
  Case other;
  other.readings.push_back(other.readings[10]);
  other.readings.back().value = 999;
  EXPECT_EQ(other.says(Rule::kCount),
            "fail: 1 reading with another value for the same time, at 2026-06-01T02:45:00+02:00");
  Case across;
  across.readings.push_back({across.channel.id, across.day.start + 1'000, 5, {}});
  EXPECT_EQ(across.says(Rule::kCount), "fail: 1 reading across the grid of intervals");
  Case disorder;
  std::swap(disorder.readings[4], disorder.readings[5]);
  EXPECT_EQ(disorder.says(Rule::kCount), "warn: 1 reading earlier than the one before");
}

TEST(Validate, Rule3CountOnClockChangeDays) {
  Case spring("2026-03-29T12:00:00Z"), autumn("2026-10-25T12:00:00Z");
  EXPECT_EQ(spring.says(Rule::kCount), "pass: nothing to remark");
  EXPECT_EQ(spring.grid.slots, 92u);
  EXPECT_EQ(autumn.says(Rule::kCount), "pass: nothing to remark");
  EXPECT_EQ(autumn.grid.slots, 100u);
  autumn.readings.erase(autumn.readings.begin() + 12,
                        autumn.readings.begin() + 16);  // the repeated hour
  EXPECT_EQ(autumn.says(Rule::kCount),
            "fail: 96 of 100 intervals are there, the longest gap is 4 intervals, at "
            "2026-10-25T02:15:00+01:00");
}

TEST(Validate, Rule4Status) {
  Case c;
  c.value(50, 150, Quality{}.with(QualityFlag::kPartial));
  c.value(51, 150, Quality{}.with(QualityFlag::kClockAdjusted));
  EXPECT_EQ(c.says(Rule::kStatus),
            "fail: 2 intervals marked by the meter: clock_adjusted partial, at "
            "2026-06-01T12:45:00+02:00");
  std::vector<std::uint8_t> wanted;
  EXPECT_EQ(slots_to_estimate(c.rules, c.grid, c.verdict, wanted), 2u);
  Case outage;
  for (std::size_t i = 20; i < 24; ++i) outage.value(i, 0, Quality{}.with(QualityFlag::kPowerDown));
  EXPECT_EQ(outage.says(Rule::kStatus), "pass: nothing to remark");
  outage.value(19, 30, Quality{}.with(QualityFlag::kPowerDown));
  EXPECT_EQ(
      outage.says(Rule::kStatus),
      "fail: 1 interval with power down and use, the first 30 Wh, at 2026-06-01T05:00:00+02:00");
}

TEST(Validate, Rule5Negative) {
  Case c;
  c.value(3, -5), c.value(4, -12);
  EXPECT_EQ(c.says(Rule::kNegative),
            "fail: 2 intervals below zero on a delivered-only channel, the lowest -12 Wh, at "
            "2026-06-01T01:00:00+02:00");
  c.in.point.delivered_only = false;
  EXPECT_EQ(c.says(Rule::kNegative), "skipped: what it needs is not known");
}

TEST(Validate, Rule6Ceiling) {
  Case c;
  c.in.point.rating_per_hour = 23'000;  // 3 x 33 A
  c.value(57, 9'100);
  EXPECT_EQ(c.says(Rule::kCeiling),
            "fail: 1 interval above 5750 Wh, what the rating allows, the highest 9100 Wh, at "
            "2026-06-01T14:30:00+02:00");
  EXPECT_EQ(c.readings[57].value, 9'100) << "raw is not touched";
  EXPECT_EQ(c.grid.value[57], 9'100);
}

TEST(Validate, Rule7Sum) {
  Case c;
  const std::int64_t sum = c.sum();
  c.in.point.register_resolution = 1;
  c.bounded(1'000'000, 1'000'000 + sum);
  EXPECT_EQ(c.says(Rule::kSum),
            fmt::format(
                "pass: intervals sum to {0} Wh, the register advanced by {0} Wh, tolerance {1} Wh",
                sum, sum * 5 / 1'000));
  EXPECT_TRUE(c.verdict.verified);
  EXPECT_EQ(c.says(Rule::kSpike), "skipped: spared: the sum check verified the day");
  c.bounded(1'000'000, 1'000'000 + sum + 100);
  EXPECT_EQ(c.says(Rule::kSum),
            "fail: intervals sum to 15883 Wh, the register advanced by 15983 Wh, tolerance 79 Wh");
  c.bounded(1'000'000, 1'000'000 + sum);
  c.in.tariff_advance = sum - 500;
  EXPECT_EQ(c.says(Rule::kSum),
            "fail: tariff registers advanced by 15383 Wh, the total by 15883 Wh, tolerance 79 Wh");
}

TEST(Validate, Rule7SumWithExchangeAndMultiplierChange) {
  Case c;
  const std::int64_t sum = c.sum();
  const UtcSeconds ten = c.day.start + 10 * 3'600, end = c.day.start + c.day.length_s;
  c.registers = {{c.day.start, 99'000},
                 {ten, 99'000 + 5'000, PointKind::kRemoved},
                 {ten, 12, PointKind::kInstalled},
                 {end, 12 + sum - 5'000}};
  EXPECT_EQ(c.says(Rule::kSum),
            "pass: intervals sum to 15883 Wh, the register advanced by 15883 Wh, tolerance 79 Wh");
  EXPECT_EQ(c.says(Rule::kRegister), "pass: 1 meter exchanged, an advance of 15883 Wh in all");
  // Current transformers replaced at 10:00: 40 until then, 60 from there on.
  c.registers = {{c.day.start, 100, PointKind::kRead, 40},
                 {ten, 250, PointKind::kRead, 60},
                 {end, 415, PointKind::kRead, 60}};
  EXPECT_EQ(c.says(Rule::kSum),
            "pass: intervals sum to 15883 Wh, the register advanced by 15900 Wh, tolerance 79 Wh");
}

TEST(Validate, Rule8Spike) {
  Case c;
  c.value(70, 2'400);
  EXPECT_EQ(
      c.says(Rule::kSpike),
      "warn: the highest, 2400 Wh, exceeds the third highest, 206 Wh, by more than 1.800 times, at "
      "2026-06-01T17:45:00+02:00");
  EXPECT_EQ(c.verdict.warned[70], 1u << static_cast<unsigned>(Rule::kSpike));
  c.value(71, 1'200), c.value(72, 1'100);
  EXPECT_EQ(c.says(Rule::kSpike), "pass: nothing to remark");  // 2400 is 1.18 times more than 1100
}

TEST(Validate, Rule9Jump) {
  Case c;
  c.value(70, 9'000);
  EXPECT_EQ(c.says(Rule::kJump),
            "warn: 9000 Wh after 206 Wh is a change of more than 20.000 times; 1 such, at "
            "2026-06-01T17:45:00+02:00");
  c.value(70, 200);
  c.state.last_value = 1;
  c.state.last_end_s = c.day.start.value;
  c.rules.jump_floor = 50;
  EXPECT_EQ(c.says(Rule::kJump),
            "warn: 100 Wh after 1 Wh is a change of more than 20.000 times; 1 such, at "
            "2026-06-01T00:15:00+02:00");
}

TEST(Validate, Rule10Run) {
  Case c;
  for (std::size_t i = 10; i < 23; ++i) c.value(i, 77);
  EXPECT_EQ(c.says(Rule::kRun),
            "warn: 13 intervals of 77 Wh in a row, the limit is 12, at 2026-06-01T02:45:00+02:00");
  Case dark;
  for (std::size_t i = 0; i < 96; ++i) dark.value(i, 0);
  EXPECT_EQ(dark.says(Rule::kRun), "pass: nothing to remark");
  ASSERT_TRUE(absorb_day(dark.in, dark.verdict, 0, dark.state));
  EXPECT_FALSE(absorb_day(dark.in, dark.verdict, 0, dark.state)) << "the same day twice";
  Case next("2026-06-02T12:00:00Z");
  next.state = dark.state;
  next.value(0, 0);
  EXPECT_EQ(next.says(Rule::kRun),
            "warn: 97 intervals of zero in a row, the limit is 96, at 2026-06-02T00:15:00+02:00");
  next.in.point.deenergised = true;
  EXPECT_EQ(next.says(Rule::kRun), "pass: nothing to remark");
}

// `scale`: the use of a day in per mille of the usual, by local day number.
ChannelState after_days(int days, const std::function<int(int)>& scale) {
  ChannelState state;
  for (int d = days; d > 0; --d) {
    Case c;
    c.day = DayCalendar(kMadrid).day_at(c.day.start + 43'200 - d * 86'400);
    c.state = state;
    c.readings.clear();
    for (std::size_t i = 0; i < c.day.slots(900); ++i) {
      c.readings.push_back({c.channel.id,
                            c.day.start + static_cast<std::int64_t>(i + 1) * 900,
                            (150 + static_cast<std::int64_t>(i % 7)) * scale(c.day.number) / 1'000,
                            {}});
    }
    c.run();
    EXPECT_TRUE(absorb_day(c.in, c.verdict, 0, c.state));
    state = c.state;
  }
  return state;
}

TEST(Validate, Rule11HighLow) {
  Case c;
  const std::int32_t period = period_of_day(c.day.number);
  c.state = after_days(60, [&](int day) { return period_of_day(day) < period ? 500 : 1'000; });
  EXPECT_EQ(
      c.says(Rule::kHighLow),
      "warn: 14729 Wh a day is 201.1 % of 7321 Wh in the period before, limits 40.0 % and 160.0 %");
  c.state = after_days(400, [&](int day) { return day < 20'250 ? 3'000 : 1'000; });
  EXPECT_EQ(c.says(Rule::kHighLow),
            "warn: 14729 Wh a day is 33.4 % of 44049 Wh in the same period a year ago, limits 40.0 "
            "% and 160.0 %");
  c.state = after_days(60, [](int) { return 1'000; });
  for (Reading& r : c.readings) r.value *= 4;
  EXPECT_EQ(c.says(Rule::kHighLow),
            "warn: 63532 Wh on the day is 432.6 % of 14683 Wh on the latest like days, limits 10.0 "
            "% and 300.0 %");
}

TEST(Validate, Rule12Peak) {
  Case c;
  c.state = after_days(60, [](int) { return 1'000; });
  c.value(80, 400);
  EXPECT_EQ(c.says(Rule::kPeak),
            "warn: the highest, 400 Wh, is 256.4 % of the period before's, 156 Wh, the limit is "
            "200.0 %, at "
            "2026-06-01T20:15:00+02:00");
}

TEST(Validate, Rule13PowerFactor) {
  Case c("2026-06-01T12:00:00Z", "commercial");
  c.rules.power_factor_floor = 10;
  std::vector<Reading> kvarh = c.readings;
  for (Reading& r : kvarh) r.value = r.value * 2;
  ASSERT_TRUE(lay_out(kvarh, c.day, 900, c.reactive).ok());
  c.in.reactive = &c.reactive;
  EXPECT_EQ(c.says(Rule::kPowerFactor),
            "warn: power factor 0.447 of 15883 active and 31766 reactive, at least 0.700 expected");
  c.value(5, 0);
  c.rules.power_factor_min_permille = 400;
  EXPECT_EQ(c.says(Rule::kPowerFactor),
            "warn: 1 interval with reactive but no active energy, at 2026-06-01T01:30:00+02:00");
}

TEST(Validate, Rule14Register) {
  Case c;
  c.in.face = {.modulus = 1'000'000};
  c.bounded(990'000, 990'000 + c.sum() - 1'000'000);
  EXPECT_EQ(c.says(Rule::kRegister),
            "pass: the register rolled over from 990000 to 5883, an advance of 15883 Wh");
  EXPECT_TRUE(c.verdict.verified);
  c.bounded(500'000, 5'882);
  EXPECT_EQ(c.says(Rule::kRegister),
            "fail: the register fell from 500000 to 5882, its dial ends at 1000000");
  EXPECT_EQ(c.says(Rule::kSum), "skipped: what it needs is not known");
  c.bounded(500'000, 500'000 + c.sum());
  c.in.point.active = false;
  EXPECT_EQ(c.says(Rule::kRegister), "fail: 15883 Wh used at an inactive point");
  Case idle;
  for (Reading& r : idle.readings) r.value = 0;
  idle.state.idle_days = 30;
  EXPECT_EQ(idle.says(Rule::kRegister), "warn: no use for 31 days, the limit is 30");
}

TEST(Validate, Rule15Prolonged) {
  Case c;
  c.readings.pop_back();
  c.state.estimated_days = 5;
  EXPECT_EQ(c.says(Rule::kProlonged), "warn: 6 days in a row estimated, the limit is 5");
  c.state.estimated_days = 4;
  EXPECT_EQ(c.says(Rule::kProlonged), "pass: nothing to remark");
}

TEST(RulesToml, MistakesAreToldWithTheirLine) {
  const auto why = [](std::string_view text) {
    const auto book = rules_from_toml(text);
    return book.ok() ? std::string("fine") : book.error().reason;
  };
  EXPECT_EQ(why("version = 1\n[[rules]]\nspike = { severity = \"warn\", threshold = 1.8 }\n"),
            "fine");
  EXPECT_EQ(why("version = 1\n[[rules]]\nspyke = {}\n"), "line 3: no rule is named 'spyke'");
  EXPECT_EQ(why("version = 1\n[[rules]]\n[rules.spike]\nlimit = 2\n"),
            "line 4: the rule 'spike' has no setting 'limit'");
  EXPECT_EQ(why("version = 1\n[[rules]]\nspike = { severity = \"loud\" }\n"),
            "line 3: 'severity' is \"off\", \"warn\" or \"fail\"");
  EXPECT_EQ(why("version = 1\n[[rules]]\nrun = { zeros = -1 }\n"),
            "line 3: 'zeros' is from 1 to 1000000");
  EXPECT_EQ(why("version = 1\n[[rules]]\nrun = { zeros = 1.5 }\n"),
            "line 3: 'zeros' is a whole number");
  EXPECT_EQ(why("version = 1\n[[rules]]\nspike = { threshold = 1.80001 }\n"),
            "line 3: 'threshold' has more digits than are kept: 1800 per mille");
  EXPECT_EQ(why("version = 1\n[[rules]]\nunit = \"kWh\"\n"),
            "line 3: 'unit' is one of * Wh varh VAh m3 l J");
  EXPECT_EQ(why("[[rules]]\n"), "line 1: 'version = 1' is missing");
  EXPECT_EQ(why("version = 2\n"), "line 1: 'version' is 1");
  EXPECT_EQ(why("version = 1\n"), "line 1: no [[rules]]");
  EXPECT_EQ(why("version = 1\nrules = [3]\n"), "line 2: 'rules' is a list of tables: [[rules]]");
  EXPECT_TRUE(why("version = \n").starts_with("line 1: "));
}

TEST(RulesToml, TheFirstSetThatFitsCounts) {
  const auto book = rules_from_toml(default_rules_text());
  ASSERT_TRUE(book.ok());
  EXPECT_EQ(book->find("residential", Unit::kWattHour)->idle_days, 30u);
  EXPECT_EQ(book->find("industrial", Unit::kWattHour)->idle_days, 14u);
  EXPECT_EQ(book->find("residential", Unit::kCubicMetre)->zero_run, 336u);
  EXPECT_EQ(book->find("residential", Unit::kJoule)->stuck_run, 48u);
  const RuleSet water = scaled_to(*book->find("industrial", Unit::kWattHour), -3);
  EXPECT_EQ(water.spike_floor, 5'000'000);
}

}  // namespace
}  // namespace amity::mdm
