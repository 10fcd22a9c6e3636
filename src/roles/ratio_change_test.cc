// Current transformers are exchanged in the middle of a day: what the service point used is right
// on both sides of it, in days, sums and on the bill; told late, what was billed is put right.
#include "roles/ratio_change.h"

#include <gtest/gtest.h>

#include "mdm/profile/test_numbers.h"
#include "roles/balance_book.h"
#include "roles/test_billing.h"

namespace amity::roles {
namespace {

const DeviceId kMeter(2);
const ChannelId kHalfHours(3), kDial(4);
constexpr std::int32_t kDay = kFirst + 1;              // of the change
const UtcSeconds kAt = UtcDay(kDay).start() + 41'400;  // 11:30

// What the meter counts behind its transformers.
std::int64_t counted(std::int32_t day, int half_hour) {
  return 10 + half_hour + (day - kFirst);
}
std::int64_t dial_at(std::int32_t day, int half_hours = 0) {
  std::int64_t sum = 1'000;
  for (std::int32_t d = kFirst; d <= day; ++d) {
    for (int h = 1; h <= (d < day ? 48 : half_hours); ++h) sum += counted(d, h);
  }
  return sum;
}

struct RatioTest : BillingTest {
  api::RatioChangeRequest request;

  RatioTest() {
    store::MasterData more;
    ServicePoint point;
    point.id = ServicePointId(2);
    point.name = "SP2";
    point.customer = CustomerId(1);
    Device meter;
    meter.id = kMeter;
    meter.serial = "CT-M2";
    meter.service_point = point.id;
    meter.commissioned = kBegin;
    more.service_points = {point};
    more.devices = {meter};
    more.channels = {{kHalfHours, kMeter, ChannelKind::kInterval, "import", "1-0:1.29.0*255",
                      Unit::kWattHour, 0, 1'800, 40},
                     {kDial, kMeter, ChannelKind::kRegister, "import_total", "1-0:1.8.0*255",
                      Unit::kWattHour, 0, 0, 40}};
    EXPECT_TRUE(store->registry().add(more).ok());
    BillingAccount account;
    account.name = "A-2";
    account.service_point = point.id;
    account.customer = CustomerId(1);
    account.tariff = "home";
    account.bill_day = 7;
    account.opened = kFirst;
    EXPECT_TRUE(store->billing().put_account(account).ok());
    crash();
    request.change = {0, kMeter, kAt, 80, 1, "larger transformers", "ana", {}};
    request.registers = {{kDial, dial_at(kDay, 23)}};
  }
  std::string record() {
    std::string answer = "nothing";
    record_ratio_change(*store, clock.time, request,
                        [&answer](Status s) { answer = s.ok() ? "ok" : s.error().reason; });
    for (int i = 0; i < 2; ++i) store->pump();
    return answer;
  }
  void day(std::int32_t number, int first = 1, int last = 48) {
    std::vector<Reading> readings;
    for (int h = first; h <= last; ++h) {
      readings.push_back({kHalfHours, UtcDay(number).start() + h * 1'800, counted(number, h), {}});
    }
    if (last == 48)
      readings.push_back({kDial, UtcDay(number + 1).start(), dial_at(number + 1), {}});
    arrive(readings);
  }
  std::string told(std::int32_t number) {
    const auto d = store->finals().day(kHalfHours, number).value();
    if (!d) return "nothing";
    return std::string(to_string(d->day.state)) + " " + std::string(to_string(d->day.closure)) +
           " " + std::to_string(d->day.total) + " revision " + std::to_string(d->day.revision);
  }
  mdm::StatementBody body(std::uint64_t number) {
    return mdm::decode_statement(store->billing().statement(StatementNumber(number)).value()->body)
        .value();
  }
  // "M2 10-05T11:30 3185 to ... x 80 = Wh".
  static std::string meters_of(const mdm::StatementBody& body) {
    std::string text;
    for (const mdm::BillMeter& m : body.meters) {
      text += to_iso(m.from).substr(5, 11) + " " + (m.first ? std::to_string(*m.first) : "?") +
              " to " + to_iso(m.to).substr(5, 11) + " " + (m.last ? std::to_string(*m.last) : "?") +
              " x " + std::to_string(m.multiplier);
      if (m.first && m.last) text += " = " + std::to_string((*m.last - *m.first) * m.multiplier);
      text += " Wh\n";
    }
    return text;
  }
  // Of the lines of energy, in Wh.
  static std::int64_t energy_of(const mdm::StatementBody& body) {
    std::int64_t sum = 0;
    for (const mdm::BillLine& line : body.statement.lines) {
      if (line.kind == mdm::LineKind::kEnergy) sum += line.trace.sum;
    }
    return sum;
  }
};

constexpr const char* kMeters =
    "10-04T00:00 1000 to 10-05T11:30 3185 x 40 = 87400 Wh\n"
    "10-05T11:30 3185 to 10-07T00:00 6112 x 80 = 234160 Wh\n";

TEST_F(RatioTest, ADayWithAChangeInItIsExactOnBothSides) {
  arrive({{kDial, kBegin, dial_at(kFirst), {}}});
  day(kFirst);
  day(kDay, 1, 23);
  at(kDay, 12);
  settle();
  EXPECT_EQ(record(), "ok");
  EXPECT_EQ(record(), "ok") << "the same again is told again and changes nothing";
  day(kDay, 24);
  day(kFirst + 2);
  at(kFirst + 3, 5);
  settle();
  settle();
  EXPECT_EQ(told(kFirst), "clean exact 1656 revision 1");
  EXPECT_EQ(told(kDay), "clean exact 1704 revision 1") << "529 until 11:30, 1175 from then on";
  EXPECT_EQ(told(kFirst + 2), "clean exact 1752 revision 1");
  ASSERT_EQ(statements().size(), 1u) << (held().empty() ? "" : held()[0]);
  const auto bill = body(1);
  EXPECT_EQ(meters_of(bill), kMeters);
  EXPECT_EQ(energy_of(bill), 87'400 + 234'160) << "of the intervals, as of the registers";
  ASSERT_EQ(bill.inputs.size(), 1u);
  EXPECT_EQ(bill.inputs[0].multiplier, 40);
  EXPECT_EQ(bill.inputs[0].steps, (std::vector<MultiplierStep>{{kAt, 80}}));
  BalanceBook book(*store, clock, TimeZone::utc(), directory / "virtual.toml");
  const auto sums = book.balances({"class", kFirst, kFirst + 2, ""}).value();
  ASSERT_EQ(sums.size(), 1u);
  EXPECT_EQ(sums[0].delivered, 321'560);
  EXPECT_EQ(book.balances({"class", kDay, kDay, ""}).value()[0].delivered, 529 * 40 + 1'175 * 80);
  EXPECT_EQ(store->registry().ratio_changes(kMeter).value().size(), 1u);
}

TEST_F(RatioTest, OneThatIsToldAfterTheBillTakesItBackAndBillsAnew) {
  arrive({{kDial, kBegin, dial_at(kFirst), {}}});
  for (int i = 0; i < 3; ++i) day(kFirst + i);
  at(kFirst + 3, 5);
  settle();
  settle();
  ASSERT_EQ(statements().size(), 1u);
  EXPECT_EQ(energy_of(body(1)), 5'112 * 40);
  at(kFirst + 4, 9);
  EXPECT_EQ(record(), "ok");
  settle();
  settle();
  const auto told_now = statements();
  ASSERT_EQ(told_now.size(), 3u);
  EXPECT_EQ(told_now[1].substr(0, 31),
            "2 reversal of 1 10-04..10-06 -" + told_now[0].substr(22, 1));
  EXPECT_NE(told_now[2].find("3 issued 10-04..10-06"), std::string::npos) << told_now[2];
  EXPECT_NE(told_now[2].find("meter or multiplier changed"), std::string::npos) << told_now[2];
  EXPECT_EQ(body(2).statement.total, -body(1).statement.total);
  EXPECT_EQ(meters_of(body(3)), kMeters);
  EXPECT_EQ(energy_of(body(3)), 321'560);
  EXPECT_EQ(told(kDay), "clean exact 1704 revision 1") << "raw and final values stay as they are";
  // It was 60, not 80: told for the same instant, the newer counts; both are kept.
  request.change.ct = 60;
  request.change.reason = "misread plate";
  EXPECT_EQ(record(), "ok");
  crash();
  settle();
  settle();
  ASSERT_EQ(statements().size(), 5u);
  EXPECT_EQ(energy_of(body(5)), 87'400 + 234'160 / 80 * 60);
  EXPECT_EQ(store->registry().ratio_changes(kMeter).value().size(), 2u);
  const auto before = statements();
  EXPECT_EQ(record(), "ok");
  settle();
  settle();
  EXPECT_EQ(statements(), before);
}

// Twice the ratio, half the count: estimates and rules see the same use.
TEST_F(RatioTest, WhatWasUsedBeforeIsComparedByItsMultiplier) {
  const auto use = [&](std::int32_t number, int without_from, int without_to) {
    std::vector<Reading> readings;
    for (int h = 1; h <= 48; ++h) {
      if (h >= without_from && h < without_to) continue;
      const std::int64_t share = number < kFirst + 8 ? 2 : 1;
      readings.push_back({kHalfHours, UtcDay(number).start() + h * 1'800, share * (10 + h), {}});
    }
    arrive(readings);
  };
  for (int i = 0; i < 8; ++i) use(kFirst + i, 0, 0);
  at(kFirst + 8, 5);
  settle();
  request.change.at = UtcDay(kFirst + 8).start();
  request.registers.clear();
  EXPECT_EQ(record(), "ok");
  use(kFirst + 8, 20, 28);  // four hours are missing
  use(kFirst + 9, 0, 0);
  at(kFirst + 13, 5);
  settle();
  settle();
  const auto d = store->finals().day(kHalfHours, kFirst + 8).value();
  ASSERT_TRUE(d);
  const auto series = store::final_series(store->readings(), store->finals(), kHalfHours,
                                          d->day.start, d->day.end())
                          .value();
  std::string text;
  for (const auto& p : series.points) {
    if (p.final.origin == FinalOrigin::kEstimated)
      text += to_iso(p.reading.time).substr(11, 5) + " " + code_of(p.final) + " " +
              std::to_string(p.final.value) + "; ";
  }
  EXPECT_EQ(text,
            "10:00 E14 30; 10:30 E14 31; 11:00 E14 32; 11:30 E14 33; 12:00 E14 34; 12:30 E14 35; "
            "13:00 E14 36; 13:30 E14 37; ");
  EXPECT_EQ(store->finals().day(kHalfHours, kFirst + 9).value()->day.findings,
            std::vector<VeeFinding>{});
}

// The half hour up to 12:00, of 35: what was decided of it, by whom and why, and what of the day.
struct WithinTest : RatioTest {
  std::string interval(std::int32_t number = kDay) {
    std::string text;
    const auto series =
        store::final_series(store->readings(), store->finals(), kHalfHours,
                            UtcDay(number).start() + 41'400, UtcDay(number).start() + 43'200)
            .value();
    for (const auto& p : series.points)
      text += code_of(p.final) + " " + std::to_string(p.final.value) + " version " +
              std::to_string(p.version);
    return text;
  }
  std::string explained(std::int32_t number = kDay) {
    std::string text;
    const auto all = mdm->explain(store->finals().day(kHalfHours, number).value()->day).value();
    for (const auto& f : all) text += f.rule + " " + f.text + "\n";
    return text;
  }
  // Sum of the day's final values, each with the multiplier of its begin, in Wh.
  std::int64_t energy(std::int32_t number = kDay) {
    const Channel channel = *store->registry().channel(kHalfHours).value();
    const auto series = store::final_series(store->readings(), store->finals(), kHalfHours,
                                            UtcDay(number).start(), UtcDay(number + 1).start())
                            .value();
    std::int64_t sum = 0;
    for (const auto& p : series.points)
      sum += p.final.value * channel.multiplier_of(p.reading.time);
    return sum;
  }
  void three_days() {
    arrive({{kDial, kBegin, dial_at(kFirst), {}}});
    for (int i = 0; i < 3; ++i) day(kFirst + i);
    at(kFirst + 3, 5);
  }
};

TEST_F(WithinTest, AnIntervalWithAChangeInItIsClosedOnTheRegister) {
  three_days();
  request.change.at = kAt + 600;                          // 11:40
  request.registers = {{kDial, dial_at(kDay, 23) + 20}};  // 20 of the 35
  EXPECT_EQ(record(), "ok");
  settle();
  settle();
  EXPECT_EQ(interval(), "E12 50 version 1") << "20 x 40 and 15 x 80 are 50 x 40";
  EXPECT_EQ(told(kDay), "estimated exact 1719 revision 1");
  EXPECT_EQ(
      explained(),
      "identity warn: the multiplier became 80 from 40 at 2024-10-05T11:40:00+00:00, within an "
      "interval: of 35 Wh counted, 20 Wh were before, by the register; stated as 50 Wh x 40, at "
      "2024-10-05T12:00:00+00:00\n");
  const std::int64_t before = dial_at(kDay, 23) + 20 - dial_at(kDay),
                     behind = dial_at(kDay + 1) - dial_at(kDay, 23) - 20;
  EXPECT_EQ(energy(), before * 40 + behind * 80) << "as the registers say, to the Wh";
  ASSERT_EQ(statements().size(), 1u) << (held().empty() ? "" : held()[0]);
  EXPECT_EQ(meters_of(body(1)),
            "10-04T00:00 1000 to 10-05T11:40 3205 x 40 = 88200 Wh\n"
            "10-05T11:40 3205 to 10-07T00:00 6112 x 80 = 232560 Wh\n");
  EXPECT_EQ(energy_of(body(1)), 88'200 + 232'560) << "of the intervals, as of the registers";
  BalanceBook book(*store, clock, TimeZone::utc(), directory / "virtual.toml");
  EXPECT_EQ(book.balances({"class", kDay, kDay, ""}).value()[0].delivered, energy());
  const auto raw = store->readings().read(kHalfHours, kAt, kAt + 1'800).value();
  ASSERT_EQ(raw.size(), 1u);
  EXPECT_EQ(raw[0].value, 35) << "raw values stay as they are";
  crash();
  settle();
  EXPECT_EQ(told(kDay), "estimated exact 1719 revision 1") << "looked at again, nothing changes";
}

// Nobody read the register then: by the time, 10 of 30 minutes, and said so.
TEST_F(WithinTest, WithoutARegisterItIsSharedByTheTimeAndFlagged) {
  three_days();
  request.change.at = kAt + 600;
  request.registers.clear();
  EXPECT_EQ(record(), "ok");
  settle();
  settle();
  EXPECT_EQ(interval(), "E17 58 version 1") << "12 x 40 and 23 x 80";
  EXPECT_EQ(told(kDay), "estimated exact 1727 revision 1") << "exact as the meter counts";
  EXPECT_EQ(
      explained(),
      "identity warn: the multiplier became 80 from 40 at 2024-10-05T11:40:00+00:00, within an "
      "interval: of 35 Wh counted, 12 Wh were before, by the share of the time, as no register "
      "tells it; stated as 58 Wh x 40, at 2024-10-05T12:00:00+00:00\n");
  const auto queue = mdm->queue();
  EXPECT_TRUE(std::ranges::any_of(queue, [](const auto& item) {
    return item.day.channel == kHalfHours && item.day.day == kDay;
  })) << "a person can look";
  // The register's reading is found in the fitter's book after the bill: a version of its own.
  ASSERT_EQ(statements().size(), 1u);
  request.registers = {{kDial, dial_at(kDay, 23) + 35}};
  EXPECT_EQ(record(), "ok");
  settle();
  settle();
  EXPECT_EQ(interval(), "A 35 version 2") << "all of it was before";
  EXPECT_NE(explained().find("35 Wh were before, by the register"), std::string::npos);
  ASSERT_EQ(statements().size(), 3u) << "reversal and new";
  EXPECT_EQ(energy_of(body(3)), energy(kFirst) + energy(kDay) + energy(kFirst + 2));
}

// Ratios that do not divide leave less than half a unit, told with the day.
TEST_F(WithinTest, RatiosThatDoNotDivideAreRoundedAndTold) {
  three_days();
  request.change.at = kAt + 600;
  request.change.ct = 60;
  request.registers = {{kDial, dial_at(kDay, 23) + 20}};
  EXPECT_EQ(record(), "ok");
  settle();
  EXPECT_EQ(interval(), "E12 43 version 1") << "20 x 40 and 15 x 60 are 42.5 x 40";
  EXPECT_NE(explained().find("became 60 from 40"), std::string::npos) << explained();
  const std::int64_t exactly = (dial_at(kDay, 23) + 20 - dial_at(kDay)) * 40 +
                               (dial_at(kDay + 1) - dial_at(kDay, 23) - 20) * 60;
  EXPECT_EQ(energy() - exactly, 20);
}

TEST_F(WithinTest, ARegisterThatContradictsTheIntervalsApportionsNothing) {
  three_days();
  request.change.at = kAt + 600;
  request.registers = {{kDial, dial_at(kDay, 23) + 36}};  // more than the half hour counted
  EXPECT_EQ(record(), "ok");
  settle();
  EXPECT_EQ(interval(), "E17 58 version 1");
  EXPECT_NE(explained().find("12 Wh were before, by the share of the time"), std::string::npos)
      << explained();
}

// The half hour itself is missing: it is estimated as the meter would have counted it, then stated.
TEST_F(WithinTest, AMissingIntervalWithAChangeInItIsEstimatedAndApportioned) {
  arrive({{kDial, kBegin, dial_at(kFirst), {}}});
  day(kFirst);
  day(kDay, 1, 23);
  day(kDay, 25);
  day(kFirst + 2);
  request.change.at = kAt + 600;
  request.registers = {{kDial, dial_at(kDay, 23) + 20}};
  at(kFirst + 3, 5);
  EXPECT_EQ(record(), "ok");
  at(kFirst + 7, 5);  // the meter was asked again in vain
  settle();
  EXPECT_EQ(told(kDay).substr(0, 20), "estimated exact 1719") << told(kDay);
  EXPECT_EQ(interval().substr(interval().find(' ')), " 50 version 1")
      << "35 by the register, 20 before";
}

// The day that the channel begins on, from 06:00 on, was given out before anybody told.
TEST_F(WithinTest, OnTheDayThatAChannelBeginsOnToo) {
  day(kFirst, 13);
  day(kDay);
  day(kFirst + 2);
  at(kFirst + 3, 5);
  settle();
  EXPECT_EQ(interval(kFirst), "A 34 version 1");
  const std::string before = told(kFirst);
  request.change.at = UtcDay(kFirst).start() + 42'000;
  request.registers.clear();
  EXPECT_EQ(record(), "ok");
  settle();
  settle();
  EXPECT_EQ(interval(kFirst), "E17 57 version 2") << "11 x 40 and 23 x 80";
  EXPECT_NE(explained(kFirst).find("identity warn: the multiplier became 80 from 40"),
            std::string::npos)
      << before << "; " << told(kFirst) << explained(kFirst);
  const std::string now = told(kFirst);
  crash();
  request.change.reason = "again";
  EXPECT_EQ(record(), "ok");
  settle();
  EXPECT_EQ(interval(kFirst), "E17 57 version 2") << "not twice";
  EXPECT_EQ(told(kFirst), now);
}

struct OneMeter : WithinTest {
  void TestBody() override {}
};

// Any instant of the day, any ratios, read then or not: the final values with their multipliers are
// what the registers say, or the day is flagged.
TEST(RatioProperty, EveryDayIsTheRegistersOrFlagged) {
  mdm::Numbers n(7);
  int exact = 0, rounded = 0, by_time = 0;
  for (int i = 0; i < 40; ++i) {
    const auto below = [&n](std::int64_t end) {
      return static_cast<std::int64_t>(n.below(static_cast<std::uint64_t>(end)));
    };
    const bool at_a_boundary = below(6) == 0, read = below(3) != 0;
    const std::int64_t second = at_a_boundary ? 1'800 * (1 + below(47)) : 1 + below(86'398);
    const int whole = static_cast<int>(second / 1'800);
    const std::int64_t part = second % 1'800 == 0 ? 0 : below(counted(kDay, whole + 1) + 1);
    const std::int64_t reads = dial_at(kDay, whole) + part, ct = 10 * (1 + below(30));
    OneMeter m;
    m.three_days();
    m.request.change.at = UtcDay(kDay).start() + second;
    m.request.change.ct = ct;
    m.request.registers.clear();
    if (read) m.request.registers = {{kDial, reads}};
    ASSERT_EQ(m.record(), "ok");
    m.settle();
    const std::int64_t really = (reads - dial_at(kDay)) * 40 + (dial_at(kDay + 1) - reads) * ct;
    const std::int64_t off = std::abs(m.energy() - really);
    const std::string told = m.explained();
    const bool flagged = told.find("identity warn: the multiplier became") != std::string::npos;
    const std::string which = std::to_string(second) + " s, x " + std::to_string(ct) + ": " + told;
    if (second % 1'800 == 0 || ct == 40) {
      EXPECT_EQ(off, 0) << which;
      EXPECT_FALSE(flagged) << which;
      ++exact;
    } else if (read) {
      EXPECT_TRUE(flagged) << which;
      EXPECT_LE(off, 20) << which << "half a unit x 40";
      ++(off == 0 ? exact : rounded);
    } else {
      EXPECT_TRUE(flagged) << which;
      EXPECT_NE(told.find("share of the time"), std::string::npos) << which;
      ++by_time;
    }
    EXPECT_EQ(m.told(kFirst).substr(0, 11), "clean exact");
  }
  EXPECT_GT(exact, 10);
  EXPECT_GT(rounded, 2);
  EXPECT_GT(by_time, 5);
}

TEST_F(RatioTest, WhatCannotBeIsRefused) {
  arrive({{kDial, kBegin, dial_at(kFirst), {}}});
  at(kFirst + 2, 0);
  const auto good = request;
  request.change.ct = 0;
  EXPECT_EQ(record(), "a ratio is a whole number from 1 to 1000000");
  request.change.ct = request.change.vt = 1'000'000;
  EXPECT_EQ(record(), "CT x VT is at most 1000000000");
  request = good;
  request.change.reason = "";
  EXPECT_EQ(record(), "a reason is needed");
  request = good;
  request.change.at = clock.time + 3'600;
  EXPECT_EQ(record(), "it lies in the future");
  request.change.at = kBegin - 1;
  EXPECT_EQ(record(), "meter CT-M2 came on 2024-10-04T00:00:00Z");
  request = good;
  request.registers[0].second = 999;
  EXPECT_EQ(record(), "import_total was read higher on 2024-10-04T00:00:00Z: 1000");
  request = good;
  request.change.device = DeviceId(9);
  EXPECT_EQ(record(), "no such meter");
  EXPECT_TRUE(store->registry().ratio_changes(kMeter).value().empty());
}

}  // namespace
}  // namespace amity::roles
