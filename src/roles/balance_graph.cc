#include "roles/balance_graph.h"

#include <algorithm>
#include <cstdlib>
#include <map>

namespace amity::roles {
namespace {

// Ids of sums, beyond those of real channels.
constexpr std::uint32_t kTransformers = 0x8000'0000, kFeeders = 0xA000'0000, kNamed = 0xC000'0000;
constexpr std::uint32_t kAreas = 0xD000'0000, kClasses = 0xE000'0000;
constexpr int kExponentMax = 12;
constexpr std::string_view kWattHours = "Wh", kLitres = "l";

// What a meter delivers: one of these names, an interval channel before a register.
struct Delivery {
  ChannelId in, out;
};
struct Wanted {
  std::string_view name;
  ChannelKind kind;
};
constexpr Wanted kImport[] = {{"import", ChannelKind::kInterval},
                              {"import_total", ChannelKind::kRegister},
                              {"active_energy_import", ChannelKind::kRegister},
                              {"active_energy_import_u1", ChannelKind::kRegister}};
constexpr Wanted kExport[] = {{"export", ChannelKind::kInterval},
                              {"export_total", ChannelKind::kRegister},
                              {"active_energy_export", ChannelKind::kRegister},
                              {"active_energy_export_u1", ChannelKind::kRegister}};
constexpr Wanted kVolume[] = {{"volume", ChannelKind::kInterval},
                              {"volume", ChannelKind::kRegister}};
constexpr Wanted kHeat[] = {{"energy", ChannelKind::kInterval}, {"energy", ChannelKind::kRegister}};

std::string_view unit_of(Unit unit) {
  if (unit == Unit::kWattHour || unit == Unit::kJoule) return kWattHours;
  return unit == Unit::kCubicMetre || unit == Unit::kLitre ? kLitres : std::string_view();
}

BalanceInput input_of(const Channel& c) {
  BalanceInput input{c, 1, c.exponent};
  if (c.unit == Unit::kJoule) input.divisor = 3'600;
  if (c.unit == Unit::kCubicMetre) input.exponent += 3;
  return input;
}

ChannelId first_of(const std::vector<Channel>& channels, std::span<const Wanted> wanted,
                   std::string_view unit) {
  for (const Wanted& w : wanted) {
    for (const Channel& c : channels) {
      if (c.name == w.name && c.kind == w.kind && unit_of(c.unit) == unit) return c.id;
    }
  }
  return {};
}

class Builder {
 public:
  Builder(store::Registry& registry, const BalanceDefinitions& definitions)
      : registry_(registry), definitions_(definitions) {}

  Result<BalanceGraph> build() {
    AMITY_CHECK(load());
    add_grid();
    for (const Device& d : devices_) add_device(d);
    for (const Transformer& t : transformers_) pass_to_feeder(t);
    AMITY_CHECK(add_named());
    AMITY_CHECK(add_supplies());
    AMITY_TRY(out_.graph, mdm::VirtualGraph::make(meters_));
    AMITY_CHECK(set_units());
    return std::move(out_);
  }

 private:
  Status load() {
    AMITY_TRY(const auto channels, registry_.channels());
    AMITY_TRY(devices_, registry_.devices());
    AMITY_TRY(const auto points, registry_.service_points());
    AMITY_TRY(const auto customers, registry_.customers());
    AMITY_TRY(transformers_, registry_.transformers());
    AMITY_TRY(feeders_, registry_.feeders());
    for (const Device& d : devices_) serials_[d.serial] = &d;
    for (const Channel& c : channels) {
      if (unit_of(c.unit).empty() || std::abs(c.exponent) > kExponentMax) continue;
      channels_[c.device].push_back(c);
      out_.inputs.emplace(c.id, input_of(c));
    }
    for (const Customer& c : customers) classes_of_[c.id] = c.customer_class;
    for (const ServicePoint& p : points) points_[p.id] = p;
    return {};
  }

  std::size_t add_node(const char* kind, const std::string& name, std::uint32_t number,
                       ChannelId id, Commodity commodity) {
    BalanceNode& node = out_.nodes.emplace_back();
    node.about.kind = kind;
    node.about.name = name;
    node.about.id = number;
    node.about.commodity = to_string(commodity);
    node.about.unit =
        commodity == Commodity::kWater || commodity == Commodity::kGas ? kLitres : kWattHours;
    node.id = id;
    meters_.push_back({id, name, {}});
    return out_.nodes.size() - 1;
  }

  void add_grid() {
    for (const Feeder& f : feeders_) {
      feeder_names_[f.name] = ChannelId(kFeeders + f.id.value);
      feeder_nodes_[f.id] = add_node("feeder", f.name, f.id.value, ChannelId(kFeeders + f.id.value),
                                     Commodity::kElectricity);
    }
    for (const Transformer& t : transformers_) {
      const ChannelId id(kTransformers + t.id.value);
      transformer_names_[t.name] = id;
      const std::size_t node = transformer_nodes_[t.id] =
          add_node("transformer", t.name, t.id.value, id, Commodity::kElectricity);
      const auto feeder = feeder_nodes_.find(t.feeder);
      if (feeder == feeder_nodes_.end()) continue;
      out_.nodes[node].about.feeder = out_.nodes[feeder->second].about.name;
      meters_[feeder->second].terms.push_back({id, mdm::kUnitCoefficient});
    }
  }

  static Commodity commodity_of(const Device& device, const std::vector<Channel>& channels) {
    if (device.commodity != Commodity::kUnknown) return device.commodity;
    const bool energy = first_of(channels, kImport, kWattHours).valid();
    return energy ? Commodity::kElectricity : Commodity::kUnknown;
  }

  static Delivery delivery_of(Commodity commodity, const std::vector<Channel>& channels) {
    switch (commodity) {
      case Commodity::kElectricity:
        return {first_of(channels, kImport, kWattHours), first_of(channels, kExport, kWattHours)};
      case Commodity::kWater:
      case Commodity::kGas:
        return {first_of(channels, kVolume, kLitres), {}};
      case Commodity::kHeat:
        return {first_of(channels, kHeat, kWattHours), {}};
      default:
        return {};
    }
  }

  void add_to(std::size_t at, const Delivery& delivery) {
    BalanceNode& node = out_.nodes[at];
    ++node.about.meters;
    if (!delivery.in.valid()) return void(++node.without);
    node.inputs.emplace_back(delivery.in, false);
    meters_[at].terms.push_back({delivery.in, mdm::kUnitCoefficient});
    if (!delivery.out.valid()) return;
    node.inputs.emplace_back(delivery.out, true);
    meters_[at].terms.push_back({delivery.out, -mdm::kUnitCoefficient});
  }

  // Meters at points without a customer measure the grid itself.
  void add_device(const Device& device) {
    const auto at = points_.find(device.service_point);
    if (device.state != DeviceState::kActive || at == points_.end() || !at->second.customer.valid())
      return;
    const ServicePoint& point = at->second;
    const std::vector<Channel>& channels = channels_[device.id];
    const Commodity commodity = commodity_of(device, channels);
    if (commodity == Commodity::kUnknown || commodity == Commodity::kOther) return;
    const Delivery delivery = delivery_of(commodity, channels);
    const auto node = transformer_nodes_.find(point.transformer);
    if (commodity == Commodity::kElectricity && node != transformer_nodes_.end())
      add_to(node->second, delivery);
    const auto grouped = [&](auto& known, const char* kind, std::uint32_t base,
                             const std::string& name) {
      if (name.empty()) return;
      const auto [group, fresh] = known.try_emplace({name, commodity}, 0);
      if (fresh) {
        const auto number = static_cast<std::uint32_t>(known.size());
        group->second = add_node(kind, name, number, ChannelId(base + number), commodity);
      }
      add_to(group->second, delivery);
    };
    grouped(areas_, "area", kAreas, area_of(point.address));
    grouped(classes_, "class", kClasses, classes_of_[point.customer]);
  }

  void pass_to_feeder(const Transformer& t) {
    const auto feeder = feeder_nodes_.find(t.feeder);
    if (feeder == feeder_nodes_.end()) return;
    const BalanceNode& node = out_.nodes[transformer_nodes_[t.id]];
    BalanceNode& above = out_.nodes[feeder->second];
    above.about.meters += node.about.meters;
    above.without += node.without;
    above.inputs.insert(above.inputs.end(), node.inputs.begin(), node.inputs.end());
  }

  // Whole units of the grid are sums themselves: an edge of the graph like any other.
  Result<ChannelId> find(const api::VirtualTerm& t) {
    const auto of = [](const auto& map, const std::string& name,
                       const char* what) -> Result<ChannelId> {
      const auto at = map.find(name);
      if (at != map.end()) return at->second;
      return make_error(ErrorCode::kNotFound,
                        std::string("there is no ") + what + " '" + name + "'");
    };
    if (!t.meter.empty()) return of(named_, t.meter, "virtual meter");
    if (!t.transformer.empty()) return of(transformer_names_, t.transformer, "transformer");
    if (!t.feeder.empty()) return of(feeder_names_, t.feeder, "feeder");
    AMITY_TRY(const Device* device, of_serial(t.serial));
    const std::vector<Channel>& channels = channels_[device->id];
    if (t.channel.empty()) {
      const ChannelId in = delivery_of(commodity_of(*device, channels), channels).in;
      if (in.valid()) return in;
      return make_error(ErrorCode::kNotFound,
                        "the meter '" + t.serial + "' keeps nothing that could be summed");
    }
    for (const ChannelKind kind : {ChannelKind::kInterval, ChannelKind::kRegister}) {
      const Wanted one[] = {{t.channel, kind}};
      for (const std::string_view unit : {kWattHours, kLitres}) {
        if (const ChannelId id = first_of(channels, one, unit); id.valid()) return id;
      }
    }
    return make_error(ErrorCode::kNotFound, "the meter '" + t.serial + "' has no channel '" +
                                                t.channel + "' of energy or volume");
  }

  Result<const Device*> of_serial(const std::string& serial) const {
    const auto at = serials_.find(serial);
    if (at != serials_.end()) return at->second;
    return make_error(ErrorCode::kNotFound, "there is no meter '" + serial + "'");
  }

  Status add_named() {
    for (std::size_t i = 0; i < definitions_.meters.size(); ++i) {
      const std::string& name = definitions_.meters[i].name;
      if (!named_.emplace(name, ChannelId(kNamed + static_cast<std::uint32_t>(i))).second)
        return make_error(ErrorCode::kInvalid, "two virtual meters are named '" + name + "'");
    }
    for (std::size_t i = 0; i < definitions_.meters.size(); ++i) {
      const api::VirtualMeter& made = definitions_.meters[i];
      const std::size_t node = add_node("meter", made.name, static_cast<std::uint32_t>(i + 1),
                                        named_[made.name], Commodity::kUnknown);
      out_.nodes[node].about.commodity.clear();
      out_.nodes[node].about.meters = made.terms.size();
      for (const api::VirtualTerm& t : made.terms) {
        const auto input = find(t);
        if (!input.ok())
          return make_error(input.error().code, "'" + made.name + "': " + input.error().reason);
        meters_[node].terms.push_back({*input, t.coefficient});
      }
    }
    return {};
  }

  Status add_supplies() {
    for (const SupplyPoint& s : definitions_.supplies) {
      AMITY_TRY(BalanceNode * node, fed_by(s));
      const api::VirtualTerm& t = s.measured;
      if (!t.serial.empty() && t.channel.empty()) {
        AMITY_TRY(const Device* device, of_serial(t.serial));
        const std::vector<Channel>& channels = channels_[device->id];
        const Delivery all = delivery_of(commodity_of(*device, channels), channels);
        if (all.in.valid()) node->supplies.emplace_back(all.in, true);
        if (all.out.valid()) node->supplies.emplace_back(all.out, false);
        if (all.in.valid()) continue;
      }
      AMITY_TRY(const ChannelId supply, find(t));
      node->supplies.emplace_back(supply, true);
    }
    return {};
  }

  Result<BalanceNode*> fed_by(const SupplyPoint& s) {
    if (s.area.empty()) {
      api::VirtualTerm part;
      part.transformer = s.transformer;
      part.feeder = s.feeder;
      part.meter = s.sum;
      AMITY_TRY(const ChannelId fed, find(part));
      return &*std::ranges::find(out_.nodes, fed, &BalanceNode::id);
    }
    for (const auto& [key, node] : areas_) {
      if (key.first == s.area && to_string(key.second) == s.commodity) return &out_.nodes[node];
    }
    return make_error(ErrorCode::kNotFound,
                      "no " + s.commodity + " is metered in an area '" + s.area + "'");
  }

  // A named meter counts what its terms count; inputs stand before what is made of them.
  Status set_units() {
    std::unordered_map<ChannelId, std::string> units;
    for (const BalanceNode& n : out_.nodes) {
      if (n.about.kind != "meter") units[n.id] = n.about.unit;
    }
    std::unordered_map<ChannelId, BalanceNode*> named;
    for (BalanceNode& n : out_.nodes) {
      if (n.about.kind == "meter") named[n.id] = &n;
    }
    for (const mdm::VirtualMeter& m : out_.graph.meters()) {
      const auto at = named.find(m.id);
      if (at == named.end()) continue;
      std::string unit;
      for (const mdm::Term& t : m.terms) {
        const auto real = out_.inputs.find(t.input);
        const std::string one = real != out_.inputs.end()
                                    ? std::string(unit_of(real->second.channel.unit))
                                    : units[t.input];
        if (!unit.empty() && unit != one)
          return make_error(ErrorCode::kInvalid, "'" + m.name + "' adds " + unit + " and " + one);
        unit = one;
      }
      at->second->about.unit = units[m.id] = unit.empty() ? std::string(kWattHours) : unit;
    }
    return {};
  }

  store::Registry& registry_;
  const BalanceDefinitions& definitions_;
  BalanceGraph out_;
  std::vector<mdm::VirtualMeter> meters_;  // as many as nodes, in the same order
  std::vector<Device> devices_;
  std::vector<Transformer> transformers_;
  std::vector<Feeder> feeders_;
  std::unordered_map<std::string, const Device*> serials_;
  std::unordered_map<DeviceId, std::vector<Channel>> channels_;
  std::unordered_map<CustomerId, std::string> classes_of_;
  std::unordered_map<ServicePointId, ServicePoint> points_;
  std::unordered_map<std::string, ChannelId> transformer_names_, feeder_names_, named_;
  std::unordered_map<TransformerId, std::size_t> transformer_nodes_;
  std::unordered_map<FeederId, std::size_t> feeder_nodes_;
  std::map<std::pair<std::string, Commodity>, std::size_t> areas_, classes_;
};

}  // namespace

std::string area_of(const std::string& address) {
  const std::size_t comma = address.rfind(',');
  if (comma == std::string::npos) return {};
  const std::size_t first = address.find_first_not_of(' ', comma + 1);
  return first == std::string::npos ? std::string() : address.substr(first);
}

std::int64_t in_units(const BalanceInput& input, std::int64_t value, std::int64_t multiplier) {
  __int128 wide = __int128{value} * multiplier;
  __int128 divisor = input.divisor;
  for (int e = 0; e < input.exponent; ++e) wide *= 10;
  for (int e = 0; e > input.exponent; --e) divisor *= 10;
  const __int128 half = divisor / 2;
  return static_cast<std::int64_t>((wide + (wide < 0 ? -half : half)) / divisor);
}

Result<BalanceGraph> build_balance_graph(store::Registry& registry,
                                         const BalanceDefinitions& definitions) {
  return Builder(registry, definitions).build();
}

}  // namespace amity::roles
