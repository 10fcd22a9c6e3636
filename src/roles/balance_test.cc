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
      data.transformers.push_back({TransformerId(t), "T-" + std::to_string(t), FeederId(1), 0, 0, 0});
    }
    data.customers = {{CustomerId(1), "Ana", "residential"}};
    for (std::uint32_t i = 1; i <= 4; ++i) {
      ServicePoint p;
      p.id = ServicePointId(i);
      p.name = "SP" + std::to_string(i);
      p.transformer = TransformerId(i == 3 ? 2 : 1);
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
    EXPECT_TRUE(store->registry().add(data).ok());
    clock.time = UtcDay(kFirst + 7).start();
    for (std::int32_t day = kFirst; day < kFirst + 7; ++day) {
      for (std::uint32_t i = 1; i <= 4; ++i) final_day(i, day, i == 2 ? 50 : i == 4 ? 1'540 : 1'000);
    }
    book = std::make_unique<BalanceBook>(*store, clock, TimeZone::utc(), file);
  }
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
    const auto rows = book->balances({kind, kFirst, kFirst + 6});
    if (!rows.ok()) return {rows.error().reason};
    std::vector<std::string> out;
    for (const api::BalanceRow& r : *rows) {
      std::string text = r.name + " " + std::to_string(r.meters) + ": " + std::to_string(r.delivered);
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
  EXPECT_EQ(told("transformer"), (std::vector<std::string>{
                                     "T-1 2: 10500 of 10780, lost 280 +- 110 significant", "T-2 1: 7000"}));
}

TEST_F(BalanceTest, ALateValueTouchesItsDayAlone) {
  define("[[supply]]\ntransformer = \"T-1\"\nserial = \"SUM-1\"\n");
  (void)told("transformer");
  const std::uint64_t before = book->reckoned();
  final_day(1, kFirst + 2, 1'300, 3);
  EXPECT_EQ(book->reckoned() - before, 2u) << "the transformer's day and the feeder's";
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

TEST_F(BalanceTest, AWrongDefinitionIsToldWithItsReason) {
  define("[[meter]]\nname = \"A\"\nterms = [{ meter = \"A\" }]\n");
  EXPECT_NE(told("meter")[0].find("A -> A"), std::string::npos) << told("meter")[0];
  define("[[supply]]\ntransformer = \"T-9\"\nserial = \"SUM-1\"\n");
  EXPECT_NE(told("meter")[0].find("there is no transformer 'T-9'"), std::string::npos);
}

}  // namespace
}  // namespace amity::roles
