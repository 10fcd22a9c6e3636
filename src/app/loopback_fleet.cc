#include "app/loopback_fleet.h"

namespace amity::app {

Result<std::unique_ptr<LoopbackFleet>> LoopbackFleet::start(std::uint32_t meters, std::int32_t history_days,
                                                            bool hdlc, world::DeviceMix mix,
                                                            const runtime::TlsContext* tls) {
  auto loopback = std::make_unique<LoopbackFleet>();
  world::FleetConfig config;
  config.meters = meters;
  config.history_days = history_days;
  config.faults = world::FaultRates::none();
  config.link = world::LinkQuality{};
  config.link.delay_ms = 0;
  config.port = 0;
  config.hdlc = hdlc;
  config.mix = mix;
  const Runtime plain = loopback->reactor_.runtime();
  if (tls != nullptr) loopback->tls_ = runtime::make_tls_network(plain, *tls);
  Network& network = tls != nullptr ? *loopback->tls_ : plain.network;
  AMITY_TRY(loopback->fleet_,
            world::Fleet::make({plain.clock, plain.timers, plain.random, network}, config));
  AMITY_CHECK(loopback->fleet_->listen());
  loopback->fleet_->warm_up();
  loopback->thread_ = std::thread([reactor = &loopback->reactor_] { reactor->run(); });
  return loopback;
}

LoopbackFleet::~LoopbackFleet() {
  reactor_.stop();
  if (thread_.joinable()) thread_.join();
}

std::vector<std::pair<DeviceId, headend::DeviceKeys>> keys_of(const world::Fleet& fleet) {
  std::vector<std::pair<DeviceId, headend::DeviceKeys>> out;
  for (const world::DeviceSecrets& secrets : fleet.secrets()) {
    headend::DeviceKeys keys;
    keys.mechanism = dlms::Mechanism::kHighGmac;
    keys.policy = {dlms::SecuritySuite::k0, true, true};
    keys.client_title = secrets.client_title;
    keys.meter_title = secrets.keys.title;
    keys.current = {secrets.keys.encryption, secrets.keys.authentication};
    keys.master = secrets.keys.master;
    out.emplace_back(secrets.device, std::move(keys));
  }
  return out;
}

}  // namespace amity::app
