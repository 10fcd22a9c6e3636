// The registry: a fleet in and out, search by page, commands, values, the audit; and that it survives.
#include <gtest/gtest.h>

#include <ctime>
#include <set>

#include "store/sqlite_registry.h"
#include "store/sqlite_schema.h"
#include "store/test_directory.h"

namespace amity::store {
namespace {

MasterData fleet(std::uint32_t count) {
  MasterData data;
  data.feeders.push_back({FeederId(1), "North"});
  data.transformers.push_back({TransformerId(1), "T-1", FeederId(1), 40.1, -3.2, 400'000});
  for (std::uint32_t i = 1; i <= count; ++i) {
    const std::string number = std::to_string(1'000'000 + i);
    data.customers.push_back({CustomerId(i), "Customer" + std::to_string(i % 997) + " Smith", "residential"});
    data.service_points.push_back({ServicePointId(i), "SP" + number, "Oak Street " + std::to_string(i), 40, -3,
                                   TransformerId(1), CustomerId(i)});
    Device d;
    d.id = DeviceId(i);
    d.serial = "AMY" + number;
    d.model = i % 2 == 0 ? "E450" : "AM550";
    d.segment = "cell-" + std::to_string(i % 10);
    d.service_point = ServicePointId(i);
    data.devices.push_back(d);
    Channel c;
    c.id = ChannelId(i);
    c.device = d.id;
    c.name = "import";
    data.channels.push_back(c);
  }
  return data;
}

std::unique_ptr<SqliteRegistry> in_memory(std::uint32_t devices) {
  auto registry = SqliteRegistry::open(":memory:", {}).value();
  EXPECT_TRUE(registry->add(fleet(devices)).ok());
  return registry;
}

TEST(Registry, AFleetComesBack) {
  auto registry = in_memory(20);
  EXPECT_EQ(registry->devices().value().size(), 20u);
  EXPECT_EQ(registry->channels_of(DeviceId(7)).value().at(0).id, ChannelId(7));
  const auto row = *registry->device_row(DeviceId(7)).value();
  EXPECT_EQ(row.device.serial, "AMY1000007");
  EXPECT_EQ(row.service_point.address, "Oak Street 7");
  EXPECT_EQ(row.customer, "Customer7 Smith");
  EXPECT_EQ(row.transformer, "T-1");
  EXPECT_EQ(row.feeder, "North");
  EXPECT_FALSE(registry->device(DeviceId(21)).value().has_value());
}

TEST(Registry, TheCommodityIsKeptAndChanged) {
  auto registry = in_memory(3);
  Device device = *registry->device(DeviceId(2)).value();
  EXPECT_EQ(device.commodity, Commodity::kUnknown);
  device.commodity = Commodity::kWater;
  ASSERT_TRUE(registry->update_device(device).ok());
  EXPECT_EQ(registry->device(DeviceId(2)).value()->commodity, Commodity::kWater);
  EXPECT_EQ(registry->device_by_serial(device.serial).value()->commodity, Commodity::kWater);
  EXPECT_EQ(registry->device_row(DeviceId(2)).value()->device.commodity, Commodity::kWater);
  EXPECT_EQ(registry->devices().value().at(1).commodity, Commodity::kWater);
}

// A directory of the first release: its devices are there, what they measure is not known yet.
TEST(Registry, AnOlderDirectoryIsBroughtUpToDate) {
  const TestDirectory directory;
  const std::string path = directory / "registry.sqlite";
  {
    auto db = Sqlite::open(path, true, false).value();
    ASSERT_TRUE(db->execute(kRegistryMigrations[0]).ok());
    ASSERT_TRUE(db->execute("INSERT INTO device VALUES (5, 'OLD5', '', '', '', 'dlms', '', '', 1, 0, 900, 0);"
                            "INSERT INTO channel VALUES (9, 5, 0, 'import', '', 30, 0, 900, 40);"
                            "PRAGMA user_version = 1").ok());
  }
  auto registry = SqliteRegistry::open(path, {}).value();
  const Device device = *registry->device(DeviceId(5)).value();
  EXPECT_EQ(device.serial, "OLD5");
  EXPECT_EQ(device.commodity, Commodity::kUnknown);
  EXPECT_EQ(registry->channel(ChannelId(9)).value()->multiplier_at(UtcSeconds(INT64_MAX)), 40);
  ASSERT_TRUE(registry->add_ratio_change({0, DeviceId(5), UtcSeconds(1'000), 80, 1, "r", "w", {}}).ok());
  EXPECT_EQ(registry->channel(ChannelId(9)).value()->multiplier_at(UtcSeconds(999)), 40);
  EXPECT_EQ(registry->channel(ChannelId(9)).value()->multiplier_at(UtcSeconds(1'000)), 80);
}

TEST(Registry, ChannelsHaveTheRatiosOfTheirMeterFromWhenOn) {
  auto registry = in_memory(2);
  MasterData more;
  const auto channel = [&](std::uint32_t id, std::uint32_t device, Unit unit) {
    more.channels.push_back({ChannelId(id), DeviceId(device), ChannelKind::kInterval, "c" + std::to_string(id), "",
                             unit, 0, 900, 40});
  };
  channel(901, 1, Unit::kWattHour), channel(902, 1, Unit::kAmpere), channel(903, 1, Unit::kVolt);
  channel(904, 1, Unit::kCelsius), channel(905, 2, Unit::kWattHour);
  ASSERT_TRUE(registry->add(more).ok());
  const auto change = [&](std::int64_t at, std::int64_t ct, std::int64_t vt) {
    ASSERT_TRUE(registry->add_ratio_change({0, DeviceId(1), UtcSeconds(at), ct, vt, "why", "ana", {}}).ok());
  };
  change(2'000, 80, 10), change(1'000, 60, 2), change(2'000, 90, 10);
  const auto says = [&](std::uint32_t id) {
    std::string text;
    const Channel c = *registry->channel(ChannelId(id)).value();
    for (const std::int64_t at : {999, 1'000, 1'999, 2'000})
      text += std::to_string(c.multiplier_at(UtcSeconds(at))) + " ";
    return text;
  };
  EXPECT_EQ(says(901), "40 120 120 900 ");
  EXPECT_EQ(says(902), "40 60 60 90 ");
  EXPECT_EQ(says(903), "40 2 2 10 ");
  EXPECT_EQ(says(904), "40 40 40 40 ") << "no ratio acts on a temperature";
  EXPECT_EQ(says(905), "40 40 40 40 ") << "another meter";
  EXPECT_EQ(registry->channel(ChannelId(901)).value()->multiplier_of(UtcSeconds(1'899)), 40);
  EXPECT_EQ(registry->channel(ChannelId(901)).value()->multiplier_of(UtcSeconds(1'900)), 120);
  const auto all = registry->channels().value();
  for (const Channel& c : all)
    EXPECT_EQ(c.steps, registry->channel(c.id).value()->steps);
  const auto told = registry->ratio_changes(DeviceId(1)).value();
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[2].ct, 90);
  EXPECT_EQ(told[2].reason + " " + told[2].who, "why ana");
}

TEST(Registry, ADuplicateSerialAddsNothingAtAll) {
  auto registry = in_memory(5);
  MasterData more;
  more.feeders.push_back({FeederId(9), "South"});
  more.devices.push_back({DeviceId(100), "AMY1000003", "", "", "", "", "", "", DeviceState::kActive, {}, 900, {}});
  const Status added = registry->add(more);
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::kConflict);
  EXPECT_EQ(registry->feeders().value().size(), 1u);
}

TEST(Registry, SearchesByTheBeginningsOfWordsPageByPage) {
  auto registry = in_memory(1'000);
  std::set<std::string> seen;
  std::string last;
  DeviceQuery query;
  query.text = "smith am";  // every customer, and the model of every second
  query.limit = 90;
  int pages = 0;
  do {
    const DevicePage page = registry->find_devices(query).value();
    for (const DeviceRow& row : page.rows) {
      EXPECT_LT(last, row.device.serial);
      last = row.device.serial;
      EXPECT_TRUE(row.device.model == "AM550" || row.device.serial.rfind("AMY", 0) == 0);
      seen.insert(row.device.serial);
    }
    query.after = page.next;
    ++pages;
  } while (!query.after.empty());
  EXPECT_EQ(seen.size(), 1'000u);  // "am" also begins every serial
  EXPECT_EQ(pages, 12);
  const auto count = [&](const std::string& text) {
    DeviceQuery q;
    q.text = text;
    return registry->find_devices(q).value().rows.size();
  };
  EXPECT_EQ(count("sp1000123"), 1u);
  EXPECT_EQ(count("OAK 77"), 11u);  // 77 and 770-779
  EXPECT_EQ(count("mith"), 0u);     // not the beginning of a word
  EXPECT_EQ(count("amy1000500 e450"), 1u);
  DeviceQuery segment;
  segment.segment = "cell-3";
  segment.limit = 1'000;
  EXPECT_EQ(registry->find_devices(segment).value().rows.size(), 100u);
}

TEST(Registry, AChangedDeviceIsFoundByItsNewWords) {
  auto registry = in_memory(50);
  Device d = *registry->device(DeviceId(30)).value();
  d.serial = "ZZZ-9";
  ASSERT_TRUE(registry->update_device(d).ok());
  DeviceQuery query;
  query.text = "zzz";
  EXPECT_EQ(registry->find_devices(query).value().rows.at(0).device.id, DeviceId(30));
  query.text = "amy1000030";
  EXPECT_TRUE(registry->find_devices(query).value().rows.empty());
  d.id = DeviceId(51);
  EXPECT_FALSE(registry->update_device(d).ok());
}

TEST(Registry, ValuesCommandsAndTheAuditSurviveAReopen) {
  const TestDirectory at;
  std::uint64_t last = 0;
  {
    auto registry = SqliteRegistry::open(at / "r.sqlite", {}).value();
    ASSERT_TRUE(registry->add(fleet(3)).ok());
    for (int i = 0; i < 100; ++i) last = registry->next_command_id().value().value;
    Command c;
    c.id = CommandId(last);
    c.device = DeviceId(2);
    c.result = "done";
    ASSERT_TRUE(registry->put_command(c).ok());
    ASSERT_TRUE(registry->put_value("counter/1", as_bytes("abc")).ok());
    ASSERT_TRUE(registry->put_value("counter/2", {}).ok());
    ASSERT_TRUE(registry->put_value("counteX", {}).ok());
    ASSERT_TRUE(registry->append_audit(UtcSeconds(5), "anna", "logged in").ok());
    ASSERT_TRUE(registry->append_audit(UtcSeconds(6), "anna", "logged out").ok());
  }
  auto registry = SqliteRegistry::open(at / "r.sqlite", {.create = false}).value();
  EXPECT_EQ(last, 100u);
  EXPECT_GT(registry->next_command_id().value().value, last);
  EXPECT_EQ(registry->commands(DeviceId(2), 10).value().at(0).result, "done");
  EXPECT_TRUE(registry->commands(DeviceId(1), 10).value().empty());
  std::string names;
  ASSERT_TRUE(registry->each_value("counter/", [&](const std::string& name, ByteView) { names += name + " "; }).ok());
  EXPECT_EQ(names, "counter/1 counter/2 ");
  EXPECT_TRUE(registry->verify().ok());
  EXPECT_EQ(registry->audit(0, 10).value().at(0).what, "logged out");
  DeviceQuery query;
  query.text = "oak 2";
  EXPECT_EQ(registry->find_devices(query).value().rows.size(), 1u);
}

TEST(Registry, APageOfAHundredThousandComesInTime) {
  auto registry = in_memory(100'000);
  for (const char* text : {"", "smith", "amy1099999", "nobody", "oak 9999 e4"}) {
    DeviceQuery query;
    query.text = text;
    const std::clock_t start = std::clock();  // processor time: other work on the machine does not count
    ASSERT_TRUE(registry->find_devices(query).ok());
    const double ms = static_cast<double>(std::clock() - start) * 1'000 / CLOCKS_PER_SEC;
    std::printf("'%s': %.2f ms of processor time\n", text, ms);
    EXPECT_LT(ms, 100.0);  // 20 ms optimised; this also runs without optimisation and with sanitizers
  }
}

}  // namespace
}  // namespace amity::store
