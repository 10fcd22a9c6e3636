// What the utility knows besides the readings, at work in the platform: each case is the facts, the
// readings in short, and what validation found or estimated.
#include <gtest/gtest.h>

#include <map>

#include "roles/journal_follower.h"
#include "roles/mdm_role.h"
#include "roles/test_meter.h"

namespace amity::roles {
namespace {

const ChannelId kCheck(11), kReactive(12), kDayRate(13), kNightRate(14);

// Rules that tell the cases apart; what is not named is off.
constexpr const char* kRules = R"(
version = 1
[[rules]]
class = "*"
unit = "*"
count = { severity = "fail", estimate = true }
ceiling = { severity = "fail", estimate = true }
sum = { severity = "fail", tolerance_percent = 0.0, tolerance_resolutions = 0 }
power_factor = { severity = "warn", minimum = 0.7, floor = 1000 }
register = { severity = "fail", rollover_from_percent = 90 }
identity = { severity = "off" }
clock = { severity = "off" }
status = { severity = "off" }
negative = { severity = "off" }
spike = { severity = "off" }
jump = { severity = "off" }
run = { severity = "off" }
high_low = { severity = "off" }
peak = { severity = "off" }
prolonged = { severity = "off" }
)";

struct FactsTest : ::testing::Test {
  SetClock clock;
  std::unique_ptr<store::MemoryStore> store =
      std::move(store::open_memory(std::make_shared<store::MemoryDisk>())).value();
  std::unique_ptr<MdmRole> role;
  std::unique_ptr<JournalFollower> follower;

  // One meter with a total register, or none; and a check meter, reactive energy, two rates.
  void begin(const std::string& facts, bool total = true) {
    store::MasterData data = one_meter();
    if (!total) data.channels.pop_back();
    Device check = data.devices[0];
    check.id = DeviceId(2);
    check.serial = "C1";
    data.devices.push_back(check);
    data.channels.push_back({kCheck, check.id, ChannelKind::kInterval, "import", "1-0:1.29.0*255",
                             Unit::kWattHour, -1, 3'600, 1});
    data.channels.push_back({kReactive, DeviceId(1), ChannelKind::kInterval, "reactive_import",
                             "1-0:3.29.0*255", Unit::kVarHour, 0, 3'600, 1});
    for (const auto& [id, rate] : {std::pair{kDayRate, "1"}, {kNightRate, "2"}}) {
      data.channels.push_back({id, DeviceId(1), ChannelKind::kRegister,
                               std::string("import_t") + rate,
                               std::string("1-0:1.8.") + rate + "*255", Unit::kWattHour, 0, 0, 1});
    }
    ASSERT_TRUE(store->registry().add(data).ok());
    MdmOptions options;
    options.rules = mdm::rules_from_toml(kRules).value();
    auto read = mdm::facts_from_toml("version = 1\n" + facts);
    ASSERT_TRUE(read.ok()) << read.error().reason;
    options.facts = std::move(*read);
    options.reread.give_up_after_s = 3'600;
    role = std::make_unique<MdmRole>(*store, clock, TimeZone::utc(), options);
    ASSERT_TRUE(role->load().ok());
    follower = std::make_unique<JournalFollower>(
        store->journal(), MdmRole::kDepartment,
        [this](const store::JournalEntry& e) { role->handle(e); }, [this] { return role->save(); });
    ASSERT_TRUE(follower->begin().ok());
  }
  void arrive(std::vector<Reading> readings) {
    if (readings.empty()) return;
    store->journal().append(ReadingsArrived{"headend", clock.time, std::move(readings)},
                            [](Result<store::Sequence> r) { ASSERT_TRUE(r.ok()); });
    store->pump();
  }
  // A day's hours of a channel: `value` of each, none below zero.
  template <class Value>
  void hours(ChannelId channel, std::int32_t day, Value value) {
    std::vector<Reading> readings;
    for (int h = 1; h <= 24; ++h) {
      if (value(h) >= 0)
        readings.push_back({channel, UtcDay(day).start() + h * 3'600, value(h), {}});
    }
    arrive(std::move(readings));
  }
  void dial(ChannelId channel, std::int32_t day, std::int64_t value) {
    arrive({{channel, UtcDay(day).start(), value, {}}});
  }
  // Until every day before this one is decided.
  void until(std::int32_t day, int rounds = 10) {
    clock.time = UtcDay(day).start() + 3 * 3'600;
    for (int i = 0; i < rounds; ++i) {
      store->pump();
      ASSERT_TRUE(follower->step(10'000).ok());
      role->tick();
      store->pump();
    }
  }
  void register_falls(const std::string& facts) {
    begin(facts);
    dial(kTotal, kFirst, 98'800);
    hours(kImport, kFirst, [](int) { return 100; });
    dial(kTotal, kFirst + 1, 1'200);
    until(kFirst + 1);
  }
  // "estimated exact 2400: 11:00 E11 100, 12:00 E11 100"
  std::string told(std::int32_t day) {
    const auto d = store->finals().day(kImport, day).value();
    if (!d) return "nothing";
    std::string text = std::string(to_string(d->day.state)) + " " +
                       std::string(to_string(d->day.closure)) + " " + std::to_string(d->day.total);
    const auto series =
        store::final_series(store->readings(), store->finals(), kImport, d->day.start, d->day.end())
            .value();
    std::string between = ": ";
    for (const auto& p : series.points) {
      if (p.final.origin == FinalOrigin::kActual) continue;
      text += between + to_iso(p.reading.time).substr(11, 5) + " " + code_of(p.final) + " " +
              std::to_string(p.final.value);
      between = ", ";
    }
    return text;
  }
  std::string findings(std::int32_t day) {
    std::string text;
    const auto d = store->finals().day(kImport, day).value();
    if (!d) return "nothing";
    const auto explained = role->explain(d->day).value();
    for (const auto& e : explained) text += (text.empty() ? "" : "; ") + e.rule + " " + e.text;
    return text;
  }
};

TEST_F(FactsTest, AnHourAboveTheFuseIsReplaced) {
  begin(
      "[[rating]]\nclass = \"residential\"\nunit = \"Wh\"\nper_hour = \"9200\"\n"
      "[[rating]]\nmeter = \"M1\"\nunit = \"Wh\"\nper_hour = \"60000\"\n");
  dial(kTotal, kFirst, 0);
  hours(kImport, kFirst, [](int h) { return h == 5 ? 9'201 : 100; });
  dial(kTotal, kFirst + 1, 2'500);
  until(kFirst + 1);
  EXPECT_EQ(findings(kFirst),
            "ceiling fail: 1 interval above 9200 Wh, what the rating allows, the "
            "highest 9201 Wh, at 2024-10-04T05:00:00+00:00");
  EXPECT_EQ(told(kFirst), "estimated exact 2500: 05:00 E17 200");
}

TEST_F(FactsTest, AnHourAboveTheFuseIsSeenOnTheDayAMeterBeginsOnToo) {
  begin("[[rating]]\nclass = \"residential\"\nunit = \"Wh\"\nper_hour = \"9200\"\n");
  hours(kImport, kFirst, [](int h) { return h < 9 ? -1 : h == 11 ? 9'201 : 100; });
  hours(kImport, kFirst + 1, [](int) { return 100; });
  until(kFirst + 2);
  EXPECT_EQ(findings(kFirst),
            "ceiling fail: 1 interval above 9200 Wh, what the rating allows, the "
            "highest 9201 Wh, at 2024-10-04T11:00:00+00:00");
  EXPECT_EQ(told(kFirst), "failed unbounded 10701") << "not estimated: for a person to look at";
}

TEST_F(FactsTest, ADialThatIsKnownRollsOver) {
  register_falls("[[dial]]\nmeter = \"M1\"\nunit = \"Wh\"\ndigits = 5\n");
  EXPECT_EQ(told(kFirst), "clean exact 2400");
}

TEST_F(FactsTest, WithoutItsDialARegisterThatFallsFails) {
  register_falls("");
  EXPECT_EQ(told(kFirst), "failed unbounded 2400");
  EXPECT_EQ(findings(kFirst).substr(0, 14), "register fail:") << findings(kFirst);
}

TEST_F(FactsTest, ALikeDayIsLookedForNinetyDaysBack) {
  begin("");
  const std::int32_t day = kFirst + 98;
  hours(kImport, day - 84, [](int h) { return 200 + h; });
  hours(kImport, day, [](int h) { return h >= 3 && h <= 5 ? -1 : 100; });
  until(day + 8, 200);
  EXPECT_EQ(told(day), "estimated unbounded 2712: 03:00 E14 203, 04:00 E14 204, 05:00 E14 205");
}

TEST_F(FactsTest, AGapIsWhatTheCheckMeterCounted) {
  begin("[[check]]\nmain = \"M1/import\"\ncheck = \"C1/import\"\n", false);
  hours(kCheck, kFirst, [](int h) { return 1'000 + h; });
  hours(kImport, kFirst, [](int h) { return h >= 3 && h <= 6 ? -1 : 100; });
  until(kFirst + 1);
  until(kFirst + 2);
  EXPECT_EQ(told(kFirst),
            "estimated unbounded 2402: 03:00 E11 100, 04:00 E11 100, 05:00 E11 101, "
            "06:00 E11 101")
      << "tenths of a Wh, rounded half up";
}

TEST_F(FactsTest, AHolidayIsLikeASunday) {
  // 2024-10-04 is a Friday; Thursday the 17th is a holiday and lacks its morning.
  begin("holidays = [\"2024-10-17\"]\n", false);
  for (int d = 0; d < 14; ++d) {
    const bool sunday = (kFirst + d + 3) % 7 == 6;
    hours(kImport, kFirst + d, [&](int h) { return d == 13 && h <= 4 ? -1 : sunday ? 50 : 200; });
  }
  until(kFirst + 14, 40);
  until(kFirst + 15, 40);
  EXPECT_EQ(told(kFirst + 13),
            "estimated unbounded 4200: 01:00 E15 50, 02:00 E15 50, 03:00 E15 "
            "50, 04:00 E15 50");
}

TEST_F(FactsTest, WithoutAHistoryTheClassTellsTheShape) {
  begin(R"([[profile]]
class = "residential"
unit = "Wh"
daily = "2400"
workday  = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
saturday = [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
sunday   = [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1]
)",
        false);
  hours(kImport, kFirst, [](int h) { return h >= 3 && h <= 6 ? -1 : 70; });
  until(kFirst + 1);
  until(kFirst + 2);
  EXPECT_EQ(told(kFirst),
            "estimated unbounded 1800: 03:00 E25 100, 04:00 E25 100, 05:00 E25 100, "
            "06:00 E25 100");
}

TEST_F(FactsTest, TheSameDayOfLastYearWhereNothingIsNearer) {
  begin("", false);
  hours(kImport, kFirst, [](int h) { return 10 * h; });
  hours(kImport, kFirst + 364, [](int h) { return h >= 3 && h <= 6 ? -1 : 70; });
  until(kFirst + 366, 1'600);
  EXPECT_EQ(told(kFirst + 364),
            "estimated unbounded 1580: 03:00 E23 30, 04:00 E23 40, 05:00 E23 "
            "50, 06:00 E23 60");
}

TEST_F(FactsTest, ReactiveEnergyShowsALowPowerFactor) {
  begin("");
  hours(kReactive, kFirst, [](int) { return 200; });
  hours(kImport, kFirst, [](int) { return 100; });
  until(kFirst + 1);
  EXPECT_EQ(findings(kFirst),
            "power_factor warn: power factor 0.447 of 2400 active and 4800 reactive, "
            "at least 0.700 expected");
}

TEST_F(FactsTest, TariffRegistersMustAddUpToTheTotal) {
  begin("");
  dial(kTotal, kFirst, 1'000);
  dial(kDayRate, kFirst, 600);
  dial(kNightRate, kFirst, 400);
  hours(kImport, kFirst, [](int) { return 100; });
  dial(kTotal, kFirst + 1, 3'400);
  dial(kDayRate, kFirst + 1, 2'200);
  dial(kNightRate, kFirst + 1, 1'100);
  until(kFirst + 1);
  EXPECT_EQ(findings(kFirst),
            "sum fail: tariff registers advanced by 2300 Wh, the total by 2400 Wh, "
            "tolerance 0 Wh");
}

TEST_F(FactsTest, AMeterIsBilledFromTheRegisterItWasInstalledWith) {
  begin("");
  Device meter = one_meter().devices[0];
  meter.commissioned = kBegin + 9 * 3'600 + 1'200;  // 09:20
  ASSERT_TRUE(store->registry().update_device(meter).ok());
  role = std::make_unique<MdmRole>(*store, clock, TimeZone::utc(), MdmOptions());
  ASSERT_TRUE(role->load().ok());
  arrive({{kTotal, meter.commissioned, 3, {}}});
  hours(kImport, kFirst, [](int h) { return h < 11 ? -1 : 100; });
  dial(kTotal, kFirst + 1, 3 + 40 + 1'400);
  until(kFirst + 1);
  EXPECT_EQ(told(kFirst), "estimated exact 1440: 10:00 E12 40");
}

}  // namespace
}  // namespace amity::roles
