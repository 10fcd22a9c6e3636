// The walk of a reading for every protocol that a virtual meter speaks, on real sockets and files:
// what is in the store is what the meters know.
#include <atomic>

#include "app/test_end_to_end.h"
#include "world/meter_mbus.h"
#include "world/stg_reports.h"

namespace amity::app {
namespace {

TEST(EndToEnd, RadioTelegramsOfWaterAndGasAreInTheStoreExactly) {
  world::FleetConfig config = fleet_of("dlms=30,wmbus=30", 60, 2);
  config.link.loss = 0.1;  // telegrams that nobody hears
  config.telegram_every_s = 2;
  const Scratch scratch;
  auto options = options_in(scratch.path());
  options.headend.scheduled = false;
  options.zone = config.zone;  // the meters' clocks show the town's
  options.heard.frames_tcp = {Endpoint{"127.0.0.1", 0}};
  auto utility = SimulatedUtility::start(config, std::move(options));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  store::Store& store = (*utility)->platform().store();
  const auto devices = (*utility)->fleet().side().devices();
  ASSERT_EQ(devices.size(), 30u);
  std::atomic<std::uint64_t> lost = 0;
  ASSERT_TRUE(wait_until(std::chrono::seconds(120), [&] {
    (*utility)->on_meters([&](world::Fleet& fleet) { lost = fleet.collector_stats().lost; });
    return lost > 0 && std::ranges::all_of(devices, [&](const world::SideDevice& d) {
             return !registers_of(store, d.device, "volume").empty();
           });
  })) << "not every radio meter was heard";
  std::size_t compared = 0;
  (*utility)->on_meters([&](world::Fleet& fleet) {
    for (const world::SideDevice& d : devices) {
      const world::ResourceMeter& meter = fleet.side().resource(d.meter);
      for (const auto& [time, value] : registers_of(store, d.device, "volume")) {
        EXPECT_EQ(value, meter.register_at(time)) << meter.serial() << " at " << to_iso(time);
        ++compared;
      }
      for (const auto& [time, value] : registers_of(store, d.device, "volume_s1")) {
        EXPECT_EQ(value, meter.register_at(meter.due_date(time)))
            << meter.serial() << " due " << to_iso(time);
      }
    }
  });
  std::printf("%zu register readings of %zu radio meters compared\n", compared, devices.size());
}

// Electricity over five protocols and heat over a sixth, read on schedule over links that lose and
// break: a meter whose link did is tried again after a pause, so this may take minutes.
TEST(EndToEnd, PolledMetersOfEveryProtocolAreInTheStoreExactly) {
  world::FleetConfig config =
      fleet_of("dlms=12,c1222=6,iec62056=4,sml=4,p1=4,modbus=4,mbus=6", 40, 3);
  config.link.delay_ms = 1;
  config.link.drop = 0.002;
  const Scratch scratch;
  auto options = options_in(scratch.path());
  options.zone = config.zone;
  auto utility = SimulatedUtility::start(config, std::move(options));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  store::Store& store = (*utility)->platform().store();
  const world::Fleet& fleet = (*utility)->fleet();
  const auto devices = fleet.side().devices();
  ASSERT_EQ(devices.size(), 28u);
  const UtcSeconds after = fleet.born() + 3'600, until = fleet.born() + 2 * kDay_s;
  const auto with_profile = [](const world::SideDevice& d) {
    return d.protocol == world::MeterProtocol::kC1222 ||
           d.protocol == world::MeterProtocol::kIec62056;
  };
  const auto intervals = [&](const world::SideDevice& d, const char* name) {
    const ChannelId channel = channel_named(store.registry(), d.device, name);
    return channel.valid() ? *store.readings().read(channel, after, until) : std::vector<Reading>();
  };
  const auto name_of = [](const world::SideDevice& d) {
    return d.protocol == world::MeterProtocol::kMbus ? "energy" : "active_energy_import";
  };
  const bool complete = wait_until(std::chrono::seconds(480), [&] {
    return std::ranges::all_of(devices, [&](const world::SideDevice& d) {
      if (with_profile(d) && intervals(d, "import").size() < 47 * 4) return false;
      return !registers_of(store, d.device, name_of(d)).empty();
    });
  });
  std::map<std::string, std::size_t> rows, registers;
  (*utility)->on_meters([&](world::Fleet& meters) {
    for (const world::SideDevice& d : devices) {
      const std::string protocol(world::to_string(d.protocol));
      if (with_profile(d)) {
        std::map<UtcSeconds, std::int64_t> truth;
        for (const auto& row : meters.meter(d.meter).rows(after, until))
          truth[row.stamp] = row.interval.import_wh;
        for (const Reading& r : intervals(d, "import")) {
          ASSERT_TRUE(truth.contains(r.time)) << protocol << " at " << to_iso(r.time);
          EXPECT_EQ(r.value, truth[r.time]) << protocol << " at " << to_iso(r.time);
          truth.erase(r.time);
          ++rows[protocol];
        }
        for (const auto& [time, value] : truth)
          std::printf("%s: meter %u lacks %s\n", protocol.c_str(), d.meter, to_iso(time).c_str());
      }
      for (const auto& [time, value] : registers_of(store, d.device, name_of(d))) {
        // A register is read within a second or two of the clock's time that it is stored under.
        const auto at = [&](UtcSeconds t) {
          if (d.protocol == world::MeterProtocol::kMbus)
            return meters.side().resource(d.meter).register_at(t);
          const world::VirtualMeter& meter = meters.meter(d.meter);
          return meter.register_offset().import_wh + meter.totals_at(t).import_wh;
        };
        // Modbus: kWh as a 32-bit float, of 24 bits.
        const std::int64_t slack =
            d.protocol == world::MeterProtocol::kModbus ? value / (1 << 24) + 1 : 0;
        EXPECT_GE(value, at(time - 2) - slack) << protocol << " at " << to_iso(time);
        EXPECT_LE(value, at(time + 2) + slack) << protocol << " at " << to_iso(time);
        ++registers[protocol];
      }
    }
  });
  for (const auto& [protocol, count] : registers) {
    std::printf("%s: %zu intervals, %zu registers compared\n", protocol.c_str(), rows[protocol],
                count);
  }
  EXPECT_TRUE(complete) << "the head-end did not read everything";
}

// PRIME meters, whose concentrators deliver report files: the hourly curve, the daily closings.
TEST(EndToEnd, ReportsOfConcentratorsAreInTheStoreExactly) {
  world::FleetConfig config = fleet_of("dlms=4,stg=8", 12, 3);
  config.stg_every_s = 5;
  const Scratch scratch;
  auto options = options_in(scratch.path());
  options.headend.scheduled = false;
  options.zone = config.zone;
  const std::filesystem::path drop = scratch.path() + "/drop";
  options.heard.stg_drop = drop;
  auto utility = SimulatedUtility::start(config, std::move(options));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  store::Store& store = (*utility)->platform().store();
  const auto devices = (*utility)->fleet().side().devices();
  ASSERT_EQ(devices.size(), 8u);
  const char* const kClosing = "active_energy_import_u1";  // of the contract
  const UtcSeconds after = (*utility)->fleet().born(), until = after + 2 * kDay_s;
  const auto intervals = [&](const world::SideDevice& d) {
    const ChannelId channel = channel_named(store.registry(), d.device, "import");
    return channel.valid() ? *store.readings().read(channel, after, until) : std::vector<Reading>();
  };
  const bool complete = wait_until(std::chrono::seconds(120), [&] {
    return std::ranges::all_of(devices, [&](const world::SideDevice& d) {
      return intervals(d).size() >= 48 && registers_of(store, d.device, kClosing).size() >= 2;
    });
  });
  std::size_t hours = 0, days = 0;
  (*utility)->on_meters([&](world::Fleet& meters) {
    for (const world::SideDevice& d : devices) {
      const world::VirtualMeter& meter = meters.meter(d.meter);
      std::map<UtcSeconds, std::int64_t> truth;
      for (const world::StgHour& hour : world::stg_hours(meter, after, until))
        truth[hour.end] = hour.energy.import_wh;
      EXPECT_EQ(truth.size(), 48u);
      for (const Reading& r : intervals(d)) {
        ASSERT_TRUE(truth.contains(r.time)) << meter.serial() << " at " << to_iso(r.time);
        EXPECT_EQ(r.value, truth[r.time]) << meter.serial() << " at " << to_iso(r.time);
        ++hours;
      }
      for (const auto& [time, kwh] : registers_of(store, d.device, kClosing)) {
        EXPECT_EQ(kwh,
                  (meter.register_offset().import_wh + meter.totals_at(time).import_wh) / 1'000)
            << meter.serial() << " at " << to_iso(time);
        ++days;
      }
    }
    EXPECT_EQ(meters.stg_stats().failed, 0u);
  });
  std::printf("stg: %zu hours, %zu closings compared\n", hours, days);
  EXPECT_TRUE(complete) << "not every report was taken";
  EXPECT_TRUE(std::filesystem::is_empty(drop / "failed"));
}

// Asks a meter now and waits for the outcome.
std::string read_now(roles::Platform& platform, DeviceId device) {
  store::Registry& registry = platform.store().registry();
  Command command;
  command.id = *registry.next_command_id();
  command.device = device;
  command.requested_by = "test";
  platform.submit(command);
  std::string outcome = "no answer";
  wait_until(std::chrono::seconds(60), [&] {
    const auto kept = registry.command(command.id);
    if (!kept.ok() || !*kept || (*kept)->state == CommandState::kQueued ||
        (*kept)->state == CommandState::kRunning)
      return false;
    outcome = std::string(to_string((*kept)->state)) + ": " + (*kept)->result;
    return true;
  });
  return outcome;
}

// Every reading of a device behind an electricity meter is what was captured; how many there are.
std::size_t compare_behind(store::Store& store, DeviceId device,
                           const std::vector<world::MbusRow>& truth, bool heat) {
  std::map<UtcSeconds, std::int64_t> captured;
  for (const world::MbusRow& row : truth) captured[row.stamp] = row.value;
  const auto stored = registers_of(store, device, heat ? "energy" : "volume");
  for (const auto& [time, value] : stored) {
    EXPECT_TRUE(captured.contains(time)) << "device " << device.value << " at " << to_iso(time);
    EXPECT_EQ(value, captured[time]) << "device " << device.value << " at " << to_iso(time);
  }
  return stored.size();
}

TEST(EndToEnd, MetersBehindElectricityMetersAreInTheStoreExactlyAndAReplacedOneIsNoticed) {
  world::FleetConfig config = fleet_of("dlms=3,dlms-mbus=10", 13, 4);
  config.link.delay_ms = 1;
  const Scratch scratch;
  auto options = options_in(scratch.path());
  options.headend.scheduled = false;
  auto utility = SimulatedUtility::start(config, std::move(options));
  ASSERT_TRUE(utility.ok()) << to_string(utility.error());
  roles::Platform& platform = (*utility)->platform();
  store::Store& store = platform.store();
  const std::vector<world::SideDevice> devices = (*utility)->fleet().side().devices();
  ASSERT_EQ(devices.size(), 10u);
  for (std::uint32_t host = 1; host <= 3; ++host)
    EXPECT_EQ(read_now(platform, DeviceId(host)).substr(0, 4), "done");

  std::size_t compared = 0;
  const auto compare = [&](world::Fleet& fleet) {
    for (const world::SideDevice& d : devices) {
      const world::MeterMbus behind(fleet.meter(d.carrier));
      const auto truth = behind.rows(d.channel, fleet.born(), fleet.meter(d.carrier).meter_time());
      const bool heat = fleet.side().resource(d.meter).commodity() == Commodity::kHeat;
      const std::size_t stored = compare_behind(store, d.device, truth, heat);
      EXPECT_GE(stored + 1, truth.size()) << "all of it, but for an hour that has just turned";
      compared += stored;
    }
  };
  (*utility)->on_meters(compare);
  std::printf("dlms-mbus: %zu captured values of %zu devices compared\n", compared, devices.size());
  EXPECT_EQ(store.registry().devices().value().size(), 13u) << "every one of them was registered";

  std::string serial;
  (*utility)->on_meters([&](world::Fleet& fleet) {
    serial = fleet.side().replace_mbus(devices[0], fleet.meter(0).true_time()).serial();
  });
  EXPECT_EQ(read_now(platform, DeviceId(devices[0].carrier + 1)).substr(0, 4), "done");
  const auto replaced = store.registry().device(devices[0].device);
  EXPECT_EQ((*replaced)->state, DeviceState::kRemoved);
  const auto made = store.registry().device_by_serial(serial);
  ASSERT_TRUE(made.ok() && *made) << serial;
  EXPECT_EQ((*made)->service_point, (*replaced)->service_point);
  const auto events =
      store.events().of_device(devices[0].device, UtcSeconds(0), UtcSeconds(1LL << 33), 10);
  ASSERT_EQ(events->size(), 1u);
  EXPECT_NE((*events)[0].text.find(" is replaced by " + serial), std::string::npos)
      << (*events)[0].text;
}

}  // namespace
}  // namespace amity::app
