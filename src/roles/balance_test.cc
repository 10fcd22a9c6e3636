// Sums over the grid and what is lost in it, kept as final values change.
#include <gtest/gtest.h>

#include <fstream>

#include "roles/balance_book.h"
#include "roles/test_meter.h"
#include "store/test_directory.h"

namespace amity::roles {
namespace {

// Two transformers on a feeder; meters 1 and 2 under the first, 3 under the second, and a meter at
// the first transformer itself that measures what is fed in.
struct BalanceTest : ::testing::Test {
  SetClock clock;
  store::TestDirectory directory;
  std::shared_ptr<store::MemoryDisk> disk = std::make_shared<store::MemoryDisk>();
  std::unique_ptr<store::MemoryStore> store = std::move(store::open_memory(disk)).value();
  std::string file = directory / "virtual_meters.toml";
  std::unique_ptr<BalanceBook> book;

  BalanceTest() {
    store::MasterData data;
    data.feeders = {{FeederId(1), "North"}};
    for (std::uint32_t t = 1; t <= 2; ++t) {
      data.transformers.push_back(
          {TransformerId(t), "T-" + std::to_string(t), FeederId(1), 0, 0, 0});
    }
    data.customers = {{CustomerId(1), "Ana", "residential"}};
    for (std::uint32_t i = 1; i <= 4; ++i) {
      ServicePoint p;
      p.id = ServicePointId(i);
      p.name = "SP" + std::to_string(i);
      p.transformer = TransformerId(i == 3 ? 2 : 1);
      p.address = i == 3 ? "1 Low Road, Eastham" : std::to_string(i) + " High Street, Millbrook";
      if (i != 4) p.customer = CustomerId(1);
      data.service_points.push_back(p);
      Device d;
      d.id = DeviceId(i);
      d.serial = i == 4 ? "SUM-1" : "M" + std::to_string(i);
      d.service_point = p.id;
      data.devices.push_back(d);
      data.channels.push_back({ChannelId(i), d.id, ChannelKind::kInterval, "import",
                               "1-0:1.29.0*255", Unit::kWattHour, 0, 3'600, i == 2 ? 10 : 1});
    }
    add_water(data, 5, "W1", ServicePointId(1));
    add_water(data, 6, "DMA-1", ServicePointId(4));
    EXPECT_TRUE(store->registry().add(data).ok());
    for (int day = -1; day <= 7; ++day) {
      // At 23:00 and at 01:00 of each day; the last is at 23:00 of the sixth.
      for (const int hour : {1, 23}) {
        if (day < 0 && hour == 1) continue;
        if (day >= 6 && (day > 6 || hour == 23)) continue;
        const UtcSeconds at = UtcDay(kFirst + day).start() + hour * 3'600;
        const std::int64_t hours = (at - UtcDay(kFirst).start()) / 3'600;
        arrive(5, at, 1'000 + hours * 4);
        arrive(6, at, 5'000 + hours * 10);
      }
    }
    clock.time = UtcDay(kFirst + 7).start();
    for (std::int32_t day = kFirst; day < kFirst + 7; ++day) {
      for (std::uint32_t i = 1; i <= 4; ++i)
        final_day(i, day, i == 2 ? 50 : i == 4 ? 1'540 : 1'000);
    }
    book = std::make_unique<BalanceBook>(*store, clock, TimeZone::utc(), file);
  }
  static void add_water(store::MasterData& data, std::uint32_t id, const std::string& serial,
                        ServicePointId point) {
    Device d;
    d.id = DeviceId(id);
    d.serial = serial;
    d.service_point = point;
    d.commodity = Commodity::kWater;
    data.devices.push_back(d);
    data.channels.push_back(
        {ChannelId(id), d.id, ChannelKind::kRegister, "volume", "", Unit::kCubicMetre, -3, 0, 1});
  }
  void arrive(std::uint32_t channel, UtcSeconds at, std::int64_t value) {
    const ReadingsArrived fact{"test", at, {{ChannelId(channel), at, value, {}}}};
    EXPECT_TRUE(store->readings().apply(++sequence, fact.readings).ok());
    if (book) book->handle({sequence, fact});
  }
  std::uint64_t sequence = 0;
  void final_day(std::uint32_t channel, std::int32_t day, std::int64_t total,
                 std::uint16_t estimated = 0) {
    ReadingsFinal fact;
    VeeDay& d = fact.day;
    d.channel = ChannelId(channel);
    d.day = day;
    d.start = UtcDay(day).start();
    d.length_s = 86'400;
    d.interval_s = 3'600;
    const auto known = store->finals().day(d.channel, day).value();
    d.revision = known ? known->day.revision + 1 : 1;
    d.total = total;
    d.estimated = estimated;
    if (estimated > 0) d.state = VeeState::kEstimated;
    fact.decision = {clock.time, "vee", "validated", "", {}};
    EXPECT_TRUE(store->finals().apply(fact).ok());
    if (book) book->handle({1, fact});
  }
  std::vector<std::string> told(const std::string& kind) {
    const auto rows = book->balances({kind, kFirst, kFirst + 6, ""});
    if (!rows.ok()) return {rows.error().reason};
    std::vector<std::string> out;
    for (const api::BalanceRow& r : *rows) {
      std::string text =
          r.name + " " + std::to_string(r.meters) + ": " + std::to_string(r.delivered);
      if (r.balanced) {
        text += " of " + std::to_string(r.supplied) + ", lost " + std::to_string(r.loss) + " +- " +
                std::to_string(r.uncertainty) + (r.significant ? " significant" : "");
      }
      if (r.days_left_out > 0) text += ", left out " + std::to_string(r.days_left_out);
      if (r.worst > 0) text += ", worst " + std::to_string(r.worst);
      out.push_back(text);
    }
    return out;
  }
  void define(const std::string& text) {
    std::ofstream(file) << "version = 1\n" << text;
    book = std::make_unique<BalanceBook>(*store, clock, TimeZone::utc(), file);
  }
};

TEST_F(BalanceTest, TransformersAndFeedersAreSumsOfTheirMeters) {
  EXPECT_EQ(told("transformer"), (std::vector<std::string>{"T-1 2: 10500", "T-2 1: 7000"}));
  EXPECT_EQ(told("feeder"), std::vector<std::string>{"North 3: 17500"});
}

TEST_F(BalanceTest, WhatIsFedInShowsTheLoss) {
  define("[[supply]]\ntransformer = \"T-1\"\nserial = \"SUM-1\"\n");
  // U = 2 sqrt((5 x 10780)^2 + (10 x 7000)^2 + (10 x 3500)^2) / sqrt(3) / 1000 = 109.9
  EXPECT_EQ(told("transformer"),
            (std::vector<std::string>{"T-1 2: 10500 of 10780, lost 280 +- 110 significant",
                                      "T-2 1: 7000"}));
}

// A home with a roof and a meter above that feeds back: both sides are net, and say what of.
TEST_F(BalanceTest, ExportIsTakenOffOnBothSides) {
  store::MasterData more;
  for (const auto& [id, device] : {std::pair{7u, 1u}, {8u, 4u}}) {
    more.channels.push_back({ChannelId(id), DeviceId(device), ChannelKind::kInterval, "export",
                             "1-0:2.29.0*255", Unit::kWattHour, 0, 3'600, 1});
  }
  ASSERT_TRUE(store->registry().add(more).ok());
  define("[[supply]]\ntransformer = \"T-1\"\nserial = \"SUM-1\"\n");
  for (std::int32_t day = kFirst; day < kFirst + 7; ++day) {
    final_day(7, day, 700);
    final_day(8, day, 680);
  }
  const auto rows = book->balances({"transformer", kFirst, kFirst + 6, ""});
  ASSERT_TRUE(rows.ok()) << rows.error().reason;
  const api::BalanceRow& r = rows->at(0);
  EXPECT_EQ(r.name, "T-1");
  EXPECT_EQ(std::to_string(r.fed_in) + " - " + std::to_string(r.fed_back) + " = " +
                std::to_string(r.supplied),
            "10780 - 4760 = 6020");
  EXPECT_EQ(std::to_string(r.imported) + " - " + std::to_string(r.exported) + " = " +
                std::to_string(r.delivered),
            "10500 - 4900 = 5600");
  EXPECT_EQ(r.loss, 420) << "net supplied less net delivered";
  EXPECT_EQ(r.loss_permyriad, 268) << "420 of 10780 + 4900 that flowed in";
  const api::BalanceRow& other = rows->at(1);
  EXPECT_EQ(other.imported, 7'000);
  EXPECT_EQ(other.exported, 0);
  EXPECT_FALSE(other.balanced);
}

TEST_F(BalanceTest, ALateValueTouchesItsDayAlone) {
  define("[[supply]]\ntransformer = \"T-1\"\nserial = \"SUM-1\"\n");
  (void)told("transformer");
  const std::uint64_t before = book->reckoned();
  final_day(1, kFirst + 2, 1'300, 3);
  EXPECT_EQ(book->reckoned() - before, 4u)
      << "that day of the transformer, the feeder, the area and the class";
  const auto now = told("transformer");
  EXPECT_EQ(now[0].substr(0, 32), "T-1 2: 10800 of 10780, lost -20 ");
  EXPECT_NE(now[0].find("worst 2"), std::string::npos) << now[0];
  EXPECT_EQ(now[0].find("significant"), std::string::npos);
}

TEST_F(BalanceTest, NamedMetersMayBuildOnOthers) {
  define(R"([[meter]]
name = "Street"
terms = [{ serial = "M1" }, { serial = "M2", coefficient = "0.5" }]
[[meter]]
name = "Rest"
terms = [{ feeder = "North" }, { meter = "Street", coefficient = "-1" }]
)");
  EXPECT_EQ(told("meter"), (std::vector<std::string>{"Street 2: 8750", "Rest 2: 8750"}));
}

// Clock changes lie within their day: a slot is a local day, however long.
TEST_F(BalanceTest, DaysWeeksAndMonthsAreThoseOfTheCalendar) {
  const std::int32_t monday = kFirst - ((kFirst + 3) % 7 + 7) % 7;
  api::SumsQuery query{{"transformer", kFirst, kFirst + 6, ""}, "T-1", api::SumSpan::kWeek};
  auto weeks = book->sums(query);
  ASSERT_TRUE(weeks.ok());
  std::int64_t sum = 0;
  std::uint32_t days = 0;
  for (const api::SumRow& w : weeks->rows) {
    EXPECT_EQ((w.first - monday) % 7, 0);
    EXPECT_EQ(w.last - w.first, 6);
    EXPECT_EQ(w.sum, w.days * 1'500);
    sum += w.sum, days += w.days;
  }
  EXPECT_EQ(sum, 10'500);
  EXPECT_EQ(days, 7u);
  query.span = api::SumSpan::kMonth;
  const auto months = book->sums(query);
  ASSERT_TRUE(months.ok());
  for (const api::SumRow& m : months->rows) {
    EXPECT_EQ(civil_from_utc(UtcDay(m.first).start()).day, 1);
    EXPECT_EQ(civil_from_utc(UtcDay(m.last + 1).start()).day, 1);
  }
  query.name = "T-9";
  EXPECT_EQ(book->sums(query).error().reason, "no transformer 'T-9'");
}

TEST_F(BalanceTest, AreasAndClassesAreSumsByCommodity) {
  EXPECT_EQ(told("area"), (std::vector<std::string>{"Millbrook 2: 10500", "Eastham 1: 7000",
                                                    "Millbrook 1: 576, worst 4"}));
  EXPECT_EQ(told("class"),
            (std::vector<std::string>{"residential 3: 17500", "residential 1: 576, worst 4"}));
  const auto water = book->balances({"area", kFirst, kFirst + 6, "water"});
  ASSERT_TRUE(water.ok());
  ASSERT_EQ(water->size(), 1u);
  EXPECT_EQ(water->at(0).unit + " of " + water->at(0).commodity, "l of water");
}

// The water meter counts litres of a register, read at odd times: a midnight between two readings
// that are close is as good as read; one between readings far apart is estimated.
TEST_F(BalanceTest, RegistersCountFromMidnightToMidnight) {
  const auto days = [&] {
    const auto sums =
        book->sums({{"area", kFirst, kFirst + 6, "water"}, "Millbrook", api::SumSpan::kDay});
    std::string text;
    for (const api::SumRow& d : sums->rows)
      text += (text.empty() ? "" : " ") + std::to_string(d.sum) + "q" + std::to_string(d.worst);
    return text;
  };
  EXPECT_EQ(days(), "96q0 96q0 96q0 96q0 96q0 96q0 0q4") << "the last midnight is not read yet";
  const std::uint64_t before = book->reckoned();
  arrive(5, UtcDay(kFirst + 7).start() + 43'200, 1'000 + 96 * 7 + 48);
  EXPECT_EQ(days(), "96q0 96q0 96q0 96q0 96q0 96q0 96q2") << "from 23:00 to noon: interpolated";
  EXPECT_LE(book->reckoned() - before, 6u) << "a late reading costs its own days alone";
}

TEST_F(BalanceTest, ADistrictMeterShowsWhatLeaks) {
  define("[[supply]]\narea = \"Millbrook\"\ncommodity = \"water\"\nserial = \"DMA-1\"\n");
  const auto rows = book->balances({"area", kFirst, kFirst + 5, "water"});
  ASSERT_TRUE(rows.ok()) << rows.error().reason;
  ASSERT_TRUE(rows->at(0).balanced);
  EXPECT_EQ(rows->at(0).supplied, 6 * 240);
  EXPECT_EQ(rows->at(0).loss, 6 * 144);
  EXPECT_TRUE(rows->at(0).significant);
  define(
      "[[meter]]\nname = \"District\"\nterms = [{ serial = \"W1\" }]\n"
      "[[supply]]\nsum = \"District\"\nserial = \"DMA-1\"\n");
  const auto named = book->balances({"meter", kFirst, kFirst + 5, ""});
  ASSERT_TRUE(named.ok()) << named.error().reason;
  ASSERT_EQ(named->size(), 1u);
  EXPECT_EQ(named->at(0).supplied, 6 * 240);
  EXPECT_EQ(named->at(0).loss, 6 * 144);
  EXPECT_TRUE(named->at(0).significant);
  define("[[supply]]\narea = \"Eastham\"\ncommodity = \"water\"\nserial = \"DMA-1\"\n");
  EXPECT_NE(told("area")[0].find("no water is metered in an area 'Eastham'"), std::string::npos)
      << told("area")[0];
}

// A meter that says nothing makes a loss of what it takes: that is no balance.
TEST_F(BalanceTest, AMeterWithoutValuesLeavesNoBalance) {
  define("[[supply]]\nfeeder = \"North\"\nserial = \"SUM-1\"\n");
  EXPECT_NE(told("feeder")[0].find("lost"), std::string::npos);
  store::MasterData more;
  more.devices = {{DeviceId(9),
                   "M9",
                   "",
                   "",
                   "",
                   "",
                   "",
                   "",
                   DeviceState::kActive,
                   ServicePointId(3),
                   900,
                   {},
                   Commodity::kElectricity}};
  ASSERT_TRUE(store->registry().add(more).ok());
  define("[[supply]]\nfeeder = \"North\"\nserial = \"SUM-1\"\n");
  const auto rows = book->balances({"feeder", kFirst, kFirst + 6, ""});
  ASSERT_TRUE(rows.ok());
  EXPECT_FALSE(rows->at(0).balanced);
  EXPECT_EQ(rows->at(0).unread, 1u);
}

TEST_F(BalanceTest, VirtualMetersAreMadeChangedAndRemoved) {
  define("[[meter]]\nname = \"Fixed\"\nterms = [{ serial = \"M1\" }]\n");
  const api::VirtualMeter rest{
      "Rest \"1\"",
      {{"", "", "", "", "North", 1'000'000}, {"", "", "Fixed", "", "", -500'000}},
      "",
      false};
  ASSERT_TRUE(book->add(rest).ok());
  EXPECT_EQ(told("meter"), (std::vector<std::string>{"Rest \"1\" 2: 14000", "Fixed 1: 7000"}));
  EXPECT_EQ(book->add(rest).error().reason, "there is a virtual meter 'Rest \"1\"'");
  // Kept: another process that opens the files has it too.
  book = std::make_unique<BalanceBook>(*store, clock, TimeZone::utc(), file);
  const auto all = book->virtual_meters();
  ASSERT_TRUE(all.ok()) << all.error().reason;
  ASSERT_EQ(all->size(), 2u);
  EXPECT_TRUE(all->at(0).fixed);
  EXPECT_FALSE(all->at(1).fixed);
  EXPECT_EQ(all->at(1).terms[1].coefficient, -500'000);
  EXPECT_EQ(book->remove("Fixed").error().code, ErrorCode::kRefused);
  api::VirtualMeter changed = rest;
  changed.terms = {{"", "", "", "T-2", "", 1'000'000}};
  ASSERT_TRUE(book->change(changed).ok());
  EXPECT_EQ(told("meter"), (std::vector<std::string>{"Fixed 1: 7000", "Rest \"1\" 1: 7000"}));
  ASSERT_TRUE(book->remove("Rest \"1\"").ok());
  EXPECT_EQ(told("meter"), std::vector<std::string>{"Fixed 1: 7000"});
  EXPECT_EQ(book->remove("Rest \"1\"").error().reason, "there is no virtual meter 'Rest \"1\"'");
}

TEST_F(BalanceTest, WhatCannotBeReckonedIsRefusedWithTheReason) {
  const auto refused = [&](api::VirtualMeter meter, bool change = false) {
    const Status done = change ? book->change(meter) : book->add(meter);
    return done.ok() ? "taken" : done.error().reason;
  };
  using T = api::VirtualTerm;
  EXPECT_EQ(refused({"A", {T{"M9"}}}), "'A': there is no meter 'M9'");
  EXPECT_EQ(refused({"A", {T{"M1", "gas"}}}),
            "'A': the meter 'M1' has no channel 'gas' of energy or volume");
  EXPECT_EQ(refused({"A", {T{"", "", "B"}}}), "'A': there is no virtual meter 'B'");
  EXPECT_EQ(refused({"A", {T{"M1"}, T{"W1"}}}), "'A' adds Wh and l");
  EXPECT_EQ(refused({"A", {T{"M1", "", "", "T-1"}}}),
            "a term names one of serial, meter, transformer, feeder");
  EXPECT_EQ(refused({"A", {}}), "a virtual meter has 1 to 1000 terms");
  EXPECT_EQ(refused({"A/B", {T{"M1"}}}), "a name has no control characters and no '/'");
  EXPECT_EQ(refused({"A", {T{"M1", "", "", "", "", 0}}}),
            "a coefficient is not 0 and at most 1000");
  ASSERT_EQ(refused({"A", {T{"M1"}}}), "taken");
  ASSERT_EQ(refused({"B", {T{"", "", "A"}}}), "taken");
  const std::string circle = refused({"A", {T{"", "", "B"}}}, true);
  EXPECT_NE(circle.find("A -> B -> A"), std::string::npos) << circle;
  EXPECT_EQ(told("meter"), (std::vector<std::string>{"A 1: 7000", "B 1: 7000"}))
      << "nothing was changed";
}

// Its intervals: the sum with coefficients, as good as the worst input; an hour that one input
// lacks is missing.
TEST_F(BalanceTest, ASeriesIsMadeOfTheInputsIntervals) {
  ASSERT_TRUE(book->add({"Both", {{"M1"}, {"M3", "", "", "", "", -2'000'000}}}).ok());
  const UtcSeconds start = UtcDay(kFirst + 7).start();
  clock.time = start + 4 * 3'600;
  for (int hour = 1; hour <= 3; ++hour) {
    arrive(1, start + hour * 3'600, 100 * hour);
    if (hour != 2) arrive(3, start + hour * 3'600, 10);
  }
  const auto series = book->series("Both", start, start + 86'400);
  ASSERT_TRUE(series.ok()) << series.error().reason;
  ASSERT_EQ(series->readings.size(), 2u);
  EXPECT_EQ(series->readings[0].value, 80);
  EXPECT_EQ(series->readings[1].value, 280);
  EXPECT_EQ(series->readings[1].time, start + 3 * 3'600);
  EXPECT_EQ(series->missing, 2u);
  EXPECT_EQ(series->channel.interval_s, 3'600u);
  ASSERT_TRUE(book->add({"Water", {{"W1"}}}).ok());
  const auto water = book->series("Water", start, start + 86'400);
  ASSERT_TRUE(water.ok()) << water.error().reason;
  EXPECT_EQ(water->channel.kind, ChannelKind::kRegister) << "sums by day, no intervals";
  EXPECT_TRUE(water->readings.empty());
  EXPECT_EQ(book->series("None", start, start + 86'400).error().code, ErrorCode::kNotFound);
}

TEST_F(BalanceTest, AWrongDefinitionIsToldWithItsReason) {
  define("[[meter]]\nname = \"A\"\nterms = [{ meter = \"A\" }]\n");
  EXPECT_NE(told("meter")[0].find("A -> A"), std::string::npos) << told("meter")[0];
  define("[[supply]]\ntransformer = \"T-9\"\nserial = \"SUM-1\"\n");
  EXPECT_NE(told("meter")[0].find("there is no transformer 'T-9'"), std::string::npos);
}

}  // namespace
}  // namespace amity::roles
