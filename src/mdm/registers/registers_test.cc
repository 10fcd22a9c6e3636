// The use of a service point as a metering engineer would reckon it by hand.
#include <gtest/gtest.h>

#include "mdm/registers/reconcile.h"

namespace amity::mdm {
namespace {

UtcSeconds at(const char* text) {
  return *from_iso(text);
}

std::string told(const Result<PointUse>& use) {
  if (!use.ok()) return use.error().reason;
  static constexpr const char* kNames[] = {"interpolated", "not bounded", "no meter",
                                           "rollover",     "exchange",    "ratio change",
                                           "decreased",    "inexact",     "too large"};
  std::string text = std::to_string(use->units);
  for (unsigned bit = 0; bit < std::size(kNames); ++bit) {
    if ((use->flags >> bit & 1) != 0) text += std::string(", ") + kNames[bit];
  }
  return text;
}

// Meter 1: five digits, kWh, from 1 January; CT 40 until 10 February, then 60. Removed on 1 March
// at 00,012 (it rolled over). Meter 2: six digits, 0.1 kWh, from the same instant, at 00000.7.
PointHistory history() {
  PointHistory h;
  Installation one{DeviceId(1), ChannelId(1), at("2026-01-01"), at("2026-03-01"), 99'000, 12, 5, 3,
                   {}};
  one.ratios = {{at("2026-01-01"), 40, 1}, {at("2026-02-10"), 60, 1}};
  Installation two{DeviceId(2), ChannelId(2), at("2026-03-01"), {}, 7, {}, 6, 2, {}};
  two.ratios = {{at("2026-03-01"), 60, 1}};
  h.installations = {one, two};
  h.occupancies = {{CustomerId(7), at("2026-01-05"), at("2026-02-20")},
                   {CustomerId(8), at("2026-02-25"), {}}};
  return h;
}

const std::vector<RegisterReading> kReadings = {
    {DeviceId(1), at("2026-01-05"), 99'010}, {DeviceId(1), at("2026-02-01"), 99'300},
    {DeviceId(1), at("2026-02-10"), 99'400}, {DeviceId(1), at("2026-02-20"), 99'900},
    {DeviceId(1), at("2026-02-25"), 99'950}, {DeviceId(2), at("2026-03-31"), 1'007},
};

TEST(Registers, ThroughRatioChangeRolloverAndExchange) {
  const auto use = [](const char* from, const char* to, int exponent = 3) {
    return told(use_between(history(), kReadings, at(from), at(to), exponent));
  };
  // 300 kWh x 40.
  EXPECT_EQ(use("2026-01-01", "2026-02-01"), "12000");
  // 100 x 40 + (600 + 12) x 60 = 4,000 + 36,720.
  EXPECT_EQ(use("2026-02-01", "2026-03-01"), "40720, rollover, ratio change");
  // 100.0 kWh x 60.
  EXPECT_EQ(use("2026-03-01", "2026-03-31"), "6000");
  EXPECT_EQ(use("2026-01-01", "2026-03-31"), "58720, rollover, exchange, ratio change");
  EXPECT_EQ(use("2026-01-01", "2026-03-31", 0), "58720000, rollover, exchange, ratio change");
  // Not whole kWh: 100 kWh x 60 / 30 days is 200 kWh a day; the dial floors to tenths.
  EXPECT_EQ(use("2026-03-01", "2026-03-16"), "3000, interpolated");
  EXPECT_EQ(use("2026-03-01", "2026-04-10"), "6000, not bounded");
  EXPECT_EQ(use("2025-12-01", "2026-02-01"), "12000, no meter");  // before commissioning
  EXPECT_EQ(use("2025-11-01", "2025-12-01"), "0, no meter");
}

TEST(Registers, ByTenantWithVacancy) {
  const auto parts = use_by_tenant(history(), kReadings, at("2026-01-01"), at("2026-03-31"), 3);
  ASSERT_TRUE(parts.ok());
  std::string text;
  std::int64_t sum = 0;
  for (const TenantUse& part : *parts) {
    text += (part.customer.valid() ? "customer " + std::to_string(part.customer.value) : "vacant") +
            " " + to_iso(part.from).substr(0, 10) + " " + to_iso(part.to).substr(0, 10) + ": " +
            told(part.use) + "\n";
    sum += part.use.units;
  }
  EXPECT_EQ(text,
            "vacant 2026-01-01 2026-01-05: 400\n"
            "customer 7 2026-01-05 2026-02-20: 45600, ratio change\n"
            "vacant 2026-02-20 2026-02-25: 3000\n"
            "customer 8 2026-02-25 2026-03-31: 9720, rollover, exchange\n");
  EXPECT_EQ(sum, 58'720);
}

TEST(Registers, WhatDoesNotHoldTogetherIsRefused) {
  PointHistory h = history();
  h.installations[0].to.reset();
  EXPECT_EQ(told(use_between(h, kReadings, at("2026-01-01"), at("2026-02-01"), 0)),
            "device 2 installed at 2026-03-01T00:00:00Z: the meter before it still hung there");
  h = history();
  h.installations[0].last.reset();
  EXPECT_EQ(told(use_between(h, kReadings, at("2026-01-01"), at("2026-02-01"), 0)),
            "device 1 installed at 2026-01-01T00:00:00Z: its last reading is missing");
}

TEST(Registers, AFallThatIsNoRollover) {
  PointHistory h;
  h.installations = {{DeviceId(1), ChannelId(1), at("2026-01-01"), {}, 500, {}, 5, 3, {}}};
  const std::vector<RegisterReading> readings = {{DeviceId(1), at("2026-01-02"), 400},
                                                 {DeviceId(1), at("2026-01-03"), 410}};
  EXPECT_EQ(told(use_between(h, readings, at("2026-01-01"), at("2026-01-03"), 3)), "10, decreased");
}

}  // namespace
}  // namespace amity::mdm
