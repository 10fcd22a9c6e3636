#include "world/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "world/hash.h"
#include "world/limits.h"
#include "world/names.h"

namespace amity::world {
namespace {

constexpr double kMetresPerDegree = 111'320;
constexpr double kCellWidthM = 330, kStreetGapM = 75;
constexpr int kStreetsPerCell = 3;        // rows of houses, each along one street
constexpr int kCellsPerStreet = 5;        // then the street has another name
constexpr int kDistrictCells = 4;         // half width of the centre district
constexpr std::uint32_t kTransformersPerFeederMin = 2, kTransformersPerFeederMax = 14;
constexpr std::uint32_t kConcentratorBase = 1u << 19;
constexpr std::uint32_t kGatewayBase = kConcentratorBase + (1u << 18);
constexpr std::uint32_t kAddressesMax = 1u << 20;

struct Cell {
  int x = 0, y = 0;        // from the centre; x to the east, y to the north
  std::uint32_t homes = 0;
};

// The cells nearest to the centre that together hold `meters`, ordered so that neighbours in the list are neighbours
// on the ground as seen from the substation: by direction, in rings of sectors.
std::vector<Cell> lay_out(std::uint64_t seed, std::uint32_t meters) {
  const int radius = static_cast<int>(std::ceil(std::sqrt(meters / 30.0 / 3.0))) + 2;
  std::vector<Cell> cells;
  for (int y = -radius; y <= radius; ++y) {
    for (int x = -radius; x <= radius; ++x) cells.push_back({x, y, 0});
  }
  const auto far = [&](const Cell& c) {
    const double jitter = unit_of(mix(seed, 0x43454C4Cu, static_cast<std::uint64_t>(c.y * 4'096 + c.x)));
    return std::hypot(c.x + 0.5, (c.y + 0.5) * 0.8) + 0.9 * jitter;
  };
  std::ranges::sort(cells, [&](const Cell& a, const Cell& b) { return far(a) < far(b); });
  std::uint32_t left = meters;
  std::size_t used = 0;
  for (; used < cells.size() && left > 0; ++used) {
    Draw draw(seed, 0x484F4D45u, static_cast<std::uint64_t>(cells[used].y * 4'096 + cells[used].x));
    cells[used].homes = std::min<std::uint32_t>(left, static_cast<std::uint32_t>(30 + draw.below(31)));
    left -= cells[used].homes;
  }
  AMITY_ASSERT(left == 0);
  cells.resize(used);
  const auto bearing = [](const Cell& c) { return std::atan2(c.y + 0.5, c.x + 0.5); };
  std::ranges::stable_sort(cells, [&](const Cell& a, const Cell& b) { return bearing(a) < bearing(b); });
  return cells;
}

// "1-0:1.29.0*255"
std::string reduced(const dlms::Obis& o) {
  return fmt::format("{}-{}:{}.{}.{}*{}", o.a(), o.b(), o.c(), o.d(), o.e(), o.f());
}

class Builder {
 public:
  explicit Builder(const GridConfig& config) : config_(config) { grid_.meters.reserve(config.meters); }

  Grid build() {
    const std::vector<Cell> cells = lay_out(config_.seed, config_.meters);
    const auto per_feeder = std::clamp(static_cast<std::uint32_t>(cells.size() / 3), kTransformersPerFeederMin,
                                       kTransformersPerFeederMax);
    for (std::uint32_t t = 0; t < cells.size(); ++t) {
      if (t % per_feeder == 0) add_feeder();
      add_transformer(cells[t], t);
      const std::uint32_t concentrator = concentrator_of(t, cells[t]);
      for (std::uint32_t h = 0; h < cells[t].homes; ++h) add_home(cells[t], h, concentrator);
    }
    add_channels();
    return std::move(grid_);
  }

 private:
  void add_feeder() {
    Feeder feeder;
    feeder.id = FeederId(static_cast<std::uint32_t>(grid_.master.feeders.size() + 1));
    feeder.name = fmt::format("F{:02}", feeder.id.value);
    grid_.master.feeders.push_back(std::move(feeder));
  }

  void add_transformer(const Cell& cell, std::uint32_t number) {
    Transformer t;
    t.id = TransformerId(number + 1);
    t.name = fmt::format("T{:04}", number + 1);
    t.feeder = grid_.master.feeders.back().id;
    t.latitude = latitude_of((cell.y + 0.5) * kStreetsPerCell * kStreetGapM);
    t.longitude = longitude_of((cell.x + 0.5) * kCellWidthM);
    constexpr std::uint32_t kRatings[] = {100'000, 160'000, 200'000, 315'000, 500'000};
    const double needed_va = cell.homes * 4'200.0;  // after diversity
    t.rating_va = *std::ranges::find_if(kRatings, [&](std::uint32_t r) { return r >= needed_va || r == 500'000; });
    grid_.master.transformers.push_back(std::move(t));
  }

  // Neighbouring transformers share a concentrator until it is full; whole stretches have none.
  std::uint32_t concentrator_of(std::uint32_t transformer, const Cell& cell) {
    const std::uint64_t stretch = transformer / 2;
    // Multiples of the golden ratio: any share is met evenly, in a small town too.
    const double place = static_cast<double>(stretch) * 0.6180339887498949;
    if (place - std::floor(place) >= config_.concentrator_share) return kNoConcentrator;
    if (stretch != last_stretch_ || behind_ + cell.homes > config_.concentrator_meters + 20) {
      last_stretch_ = stretch;
      behind_ = 0;
      ++grid_.concentrators;
    }
    behind_ += cell.homes;
    return grid_.concentrators - 1;
  }

  void add_home(const Cell& cell, std::uint32_t position, std::uint32_t concentrator) {
    const auto index = static_cast<std::uint32_t>(grid_.meters.size());
    Draw draw(config_.seed, 0x53504Eu, index);
    const std::uint32_t per_street = (cell.homes + kStreetsPerCell - 1) / kStreetsPerCell;
    const int street = static_cast<int>(position / per_street);
    const std::uint32_t along = position % per_street;
    const bool north_side = along % 2 == 1;
    const double pitch = kCellWidthM / (per_street / 2 + 1);
    const double east = cell.x * kCellWidthM + (along / 2 + 0.5) * pitch + draw.between(-4, 4);
    const double north = (cell.y * kStreetsPerCell + street + 0.5) * kStreetGapM + (north_side ? 18 : -18) +
                         draw.between(-3, 3);

    ServicePoint point;
    point.id = ServicePointId(index + 1);
    point.name = fmt::format("61{:08}", index + 1);
    point.address = address_of(cell, street, along);
    point.latitude = latitude_of(north);
    point.longitude = longitude_of(east);
    point.transformer = grid_.master.transformers.back().id;
    point.customer = CustomerId(index + 1);

    Customer customer;
    customer.id = point.customer;
    const bool business = draw.chance(0.06);
    customer.name = business ? business_name(config_.seed, index) : person_name(config_.seed, index);
    customer.customer_class = business ? "commercial" : "residential";

    MeterPlace place;
    place.model = pick_model(draw.unit());
    place.concentrator = concentrator;
    place.supply = supply_of(cell, std::hypot(east - (cell.x + 0.5) * kCellWidthM, north - cell_middle(cell)), draw);

    grid_.master.devices.push_back(device_of(place, index));
    grid_.master.service_points.push_back(std::move(point));
    grid_.master.customers.push_back(std::move(customer));
    grid_.meters.push_back(place);
  }

  Device device_of(const MeterPlace& place, std::uint32_t index) const {
    const MeterModel& model = meter_models()[place.model];
    Device d;
    d.id = DeviceId(index + 1);
    d.serial = meter_serial(model, index);
    d.manufacturer = model.flag;
    d.model = model.name;
    d.firmware = model.firmware;
    d.protocol = "dlms";
    const bool direct = place.concentrator == kNoConcentrator;
    d.address = fmt::format("{}://{}:{}?client=1&server=1", direct && config_.hdlc ? "dlms+hdlc" : "dlms+tcp",
                            direct ? meter_host(index) : concentrator_host(place.concentrator), config_.port);
    if (!direct) {
      d.address += "&gateway=0/" + to_hex(as_bytes(d.serial));
      d.segment = fmt::format("C{:04}", place.concentrator + 1);
    }
    d.service_point = ServicePointId(index + 1);
    d.interval_s = config_.interval_s;
    d.commissioned = config_.commissioned;
    d.commodity = Commodity::kElectricity;
    return d;
  }

  static std::uint8_t pick_model(double unit) {
    const auto models = meter_models();
    std::uint8_t i = 0;
    for (; i + 1u < models.size() && unit >= models[i].share; ++i) unit -= models[i].share;
    return i;
  }

  // Low-voltage overhead line, 0.55 ohm/km there and back; the transformer's own impedance by its size.
  Supply supply_of(const Cell& cell, double distance_m, Draw& draw) const {
    Supply s;
    const double rating = grid_.master.transformers.back().rating_va;
    s.source_v = static_cast<float>(237 + 3 * unit_of(mix(config_.seed, 0x544150u, grid_.master.transformers.size())) +
                                    draw.between(-0.4, 0.4));
    s.shared_ohm = static_cast<float>(0.04 * 230 * 230 / rating + 0.00055 * 0.12 * distance_m);
    s.service_ohm = static_cast<float>(0.025 + 0.00055 * 0.5 * distance_m);
    s.neighbours = static_cast<std::uint16_t>(cell.homes);
    return s;
  }

  std::string address_of(const Cell& cell, int street, std::uint32_t along) const {
    const int row = cell.y * kStreetsPerCell + street;
    const int stretch = cell.x >= 0 ? cell.x / kCellsPerStreet : -1 - (-1 - cell.x) / kCellsPerStreet;
    const int from_start = cell.x - stretch * kCellsPerStreet;
    const std::uint32_t number = static_cast<std::uint32_t>(from_start) * 42 + along + 1;
    // No two streets of a district share a name as long as it has fewer than kStreetNames of them.
    const std::size_t name = static_cast<std::size_t>((row + 4'000) * 7 + (stretch + 400) * 131);
    return fmt::format("{} {}, {}", number, street_name(name % kStreetNames),
                       suburb_name(std::abs(cell.x) <= kDistrictCells ? 0 : cell.x,
                                   std::abs(cell.y) <= kDistrictCells ? 0 : cell.y));
  }

  void add_channels() {
    for (const Device& device : grid_.master.devices)
      append_channels(device, grid_.master.channels);
  }

  static double cell_middle(const Cell& cell) { return (cell.y + 0.5) * kStreetsPerCell * kStreetGapM; }
  double latitude_of(double north_m) const { return config_.climate.latitude + north_m / kMetresPerDegree; }
  double longitude_of(double east_m) const {
    return config_.climate.longitude +
           east_m / (kMetresPerDegree * std::cos(config_.climate.latitude * 3.14159265358979 / 180));
  }

  const GridConfig& config_;
  Grid grid_;
  std::uint64_t last_stretch_ = UINT64_MAX;
  std::uint32_t behind_ = 0;
};

std::string host_of(std::uint32_t number) {
  return fmt::format("127.{}.{}.{}", 16 + (number >> 16), number >> 8 & 0xFF, number & 0xFF);
}

}  // namespace

Result<Grid> build_grid(const GridConfig& config) {
  if (config.meters > kMetersMax) {
    return make_error(ErrorCode::kLimit, fmt::format("{} meters; at most {}", config.meters, kMetersMax));
  }
  if (config.concentrator_share < 0 || config.concentrator_share > 1 || config.concentrator_meters == 0) {
    return make_error(ErrorCode::kInvalid, "the share of concentrators is no share");
  }
  return Builder(config).build();
}

void append_channels(const Device& device, std::vector<Channel>& channels) {
  std::uint32_t id = (device.id.value - 1) * kChannelsPerMeter;
  for (const ChannelSpec& spec : channel_specs()) {
    Channel c;
    c.id = ChannelId(++id);
    c.device = device.id;
    c.kind = spec.kind;
    c.name = spec.name;
    c.source = reduced(spec.obis);
    c.unit = spec.unit;
    c.exponent = spec.exponent;
    c.interval_s = spec.kind == ChannelKind::kInterval ? device.interval_s : 0;
    channels.push_back(std::move(c));
  }
}

std::string meter_host(std::uint32_t meter) { return host_of(meter + 1); }
std::string concentrator_host(std::uint32_t concentrator) { return host_of(kConcentratorBase + concentrator + 1); }

std::string gateway_host(std::uint32_t gateway) { return host_of(kGatewayBase + gateway + 1); }

std::string meter_serial(const MeterModel& model, std::uint32_t meter) {
  return fmt::format("{}2{:07}", model.flag, meter + 1);
}

std::optional<Addressed> addressed(const std::string& host) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  char rest = 0;
  if (std::sscanf(host.c_str(), "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) != 4) return std::nullopt;
  if (a != 127 || b < 16 || b > 31 || c > 255 || d > 255) return std::nullopt;
  const std::uint32_t number = (b - 16) << 16 | c << 8 | d;
  static_assert(kMetersMax < kConcentratorBase && kConcentratorBase < kAddressesMax);
  if (number == 0 || number == kConcentratorBase) return std::nullopt;
  if (number > kConcentratorBase) return Addressed{true, number - kConcentratorBase - 1};
  return Addressed{false, number - 1};
}

std::span<const ChannelSpec> channel_specs() {
  using dlms::Obis;
  static constexpr ChannelSpec kSpecs[kChannelsPerMeter] = {
      {"import", Obis(1, 0, 1, 29, 0, 255), ChannelKind::kInterval, Unit::kWattHour, 0},
      {"export", Obis(1, 0, 2, 29, 0, 255), ChannelKind::kInterval, Unit::kWattHour, 0},
      {"reactive_import", Obis(1, 0, 3, 29, 0, 255), ChannelKind::kInterval, Unit::kVarHour, 0},
      {"voltage_l1", Obis(1, 0, 32, 27, 0, 255), ChannelKind::kInterval, Unit::kVolt, -1},
      {"import_total", Obis(1, 0, 1, 8, 0, 255), ChannelKind::kRegister, Unit::kWattHour, 0},
      {"export_total", Obis(1, 0, 2, 8, 0, 255), ChannelKind::kRegister, Unit::kWattHour, 0},
      {"reactive_import_total", Obis(1, 0, 3, 8, 0, 255), ChannelKind::kRegister, Unit::kVarHour, 0},
  };
  return kSpecs;
}

}  // namespace amity::world
