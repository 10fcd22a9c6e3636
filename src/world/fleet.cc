#include "world/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "world/hash.h"
#include "world/limits.h"
#include "world/push_sender.h"

namespace amity::world {
namespace {

constexpr std::int64_t kWeek = 7 * 86'400;

UtcSeconds floor_to(UtcSeconds time, std::int64_t step) { return UtcSeconds(time.value / step * step); }

}  // namespace

Result<std::unique_ptr<Fleet>> Fleet::make(Runtime runtime, const FleetConfig& config) {
  AMITY_TRY(const TimeZone zone, TimeZone::find(config.zone));
  if (config.history_days < 0 || config.history_days > 800) {
    return make_error(ErrorCode::kInvalid, "the meters' history is 0 to 800 days");
  }
  std::unique_ptr<Fleet> fleet(new Fleet(runtime, config, zone));
  AMITY_CHECK(fleet->build(zone));
  return fleet;
}

Fleet::Fleet(Runtime runtime, const FleetConfig& config, const TimeZone&) : runtime_(runtime), config_(config) {}

Fleet::~Fleet() {
  *alive_ = false;
  stop();
}

Status Fleet::build(const TimeZone& zone) {
  const UtcSeconds now = runtime_.clock.utc();
  const bool real = config_.replay != nullptr;
  if (real) {
    const auto homes = static_cast<std::uint32_t>(config_.replay->homes.size());
    if (config_.meters == 0) config_.meters = homes;
    if (const std::uint32_t wanted = plan_mix(config_.mix, config_.meters).homes(); wanted > homes) {
      return make_error(ErrorCode::kInvalid, fmt::format("{} meters, but only {} real homes", wanted, homes));
    }
    replay_shift_s_ = (now - config_.replay_now) / kWeek * kWeek;
    config_.faults = FaultRates::none();  // the real homes bring their own gaps
  }
  GridConfig grid;
  grid.seed = config_.seed;
  const MixPlan plan = plan_mix(config_.mix, config_.meters);
  const auto counted = [&plan](MeterProtocol p) { return plan.counts[static_cast<std::size_t>(p)]; };
  if (counted(MeterProtocol::kDlmsMbus) > kMbusChannels * counted(MeterProtocol::kDlms)) {
    return make_error(ErrorCode::kInvalid, "too few DLMS meters for the M-Bus devices behind them");
  }
  grid.meters = plan.homes();
  grid.interval_s = real ? kReplayIntervalSeconds : 900;
  grid.concentrator_share = config_.concentrator_share;
  grid.port = config_.port;
  grid.hdlc = config_.hdlc;
  grid.climate = config_.climate;
  town_.born = floor_to(now - config_.history_days * 86'400LL, 86'400);
  grid.commissioned = town_.born;
  AMITY_TRY(grid_, build_grid(grid));

  BookConfig book;
  book.seed = config_.seed;
  book.interval_s = grid.interval_s;
  book.climate = config_.climate;
  book.faults = config_.faults;
  book.replay_shift_s = replay_shift_s_;
  std::vector<BookHome> homes(grid_.meters.size());
  for (std::uint32_t i = 0; i < homes.size(); ++i) {
    const TransformerId transformer = grid_.master.service_points[i].transformer;
    homes[i].path = {i, transformer.value, grid_.master.transformers[transformer.value - 1].feeder.value};
    homes[i].supply = grid_.meters[i].supply;
    if (real) homes[i].real = &config_.replay->homes[i];
  }
  GridMetering metering;
  metering.seed = config_.seed;
  metering.share = config_.grid_meter_share;
  metering.electricity = plan.electricity();
  metering.with_intervals = counted(MeterProtocol::kDlms);
  grid_plan_ = plan_grid(metering, grid_.master);
  book_ = std::make_unique<EnergyBook>(book, zone, std::move(homes), grid_plan_.nodes);
  town_.book = book_.get();
  town_.clock = &runtime_.clock;
  town_.seed = config_.seed;
  meters_.reserve(grid_.meters.size());
  for (std::uint32_t i = 0; i < grid_.meters.size(); ++i) {
    meters_.push_back(std::make_unique<VirtualMeter>(&town_, i, &meter_models()[grid_.meters[i].model]));
  }
  port_ = config_.port;
  dlms_meters_ = plan.counts[static_cast<std::size_t>(MeterProtocol::kDlms)];
  side_ = std::make_unique<SideMeters>(plan, &town_, meters_, port_, grid_.master);
  add_grid(grid);
  return {};
}

void Fleet::add_grid(const GridConfig& grid) {
  add_grid_meters(grid_plan_, grid, grid_.master);
  const auto homes = static_cast<std::uint32_t>(meters_.size());
  for (const GridMeter& m : grid_plan_.meters) {
    std::vector<const VirtualMeter*> beneath;
    const auto add = [&](const GridNode& transformer) {
      for (const std::uint32_t home : transformer.beneath) beneath.push_back(meters_[home].get());
    };
    const GridNode& node = grid_plan_.nodes[m.number - homes];
    if (!m.feeder) add(node);
    if (m.feeder) {
      for (const std::uint32_t t : node.beneath) add(grid_plan_.nodes[t - homes]);
    }
    auto& meter = grid_meters_.emplace_back(
        std::make_unique<VirtualMeter>(&town_, m.number, &grid_meter_model()));
    meter->set_beneath(std::move(beneath));
  }
  const auto station = std::ranges::find_if(grid_plan_.meters, &GridMeter::feeder);
  if (station == grid_plan_.meters.end()) return;
  VirtualMeter& host = *grid_meters_[static_cast<std::size_t>(station - grid_plan_.meters.begin())];
  district_ = side_->add_district(host, station->device, grid_.master);
}

std::vector<DeviceSecrets> Fleet::secrets() const {
  std::vector<DeviceSecrets> out;
  out.reserve(dlms_meters_);
  for (std::uint32_t i = 0; i < dlms_meters_; ++i) {
    out.push_back({DeviceId(i + 1), meters_[i]->keys(), headend_title(config_.seed)});
  }
  for (std::size_t i = 0; i < grid_meters_.size(); ++i) {
    out.push_back(
        {grid_plan_.meters[i].device, grid_meters_[i]->keys(), headend_title(config_.seed)});
  }
  return out;
}

void Fleet::set_port(std::uint16_t port) {
  if (port == port_) return;
  const std::string before = fmt::format(":{}", port_), after = fmt::format(":{}", port);
  for (Device& device : grid_.master.devices) {
    const std::size_t options = std::min(device.address.find('?'), device.address.size());
    if (options < before.size() || !device.address.substr(0, options).ends_with(before)) continue;
    device.address.replace(options - before.size(), before.size(), after);
  }
  port_ = port;
}

Status Fleet::listen() {
  const auto listen_at = [this](const std::string& host) -> Status {
    auto accepted = [this](std::unique_ptr<Stream> stream) { accept(std::move(stream)); };
    AMITY_TRY(auto listener, runtime_.network.listen(Endpoint{host, port_}, accepted));
    set_port(listener->local().port);
    listeners_.push_back(std::move(listener));
    return {};
  };
  if (!config_.listen_on_each) return listen_at(config_.bind);
  for (std::uint32_t i = 0; i < dlms_meters_; ++i) {
    if (grid_.meters[i].concentrator == kNoConcentrator) AMITY_CHECK(listen_at(meter_host(i)));
  }
  for (const auto& meter : grid_meters_) AMITY_CHECK(listen_at(meter_host(meter->index())));
  for (const std::string& host : side_->hosts()) AMITY_CHECK(listen_at(host));
  for (std::uint32_t c = 0; c < grid_.concentrators; ++c) AMITY_CHECK(listen_at(concentrator_host(c)));
  return {};
}

void Fleet::accept(std::unique_ptr<Stream> stream) {
  // Simulated meters are for this machine only: their keys are derived from a seed that anybody may know.
  if (!stream->peer().host.starts_with("127.") || hosts_.size() >= kConnectionsMax) return;
  const std::string& host = stream->local().host;
  const HostContext context{runtime_, config_.link, &stats_};
  const auto done = [this](Host* over) { forget(over); };
  if (auto conversation = side_->converse(host, runtime_.clock.now())) {
    return adopt(std::make_unique<ConversationHost>(context, std::move(conversation), std::move(stream), done));
  }
  const auto who = addressed(host);
  if (!who) return;
  if (who->concentrator) {
    if (who->index >= grid_.concentrators) return;
    auto find = [this, concentrator = who->index](ByteView address) { return behind(concentrator, address); };
    return adopt(std::make_unique<ConcentratorHost>(context, find, std::move(stream), done));
  }
  VirtualMeter* meter = reached_at(who->index);
  if (meter == nullptr || !meter->powered()) return;
  const auto transport = config_.hdlc ? dlms::Transport::kHdlc : dlms::Transport::kWrapperStream;
  adopt(std::make_unique<MeterHost>(context, *meter, std::move(stream), done, transport));
}

// The meter that has this address to itself.
VirtualMeter* Fleet::reached_at(std::uint32_t index) {
  if (index < dlms_meters_)
    return grid_.meters[index].concentrator == kNoConcentrator ? meters_[index].get() : nullptr;
  const auto at = std::ranges::find(grid_meters_, index, [](const auto& m) { return m->index(); });
  return at == grid_meters_.end() ? nullptr : at->get();
}

void Fleet::adopt(std::unique_ptr<Host> host) {
  Host* key = host.get();
  hosts_.emplace(key, std::move(host));
}

// The host is in the middle of a call: it goes when the call is over.
void Fleet::forget(Host* host) {
  runtime_.timers.post([this, host, alive = alive_] {
    if (*alive) hosts_.erase(host);
  });
}

VirtualMeter* Fleet::behind(std::uint32_t concentrator, ByteView device_address) {
  // A serial number: three letters, "2", seven digits of the number.
  if (device_address.size() != 11) return nullptr;
  std::uint32_t number = 0;
  for (const std::uint8_t digit : device_address.subspan(4)) {
    if (digit < '0' || digit > '9') return nullptr;
    number = number * 10 + (digit - '0');
  }
  if (number == 0 || number > dlms_meters_) return nullptr;
  VirtualMeter& meter = *meters_[number - 1];
  const bool here = grid_.meters[number - 1].concentrator == concentrator;
  return here && as_text(device_address) == meter.serial() ? &meter : nullptr;
}

void Fleet::start_pushes() {
  if (config_.push && !pushes_) pushes_ = std::make_unique<PushSender>(*this);
}

void Fleet::start_pushes(const Endpoint& to) {
  config_.push = to;
  start_pushes();
}

void Fleet::start_frames() {
  if (!config_.frames || collectors_) return;
  CollectorConfig config;
  config.seed = config_.seed;
  config.target = *config_.frames;
  config.every_s = config_.telegram_every_s;
  config.loss = config_.link.loss;
  collectors_ = std::make_unique<Collectors>(runtime_, config, *side_);
}

void Fleet::start_frames(const Endpoint& to) {
  config_.frames = to;
  start_frames();
}

void Fleet::start_reports() {
  if (config_.stg_drop.empty() || stg_) return;
  StgConfig config;
  config.folder = config_.stg_drop;
  config.every_s = config_.stg_every_s;
  stg_ = std::make_unique<StgConcentrators>(runtime_, config, town_, meters_, *side_);
}

void Fleet::start_reports(const std::string& folder) {
  config_.stg_drop = folder;
  start_reports();
}

void Fleet::disturb_later() {
  const std::int64_t minute = runtime_.clock.utc().value / 60 + 1;
  const Duration wait(minute * 60'000'000 - runtime_.clock.utc_us());
  disturbance_ = runtime_.timers.at(runtime_.clock.now() + wait, [this, minute] {
    disturb(minute);
    disturb_later();
  });
}

void Fleet::disturb(std::int64_t minute) {
  Draw draw(config_.seed, 0x44495354u, minute);
  const auto happens = [&](double per_meter_day) {
    const double expected = per_meter_day * static_cast<double>(meters_.size()) / 1'440;
    return static_cast<int>(expected) + (draw.unit() < expected - std::floor(expected) ? 1 : 0);
  };
  for (int n = happens(config_.faults.reboots); n > 0; --n) {
    const auto meter = static_cast<std::uint32_t>(draw.below(meters_.size()));
    meters_[meter]->reboot();
    cut_connections(meter);
  }
  for (int n = happens(config_.faults.clock_jumps); n > 0; --n) {
    const auto meter = draw.below(meters_.size());
    const double seconds = draw.lognormal(90, 1.6) * (draw.chance(0.5) ? 1 : -1);
    (void)meters_[meter]->jump_clock(static_cast<std::int64_t>(std::clamp(seconds, -20'000.0, 20'000.0)));
  }
}

void Fleet::stop() {
  runtime_.timers.cancel(disturbance_);
  listeners_.clear();
  pushes_.reset();
  collectors_.reset();
  stg_.reset();
  hosts_.clear();
}

void Fleet::cut_connections(std::uint32_t meter) {
  for (const auto& [key, host] : hosts_) {
    auto* direct = dynamic_cast<MeterHost*>(host.get());
    if (direct != nullptr && direct->meter().index() == meter) direct->cut();
  }
}

std::uint64_t Fleet::pushes_sent() const { return pushes_ ? pushes_->sent() : 0; }
std::uint64_t Fleet::pushes_failed() const { return pushes_ ? pushes_->failed() : 0; }

void Fleet::warm_up() {
  for (const auto& meter : meters_) (void)meter->totals_at(runtime_.clock.utc());
  for (const auto& meter : grid_meters_) (void)meter->totals_at(runtime_.clock.utc());
}

}  // namespace amity::world
