// For tests: virtual meters that an edge reads, on real sockets and pseudo terminals, and a server
// that it forwards to.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "roles/edge_agent.h"
#include "roles/edge_link_test_support.h"
#include "world/fleet.h"

namespace amity::roles {

using runtime::testing::Authority;
using runtime::testing::serve_until;

// What is on a serial line, on a pseudo terminal.
class Terminal {
 public:
  Terminal(Runtime runtime, std::unique_ptr<world::Conversation> line)
      : runtime_(runtime),
        line_(std::move(line)),
        master_(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK)) {
    EXPECT_EQ(::grantpt(master_), 0);
    EXPECT_EQ(::unlockpt(master_), 0);
    path = ::ptsname(master_);
    pump();
  }
  ~Terminal() {
    runtime_.timers.cancel(timer_);
    ::close(master_);
  }
  std::string path;

 private:
  void pump() {
    const Instant now = runtime_.clock.now();
    std::uint8_t buffer[4096];
    const ssize_t got = ::read(master_, buffer, sizeof buffer);
    if (got > 0) line_->on_bytes(ByteView(buffer, static_cast<std::size_t>(got)), now);
    if (const auto due = line_->next_timeout(); due && *due <= now) line_->on_timer(now);
    Bytes out;
    while (line_->poll_output(out)) {
      EXPECT_EQ(::write(master_, out.data(), out.size()), static_cast<ssize_t>(out.size()));
      out.clear();
    }
    timer_ = runtime_.timers.at(now + 2ms, [this] { pump(); });
  }
  Runtime runtime_;
  std::unique_ptr<world::Conversation> line_;
  int master_;
  TimerId timer_ = 0;
};

struct Radio : Stream::Handler {
  void on_open() override {}
  void on_bytes(ByteView) override {}
  void on_closed(const Error&) override {}
};

struct EdgeMeters : ::testing::Test {
  Authority authority{"amity"};
  Authority::Files edge_files = authority.issue("edge-1");
  Server server{authority.issue("localhost"), authority.certificate};
  store::TestDirectory directory;
  std::unique_ptr<world::Fleet> fleet;
  std::unique_ptr<Terminal> terminal;
  std::unique_ptr<EdgeAgent> agent;
  std::string reading;  // TOML
  std::string zone = "Australia/Sydney";

  void SetUp() override {
    server.start();
    server.add_edge("edge-1");
  }
  void TearDown() override { agent.reset(); }
  bool until(int seconds, const std::function<bool()>& done) {
    for (int i = 0; i < seconds / 5 + 1; ++i)
      if (serve_until(server.reactor, done)) return true;
    return false;
  }
  std::string local_config() const {
    return "server = \"localhost:" + std::to_string(server.port) + "\"\ncertificate = \"" +
           edge_files.certificate + "\"\nkey = \"" + edge_files.key + "\"\nca = \"" +
           authority.certificate + "\"\ndata = \"" + (directory / "edge") + "\"\n";
  }
  void start_agent(const std::string& with_reading) {
    auto config = edge::parse_edge_config(local_config() + with_reading, "edge.toml");
    ASSERT_TRUE(config.ok()) << to_string(config.error());
    auto opened = EdgeAgent::open({std::move(*config), "test", "test"});
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    agent = std::move(*opened);
    const Status started = agent->start();
    ASSERT_TRUE(started.ok()) << to_string(started.error());
  }
  void make_fleet(const char* mix, std::uint32_t meters) {
    world::FleetConfig config;
    config.meters = meters;
    config.mix = world::DeviceMix::parse(mix).value();
    config.port = 0;
    config.history_days = 2;
    config.zone = zone;
    config.faults = world::FaultRates::none();
    fleet = std::move(world::Fleet::make(server.reactor.runtime(), config)).value();
    ASSERT_TRUE(fleet->listen().ok());
  }
  // Electricity over three protocols, heat on a terminal, water and gas by radio.
  void build_town() {
    make_fleet("iec62056=3,sml=3,p1=3,mbus=3,wmbus=2", 14);
    std::vector<world::ResourceMeter*> bus;
    for (const world::SideDevice& d : fleet->side().devices())
      if (d.protocol == world::MeterProtocol::kMbus)
        bus.push_back(&fleet->side().resource(d.meter));
    terminal = std::make_unique<Terminal>(server.reactor.runtime(),
                                          std::make_unique<world::BusConversation>(bus));
    reading = "zone = \"" + zone +
              "\"\nread_every_s = 3\n[[receiver]]\naddress = \"listen+tcp://127.0.0.1:0\"\n";
    for (const world::SideDevice& d : fleet->side().devices()) {
      const Device& device = registered(d);
      reading += "[[meter]]\nserial = \"" + device.serial + "\"\nmanufacturer = \"" +
                 device.manufacturer + "\"\nsince = \"" + to_iso(fleet->born()) + "\"\n";
      if (d.protocol == world::MeterProtocol::kMbus) {
        reading += "address = \"mbus+serial://" + terminal->path +
                   device.address.substr(device.address.find('?')) + "&line=8N1" + "\"\n";
      } else if (d.protocol == world::MeterProtocol::kWmbus) {
        reading += "key = \"" + to_hex(fleet->side().resource(d.meter).key()) + "\"\n";
      } else {
        reading += "address = \"" + device.address + "\"\n";
      }
    }
  }
  const Device& registered(const world::SideDevice& d) const {
    return fleet->master_data().devices.at(d.device.value - 1);
  }
  std::vector<std::pair<Channel, std::vector<Reading>>> stored(const std::string& serial) {
    std::vector<std::pair<Channel, std::vector<Reading>>> all;
    const auto device = server.store->registry().device_by_serial(serial).value();
    if (!device) return all;
    const auto channels = server.store->registry().channels_of(device->id).value();
    for (const Channel& channel : channels)
      all.emplace_back(channel, server.store->readings()
                                    .read(channel.id, UtcSeconds(0), UtcSeconds(4'000'000'000))
                                    .value());
    return all;
  }
  // Readings of the device's register, or -1 where one is not the meter's truth; and of its
  // profile.
  std::pair<int, int> compare(const world::SideDevice& d) {
    int registers = 0, rows = 0;
    const bool electricity = world::is_electricity(d.protocol);
    for (const auto& [channel, readings] : stored(registered(d).serial)) {
      for (const Reading& r : readings) {
        if (channel.kind == ChannelKind::kInterval && channel.name == "import") {
          const auto truth = fleet->meter(d.meter).rows(r.time - 1, r.time);
          EXPECT_EQ(truth.size(), 1u);
          if (truth.size() == 1) EXPECT_EQ(r.value, truth[0].interval.import_wh) << to_iso(r.time);
          ++rows;
        }
        const char* const name = d.protocol == world::MeterProtocol::kDlms ? "import"
                                 : electricity                             ? "active_energy_import"
                                 : d.protocol == world::MeterProtocol::kMbus ? "energy"
                                                                             : "volume";
        if (channel.kind != ChannelKind::kRegister || channel.name != name) continue;
        const auto at = [&](UtcSeconds t) {
          if (!electricity) return fleet->side().resource(d.meter).register_at(t);
          const world::VirtualMeter& meter = fleet->meter(d.meter);
          return meter.register_offset().import_wh + meter.totals_at(t).import_wh;
        };
        const std::int64_t slack =
            d.protocol == world::MeterProtocol::kWmbus ? 61 : 2;  // to the minute
        EXPECT_GE(r.value, at(r.time - slack)) << registered(d).serial << " at " << to_iso(r.time);
        EXPECT_LE(r.value, at(r.time + slack)) << registered(d).serial << " at " << to_iso(r.time);
        ++registers;
      }
    }
    return {registers, rows};
  }
  std::string metered() {
    std::string all;
    for (const world::SideDevice& d : fleet->side().devices()) {
      const auto [registers, rows] = compare(d);
      if (registers == 0) all += registered(d).serial + " ";
    }
    return all;
  }
  void send_telegrams() {
    Radio radio;
    auto stream = server.reactor.runtime().network.connect(
        {"127.0.0.1", agent->listening().at(0).port}, 2s, &radio);
    mbus::Encoder encoder;
    for (const world::SideDevice& d : fleet->side().devices())
      if (d.protocol == world::MeterProtocol::kWmbus)
        stream->send(*fleet->side().resource(d.meter).telegram(encoder));
    server.reactor.run_for(200ms);
  }
};

}  // namespace amity::roles
