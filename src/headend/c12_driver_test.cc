// C12.22 meters read by the head-end, in virtual time.
#include "headend/c12_driver.h"
#include "headend/local_time.h"
#include "headend/test_host.h"
#include "session/c12/server.h"
#include "wire/c12/test_tables.h"

namespace amity::headend {
namespace {

using namespace std::chrono_literals;
using namespace c12::testing;

constexpr std::uint32_t kBlocks = 24, kIntervals = 4, kPeriod_s = 900;
const Bytes kKey(16, 0x42);

// A meter whose load profile is a ring of hours; it counts the hour's number and the quarter.
class QuarterMeter : public c12::TableStore {
 public:
  QuarterMeter(TestLoop& loop, TimeZone zone) : loop_(loop), zone_(std::move(zone)) {
    serial.resize(16, ' ');
    (void)encode(0);
    for (const std::uint16_t t : {11, 12, 16, 21, 22, 61, 62, 71}) (void)encode(t);
  }
  std::string serial = "77001234";
  std::int64_t clock_off_s = 0;
  std::set<std::uint32_t> blocks_read;
  std::vector<std::string> obeyed;
  std::uint32_t events = 1;

  c12::ResponseCode read(std::uint16_t table, Bytes& out) override {
    if (table == 2050) {
      append(out, Bytes{0x80, static_cast<std::uint8_t>(on ? 0x04 : 0x00)});
      return c12::ResponseCode::kOk;
    }
    const auto used = used_tables();
    if (table / 8u >= used.size() || (used[table / 8u] >> table % 8 & 1) == 0)
      return c12::ResponseCode::kOperationNotPossible;
    append(out, encode(table));
    return c12::ResponseCode::kOk;
  }
  c12::ResponseCode write(std::uint16_t, std::uint32_t, bool, ByteView) override {
    return c12::ResponseCode::kOperationNotPossible;
  }
  bool on = true;
  std::uint8_t run(std::uint16_t number, bool manufacturer, ByteView parameters, Bytes&) override {
    obeyed.push_back((manufacturer ? "MP" : "SP") + std::to_string(number) + " " +
                     std::to_string(parameters.size()));
    if (manufacturer && number == 4) {
      if (parameters.size() != 1 || parameters[0] > 1) return 2;
      on = parameters[0] != 0;
      return 0;
    }
    if (number == 21) return 5;
    if (number == 10) clock_off_s = 0;
    return 0;
  }
  // The newest full quarter; the interval that ends then counts its own number of the day.
  UtcSeconds newest() const { return UtcSeconds(loop_.utc().value / kPeriod_s * kPeriod_s); }
  static std::int64_t worth(UtcSeconds end) { return end.value / kPeriod_s % 10'000; }

 private:
  static std::vector<std::uint8_t> used_tables() {
    std::vector<std::uint8_t> used(10);
    for (const int t : {0, 1, 11, 12, 16, 21, 22, 23, 52, 61, 62, 63, 64, 71, 76})
      used[static_cast<std::size_t>(t) / 8] |= static_cast<std::uint8_t>(1u << t % 8);
    return used;
  }
  c12::Value wall(UtcSeconds at) const {
    c12::Value value;
    value.kind = c12::Value::Kind::kTime;
    value.time = meter_time(at, zone_);
    return value;
  }
  // Blocks are hours: number of the hour modulo the ring; the newest may be filled in part.
  UtcSeconds block_end(std::uint32_t element) const {
    const std::int64_t last = (newest().value - 1) / 3'600;  // the hour being filled
    const std::int64_t back = (last - element) % kBlocks;
    return std::min(newest(), UtcSeconds((last - back + 1) * 3'600));
  }
  std::uint32_t valid_intervals() const {
    const std::int64_t in = (newest().value - 1) % 3'600 + 1;
    return static_cast<std::uint32_t>(in / kPeriod_s);
  }
  c12::Value of_64(const c12::Item& item) {
    const std::uint32_t element = item.index(0);
    if (item.field().role == c12::Role::kBlockEnd) return wall(block_end(element));
    const std::int64_t last = (newest().value - 1) / 3'600;
    const std::uint32_t valid = element == last % kBlocks ? valid_intervals() : kIntervals;
    const std::int64_t later = std::int64_t{valid} - 1 - item.index(1);
    return c12::number(worth(block_end(element) - later * kPeriod_s));
  }
  std::optional<c12::Value> value_of(std::uint16_t table, const c12::Item& item) {
    const std::string_view name = item.field().name;
    const std::map<std::pair<std::uint16_t, std::string_view>, std::int64_t> kNumbers = {
        {{0, "FORMAT_CONTROL_1"}, 1 << 1},
        {{0, "FORMAT_CONTROL_2"}, 3},
        {{0, "FORMAT_CONTROL_3"}, 8 | 8 << 4},
        {{0, "DIM_STD_TBLS_USED"}, 10},
        {{11, "NBR_UOM_ENTRIES"}, 1},
        {{11, "NBR_SOURCES"}, 1},
        {{12, "UOM_ENTRY"}, 0 | 0b1001 << 14},
        {{16, "SOURCES_LINK"}, 1},
        {{21, "NBR_SUMMATIONS"}, 1},
        {{23, "SUMMATIONS"}, 123'456},
        {{61, "NBR_BLKS"}, kBlocks},
        {{61, "NBR_BLK_INTS"}, kIntervals},
        {{61, "NBR_CHNS"}, 1},
        {{61, "INT_TIME"}, 15},
        {{62, "INT_FMT_CDE"}, 2},
        {{63, "NBR_VALID_BLOCKS"}, kBlocks},
        {{63, "LAST_BLOCK_ELEMENT"}, (newest().value - 1) / 3'600 % kBlocks},
        {{63, "NBR_VALID_INT"}, valid_intervals()},
        {{71, "LOG_FLAGS"}, 0},
        {{71, "NBR_EVENT_ENTRIES"}, 2},
        {{76, "NBR_VALID_ENTRIES"}, events}};
    if (const auto at = kNumbers.find({table, name}); at != kNumbers.end())
      return c12::number(at->second);
    if (table == 0 && name == "STD_TBLS_USED") return bytes_value(used_ = used_tables());
    if (table == 1 && name == "MANUFACTURER") return text_value("AMI ");
    if (table == 1 && name == "MFG_SERIAL_NUMBER") return text_value(serial);
    if (table == 52 && name == "CLOCK_CALENDAR") return wall(loop_.utc() + clock_off_s);
    if (table == 64) return of_64(item);
    if (table == 76 && name == "EVENT_TIME" && item.index(0) < events)
      return wall(UtcSeconds(1'789'990'000 + item.index(0) * 600));
    if (table == 76 && item.field().role == c12::Role::kEventCode && item.index(0) < events)
      return c12::number(1);  // primary power down
    return std::nullopt;
  }
  Bytes encode(std::uint16_t table) {
    Bytes out;
    const c12::Feed feed = [&](const c12::Item& item) -> Result<c12::Value> {
      return value_of(table, item).value_or(blank(item.field()));
    };
    const Status status = c12::encode_table(table, context_, feed, out);
    EXPECT_TRUE(status.ok()) << "ST" << table << ": " << to_string(status.error());
    return out;
  }

  TestLoop& loop_;
  TimeZone zone_;
  c12::TableContext context_;
  std::vector<std::uint8_t> used_;
};

struct C12DriverTest : ReportHeadEndTest {
  Endpoint at{"10.0.1.1", 1153};
  QuarterMeter meter{loop, config.zone};
  c12::Keys meter_keys;
  c12::ServerConfig server;
  std::unique_ptr<TestHost> host;

  void serve(const std::string& more = "") {
    server.network = true;
    server.options.own = *c12::ap_title_from("1.3.6.1.4.1.33507.1.1.7");
    server.options.keys = &meter_keys;
    host = std::make_unique<TestHost>(loop, at, [this] {
      server.options.first_iv += 10'000;
      return std::make_unique<ServerPeer<c12::Server>>(c12::Server(&server, &meter));
    });
    add(1, "77001234", "c1222",
        "c1222+tcp://" + at.to_string() +
            "?called=1.3.6.1.4.1.33507.1.1.7&calling=1.3.6.1.4.1.33507.1.2.1&user-id=2" + more);
  }
  void secure(const Bytes& ours) {
    ASSERT_TRUE(meter_keys.add(0, kKey).ok());
    server.options.security = c12::SecurityMode::kEncrypted;
    DeviceKeys keys;
    keys.policy = {dlms::SecuritySuite::k0, true, true};
    keys.current.encryption = ours;
    ASSERT_TRUE(ring->put(DeviceId(1), keys).ok());
  }
};

TEST_F(C12DriverTest, ReadsAMeterCompletely) {
  serve();
  start();
  loop.run_for(120s);
  EXPECT_EQ(contacts(), "ok\n");
  EXPECT_EQ(newest(1), "active_energy_import 123456 Wh\nimport " +
                           std::to_string(QuarterMeter::worth(meter.newest())) + " Wh\n");
  const auto& rows = kept(1, "import", ChannelKind::kInterval);
  // The meter keeps 24 hours, the newest of which has begun.
  EXPECT_EQ(rows.size(), 23u * 4 + 1);
  for (const auto& [time, reading] : rows)
    ASSERT_EQ(reading.value, QuarterMeter::worth(UtcSeconds(time))) << to_iso(UtcSeconds(time));
  EXPECT_EQ(registry.channel_list.back().interval_s, 900u);
  ASSERT_EQ(events.kept.size(), 1u);
  EXPECT_EQ(events.kept[0].source, "c1222");
  EXPECT_EQ(events.kept[0].time, UtcSeconds(1'789'990'000));
}

TEST_F(C12DriverTest, AsksOnlyForWhatIsMissing) {
  serve();
  start();
  loop.run_for(120s);
  const std::size_t before = host->answers, rows = intake.applied.added;
  meter.events = 2;
  loop.run_for(3'600s);
  EXPECT_EQ(contacts(), "ok\nok\n");
  EXPECT_EQ(intake.applied.repeated, 0u);
  EXPECT_EQ(intake.applied.corrected, 0u);
  EXPECT_EQ(intake.applied.added, rows + 3 + 1);  // three quarters and the register
  EXPECT_LT(host->answers - before, before / 2);
  EXPECT_EQ(events.kept.size(), 2u);
}

TEST_F(C12DriverTest, GoesOnAfterABrokenConnectionAndARestart) {
  serve();
  start();
  host->hang_up_after = 60;  // in the middle of the profile
  while (contacts().empty()) loop.run_for(1s);
  ASSERT_FALSE(contacts().starts_with("ok")) << contacts();
  const std::size_t first = kept(1, "import", ChannelKind::kInterval).size();
  EXPECT_GT(first, 4u);
  EXPECT_LT(first, 80u);
  headend.reset();
  start();
  loop.run_for(300s);
  EXPECT_EQ(kept(1, "import", ChannelKind::kInterval).size(), 23u * 4 + 1);
  EXPECT_EQ(intake.applied.corrected, 0u);
}

TEST_F(C12DriverTest, ReadsEncryptedWithTheKeyOfTheRing) {
  serve();
  secure(kKey);
  start();
  loop.run_for(120s);
  EXPECT_EQ(contacts(), "ok\n");
  EXPECT_EQ(kept(1, "import", ChannelKind::kInterval).size(), 23u * 4 + 1);
}

TEST_F(C12DriverTest, AWrongKeyReadsNothing) {
  serve();
  secure(Bytes(16, 0x43));
  start();
  loop.run_for(180s);
  EXPECT_TRUE(contacts().starts_with("timeout") || contacts().starts_with("security"))
      << contacts();
  EXPECT_TRUE(registry.channel_list.empty());
  EXPECT_TRUE(intake.deliveries.empty());
}

TEST_F(C12DriverTest, AnotherMeterAtTheAddressIsRefused) {
  meter.serial = "99999999";
  serve();
  start();
  loop.run_for(20'000s);
  EXPECT_EQ(contacts().substr(0, contacts().find('\n')),
            "conflict: meter 99999999 answers in place of 77001234");
  EXPECT_TRUE(intake.deliveries.empty());
  EXPECT_EQ(events.count("another meter answers at this address"), 1u);
}

TEST_F(C12DriverTest, SetsTheClockThatIsALittleOff) {
  serve();
  meter.clock_off_s = 40;
  start();
  loop.run_for(120s);
  EXPECT_EQ(meter.obeyed.size(), 1u);
  EXPECT_EQ(events.count("clock set: it was off by 40 s"), 1u);
  command(1, CommandKind::kSetClock);
  command(1, CommandKind::kPing);
  command(1, CommandKind::kDisconnect);
  loop.run_for(20s);
  EXPECT_EQ(outcome(),
            "done: clock was +0 s, is +0 s\ndone: reachable, clock +0 s\n"
            "failed: not implemented: no public text of C12.19 gives a procedure that switches the "
            "supply; where the maker's is known, the meter's address names it (connect=, "
            "disconnect=)\n");
}

TEST_F(C12DriverTest, SwitchesByTheMakersProcedureAndReadsBack) {
  serve("&connect=m4:01&disconnect=m4:00&supply=2050/1/2");
  start();
  loop.run_for(120s);
  command(1, CommandKind::kDisconnect);
  loop.run_for(20s);
  EXPECT_FALSE(meter.on);
  command(1, CommandKind::kDisconnect);
  command(1, CommandKind::kConnect);
  loop.run_for(20s);
  EXPECT_TRUE(meter.on);
  EXPECT_EQ(outcome(),
            "done: disconnected, read back\ndone: was already disconnected\n"
            "done: connected, read back\n");
  EXPECT_EQ(meter.obeyed, (std::vector<std::string>{"MP4 1", "MP4 1"}));
}

TEST_F(C12DriverTest, WhatTheMeterRefusesIsTold) {
  serve("&connect=m4:07&disconnect=s21:00");
  start();
  loop.run_for(120s);
  command(1, CommandKind::kDisconnect);
  command(1, CommandKind::kConnect);
  loop.run_for(20s);
  EXPECT_EQ(outcome(),
            "failed: the meter refused: no authorization\n"
            "failed: the meter refused: invalid parameter\n");
  EXPECT_EQ(meter.obeyed, (std::vector<std::string>{"SP21 1", "MP4 1"}));
}

TEST(C12Config, PartsOfATableFitTheBearer) {
  const auto part = [](const std::string& bearer) {
    c12::Keys keys;
    const auto address = parse_address(
        "c1222+tcp://10.0.0.1:1153?called=1.3.6.1.4.1.33507.1.1.7&calling=1.3.6.1.4.1.33507.1.2.1" +
        bearer);
    return c12_config(*address, nullptr, keys)->part_bytes_max;
  };
  EXPECT_EQ(part(""), 2'048);
  EXPECT_EQ(part("&bearer=nb-iot"), 1'024 - 96);
  EXPECT_EQ(part("&bearer=rf-mesh"), 256 - 96);
}

TEST(C12Switch, IsReadFromTheAddress) {
  const auto of = [](const std::string& options) {
    return c12_switch(*parse_address("c1222+tcp://10.0.0.1:1153?" + options));
  };
  EXPECT_FALSE(of("user-id=2")->has_value());
  const C12Switch known = of("connect=m4:01&disconnect=s21:0100&supply=2050/3/7")->value();
  EXPECT_TRUE(known.connect.manufacturer);
  EXPECT_EQ(known.connect.number, 4);
  EXPECT_FALSE(known.disconnect.manufacturer);
  EXPECT_EQ(known.disconnect.parameters, (Bytes{1, 0}));
  EXPECT_EQ(known.supply->table, 2050);
  EXPECT_EQ(known.supply->bit, 7);
  EXPECT_EQ(of("connect=m4:01").error().reason,
            "disconnect= is no procedure such as m4:01 or s21:0100");
  EXPECT_FALSE(of("connect=m9999&disconnect=m1").ok());
  EXPECT_FALSE(of("connect=m1:0&disconnect=m1").ok());
  EXPECT_EQ(of("connect=m1&disconnect=m2&supply=2050").error().reason,
            "supply=2050 is not TABLE/BYTE/BIT");
}

}  // namespace
}  // namespace amity::headend
