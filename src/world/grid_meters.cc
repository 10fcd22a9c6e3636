#include "world/grid_meters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "world/hash.h"

namespace amity::world {
namespace {

// About those of oil-filled transformers under Regulation (EU) 548/2014, tier 2: 100 kVA 135 W and
// 1,350 W, 315 kVA 360 W and 2,850 W.
double no_load_w(double rating_va) {
  return 30 + 1.05e-3 * rating_va;
}
double copper_w(double rating_va) {
  return 650 + 7e-3 * rating_va;
}

constexpr double kLow_v = 400, kMedium_v = 11'000;
constexpr double kLowLine_ohm =
    0.02;  // low-voltage lines of one transformer, as one load sees them
constexpr double kMediumLine_ohm = 1.4;  // of a feeder
constexpr double kHiddenLoad_w = 1'500;  // lamps, eighteen hours a day
constexpr double kHiddenShare = 0.9;     // of what its meter still counts
constexpr std::size_t kHomesForBypass = 20;

// Multiples of the golden ratio: any share is met evenly, in a small town too.
bool chosen(std::size_t i, double share) {
  const double place = static_cast<double>(i) * 0.6180339887498949;
  return place - std::floor(place) < share;
}

class Planner {
 public:
  Planner(const GridMetering& config, const store::MasterData& master)
      : config_(config), master_(master) {}

  GridPlan plan() {
    add_nodes();
    if (config_.share <= 0) return std::move(plan_);
    const std::size_t transformers = master_.transformers.size();
    metered_.resize(transformers);
    for (std::size_t t = 0; t < transformers; ++t) metered_[t] = chosen(t, config_.share);
    if (config_.bypasses) add_bypasses();
    const auto homes = static_cast<std::uint32_t>(master_.service_points.size());
    for (std::uint32_t t = 0; t < transformers; ++t) {
      if (metered_[t]) plan_.meters.push_back({homes + t, false, t, {}, {}});
    }
    for (std::uint32_t f = 0; f < master_.feeders.size(); ++f)
      plan_.meters.push_back(
          {homes + static_cast<std::uint32_t>(transformers) + f, true, f, {}, {}});
    return std::move(plan_);
  }

 private:
  void add_nodes() {
    const auto homes = static_cast<std::uint32_t>(master_.service_points.size());
    const auto transformers = static_cast<std::uint32_t>(master_.transformers.size());
    for (std::uint32_t t = 0; t < transformers; ++t) {
      const Transformer& about = master_.transformers[t];
      GridNode& node = plan_.nodes.emplace_back();
      node.path = {homes + t, about.id.value, about.feeder.value, GridPath::Spot::kTransformer};
      node.no_load_w = no_load_w(about.rating_va);
      node.copper_ohm =
          copper_w(about.rating_va) * kLow_v * kLow_v / (1.0 * about.rating_va * about.rating_va) +
          kLowLine_ohm;
      node.volt = kLow_v;
    }
    for (std::uint32_t h = 0; h < std::min(homes, config_.electricity); ++h)
      plan_.nodes[master_.service_points[h].transformer.value - 1].beneath.push_back(h);
    for (std::uint32_t f = 0; f < master_.feeders.size(); ++f) {
      GridNode& node = plan_.nodes.emplace_back();
      node.path = {homes + transformers + f, 0, master_.feeders[f].id.value,
                   GridPath::Spot::kFeeder};
      node.copper_ohm = kMediumLine_ohm;
      node.volt = kMedium_v;
      for (std::uint32_t t = 0; t < transformers; ++t) {
        if (master_.transformers[t].feeder == master_.feeders[f].id)
          node.beneath.push_back(homes + t);
      }
    }
  }

  // One under a transformer that has a meter; a smaller one under another, that need not have any.
  void add_bypasses() {
    std::vector<std::uint32_t> fit;
    for (std::uint32_t t = 0; t < metered_.size(); ++t) {
      const auto& homes = plan_.nodes[t].beneath;
      if (homes.size() >= kHomesForBypass && homes.back() < config_.with_intervals)
        fit.push_back(t);
    }
    if (fit.empty()) return;
    Draw draw(config_.seed, 0x42595053u);
    const std::size_t first = draw.below(fit.size());
    metered_[fit[first]] = true;
    add_bypass(fit[first], kHiddenLoad_w, 0, draw);
    if (fit.size() < 2) return;
    const std::size_t second = (first + 1 + draw.below(fit.size() - 1)) % fit.size();
    add_bypass(fit[second], 0, kHiddenShare, draw);
  }

  void add_bypass(std::uint32_t transformer, double load_w, double share, Draw& draw) {
    GridNode& node = plan_.nodes[transformer];
    node.bypass_home = node.beneath[draw.below(node.beneath.size())];
    node.bypass_w = load_w;
    node.bypass_share = share;
    plan_.bypasses.push_back({node.bypass_home, transformer, load_w, share, metered_[transformer]});
  }

  const GridMetering& config_;
  const store::MasterData& master_;
  std::vector<bool> metered_;
  GridPlan plan_;
};

}  // namespace

GridPlan plan_grid(const GridMetering& config, const store::MasterData& master) {
  return Planner(config, master).plan();
}

void add_grid_meters(GridPlan& plan, const GridConfig& config, store::MasterData& master) {
  for (GridMeter& meter : plan.meters) {
    ServicePoint point;
    point.id = ServicePointId(static_cast<std::uint32_t>(master.service_points.size()) + 1);
    if (meter.feeder) {
      point.name = master.feeders[meter.of].name;
      point.address = fmt::format("Substation, feeder {}", point.name);
      point.latitude = config.climate.latitude;
      point.longitude = config.climate.longitude;
    } else {
      const Transformer& t = master.transformers[meter.of];
      point.name = t.name;
      point.address = fmt::format("Transformer {}", t.name);
      point.latitude = t.latitude;
      point.longitude = t.longitude;
      point.transformer = t.id;
    }
    const MeterModel& model = grid_meter_model();
    Device d;
    d.id = DeviceId(static_cast<std::uint32_t>(master.devices.size()) + 1);
    d.serial = meter.serial = meter_serial(model, meter.number);
    d.manufacturer = model.flag;
    d.model = model.name;
    d.firmware = model.firmware;
    d.protocol = "dlms";
    d.address = fmt::format("{}://{}:{}?client=1&server=1", config.hdlc ? "dlms+hdlc" : "dlms+tcp",
                            meter_host(meter.number), config.port);
    d.service_point = point.id;
    d.interval_s = config.interval_s;
    d.commissioned = config.commissioned;
    d.commodity = Commodity::kElectricity;
    meter.device = d.id;
    append_channels(d, master.channels);
    master.service_points.push_back(std::move(point));
    master.devices.push_back(std::move(d));
  }
}

}  // namespace amity::world
