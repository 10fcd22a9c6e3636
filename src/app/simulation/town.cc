#include "app/simulation/town.h"

#include <algorithm>
#include <map>

#include "app/simulation/limits.h"
#include "world/hash.h"

namespace amity::simulation {

namespace {

constexpr std::uint16_t kMeterPort = 4059;
constexpr const char* kCollectorHost = "10.0.2.1";
constexpr std::uint32_t kTelegramEvery_s = 900;
constexpr std::uint16_t kPushReceiverSap = 1;
constexpr std::int64_t kPushSpread_s = 120;
constexpr std::size_t kPushing = 3;   // every third meter pushes
constexpr double kPushOverlap = 0.3;  // of the pushes repeat rows of the one before
constexpr double kPushDoubled = 0.1;  // of the frames are sent twice, byte for byte

world::EnergyBook make_book(const Config& config, const world::Grid& grid, const TimeZone& zone) {
  world::BookConfig book;
  book.seed = config.seed;
  std::vector<world::BookHome> homes(grid.meters.size());
  for (std::uint32_t i = 0; i < homes.size(); ++i) {
    const TransformerId transformer = grid.master.service_points[i].transformer;
    homes[i].path = {i, transformer.value,
                     grid.master.transformers[transformer.value - 1].feeder.value};
    homes[i].supply = grid.meters[i].supply;
  }
  return world::EnergyBook(book, zone, std::move(homes));
}

}  // namespace

struct Town::OutgoingPush : Stream::Handler {
  std::unique_ptr<Stream> stream;
  bool done = false;
  void on_open() override {
    stream->close();  // sends what is queued first
    done = true;
  }
  void on_bytes(ByteView) override {}
  void on_closed(const Error&) override { done = true; }
};

struct Town::House {
  world::VirtualProcess* process = nullptr;
  std::string host;
  std::vector<std::uint32_t> meters;
  enum class Kind : std::uint8_t { kMeter, kConcentrator, kSide, kCollectors } kind = Kind::kMeter;
  std::map<std::string, world::VirtualMeter*, std::less<>> by_serial;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<DatagramSocket> socket;
  std::list<std::unique_ptr<world::Host>> connections;
  std::list<OutgoingPush> pushes;
  std::unique_ptr<world::Collectors> collectors;
};

Town::Town(world::VirtualWorld& world, const Config& config, const std::string& platform)
    : world_(world),
      config_(config),
      push_target_{platform, kPushPort},
      frames_target_{platform, kFramesPort},
      random_(world::mix(config.seed, 0x746F776Eu)),
      true_time_(world.queue(), world.start().value * 1'000'000) {}

Town::~Town() = default;

Result<std::unique_ptr<Town>> Town::make(world::VirtualWorld& world, const Config& config,
                                         const std::string& platform) {
  std::unique_ptr<Town> town(new Town(world, config, platform));
  AMITY_CHECK(town->build());
  return town;
}

Status Town::build() {
  world::MixPlan plan;
  const auto count = [&plan](world::MeterProtocol p) -> std::uint32_t& {
    return plan.counts[static_cast<std::size_t>(p)];
  };
  count(world::MeterProtocol::kDlms) = config_.meters;
  count(world::MeterProtocol::kC1222) = config_.c12_meters;
  count(world::MeterProtocol::kWmbus) = config_.radio_meters;
  world::GridConfig grid;
  grid.seed = config_.seed;
  grid.meters = plan.homes();
  grid.port = kMeterPort;
  town_.born = world_.start() - kHistory_s;
  grid.commissioned = town_.born;
  AMITY_TRY(grid_, world::build_grid(grid));
  AMITY_TRY(const TimeZone zone, TimeZone::find(kTownZone));
  book_ = std::make_unique<world::EnergyBook>(make_book(config_, grid_, zone));
  town_.book = book_.get();
  town_.clock = &true_time_;
  town_.seed = config_.seed;
  for (std::uint32_t i = 0; i < grid_.meters.size(); ++i) {
    meters_.push_back(std::make_unique<world::VirtualMeter>(
        &town_, i, &world::meter_models()[grid_.meters[i].model]));
  }
  side_ = std::make_unique<world::SideMeters>(plan, &town_, meters_, kMeterPort, grid_.master);
  build_houses();
  pushed_until_.assign(meters_.size(), world_.start());
  return {};
}

Town::House& Town::add_house(const std::string& host) {
  House& house = *hosts_.emplace_back(std::make_unique<House>());
  house.host = host;
  house.process = &world_.add_process(host);
  return house;
}

void Town::build_houses() {
  std::map<std::uint32_t, std::size_t> concentrators;
  for (std::uint32_t i = 0; i < config_.meters; ++i) {
    const std::uint32_t behind = grid_.meters[i].concentrator;
    const bool direct = behind == world::kNoConcentrator;
    if (direct) {
      add_house(world::meter_host(i));
    } else if (!concentrators.contains(behind)) {
      concentrators[behind] = hosts_.size();
      add_house(world::concentrator_host(behind)).kind = House::Kind::kConcentrator;
    }
    const std::size_t at = direct ? hosts_.size() - 1 : concentrators[behind];
    hosts_[at]->meters.push_back(i);
    hosts_[at]->by_serial[meters_[i]->serial()] = meters_[i].get();
    host_of_.push_back(at);
  }
  for (const world::SideDevice& device : side_->devices()) {
    if (device.protocol != world::MeterProtocol::kC1222) continue;
    House& house = add_house(world::meter_host(device.meter));
    house.kind = House::Kind::kSide;
    house.meters.push_back(device.meter);
  }
  if (side_->collectors() > 0) add_house(kCollectorHost).kind = House::Kind::kCollectors;
}

std::vector<std::pair<DeviceId, headend::DeviceKeys>> Town::keys() const {
  std::vector<std::pair<DeviceId, headend::DeviceKeys>> out;
  for (std::size_t i = 0; i < size(); ++i) {
    const auto& meter = meters_[i];
    const world::MeterKeys of = meter->keys();
    headend::DeviceKeys keys;
    keys.mechanism = dlms::Mechanism::kHighGmac;
    keys.policy = {dlms::SecuritySuite::k0, true, true};
    keys.client_title = world::headend_title(config_.seed);
    keys.meter_title = of.title;
    keys.current = {of.encryption, of.authentication};
    keys.master = of.master;
    out.emplace_back(DeviceId(meter->index() + 1), std::move(keys));
  }
  for (const world::SideKey& key : side_->keys()) {
    headend::DeviceKeys keys;
    keys.current.encryption = key.key;
    out.emplace_back(key.device, std::move(keys));
  }
  return out;
}

Status Town::power_up() {
  for (const auto& house : hosts_) AMITY_CHECK(boot(*house));
  return {};
}

Status Town::boot(House& house) {
  if (house.kind == House::Kind::kCollectors) {
    world::CollectorConfig collectors;
    collectors.seed = config_.seed;
    collectors.target = frames_target_;
    collectors.every_s = kTelegramEvery_s;
    house.collectors =
        std::make_unique<world::Collectors>(house.process->runtime(), collectors, *side_);
    return {};
  }
  AMITY_TRY(house.listener,
            house.process->runtime().network.listen(Endpoint{house.host, kMeterPort},
                                                    [this, &house](std::unique_ptr<Stream> stream) {
                                                      accept(house, std::move(stream));
                                                    }));
  AMITY_TRY(house.socket, house.process->runtime().network.open_datagram(
                              Endpoint{house.host, kMeterPort}, [](const Endpoint&, ByteView) {}));
  return {};
}

void Town::accept(House& house, std::unique_ptr<Stream> stream) {
  const world::HostContext context{house.process->runtime(), {}, nullptr};
  const auto on_done = [&house](world::Host* host) {
    house.process->runtime().timers.post([&house, host] {
      house.connections.remove_if([&](const auto& c) { return c.get() == host; });
    });
  };
  if (house.kind == House::Kind::kSide) {
    auto conversation = side_->converse(house.host, house.process->runtime().clock.now());
    if (!conversation) return;
    house.connections.push_back(std::make_unique<world::ConversationHost>(
        context, std::move(conversation), std::move(stream), on_done));
  } else if (house.kind == House::Kind::kConcentrator) {
    const auto find = [&house](ByteView address) -> world::VirtualMeter* {
      const auto found = house.by_serial.find(as_text(address));
      return found == house.by_serial.end() ? nullptr : found->second;
    };
    house.connections.push_back(
        std::make_unique<world::ConcentratorHost>(context, find, std::move(stream), on_done));
  } else {
    house.connections.push_back(std::make_unique<world::MeterHost>(
        context, *meters_[house.meters.front()], std::move(stream), on_done));
  }
}

void Town::set_links(const world::LinkProfile& link) {
  for (const auto& house : hosts_) house->process->link = link;
}

void Town::reboot(std::size_t at, Duration off, bool silently) {
  House& house = *hosts_[at];
  if (house.process->down()) return;
  ++stats.reboots;
  house.process->crash(silently);
  house.connections.clear();
  house.pushes.clear();
  house.collectors.reset();
  house.listener.reset();
  house.socket.reset();
  house.process->set_down(true);
  for (const std::uint32_t meter : house.meters) meters_[meter]->reboot();
  world_.at(world_.now() + off, [this, &house] {
    house.process->set_down(false);
    const Status booted = boot(house);
    AMITY_ASSERT(booted.ok());
  });
}

void Town::cut(std::size_t host, Duration length) {
  ++stats.cuts;
  hosts_[host]->process->cut_link(world_.now() + length);
}

void Town::jump_clock(std::size_t meter, std::int64_t by_s) {
  if (meters_[meter]->jump_clock(by_s)) ++stats.clock_jumps;
}

void Town::start_pushes() {
  pushing_ = true;
  for (std::uint32_t i = 0; i < size(); i += kPushing) plan_push(i);
}

// Shortly after the turn of each interval.
void Town::plan_push(std::uint32_t meter) {
  const std::int64_t length = book_->interval_s();
  const std::int64_t next = (world_.utc().value / length + 1) * length - world_.start().value;
  const auto spread = static_cast<std::int64_t>(
      random_.below(static_cast<std::uint64_t>(kPushSpread_s * 1'000'000)));
  world_.at(Instant{next * 1'000'000 + spread}, [this, meter] {
    if (!pushing_) return;
    push(meter);
    plan_push(meter);
  });
}

Result<Bytes> Town::push_frame(world::VirtualMeter& meter) {
  const UtcSeconds now = meter.meter_time();
  UtcSeconds& until = pushed_until_[meter.index()];
  const std::int64_t length = book_->interval_s();
  if (random_.chance(kPushOverlap)) until = until - 2 * length;
  const UtcSeconds after = std::max(until, now - 4 * length);
  until = now;
  std::optional<dlms::GatewayRoute> gateway;
  if (hosts_[host_of_[meter.index()]]->kind == House::Kind::kConcentrator) {
    gateway.emplace();
    const std::string serial = meter.serial();
    gateway->device_address.assign(serial.begin(), serial.end());
  }
  const dlms::ServerConfig config = world::server_config(meter, gateway);
  dlms::Push push;
  push.destination_sap = kPushReceiverSap;
  push.security = {dlms::SecuritySuite::k0, true, true};
  push.invoke_id = ++invoke_id_;
  push.body = meter.interval_push(after, now);
  return dlms::encode_push(config, push, &meter.counters());
}

void Town::push(std::uint32_t index) {
  House& house = *hosts_[host_of_[index]];
  world::VirtualMeter& meter = *meters_[index];
  if (house.process->down() || !meter.powered()) return;
  auto frame = push_frame(meter);
  if (!frame.ok()) return;
  const bool datagram = index / kPushing % 2 == 1;
  if (random_.chance(kPushDoubled)) {
    ++stats.pushes_doubled;
    send_push(house, *frame, datagram);
  }
  send_push(house, std::move(*frame), datagram);
}

void Town::send_push(House& house, Bytes frame, bool datagram) {
  ++(datagram ? stats.pushes_udp : stats.pushes_tcp);
  if (datagram) return house.socket->send_to(push_target_, frame);
  house.pushes.remove_if([](const OutgoingPush& p) { return p.done; });
  OutgoingPush& push = house.pushes.emplace_back();
  push.stream =
      house.process->runtime().network.connect(push_target_, std::chrono::seconds(10), &push);
  push.stream->send(std::move(frame));
}

}  // namespace amity::simulation
