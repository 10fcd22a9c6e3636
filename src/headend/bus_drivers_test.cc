// Meters on buses and streams read by the head-end, in virtual time: wired M-Bus, IEC 62056-21,
// Modbus, P1, SML.
#include <fmt/format.h>

#include "driver/embedded_models.h"
#include "headend/address.h"
#include "headend/local_time.h"
#include "headend/test_host.h"
#include "session/iec62056_21/server.h"
#include "session/mbus/slave.h"
#include "session/modbus/server.h"
#include "wire/mbus/encoder.h"
#include "wire/p1/telegram.h"

namespace amity::headend {
namespace {

using namespace std::chrono_literals;

// Slaves on one pair of wires behind a gateway.
class WaterMeter final : public mbus::Readout {
 public:
  explicit WaterMeter(std::uint32_t id) : address{mbus::manufacturer_code("AMI"), id, 1, 7} {}
  std::size_t telegrams() override { return 1; }
  void telegram(std::size_t, std::uint8_t access, Bytes& user_data) override {
    Bytes records;
    ASSERT_TRUE(
        mbus::append_number("volume", "m3", {volume, -3}, mbus::DataField::kBcd8, {}, records)
            .ok());
    mbus::TelegramSpec spec;
    spec.meter = address;
    spec.access_number = access;
    user_data = *mbus::Encoder().wired_user_data(spec, records);
  }
  mbus::Address address;
  std::int64_t volume = 12'345;
};

class BusPeer final : public TestPeer {
 public:
  explicit BusPeer(std::vector<mbus::Slave>& slaves) : slaves_(slaves) {}
  void on_bytes(ByteView bytes, Instant now) override {
    for (mbus::Slave& slave : slaves_) slave.on_bytes(bytes, now);
  }
  bool poll_output(Bytes& out) override {
    for (mbus::Slave& slave : slaves_) {
      if (slave.poll_output(out)) return true;
    }
    return false;
  }

 private:
  std::vector<mbus::Slave>& slaves_;
};

struct MbusDriverTest : ReportHeadEndTest {
  Endpoint at{"10.0.2.1", 10'001};
  WaterMeter first{0x11111111}, second{0x22222222};
  std::vector<mbus::Slave> slaves;
  std::unique_ptr<TestHost> host;

  void SetUp() override {
    slaves.push_back(mbus::Slave({5, first.address}, &first));
    slaves.push_back(mbus::Slave({6, second.address}, &second));
    host =
        std::make_unique<TestHost>(loop, at, [this] { return std::make_unique<BusPeer>(slaves); });
  }
};

TEST_F(MbusDriverTest, MetersOfOneBusShareOneConnection) {
  second.volume = 777;
  add(1, "11111111", "mbus", "mbus+tcp://10.0.2.1:10001?primary=5");
  add(2, "22222222", "mbus", "mbus+tcp://10.0.2.1:10001?secondary=22222222FFFFFFFF");
  config.read.catch_up_s = 0;
  start();
  loop.run_for(30s);
  EXPECT_EQ(contacts(), "ok\nok\n");
  EXPECT_EQ(newest(1), "volume 12.345 m3\n");
  EXPECT_EQ(newest(2), "volume 0.777 m3\n");
  EXPECT_EQ(host->accepted, 1u);
  EXPECT_EQ(loop.open_max, 1u);
}

TEST_F(MbusDriverTest, AnotherMeterAtTheAddressIsRefused) {
  add(1, "33333333", "mbus", "mbus+tcp://10.0.2.1:10001?primary=5");
  start();
  loop.run_for(600s);
  EXPECT_TRUE(contacts().starts_with("conflict: meter 11111111 answers in place of 33333333\n"))
      << contacts();
  EXPECT_TRUE(intake.deliveries.empty());
  EXPECT_EQ(events.count("another meter answers"), 1u);
}

// By their primary addresses both are read, each as the device that it is.
TEST_F(MbusDriverTest, TwoMetersWithOneNumberAreTwoDevices) {
  second.address.id = first.address.id;
  slaves[1] = mbus::Slave({6, second.address}, &second);
  second.volume = 777;
  add(1, "11111111", "mbus", "mbus+tcp://10.0.2.1:10001?primary=5");
  add(2, "AMI11111111", "mbus", "mbus+tcp://10.0.2.1:10001?primary=6");
  start();
  loop.run_for(60s);
  EXPECT_EQ(newest(1), "volume 12.345 m3\n");
  EXPECT_EQ(newest(2), "volume 0.777 m3\n");
}

TEST_F(MbusDriverTest, AMeterWithAKeyIsNotBelievedInTheClear) {
  add(1, "11111111", "mbus", "mbus+tcp://10.0.2.1:10001?primary=5");
  DeviceKeys keys;
  keys.current.encryption = Bytes(16, 7);
  ASSERT_TRUE(ring->put(DeviceId(1), keys).ok());
  start();
  loop.run_for(90s);
  EXPECT_TRUE(contacts().starts_with("security: ")) << contacts();
  EXPECT_TRUE(intake.deliveries.empty());
}

TEST_F(MbusDriverTest, SilenceIsAFailureAndIsTriedAgain) {
  add(1, "11111111", "mbus", "mbus+tcp://10.0.2.1:10001?primary=9");
  start();
  loop.run_for(300s);
  EXPECT_TRUE(contacts().starts_with("timeout: ")) << contacts();
  EXPECT_GE(headend->stats().contacts_failed, 2u);
}

// ---- IEC 62056-21 ----------------------------------------------------------------------------

constexpr std::int64_t kQuarter_s = 900;

class ReadableMeter final : public iec62056_21::Contents {
 public:
  ReadableMeter(TestLoop& loop, TimeZone zone) : loop_(loop), zone_(std::move(zone)) {}
  std::string serial = "4711";
  std::vector<std::string> asked;
  bool refuses = false;

  std::string readout() override {
    const wire::MeterTime t = meter_time(loop_.utc(), zone_);
    return fmt::format(
        "0.0.0({})\r\n0.9.1({:02}{:02}{:02})\r\n0.9.2({:02}{:02}{:02})\r\n1.8.0(000012.5*kWh)\r\n",
        serial, t.hour, t.minute, t.second, t.year % 100, t.month, t.day);
  }
  std::optional<std::string> read(char type, std::string_view request) override {
    if (refuses || type != '5' || !request.starts_with("P.01(")) return std::nullopt;
    asked.emplace_back(request);
    const UtcSeconds from = time_of(request.substr(5, 10)), to = time_of(request.substr(16, 10));
    std::string rows;
    const UtcSeconds newest(loop_.utc().value / kQuarter_s * kQuarter_s);
    for (UtcSeconds t = from; t <= std::min(to, newest); t = t + kQuarter_s)
      rows += fmt::format("({:.3f})\r\n", static_cast<double>(worth(t)) / 1'000);
    return fmt::format("P.01({})(00)(15)(1)(1.29)(kWh)\r\n{}", request.substr(5, 10), rows);
  }
  bool write(char, std::string_view) override { return false; }
  static std::int64_t worth(UtcSeconds end) { return end.value / kQuarter_s % 1'000; }

 private:
  UtcSeconds time_of(std::string_view digits) const {
    const auto two = [&](std::size_t at) {
      return (digits[at] - '0') * 10 + (digits[at + 1] - '0');
    };
    const auto all = zone_.instants(2000 + two(0), two(2), two(4), two(6), two(8), 0);
    return all.empty() ? UtcSeconds() : all.back();
  }
  TestLoop& loop_;
  TimeZone zone_;
};

struct IecDriverTest : ReportHeadEndTest {
  Endpoint at{"10.0.3.1", 8'000};
  ReadableMeter meter{loop, config.zone};
  std::unique_ptr<TestHost> host;

  void serve(const std::string& password = "") {
    host = std::make_unique<TestHost>(loop, at, [this, password] {
      iec62056_21::ServerConfig server;
      server.address = "4711";
      server.identification = {"ISK", '5', "", "MT382-1000"};
      server.password = password;
      return std::make_unique<ServerPeer<iec62056_21::Server>>(
          iec62056_21::Server(std::move(server), &meter));
    });
    add(1, "4711", "iec62056-21", "iec62056+tcp://10.0.3.1:8000?device=4711&mode=C");
    registry.device_map[1].interval_s = kQuarter_s;
  }
  const std::map<std::int64_t, Reading>& rows() {
    return kept(1, "import", ChannelKind::kInterval);
  }
};

TEST_F(IecDriverTest, ReadsTheReadoutAndOnlyTheRowsThatAreMissing) {
  serve();
  start();
  loop.run_for(120s);
  EXPECT_EQ(contacts(), "ok\n");
  EXPECT_EQ(kept(1, "active_energy_import").size(), 1u);
  EXPECT_EQ(rows().size(), 96u);
  for (const auto& [time, reading] : rows())
    ASSERT_EQ(reading.value, ReadableMeter::worth(UtcSeconds(time))) << to_iso(UtcSeconds(time));
  ASSERT_EQ(meter.asked.size(), 1u);
  loop.run_for(3'600s);
  EXPECT_EQ(contacts(), "ok\nok\n");
  EXPECT_EQ(meter.asked.size(), 2u);
  EXPECT_EQ(intake.applied.repeated, 0u);
  EXPECT_EQ(rows().size(), 99u);
}

TEST_F(IecDriverTest, GoesOnWhereTheConnectionBroke) {
  config.read.rows_per_read = 24;
  serve();
  start();
  host->hang_up_after = 6;
  while (contacts().empty()) loop.run_for(1s);
  EXPECT_FALSE(contacts().starts_with("ok"));
  const std::size_t first = rows().size();
  EXPECT_GT(first, 0u);
  EXPECT_LT(first, 96u);
  const std::size_t asked = meter.asked.size();
  loop.run_for(200s);
  EXPECT_EQ(rows().size(), 96u);
  EXPECT_EQ(intake.applied.repeated, 0u);
  EXPECT_EQ(meter.asked.size() - asked, (96 - first) / 24);
}

TEST_F(IecDriverTest, AProfileThatIsRefusedIsToldOnce) {
  meter.refuses = true;
  serve();
  start();
  loop.run_for(3'900s);
  EXPECT_EQ(contacts(), "ok\nok\n");
  EXPECT_EQ(kept(1, "active_energy_import").size(), 2u);
  EXPECT_EQ(events.count("it refuses its load profile: (ER"), 1u);
}

TEST_F(IecDriverTest, AWrongPasswordAndAnotherMeter) {
  serve("12345678");
  registry.device_map[1].address += "&password=00000000";
  start();
  loop.run_for(100s);
  EXPECT_TRUE(contacts().starts_with("refused: ")) << contacts();
  EXPECT_TRUE(rows().empty());
  EXPECT_GE(kept(1, "active_energy_import").size(), 1u);  // the readout asks for none
  meter.serial = "9999999";
  loop.run_for(600s);
  EXPECT_NE(contacts().find("conflict: meter 9999999 answers in place of 4711"), std::string::npos)
      << contacts();
  EXPECT_EQ(events.count("another meter answers"), 1u);
}

// ---- Modbus ----------------------------------------------------------------------------------

class SubMeter final : public modbus::Registers {
 public:
  std::optional<std::uint16_t> read(modbus::Function function, std::uint16_t address) override {
    if (function != modbus::Function::kReadInput || address > 0x4B) return std::nullopt;
    if (address == 0x48) return 0x449A;  // 1234.5
    if (address == 0x49) return 0x5000;
    return 0;
  }
  modbus::Exception write(std::uint16_t, std::uint16_t) override {
    return modbus::Exception::kIllegalAddress;
  }
};

TEST_F(ReportHeadEndTest, ModbusByTheMapOfItsModel) {
  SubMeter sub;
  TestHost host(loop, {"10.0.4.1", 502}, [&sub] {
    return std::make_unique<ServerPeer<modbus::Server>>(
        modbus::Server(modbus::Transport::kTcp, 5, &sub));
  });
  config.models = std::make_shared<const driver::ModelSet>(driver::load_models().value());
  add(1, "S1", "modbus", "modbus+tcp://10.0.4.1:502?unit=5&map=eastron-sdm630-modbus.toml");
  add(2, "S2", "modbus", "modbus+tcp://10.0.4.1:502?unit=6&map=nosuch");
  start();
  loop.run_for(120s);
  EXPECT_NE(contacts().find("ok\n"), std::string::npos) << contacts();
  EXPECT_NE(contacts().find("not found: map=nosuch: no meter model"), std::string::npos)
      << contacts();
  EXPECT_NE(newest(1).find("active_energy_import 1234500 Wh\n"), std::string::npos) << newest(1);
  EXPECT_EQ(newest(2), "");
}

// ---- streams ---------------------------------------------------------------------------------

class Mute final : public TestPeer {
 public:
  void on_bytes(ByteView, Instant) override {}
  bool poll_output(Bytes&) override { return false; }
};

Bytes p1_telegram(std::string_view serial, std::int64_t wh) {
  Bytes out;
  p1::TelegramWriter writer("KFM5KAIFA-METER", out);
  writer.text("0-0:96.1.1", serial);
  writer.number("1-0:1.8.1", {wh, -3}, 6, "kWh");
  writer.finish();
  return out;
}

TEST_F(ReportHeadEndTest, TheNextWholeTelegramOfAStream) {
  TestHost host(loop, {"10.0.5.1", 23}, [] { return std::make_unique<Mute>(); });
  add(1, "E0003000000000001", "p1", "p1+tcp://10.0.5.1:23");
  config.read.catch_up_s = 0;
  start();
  loop.run_for(1s);
  const Bytes telegram = p1_telegram("E0003000000000001", 4'426);
  host.say(ByteView(telegram).subspan(30));  // joined in the middle of one
  loop.run_for(1s);
  Bytes damaged = telegram;
  damaged[20] ^= 1;
  host.say(damaged);
  loop.run_for(1s);
  EXPECT_EQ(contacts(), "");
  host.say(telegram);
  loop.run_for(1s);
  EXPECT_EQ(contacts(), "ok\n");
  EXPECT_EQ(newest(1), "active_energy_import_t1 4426 Wh\n");
  EXPECT_EQ(headend->stats().in_flight, 0u);
}

TEST_F(ReportHeadEndTest, AStreamThatSaysNothingOrIsAnothersMeter) {
  TestHost host(loop, {"10.0.5.1", 23}, [] { return std::make_unique<Mute>(); });
  add(1, "E0003000000000001", "p1", "p1+tcp://10.0.5.1:23");
  config.read.catch_up_s = 0;
  start();
  loop.run_for(31s);
  EXPECT_EQ(contacts(), "timeout: no telegram came\n");
  for (int i = 0; i < 60; ++i) {
    loop.run_for(1s);
    host.say(p1_telegram("E0099000000000009", 1));
  }
  EXPECT_NE(
      contacts().find("conflict: meter E0099000000000009 answers in place of E0003000000000001"),
      std::string::npos)
      << contacts();
  EXPECT_TRUE(intake.deliveries.empty());
}

TEST(Addresses, OfEveryProtocol) {
  EXPECT_EQ(parse_address("c1222+tcp://1.2.3.4:1153?called=.1&calling=.2")->scheme, Scheme::kC1222);
  const auto port = parse_address("mbus+serial:///dev/ttyS0?primary=1").value();
  EXPECT_EQ(to_string(*port.serial), "2400 8E1");
  EXPECT_EQ(port.endpoint.host, "/dev/ttyS0");
  EXPECT_TRUE(port.bus());
  EXPECT_EQ(to_string(*parse_address("iec62056+serial:///dev/ttyS0?baud=9600&line=8N1")->serial),
            "9600 8N1");
  EXPECT_EQ(parse_address("sml+tcp://1.2.3.4:5?zone=Europe/Berlin")->zone->name(), "Europe/Berlin");
  EXPECT_FALSE(parse_address("c1222+serial:///dev/ttyS0").ok());
  EXPECT_FALSE(parse_address("mbus+serial://ttyS0").ok());
  EXPECT_FALSE(parse_address("mbus+serial:///dev/ttyS0?baud=x").ok());
  EXPECT_FALSE(parse_address("mbus+udp://1.2.3.4:5").ok());
}

}  // namespace
}  // namespace amity::headend
