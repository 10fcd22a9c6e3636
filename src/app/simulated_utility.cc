#include "app/simulated_utility.h"

#include <future>

#include "app/demo_billing.h"
#include "app/demo_grid.h"
#include "app/fleet_file.h"

namespace amity::app {

headend::DeviceKeys device_keys(const world::DeviceSecrets& secrets) {
  headend::DeviceKeys keys;
  keys.mechanism = dlms::Mechanism::kHighGmac;
  keys.policy = {dlms::SecuritySuite::k0, true, true};
  keys.client_title = secrets.client_title;
  keys.meter_title = secrets.keys.title;
  keys.current.encryption = secrets.keys.encryption;
  keys.current.authentication = secrets.keys.authentication;
  keys.master = secrets.keys.master;
  return keys;
}

headend::DeviceKeys device_keys(const world::SideKey& key) {
  headend::DeviceKeys keys;
  keys.current.encryption = key.key;
  return keys;
}

Status SimulatedUtility::start_meters(const world::FleetConfig& config) {
  AMITY_TRY(fleet_, world::Fleet::make(reactor_.runtime(), config));
  AMITY_CHECK(fleet_->listen());
  meters_ = std::thread([this] { reactor_.run(); });
  return {};
}

Result<std::unique_ptr<SimulatedUtility>> SimulatedUtility::start(world::FleetConfig fleet,
                                                                  roles::PlatformOptions options) {
  std::unique_ptr<SimulatedUtility> utility(new SimulatedUtility());
  AMITY_CHECK(utility->start_meters(fleet));
  std::string& stg_drop = options.heard.stg_drop;
  if (stg_drop.empty() && fleet.mix[world::MeterProtocol::kStg] > 0)
    stg_drop = options.data_directory + "/stg-drop";
  const std::string reports = stg_drop, data_directory = options.data_directory;
  AMITY_TRY(const TimeZone zone, TimeZone::find(options.zone));
  AMITY_TRY(utility->platform_, roles::Platform::open(std::move(options)));
  roles::Platform& platform = *utility->platform_;
  FleetFile file;
  file.master = utility->fleet_->master_data();
  for (const world::DeviceSecrets& secrets : utility->fleet_->secrets()) {
    file.keys.emplace_back(secrets.device, device_keys(secrets));
  }
  for (const world::SideKey& key : utility->fleet_->side_keys()) file.keys.emplace_back(key.device, device_keys(key));
  AMITY_CHECK(import_fleet(file, platform.store().registry(), platform.keys()));
  AMITY_CHECK(add_demo_billing(file.master, zone, platform.tariff_directory(), platform.store().billing()));
  AMITY_CHECK(write_demo_grid(*utility->fleet_, data_directory + "/virtual_meters.toml"));
  AMITY_CHECK(platform.start());
  if (const auto push = platform.push_tcp()) {
    utility->on_meters([push](world::Fleet& meters) { meters.start_pushes(*push); });
  }
  if (const auto frames = platform.frames(); !frames.empty()) {
    utility->on_meters([&frames](world::Fleet& meters) { meters.start_frames(frames.front()); });
  }
  if (!reports.empty()) {
    utility->on_meters([&reports](world::Fleet& meters) { meters.start_reports(reports); });
  }
  return utility;
}

void SimulatedUtility::on_meters(const std::function<void(world::Fleet&)>& work) {
  std::promise<void> done;
  reactor_.runtime().timers.post([&] {
    work(*fleet_);
    done.set_value();
  });
  done.get_future().wait();
}

SimulatedUtility::~SimulatedUtility() {
  if (platform_) platform_->stop();
  if (meters_.joinable()) {
    on_meters([](world::Fleet& fleet) { fleet.stop(); });
    reactor_.stop();
    meters_.join();
  }
  fleet_.reset();
}

}  // namespace amity::app
