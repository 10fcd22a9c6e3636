// Every protocol beside DLMS, read by our own client machines: what the meters say is their truth.
#include "world/side_meters.h"

#include <gtest/gtest.h>

#include <map>

#include "session/c12/client.h"
#include "session/mbus/master.h"
#include "wire/c12/meter_tables.h"
#include "wire/iec62056_21/readout.h"
#include "wire/mbus/decoder.h"
#include "wire/p1/decoder.h"
#include "wire/sml/decoder.h"
#include "world/fleet.h"
#include "world/virtual_world.h"

namespace amity::world {
namespace {

using std::chrono::seconds;

const UtcSeconds kStart = from_iso("2026-06-20T10:07:00Z").value();  // 20:07 in Sydney

FleetConfig config_of(const char* mix, std::uint32_t meters) {
  FleetConfig c;
  c.meters = meters;
  c.mix = DeviceMix::parse(mix).value();
  c.history_days = 20;
  c.faults = FaultRates::none();
  c.listen_on_each = true;
  return c;
}

struct Town {
  explicit Town(const FleetConfig& config)
      : world(1, kStart), process(world.add_process("127.0.0.1")) {
    auto made = Fleet::make(process.runtime(), config);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    fleet = std::move(made).value();
    EXPECT_TRUE(fleet->listen().ok());
  }
  VirtualWorld world;
  VirtualProcess& process;
  std::unique_ptr<Fleet> fleet;
};

// One line per reading, as an engineer reads them.
std::string text_of(const wire::Report& report) {
  std::string out = std::string(report.protocol) + " " + report.meter.manufacturer + " " +
                    report.meter.id + " " + report.meter.medium + " " +
                    std::string(report.security.mode) +
                    (report.security.ok ? "" : " NOT OPEN: " + report.security.reason) + " " +
                    to_string(report.time) + "\n";
  for (const wire::Reading& r : report.readings) {
    if (!std::holds_alternative<Decimal>(r.value))
      continue;  // clock and due date: in the times of the others
    out += std::string(r.quantity) + " [" + std::to_string(r.storage) + "] " +
           to_string(std::get<Decimal>(r.value)) + " " + std::string(r.unit) + " " +
           to_string(r.time) + "\n";
  }
  return out;
}

TEST(DeviceMix, SharesBecomeCounts) {
  const auto mix = DeviceMix::parse("dlms=80,c1222=5,wmbus=10,mbus=5");
  ASSERT_TRUE(mix.ok());
  EXPECT_EQ(mix->counts(200),
            (std::array<std::uint32_t, kProtocols>{160, 10, 0, 0, 0, 0, 0, 20, 10, 0}));
  EXPECT_EQ(mix->counts(7)[0], 6u);
  EXPECT_EQ(DeviceMix::parse("dlms=80,zigbee=5").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(DeviceMix::parse("dlms=x").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(DeviceMix::parse("dlms=0").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(DeviceMix::parse("").error().code, ErrorCode::kInvalid);
  const auto nothing_else = DeviceMix::all_dlms().counts(200);
  EXPECT_EQ(nothing_else[0], 200u);
}

TEST(SideMeters, TheMasterDataNamesEveryDeviceOnce) {
  Town town(config_of("dlms=60,c1222=10,wmbus=30", 100));
  const store::MasterData& master = town.fleet->master_data();
  std::map<std::string, int> protocols;
  std::map<std::string, int> serials;
  for (std::size_t i = 0; i < master.devices.size(); ++i) {
    const Device& d = master.devices[i];
    EXPECT_EQ(d.id.value, i + 1);
    ++protocols[d.protocol];
    ++serials[d.serial];
    EXPECT_LE(d.service_point.value, master.service_points.size());
    EXPECT_FALSE(d.address.empty());
  }
  EXPECT_EQ(protocols, (std::map<std::string, int>{{"c1222", 10}, {"dlms", 60}, {"wmbus", 30}}));
  EXPECT_EQ(serials.size(), 100u);
  for (const Channel& c : master.channels)
    EXPECT_LE(c.device.value, 60u) << "others' channels are made when read";
  EXPECT_EQ(town.fleet->side_keys().size(), 40u);
  EXPECT_EQ(
      master.devices[60].address,
      "c1222+tcp://127.16.0.61:4059?called=1.3.6.1.4.1.33507.1.1.61&calling=1.3.6.1.4.1.33507.1.2.1"
      "&security=enc&key-id=2&connect=m4:01&disconnect=m4:00&supply=2050/0/0");
}

mbus::KeyStore keys_of(const Fleet& fleet) {
  mbus::KeyStore keys;
  for (const SideKey& key : fleet.side_keys()) {
    const Device& device = fleet.master_data().devices[key.device.value - 1];
    if (key.protocol == MeterProtocol::kWmbus) {
      EXPECT_TRUE(
          keys.add(static_cast<std::uint32_t>(std::stoul(device.serial.substr(3), nullptr, 16)),
                   key.key)
              .ok());
    }
  }
  return keys;
}

TEST(WirelessMeters, SayTheirRegisterTheirTimeAndTheDueDate) {
  Town town(config_of("dlms=10,wmbus=5", 15));
  const mbus::KeyStore keys = keys_of(*town.fleet);
  mbus::Encoder encoder;
  mbus::Decoder decoder;
  std::string said;
  for (const std::uint32_t i : {0u, 4u}) {  // water, gas
    ResourceMeter& meter = town.fleet->side().resource(i);
    const Bytes frame = meter.telegram(encoder).value();
    wire::Report report;
    ASSERT_TRUE(decoder.decode_wireless(frame, keys, report).ok());
    said += text_of(report);
    EXPECT_EQ(std::get<Decimal>(report.readings[0].value),
              (Decimal{meter.register_at(kStart), -3}));
    EXPECT_EQ(meter.serial(), report.meter.manufacturer + report.meter.id);
  }
  EXPECT_EQ(said,
            "wmbus LQF 31000001 water oms-7 2026-06-20T20:07:00\n"
            "volume [0] 331.235 m3 \n"
            "volume [1] 321.713 m3 2026-05-31\n"
            "wmbus GVX 32000005 gas oms-5 2026-06-20T20:07:00\n"
            "volume [0] 623.328 m3 \n"
            "volume [1] 565.194 m3 2026-05-31\n");
}

TEST(WirelessMeters, ARegisterIsWhatHasPassedTheMeter) {
  Town town(config_of("dlms=10,wmbus=5", 15));
  EnergyBook& book = town.fleet->book();
  for (const auto& meter : town.fleet->side().resources()) {
    const UtcSeconds born = town.fleet->born();
    ASSERT_EQ(born.value % kStepSeconds, 0);
    std::int64_t shown = meter->register_at(born);
    for (UtcSeconds end = born + kStepSeconds; end <= kStart; end = end + kStepSeconds) {
      ResourceDay of;
      const TownDay day = book.day_at(end);
      resource_day(1, meter->commodity(), meter->home(), day, book.weather(day), of);
      shown += of[static_cast<std::size_t>((end - book.start_of(day)) / kStepSeconds - 1)];
      ASSERT_EQ(meter->register_at(end), shown) << to_iso(end);
      ASSERT_LE(meter->register_at(end - 1), shown);
    }
  }
}

// Reads tables of a C12.22 meter through our own client, over the virtual network.
class TableReader final : public Stream::Handler {
 public:
  TableReader(Runtime runtime, const Device& device, const SideKey& key,
              std::deque<std::uint16_t> tables)
      : runtime_(runtime), tables_(std::move(tables)), client_(config_of_client(device, key)) {
    const std::size_t host = device.address.find("://") + 3, colon = device.address.find(':', host);
    stream_ = runtime.network.connect(Endpoint{device.address.substr(host, colon - host), 4059},
                                      seconds(5), this);
  }
  bool done() const { return done_; }
  std::string error;
  wire::Report report;
  std::map<std::uint16_t, Bytes> read;

 private:
  c12::ClientConfig config_of_client(const Device& device, const SideKey& key) {
    AMITY_ASSERT(keys_.add(key.key_id, key.key).ok());
    c12::ClientConfig config;
    config.transport = c12::Transport::kNetwork;
    config.network.own = *c12::ap_title_from(kC12HeadEndTitle);
    const std::size_t called = device.address.find("called=") + 7;
    config.network.peer = *c12::ap_title_from(
        device.address.substr(called, device.address.find('&', called) - called));
    config.network.keys = &keys_;
    config.network.security = c12::SecurityMode::kEncrypted;
    config.network.key_id = key.key_id;
    config.network.first_iv = 77;
    config.user = "reader";
    return config;
  }
  void on_open() override {
    (void)client_.connect(runtime_.clock.now());
    go_on();
  }
  void on_bytes(ByteView bytes) override {
    client_.on_bytes(bytes, runtime_.clock.now());
    go_on();
  }
  void on_closed(const Error& why) override {
    if (!done_) error = to_string(why);
    done_ = true;
  }
  void go_on() {
    while (const auto event = client_.poll_event()) {
      if (const auto* failed = std::get_if<c12::Failed>(&*event))
        error = to_string(failed->error), done_ = true;
      if (const auto* table = std::get_if<c12::TableRead>(&*event)) {
        tables_seen_.add(table->table, table->data, 0, true, report);
        read[table->table] = table->data;
      }
      if (done_) break;
      if (tables_.empty()) {
        done_ = true;
        break;
      }
      (void)client_.read(tables_.front(), runtime_.clock.now());
      tables_.pop_front();
    }
    Bytes out;
    while (client_.poll_output(out)) stream_->send(std::move(out)), out = Bytes();
  }

  Runtime runtime_;
  std::deque<std::uint16_t> tables_;
  c12::Keys keys_;
  c12::Client client_;
  c12::MeterTables tables_seen_;
  std::unique_ptr<Stream> stream_;
  bool done_ = false;
};

TEST(C12Meters, TheTablesAreTheMetersTruth) {
  FleetConfig config = config_of("dlms=5,c1222=5", 10);
  config.faults.lost_rows = 1;
  config.faults.covers_opened = 0.3;
  Town town(config);
  const VirtualMeter& meter = town.fleet->meter(6);
  TableReader reader(town.process.runtime(), town.fleet->master_data().devices[6],
                     town.fleet->side_keys()[1],
                     {0, 1, 5, 3, 11, 12, 16, 21, 22, 23, 52, 61, 62, 63, 64, 71, 76});
  for (int i = 0; i < 300 && !reader.done(); ++i) town.world.run_for(seconds(1));
  ASSERT_TRUE(reader.done());
  ASSERT_EQ(reader.error, "");
  EXPECT_EQ(reader.report.meter.id, meter.serial());
  EXPECT_EQ(to_string(reader.report.time).substr(0, 16), "2026-06-20T20:07");
  std::map<std::string, std::map<std::string, std::int64_t>> said;
  for (const wire::Reading& r : reader.report.readings) {
    if (r.kind == "interval") {
      const auto [at, fresh] = said[std::string(r.quantity)].emplace(
          to_string(r.time), std::get<Decimal>(r.value).value);
      EXPECT_TRUE(fresh) << r.id;
    }
  }
  const UtcSeconds turn(kStart.value / 900 * 900);
  const auto rows =
      meter.rows(UtcSeconds(kStart.value / 3'600 * 3'600) - (kC12Blocks - 1) * 3'600, turn);
  EXPECT_GT(rows.size(), 1'300u);
  EXPECT_LT(rows.size(), 384u * 4) << "some rows are lost";
  ASSERT_EQ(said["active energy import"].size(), rows.size());
  for (const ProfileRow& row : rows) {
    const CivilTime c = town.fleet->book().zone().local(row.stamp);
    wire::MeterTime t;
    t.year = static_cast<std::int16_t>(c.year), t.month = static_cast<std::uint8_t>(c.month);
    t.day = static_cast<std::uint8_t>(c.day), t.hour = static_cast<std::uint8_t>(c.hour);
    t.minute = static_cast<std::uint8_t>(c.minute),
    t.precision = wire::MeterTime::Precision::kMinute;
    EXPECT_EQ(said["active energy import"].at(to_string(t)), row.interval.import_wh)
        << to_string(t);
    EXPECT_EQ(said["active energy export"].at(to_string(t)), row.interval.export_wh);
  }
  EXPECT_FALSE(reader.report.events.empty());
}

TEST(TelegramMeters, SayTheirRegisters) {
  Town town(config_of("dlms=2,sml=1,p1=1", 4));
  const VirtualMeter& first = town.fleet->meter(2);
  wire::Report report;
  sml::Decoder decoder;
  ASSERT_TRUE(decoder.decode(sml_file(first), report).ok());
  const Totals offset = first.register_offset(), totals = first.totals_at(kStart);
  EXPECT_EQ(std::get<Decimal>(report.readings.at(0).value),
            (Decimal{offset.import_wh + totals.import_wh, 0}));
  EXPECT_EQ(report.meter.id, town.fleet->master_data().devices[2].serial);
  std::string said = text_of(report);
  report.clear();
  const VirtualMeter& second = town.fleet->meter(3);
  ASSERT_TRUE(p1::Decoder().decode(p1_telegram(second, town.fleet->book().zone()), report).ok());
  EXPECT_EQ(report.meter.id, town.fleet->master_data().devices[3].serial);
  EXPECT_EQ(std::get<Decimal>(report.readings.at(0).value),
            (Decimal{second.register_offset().import_wh + second.totals_at(kStart).import_wh, 0}));
  said += text_of(report);
  EXPECT_EQ(said,
            "sml ZVD 1ZVD0000000003 electricity none 2026-06-20T10:07:00Z\n"
            "active energy import [0] 3491961 Wh \n"
            "active energy export [0] 532070 Wh \n"
            "p1 AMY AMY20000004 electricity none 2026-06-20T20:07:00\n"
            "active energy import [0] 15285138 Wh \n"
            "active energy export [0] 954761 Wh \n");
}

TEST(IecMeters, AReadoutAndALoadProfile) {
  Town town(config_of("dlms=2,iec62056=1", 3));
  VirtualMeter& meter = town.fleet->meter(2);
  IecMeter iec(meter, town.fleet->book().zone());
  wire::Report report;
  ASSERT_TRUE(iec62056_21::read_data(iec.readout(), report).ok());
  EXPECT_EQ(report.meter.id, meter.serial());
  EXPECT_EQ(to_string(report.time), "2026-06-20T20:07:00");
  const Totals offset = meter.register_offset(), totals = meter.totals_at(kStart);
  EXPECT_EQ(std::get<Decimal>(report.readings.at(0).value),
            (Decimal{offset.import_wh + totals.import_wh, 0}));
  const auto answer = iec.read('5', "P.01(2606190015;2606200000)");
  ASSERT_TRUE(answer);
  const auto blocks = iec62056_21::parse_profile(*answer);
  ASSERT_TRUE(blocks.ok()) << to_string(blocks.error());
  wire::Report rows;
  iec62056_21::append_profile(*blocks, rows);
  const UtcSeconds midnight = from_iso("2026-06-18T14:00:00Z").value();
  const auto truth = meter.rows(midnight, midnight + 86'400);
  ASSERT_EQ(truth.size(), 96u);
  ASSERT_EQ(rows.readings.size(), 192u);
  EXPECT_EQ(to_string(rows.readings[0].time), "2026-06-19T00:15");
  for (std::size_t i = 0; i < truth.size(); ++i) {
    EXPECT_EQ(rescale(std::get<Decimal>(rows.readings[2 * i].value), 0).value(),
              truth[i].interval.import_wh)
        << i;
    EXPECT_EQ(rescale(std::get<Decimal>(rows.readings[2 * i + 1].value), 0).value(),
              truth[i].interval.export_wh)
        << i;
  }
  EXPECT_EQ(rows.readings[0].quantity, "active energy import");
  EXPECT_FALSE(iec.read('5', "P.02(2606190015;2606200000)"));
}

// Bytes to and from a conversation, no line between.
std::vector<Bytes> read_bus(BusConversation& bus, const mbus::Target& target) {
  mbus::Master master{mbus::MasterConfig{}};
  Instant now{1'000'000};
  std::vector<Bytes> frames;
  EXPECT_TRUE(master.read(target, now).ok());
  for (int step = 0; step < 1'000; ++step) {
    while (const auto event = master.poll_event()) {
      if (const auto* telegram = std::get_if<mbus::TelegramRead>(&*event)) {
        frames.emplace_back(telegram->frame.begin(), telegram->frame.end());
      }
      if (std::holds_alternative<mbus::Done>(*event) ||
          std::holds_alternative<mbus::Failed>(*event))
        return frames;
    }
    Bytes bytes;
    bool moved = false;
    while (master.poll_output(bytes)) bus.on_bytes(bytes, now), moved = true;
    while (bus.poll_output(bytes)) master.on_bytes(bytes, now), moved = true;
    if (moved) continue;
    const auto next = master.next_timeout();
    if (!next) break;
    now = *next;
    master.on_timer(now);
    bus.on_timer(now);
  }
  return frames;
}

TEST(HeatMeters, AnswerToTheirSecondaryAddressAmongOthers) {
  Town town(config_of("dlms=30,mbus=30", 60));
  std::vector<ResourceMeter*> on_bus;
  for (std::uint32_t i = 0; i < 20; ++i) on_bus.push_back(&town.fleet->side().resource(i));
  BusConversation bus(on_bus);
  mbus::Decoder decoder;
  for (const std::uint32_t i : {0u, 7u, 19u}) {
    const auto frames = read_bus(bus, mbus::Target::selected(on_bus[i]->address()));
    ASSERT_EQ(frames.size(), 1u);
    wire::Report report;
    ASSERT_TRUE(decoder.decode_wired(frames[0], {}, report).ok());
    EXPECT_EQ(on_bus[i]->serial(), report.meter.manufacturer + report.meter.id);
    EXPECT_EQ(std::get<Decimal>(report.readings.at(0).value),
              (Decimal{on_bus[i]->register_at(kStart), 0}));
    EXPECT_EQ(report.readings[0].unit, "Wh");
    EXPECT_EQ(report.meter.medium, "heat");
  }
  EXPECT_EQ(town.fleet->master_data().devices[30].address,
            "mbus+tcp://127.28.0.1:4059?secondary=33000001"
            "51110304");
}

// Takes what collectors send.
struct Listening final : Stream::Handler {
  explicit Listening(std::unique_ptr<Stream> s) : stream(std::move(s)) {
    stream->set_handler(this);
  }
  void on_open() override {}
  void on_bytes(ByteView more) override { append(bytes, more); }
  void on_closed(const Error&) override {}
  std::unique_ptr<Stream> stream;
  Bytes bytes;
};

TEST(Collectors, EveryRadioMeterIsHeardOnceAQuarterOfAnHour) {
  FleetConfig config = config_of("dlms=60,wmbus=120", 180);
  config.frames = Endpoint{"127.0.0.2", 5001};
  Town town(config);
  std::vector<std::unique_ptr<Listening>> heard;
  VirtualProcess& headend = town.world.add_process("127.0.0.2");
  auto listener =
      headend.runtime().network.listen(*config.frames, [&](std::unique_ptr<Stream> stream) {
        heard.push_back(std::make_unique<Listening>(std::move(stream)));
      });
  ASSERT_TRUE(listener.ok());
  town.fleet->start_frames();
  town.world.run_for(seconds(2'000));
  EXPECT_EQ(heard.size(), 3u) << "a connection for each collector";
  const mbus::KeyStore keys = keys_of(*town.fleet);
  mbus::Decoder decoder;
  std::map<std::string, int> telegrams;
  for (const auto& from : heard) {
    ByteView rest = from->bytes;
    while (!rest.empty()) {
      // Format A: L-field, ten bytes and a CRC, then a CRC after every sixteen.
      const std::size_t stripped = rest[0] + 1u,
                        size = stripped + 2 + 2 * ((stripped - 10 + 15) / 16);
      ASSERT_LE(size, rest.size());
      wire::Report report;
      ASSERT_TRUE(decoder.decode_wireless(rest.first(size), keys, report).ok());
      EXPECT_TRUE(report.security.ok) << report.security.reason;
      ++telegrams[report.meter.manufacturer + report.meter.id];
      rest = rest.subspan(size);
    }
  }
  EXPECT_EQ(telegrams.size(), 120u);
  for (const auto& [serial, count] : telegrams) EXPECT_EQ(count, 3) << serial;
  town.fleet->stop();
}

}  // namespace
}  // namespace amity::world
