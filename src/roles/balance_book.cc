#include "roles/balance_book.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "mdm/aggregate/loss_balance.h"
#include "mdm/rate/toml_fields.h"
#include "store/finals.h"

namespace amity::roles {
namespace {

using mdm::SlotQuality;

// Ids of virtual meters, beyond those of real channels.
constexpr std::uint32_t kTransformers = 0x8000'0000, kFeeders = 0xA000'0000, kNamed = 0xC000'0000;
constexpr std::uint32_t kDay_s = 86'400;  // a slot is a local day, however long
constexpr std::int64_t kClassPermille = 10, kSupplyClassPermille = 5;

SlotQuality quality_of(const VeeDay& day) {
  if (!day.open.empty()) return SlotQuality::kMissing;
  if (day.state == VeeState::kFailed) return SlotQuality::kFailed;
  if (day.estimated > 0) return SlotQuality::kEstimated;
  return day.edited > 0 ? SlotQuality::kEdited : SlotQuality::kActual;
}

std::int32_t date_at(const TimeZone& zone, UtcSeconds now) {
  const CivilTime c = zone.local(now);
  return static_cast<std::int32_t>(utc_from_civil(c.year, c.month, c.day, 0, 0, 0).value / kDay_s);
}

}  // namespace

struct BalanceBook::Names {
  std::unordered_map<std::string, DeviceId> serials;
  std::unordered_map<DeviceId, std::vector<Channel>> channels;
  std::unordered_map<std::string, ChannelId> transformers, feeders, named;

  // Whole units of the grid are sums themselves: an edge of the graph like any other.
  Result<ChannelId> find(const std::string& serial, const std::string& channel,
                         const std::string& meter, const std::string& transformer,
                         const std::string& feeder) const {
    const auto of = [](const auto& map, const std::string& name,
                       const char* what) -> Result<ChannelId> {
      const auto at = map.find(name);
      if (at != map.end()) return at->second;
      return make_error(ErrorCode::kNotFound, std::string("there is no ") + what + " '" + name + "'");
    };
    if (!meter.empty()) return of(named, meter, "virtual meter");
    if (!transformer.empty()) return of(transformers, transformer, "transformer");
    if (!feeder.empty()) return of(feeders, feeder, "feeder");
    const auto device = serials.find(serial);
    if (device == serials.end())
      return make_error(ErrorCode::kNotFound, "there is no meter '" + serial + "'");
    for (const Channel& c : channels.at(device->second)) {
      if (c.name == channel && c.kind == ChannelKind::kInterval) return c.id;
    }
    return make_error(ErrorCode::kNotFound,
                      "the meter '" + serial + "' has no interval channel '" + channel + "'");
  }
};

namespace {

// Serial and channel, or the name of another sum.
template <class Term>
Status read_term(mdm::TomlFields& f, Term& term) {
  AMITY_TRY(term.serial, f.text("serial", ""));
  AMITY_TRY(term.channel, f.text("channel", "import"));
  AMITY_TRY(term.meter, f.text("meter", ""));
  const int named = int{!term.serial.empty()} + int{!term.meter.empty()} +
                    int{!term.transformer.empty()} + int{!term.feeder.empty()};
  if (named != 1) return f.error("one of 'serial', 'meter', 'transformer', 'feeder' is wanted");
  return {};
}

}  // namespace

Status BalanceBook::read_file(std::vector<Named>& named, std::vector<Supply>& supplies) const {
  std::ifstream in(file_, std::ios::binary);
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  AMITY_TRY(const toml::table table, mdm::parse_toml(text));
  mdm::TomlFields top(table);
  AMITY_TRY(const std::int64_t version, top.whole("version", 0, 1, 1));
  if (version != 1) return make_error(ErrorCode::kMalformed, "line 1: 'version = 1' is missing");
  const auto each = [&top](const char* key, const auto& read) -> Status {
    const toml::node* list = top.find(key);
    if (list == nullptr) return {};
    if (!list->is_array()) return mdm::toml_error(*list, std::string(key) + " is a list");
    for (const toml::node& one : *list->as_array()) {
      AMITY_TRY(mdm::TomlFields fields, mdm::TomlFields::of(one, key));
      AMITY_CHECK(read(fields));
      AMITY_CHECK(fields.nothing_else(key));
    }
    return {};
  };
  AMITY_CHECK(each("meter", [&](mdm::TomlFields& f) -> Status {
    Named& meter = named.emplace_back();
    AMITY_TRY(meter.name, f.text("name"));
    const toml::node* terms = f.find("terms");
    if (terms == nullptr || !terms->is_array()) return f.error("'terms' is a list");
    for (const toml::node& one : *terms->as_array()) {
      AMITY_TRY(mdm::TomlFields t, mdm::TomlFields::of(one, "terms"));
      Term& term = meter.terms.emplace_back();
      AMITY_TRY(term.transformer, t.text("transformer", ""));
      AMITY_TRY(term.feeder, t.text("feeder", ""));
      AMITY_CHECK(read_term(t, term));
      if (const toml::node* factor = t.find("coefficient")) {
        AMITY_TRY(const Decimal value, mdm::TomlFields::decimal_of(*factor, "coefficient"));
        AMITY_TRY(term.coefficient, rescale(value, -6));
      }
      AMITY_CHECK(t.nothing_else("terms"));
    }
    return {};
  }));
  AMITY_CHECK(each("supply", [&](mdm::TomlFields& f) -> Status {
    Supply& supply = supplies.emplace_back();
    AMITY_TRY(supply.transformer, f.text("transformer", ""));
    AMITY_TRY(supply.feeder, f.text("feeder", ""));
    if (supply.transformer.empty() == supply.feeder.empty())
      return f.error("one of 'transformer', 'feeder' is wanted");
    return read_term(f, supply.measured);
  }));
  return top.nothing_else("virtual meters");
}

// What transformers and feeders deliver: import less export of the meters beneath.
Status BalanceBook::add_grid(Names& names, std::vector<mdm::VirtualMeter>& meters) {
  store::Registry& registry = store_.registry();
  AMITY_TRY(const auto channels, registry.channels());
  AMITY_TRY(const auto devices, registry.devices());
  AMITY_TRY(const auto points, registry.service_points());
  AMITY_TRY(const auto transformers, registry.transformers());
  AMITY_TRY(const auto feeders, registry.feeders());
  for (const Device& d : devices) names.serials[d.serial] = d.id, names.channels[d.id];
  for (const Channel& c : channels) {
    if (c.unit != Unit::kWattHour || c.kind != ChannelKind::kInterval) continue;
    names.channels[c.device].push_back(c);
    inputs_[c.id] = {c.multiplier, c.exponent};
  }
  std::unordered_map<TransformerId, std::size_t> node_of;
  std::unordered_map<FeederId, std::size_t> feeder_of;
  for (const Feeder& f : feeders) {
    const ChannelId id(kFeeders + f.id.value);
    names.feeders[f.name] = id;
    feeder_of[f.id] = nodes_.size();
    nodes_.push_back({{"feeder", f.name, "", f.id.value}, id, {}, {}});
    meters.push_back({id, f.name, {}});
  }
  for (const Transformer& t : transformers) {
    const ChannelId id(kTransformers + t.id.value);
    names.transformers[t.name] = id;
    node_of[t.id] = nodes_.size();
    const auto feeder = feeder_of.find(t.feeder);
    nodes_.push_back({{"transformer", t.name, "", t.id.value}, id, {}, {}});
    if (feeder != feeder_of.end()) {
      nodes_.back().about.feeder = nodes_[feeder->second].about.name;
      meters[feeder->second].terms.push_back({id, mdm::kUnitCoefficient});
    }
    meters.push_back({id, t.name, {}});
  }
  std::unordered_map<ServicePointId, TransformerId> under;
  for (const ServicePoint& p : points) {
    if (p.customer.valid()) under[p.id] = p.transformer;  // others measure the grid itself
  }
  for (const Device& d : devices) {
    const auto at = node_of.find(under[d.service_point]);
    if (at == node_of.end()) continue;
    for (const Channel& c : names.channels[d.id]) {
      const bool in = c.name == "import", out = c.name == "export";
      if (!in && !out) continue;
      meters[at->second].terms.push_back(
          {c.id, in ? mdm::kUnitCoefficient : -mdm::kUnitCoefficient});
      nodes_[at->second].inputs.emplace_back(c.id, out);
      nodes_[at->second].about.meters += in;
    }
  }
  for (const Transformer& t : transformers) {
    const auto feeder = feeder_of.find(t.feeder);
    if (feeder == feeder_of.end()) continue;
    const Node& node = nodes_[node_of[t.id]];
    nodes_[feeder->second].about.meters += node.about.meters;
    auto& all = nodes_[feeder->second].inputs;
    all.insert(all.end(), node.inputs.begin(), node.inputs.end());
  }
  return {};
}

Status BalanceBook::add_named(Names& names, std::vector<mdm::VirtualMeter>& meters) {
  std::vector<Named> named;
  std::vector<Supply> supplies;
  AMITY_CHECK(read_file(named, supplies));
  for (std::size_t i = 0; i < named.size(); ++i)
    names.named[named[i].name] = ChannelId(kNamed + static_cast<std::uint32_t>(i));
  for (const Named& n : named) {
    const ChannelId id = names.named[n.name];
    nodes_.push_back({{"meter", n.name, "", id.value - kNamed + 1}, id, {}, {}});
    mdm::VirtualMeter& meter = meters.emplace_back(mdm::VirtualMeter{id, n.name, {}});
    for (const Term& t : n.terms) {
      AMITY_TRY(const ChannelId input,
                names.find(t.serial, t.channel, t.meter, t.transformer, t.feeder));
      meter.terms.push_back({input, t.coefficient});
    }
    nodes_.back().about.meters = n.terms.size();
  }
  for (const Supply& s : supplies) {
    AMITY_TRY(const ChannelId fed, names.find("", "", "", s.transformer, s.feeder));
    const Term& t = s.measured;
    AMITY_TRY(const ChannelId supply, names.find(t.serial, t.channel, t.meter, "", ""));
    for (Node& node : nodes_) {
      if (node.id == fed) node.supply = supply;
    }
  }
  return {};
}

Status BalanceBook::set(const VeeDay& day) {
  const auto input = inputs_.find(day.channel);
  if (input == inputs_.end() || day.day < first_day_ || day.day >= first_day_ + kBalanceDays)
    return {};
  __int128 value = __int128{day.total} * input->second.multiplier;
  for (int e = 0; e < input->second.exponent; ++e) value *= 10;
  for (int e = 0; e > input->second.exponent; --e) value = (value + (value < 0 ? -5 : 5)) / 10;
  const auto raw = static_cast<std::int64_t>(value);
  const SlotQuality quality = quality_of(day);
  return board_->set(day.channel, static_cast<std::size_t>(day.day - first_day_), {&raw, 1},
                     {&quality, 1});
}

Status BalanceBook::build(std::int32_t first) {
  nodes_.clear();
  inputs_.clear();
  board_.reset();
  Names names;
  std::vector<mdm::VirtualMeter> meters;
  AMITY_CHECK(add_grid(names, meters));
  if (Status read = add_named(names, meters); !read.ok())
    return make_error(read.error().code, file_ + ": " + read.error().reason);
  AMITY_TRY(auto graph, mdm::VirtualGraph::make(std::move(meters)));
  first_day_ = first;
  AMITY_TRY(board_, mdm::Board::make(std::move(graph), UtcDay(first).start(), kDay_s, kBalanceDays, 0));
  for (const auto& [channel, input] : inputs_) {
    AMITY_TRY(const auto days,
              store_.finals().days(channel, first, first + kBalanceDays - 1));
    for (const store::FinalDay& day : days) AMITY_CHECK(set(day.day));
  }
  return {};
}

// The window ends with the month that begins today: it is moved now and then, not every day.
Status BalanceBook::prepare() {
  const std::int32_t today = date_at(zone_, clock_.utc());
  if (board_ && today < first_day_ + kBalanceDays - 1) return {};
  return build(today - kBalanceDays + 8);
}

void BalanceBook::handle(const store::JournalEntry& entry) {
  const auto* fact = std::get_if<ReadingsFinal>(&entry.fact);
  if (fact == nullptr) return;
  const std::lock_guard lock(mutex_);
  if (board_ && !set(fact->day).ok()) board_.reset();  // it is made anew when somebody asks
}

std::uint64_t BalanceBook::reckoned() {
  const std::lock_guard lock(mutex_);
  return board_ ? board_->reckoned() : 0;
}

api::BalanceRow BalanceBook::row(const Node& node, std::size_t first, std::size_t last) const {
  api::BalanceRow out = node.about;
  const auto cut = [&](mdm::IntervalView v) {
    if (v.slots() == 0) return v;
    v.start = v.end_of(first) - std::int64_t{kDay_s};
    v.value = v.value.subspan(first, last - first);
    v.quality = v.quality.subspan(first, last - first);
    return v;
  };
  const mdm::IntervalView whole = cut(board_->view(node.id));
  std::vector<mdm::BalanceMeter> meters;
  for (const std::int64_t v : whole.value) out.delivered += v;
  for (const SlotQuality q : whole.quality) {
    out.worst = std::max(out.worst, static_cast<std::uint8_t>(q));
    out.days_incomplete += q >= SlotQuality::kFailed;
  }
  out.days = static_cast<std::uint32_t>(whole.slots());
  if (!node.supply.valid()) return out;
  meters.push_back({cut(board_->view(node.supply)), kSupplyClassPermille, true});
  for (const auto& [input, feeds_in] : node.inputs)
    meters.push_back({cut(board_->view(input)), kClassPermille, feeds_in});
  // A meter that never had a final day: what it took cannot be told.
  if (std::ranges::any_of(meters, [](const auto& m) { return m.view.slots() == 0; })) {
    out.days_left_out = out.days;
    return out;
  }
  const auto balance = mdm::loss_balance(meters);
  if (!balance.ok()) return out;
  out.balanced = true;
  out.supplied = balance->supplied;
  out.loss = balance->loss;
  out.loss_permyriad = balance->loss_permyriad;
  out.uncertainty = balance->uncertainty;
  out.significant = balance->significant();
  out.days_left_out = balance->left_out;
  return out;
}

Result<std::vector<api::BalanceRow>> BalanceBook::balances(const api::BalanceQuery& query) {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(prepare());
  const std::int32_t end = first_day_ + kBalanceDays;
  if (query.first > query.last || query.first < first_day_ || query.last >= end) {
    return make_error(ErrorCode::kInvalid,
                      "days from " + to_iso(UtcDay(first_day_).start()).substr(0, 10) + " to " +
                          to_iso(UtcDay(end - 1).start()).substr(0, 10) + " are kept");
  }
  std::vector<api::BalanceRow> rows;
  for (const Node& node : nodes_) {
    if (node.about.kind != query.kind) continue;
    rows.push_back(row(node, static_cast<std::size_t>(query.first - first_day_),
                       static_cast<std::size_t>(query.last - first_day_ + 1)));
  }
  std::ranges::stable_sort(rows, [](const api::BalanceRow& a, const api::BalanceRow& b) {
    if (a.significant != b.significant) return a.significant;
    if (a.balanced != b.balanced) return a.balanced;
    if (std::abs(a.loss_permyriad) != std::abs(b.loss_permyriad))
      return std::abs(a.loss_permyriad) > std::abs(b.loss_permyriad);
    return a.delivered > b.delivered;
  });
  return rows;
}

}  // namespace amity::roles
