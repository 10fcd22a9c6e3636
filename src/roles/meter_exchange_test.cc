// A meter is exchanged in the middle of an interval: what the service point used is right through
// it, day by day, on both meters' registers, and the bill shows both.
#include "roles/meter_exchange.h"

#include <gtest/gtest.h>

#include "roles/test_billing.h"

namespace amity::roles {
namespace {

const ChannelId kNewImport(3), kNewTotal(4);
const DeviceId kOld(1), kNew(2);
constexpr std::int32_t kDay = kFirst + 1;              // of the exchange
const UtcSeconds kAt = UtcDay(kDay).start() + 37'400;  // 10:23:20
constexpr std::int64_t kInitial = 17, kOldPart = 101;  // of what the eleventh hour used

std::int64_t first_hours(std::int32_t day, int hours) {
  std::int64_t sum = 0;
  for (int h = 1; h <= hours; ++h) sum += use_of(day, h);
  return sum;
}

struct ExchangeTest : BillingTest {
  MeterExchange exchange;

  ExchangeTest() {
    store::MasterData more;
    Device meter;
    meter.id = kNew;
    meter.serial = "M2";
    meter.state = DeviceState::kPlanned;
    more.devices = {meter};
    more.channels = {{kNewImport, kNew, ChannelKind::kInterval, "import", "1-0:1.29.0*255",
                      Unit::kWattHour, 0, 3'600, 1},
                     {kNewTotal, kNew, ChannelKind::kRegister, "import_total", "1-0:1.8.0*255",
                      Unit::kWattHour, 0, 0, 1}};
    EXPECT_TRUE(store->registry().add(more).ok());
    exchange = {ServicePointId(1),
                kOld,
                kNew,
                kAt,
                {{kTotal, register_at(kDay) + first_hours(kDay, 10) + kOldPart}},
                {{kNewTotal, kInitial}},
                "ana"};
  }
  std::string record() {
    std::string answer = "nothing";
    record_exchange(*store, clock.time, exchange,
                    [&answer](Status s) { answer = s.ok() ? "ok" : s.error().reason; });
    for (int i = 0; i < 2; ++i) store->pump();
    return answer;
  }
  // The old meter's hours up to ten, the new one's from eleven on, of which the first is missing.
  void day_of_exchange() {
    std::vector<Reading> old, come;
    for (const Reading& r : readings_of(kDay)) {
      if (r.channel == kImport && r.time <= UtcDay(kDay).start() + 10 * 3'600) old.push_back(r);
    }
    arrive(old);
    new_day(kDay, 12);
  }
  void new_day(std::int32_t day, int from_hour = 1) {
    std::vector<Reading> come;
    for (Reading r : readings_of(day)) {
      if (r.channel == kImport) {
        if (r.time < UtcDay(day).start() + from_hour * 3'600) continue;
        r.channel = kNewImport;
      } else {
        r = {kNewTotal, r.time, on_new_dial(day + 1), {}};
      }
      come.push_back(r);
    }
    arrive(come);
  }
  std::int64_t on_new_dial(std::int32_t day) {
    return register_at(day) - register_at(kDay) - first_hours(kDay, 10) - kOldPart + kInitial;
  }
  // "estimated exact 2221: 11:00 E17 101", with what is not the meter's own.
  std::string told(ChannelId channel, std::int32_t day) {
    const auto d = store->finals().day(channel, day).value();
    if (!d) return "nothing";
    std::string text = std::string(to_string(d->day.state)) + " " +
                       std::string(to_string(d->day.closure)) + " " + std::to_string(d->day.total);
    const auto series =
        store::final_series(store->readings(), store->finals(), channel, d->day.start, d->day.end())
            .value();
    for (const auto& p : series.points) {
      if (p.final.origin == FinalOrigin::kActual) continue;
      text += " " + to_iso(p.reading.time).substr(11, 5) + " " + code_of(p.final) + " " +
              std::to_string(p.final.value);
    }
    return text + " of " + std::to_string(series.points.size());
  }
  void expect_right() {
    EXPECT_EQ(told(kImport, kDay), "estimated exact " +
                                       std::to_string(first_hours(kDay, 10) + kOldPart) +
                                       " 11:00 E12 101 of 11");
    EXPECT_EQ(told(kNewImport, kDay), "estimated exact " +
                                          std::to_string(register_at(kDay + 1) - register_at(kDay) -
                                                         first_hours(kDay, 10) - kOldPart) +
                                          " 11:00 E17 " +
                                          std::to_string(use_of(kDay, 11) - kOldPart) + " of 14");
    EXPECT_EQ(told(kNewImport, kDay + 1).substr(0, 11), "clean exact");
  }
};

TEST_F(ExchangeTest, BothMetersCloseOnTheirRegistersAndTheBillIsTheServicePoints) {
  arrive({{kTotal, kBegin, register_at(kFirst), {}}});
  arrive(readings_of(kFirst));
  at(kDay, 12);
  settle();
  EXPECT_EQ(record(), "ok");
  EXPECT_EQ(record(), "ok") << "the same again is told again and changes nothing";
  day_of_exchange();
  new_day(kFirst + 2);
  at(kFirst + 3, 5);
  settle();
  settle();
  expect_right();
  ASSERT_EQ(statements().size(), 1u) << (held().empty() ? "" : held()[0]);
  EXPECT_EQ(statements()[0], "1 issued 10-04..10-06 " + expected(kFirst, kFirst + 2) + " cycle");
  const auto body =
      mdm::decode_statement(store->billing().statement(StatementNumber(1)).value()->body).value();
  std::string meters;
  for (const mdm::BillMeter& m : body.meters) {
    meters += m.serial + " " + to_iso(m.from).substr(5, 14) + " " +
              (m.first ? std::to_string(*m.first) : "?") + " to " + to_iso(m.to).substr(5, 14) +
              " " + (m.last ? std::to_string(*m.last) : "?") + "; ";
  }
  EXPECT_EQ(meters, "M1 10-04T00:00:00 5000 to 10-05T10:23:20 " +
                        std::to_string(exchange.last[0].second) +
                        "; M2 10-05T10:23:20 17 to 10-07T00:00:00 " +
                        std::to_string(on_new_dial(kFirst + 3)) + "; ");
  std::int64_t used = 0;
  for (const mdm::BillMeter& m : body.meters) used += *m.last - *m.first;
  EXPECT_EQ(used, register_at(kFirst + 3) - register_at(kFirst));
}

TEST_F(ExchangeTest, OneThatIsToldDaysLaterPutsRightWhatWasDecidedWithoutIt) {
  arrive({{kTotal, kBegin, register_at(kFirst), {}}});
  arrive(readings_of(kFirst));
  day_of_exchange();
  new_day(kFirst + 2);
  at(kFirst + 3, 5);
  settle();
  settle();
  EXPECT_TRUE(statements().empty());
  EXPECT_EQ(told(kImport, kFirst + 2).substr(0, 12), "waiting open");
  at(kFirst + 6, 5);  // by now the old meter's days were estimated
  settle();
  settle();
  EXPECT_EQ(record(), "ok");
  settle();
  settle();
  expect_right();
  EXPECT_EQ(told(kImport, kFirst + 2), "clean unbounded 0 of 0");
  ASSERT_FALSE(statements().empty());
  EXPECT_EQ(statements().back().substr(0, statements().back().rfind(' ')).substr(9),
            "10-04..10-06 " + expected(kFirst, kFirst + 2));
  const auto before = statements();
  crash();
  settle();
  expect_right();
  EXPECT_EQ(statements(), before);
}

TEST_F(ExchangeTest, WhatCannotBeIsRefused) {
  arrive({{kTotal, kBegin, register_at(kFirst), {}}});
  at(kFirst + 2, 0);
  MeterExchange good = exchange;
  exchange.last[0].second = 4'000;
  EXPECT_EQ(record(), "import_total was read higher on 2024-10-04T00:00:00Z: 5000");
  exchange = good;
  exchange.first[0].first = kTotal;
  EXPECT_EQ(record(), "channel 2 is no register of that meter");
  exchange = good;
  exchange.installed = kOld;
  EXPECT_EQ(record(), "the meter that comes is the one that goes");
  exchange = good;
  exchange.at = clock.time + 3'600;
  EXPECT_EQ(record(), "it lies in the future");
  exchange = good;
  exchange.installed = DeviceId(9);
  EXPECT_EQ(record(), "no such meter");
  exchange = good;
  exchange.at = kBegin;
  EXPECT_EQ(record(), "the meter came on 2024-10-04T00:00:00Z");
}

}  // namespace
}  // namespace amity::roles
