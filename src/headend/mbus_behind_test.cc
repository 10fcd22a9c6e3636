// An electricity meter with a gas meter behind it: the gas meter is a device of its own, what is
// missing of it is read, and another one in its place is noticed.
#include "headend/mbus_behind.h"

#include "headend/test_host.h"
#include "headend/test_meter.h"

namespace amity::headend {
namespace {

const Endpoint kAt{"meter", 4059};
constexpr dlms::Obis kClient{0, 1, 24, 1, 0, 255}, kValue{0, 1, 24, 2, 1, 255},
    kProfile{0, 1, 24, 3, 0, 255};

// What the gas meter showed: a litre a second, from an hour that each starts at.
std::uint32_t litres(UtcSeconds at) {
  return static_cast<std::uint32_t>(at.value - 1'780'000'000);
}

class GasHost : public TestMeter {
 public:
  explicit GasHost(TestLoop& loop) : TestMeter(loop, kAt, DeviceKeys{}) {
    config().associations[0].security = {};
  }

  std::uint32_t identification = 0x00012345;  // BCD; 0: nobody there
  UtcSeconds since;                           // captured from then on
  bool has_profile = true;
  std::vector<std::pair<UtcSeconds, UtcSeconds>> gas_asked;

  dlms::DataAccessResult get(const dlms::AssociationContext& c, const dlms::AttributeRef& a,
                             const std::optional<dlms::SelectiveAccess>& access,
                             Bytes& bytes) override {
    dlms::DataWriter out(bytes);
    if (a.instance == kProfile) {
      profile(a, access, out);
    } else if (a.instance == kClient) {
      client(a.attribute, out);
    } else if (a.instance == kValue) {
      value(a.attribute, out);
    } else {
      return TestMeter::get(c, a, access, bytes);
    }
    return dlms::DataAccessResult::kSuccess;
  }
  void list(const dlms::AssociationContext& c, std::vector<dlms::ObjectEntry>& out) override {
    TestMeter::list(c, out);
    out.push_back({72, 0, kClient, 0, 12, 8, 0});
    out.push_back({4, 0, kValue, 0, 5, 1, 0});
    if (has_profile) out.push_back({7, 1, kProfile, 0, 8, 2, 0});
  }

 private:
  void client(std::int8_t attribute, dlms::DataWriter& out) {
    const bool there = identification != 0;
    switch (static_cast<dlms::MbusClientAttribute>(attribute)) {
      case dlms::MbusClientAttribute::kIdentificationNumber:
        out.uint32(identification);
        break;
      case dlms::MbusClientAttribute::kManufacturerId:
        out.uint16(there ? 0x2C2D : 0);
        break;
      case dlms::MbusClientAttribute::kDeviceType:
        out.uint8(there ? 3 : 0);
        break;
      default:
        out.uint8(there ? 1 : 0);
    }
  }
  UtcSeconds newest() const { return UtcSeconds(loop_.utc().value / 3'600 * 3'600); }
  void value(std::int8_t attribute, dlms::DataWriter& out) {
    if (attribute == 3) {
      out.structure(2);
      out.int8(-3);
      out.enumeration(13);
    } else if (attribute == 5) {
      out.octet_string(dlms::date_time_utc(newest()));
    } else {
      out.uint32(litres(newest()));
    }
  }
  void profile(const dlms::AttributeRef& a, const std::optional<dlms::SelectiveAccess>& access,
               dlms::DataWriter& out) {
    if (a.attribute == 3) {
      out.array(2);
      column(out, 8, {0, 0, 1, 0, 0, 255});
      column(out, 4, kValue);
      return;
    }
    if (a.attribute == 4) return out.uint32(3'600);
    const auto [from, to] = range(access);
    gas_asked.emplace_back(from, to);
    std::vector<UtcSeconds> stamps;
    for (std::int64_t t = (from.value + 3'599) / 3'600 * 3'600; t <= std::min(to, newest()).value;
         t += 3'600) {
      if (t > since.value) stamps.push_back(UtcSeconds(t));
    }
    out.array(stamps.size());
    for (const UtcSeconds at : stamps) {
      out.structure(2);
      out.octet_string(dlms::date_time_utc(at));
      out.uint32(litres(at));
    }
  }
};

struct MbusBehindTest : ReportHeadEndTest {
  GasHost meter{loop};
  std::int64_t first = loop.utc().value - 86'400;

  MbusBehindTest() {
    Device& host = add(1, "E1", "dlms", "dlms+tcp://meter:4059?client=16&server=1");
    host.service_point = ServicePointId(7);
    host.commissioned = UtcSeconds(first);
    registry.device_map[1] = host;
  }
  const Device& behind(const std::string& serial) {
    const auto found = registry.device_by_serial(serial);
    EXPECT_TRUE(found.ok() && *found) << serial;
    return registry.device_map[(*found)->id.value];
  }
  std::string texts_of(std::uint32_t device) {
    std::string out;
    for (const Event& event : events.kept) {
      if (event.device == DeviceId(device) && event.source == "headend") out += event.text + "\n";
    }
    return out;
  }
};

TEST_F(MbusBehindTest, TheGasMeterIsADeviceAndItsHoursAreRead) {
  start();
  loop.run_for(std::chrono::minutes(10));
  const Device& gas = behind("KAM00012345");
  EXPECT_EQ(gas.manufacturer, "KAM");
  EXPECT_EQ(gas.protocol, "dlms-mbus");
  EXPECT_EQ(gas.commodity, Commodity::kGas);
  EXPECT_EQ(gas.service_point, ServicePointId(7));
  const auto& rows = kept(gas.id.value, "volume");
  EXPECT_EQ(rows.size(), 24u);
  for (const auto& [time, reading] : rows) EXPECT_EQ(reading.value, litres(UtcSeconds(time)));
  EXPECT_EQ(newest(gas.id.value).find("volume "), 0u) << newest(gas.id.value);
  EXPECT_NE(newest(gas.id.value).find(" m3"), std::string::npos);
  EXPECT_EQ(contacts(), "ok\nok\n") << "the meter's and the gas meter's";
  EXPECT_EQ(texts_of(1), "");
}

TEST_F(MbusBehindTest, OnlyWhatIsMissingIsAskedFor) {
  start();
  loop.run_for(std::chrono::minutes(10));
  const UtcSeconds read_until(loop.utc().value / 3'600 * 3'600);
  meter.gas_asked.clear();
  loop.run_for(std::chrono::hours(2));
  ASSERT_GE(meter.gas_asked.size(), 2u);
  EXPECT_EQ(meter.gas_asked[0].first, read_until + 1);
  EXPECT_EQ(meter.gas_asked[0].second, read_until + 3'600);
  meter.gas_asked.clear();
  headend.reset();  // killed, and started again: what is stored says what is missing
  start();
  loop.run_for(std::chrono::minutes(5));
  EXPECT_TRUE(meter.gas_asked.empty());
  EXPECT_EQ(kept(behind("KAM00012345").id.value, "volume").size(), 26u);
}

TEST_F(MbusBehindTest, AnotherGasMeterInItsPlaceIsNoticedAndGetsItsOwnReadings) {
  start();
  loop.run_for(std::chrono::minutes(10));
  const std::uint32_t before = behind("KAM00012345").id.value;
  const UtcSeconds changed = loop.utc();
  meter.identification = 0x00099999;
  meter.since = changed;
  loop.run_for(std::chrono::hours(3));
  const std::uint32_t after = behind("KAM00099999").id.value;
  ASSERT_NE(after, before);
  EXPECT_EQ(kept(before, "volume").size(), 24u) << "its channels have ended";
  EXPECT_EQ(kept(after, "volume").size(), 3u);
  EXPECT_GT(kept(after, "volume").begin()->first, changed.value);
  EXPECT_EQ(registry.device_map[before].state, DeviceState::kRemoved);
  const std::string said = "M-Bus channel 1: KAM00012345 is replaced by KAM00099999";
  EXPECT_NE(texts_of(1).find(said), std::string::npos) << texts_of(1);
  EXPECT_NE(texts_of(before).find(said), std::string::npos);
  EXPECT_NE(texts_of(after).find(said), std::string::npos);
  const std::size_t told = events.kept.size();
  meter.identification = 0;
  loop.run_for(std::chrono::hours(2));
  EXPECT_NE(texts_of(1).find("KAM00099999 is gone"), std::string::npos) << texts_of(1);
  EXPECT_EQ(events.kept.size(), told + 2) << "told once to each";
}

TEST_F(MbusBehindTest, AMeterThatIsRegisteredIsThatDevice) {
  Device& gas = add(9, "00012345", "dlms-mbus", "dlms-mbus:");
  gas.manufacturer = "KAM";
  registry.device_map[9] = gas;
  start();
  loop.run_for(std::chrono::minutes(10));
  EXPECT_EQ(registry.device_map.size(), 2u);
  EXPECT_EQ(kept(9, "volume").size(), 24u);
}

TEST_F(MbusBehindTest, WithoutAProfileTheLastCapturedValueIsReadWithItsTime) {
  meter.has_profile = false;
  start();
  loop.run_for(std::chrono::hours(2) + std::chrono::minutes(10));
  const auto& rows = kept(behind("KAM00012345").id.value, "volume");
  EXPECT_EQ(rows.size(), 3u);
  for (const auto& [time, reading] : rows) {
    EXPECT_EQ(time % 3'600, 0);
    EXPECT_EQ(reading.value, litres(UtcSeconds(time)));
  }
}

}  // namespace
}  // namespace amity::headend
