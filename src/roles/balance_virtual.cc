// Virtual meters made, changed and removed; and their intervals.
#include <algorithm>
#include <functional>
#include <unordered_set>

#include "roles/balance_book.h"
#include "store/finals.h"

namespace amity::roles {
namespace {

using mdm::SlotQuality;

constexpr std::size_t kSlotsMax = 40'000;       // of one series
constexpr std::size_t kValuesMax = 20'000'000;  // of all its inputs

SlotQuality quality_of(const store::FinalPoint& point) {
  switch (point.final.origin) {
    case FinalOrigin::kActual:
      return SlotQuality::kActual;
    case FinalOrigin::kEdited:
      return SlotQuality::kEdited;
    case FinalOrigin::kEstimated:
      return SlotQuality::kEstimated;
    default:
      return SlotQuality::kMissing;
  }
}

Quality shown(SlotQuality quality) {
  switch (quality) {
    case SlotQuality::kEdited:
      return Quality().with(QualityFlag::kEdited);
    case SlotQuality::kEstimated:
      return Quality().with(QualityFlag::kEstimated);
    case SlotQuality::kFailed:
      return Quality().with(QualityFlag::kDataInvalid);
    default:
      return {};
  }
}

// What a sum is made of: the sums beneath it, and the real channels.
struct Parts {
  std::vector<mdm::VirtualMeter> sums;
  std::unordered_set<ChannelId> real;
};

Parts parts_of(const mdm::VirtualGraph& graph, ChannelId top) {
  Parts parts;
  std::unordered_set<ChannelId> seen{top};
  std::vector<ChannelId> open{top};
  while (!open.empty()) {
    const ChannelId id = open.back();
    open.pop_back();
    const std::int64_t index = graph.index_of(id);
    if (index < 0) {
      parts.real.insert(id);
      continue;
    }
    parts.sums.push_back(graph.meters()[static_cast<std::size_t>(index)]);
    for (const mdm::Term& t : parts.sums.back().terms) {
      if (seen.insert(t.input).second) open.push_back(t.input);
    }
  }
  return parts;
}

// Values of a channel in slots that are as long as its own or longer; a slot is as good as its
// worst.
struct Slots {
  std::vector<std::int64_t> value;
  std::vector<SlotQuality> quality;
  std::vector<std::uint32_t> count;

  explicit Slots(std::size_t n) : value(n), quality(n, SlotQuality::kActual), count(n) {}
  void add(std::size_t slot, std::int64_t v, SlotQuality q) {
    value[slot] += v;
    quality[slot] = std::max(quality[slot], q);
    ++count[slot];
  }
  void finish(std::uint32_t each) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (count[i] < each) quality[i] = SlotQuality::kMissing;
    }
  }
};

struct Stretch {
  UtcSeconds from;
  std::uint32_t interval_s = 0;
  std::size_t slots = 0;
};

// Sums by day, no intervals.
bool gives_registers_alone(const BalanceInput& input) {
  return input.channel.kind != ChannelKind::kInterval || input.channel.interval_s == 0;
}

// kInvalid where an input has intervals that fit into none of the others'.
Result<Stretch> stretch_of(const Parts& parts,
                           const std::unordered_map<ChannelId, BalanceInput>& inputs,
                           UtcSeconds from, UtcSeconds to) {
  Stretch s;
  for (const ChannelId id : parts.real) {
    s.interval_s = std::max(s.interval_s, inputs.at(id).channel.interval_s);
  }
  for (const ChannelId id : parts.real) {
    if (s.interval_s % inputs.at(id).channel.interval_s != 0)
      return make_error(ErrorCode::kInvalid,
                        "its inputs have intervals that do not fit into each other");
  }
  if (s.interval_s == 0) return make_error(ErrorCode::kInvalid, "it has no input");
  const std::int64_t length = s.interval_s;
  s.from = UtcSeconds(from.value / length * length);
  s.slots = static_cast<std::size_t>(
      std::max<std::int64_t>(0, to.value / length - s.from.value / length));
  if (s.slots > kSlotsMax || s.slots * parts.real.size() > kValuesMax)
    return make_error(ErrorCode::kLimit, "too many intervals: ask for a shorter time");
  return s;
}

Result<Slots> slots_of(store::Store& store, const BalanceInput& input, const Stretch& s) {
  Slots out(s.slots);
  const UtcSeconds to = s.from + static_cast<std::int64_t>(s.slots) * s.interval_s;
  AMITY_TRY(const store::FinalSeries all,
            store::final_series(store.readings(), store.finals(), input.channel.id, s.from, to));
  const auto slot_of = [&](UtcSeconds end) {
    return static_cast<std::size_t>((end - s.from - 1) / s.interval_s);
  };
  const auto of = [&](UtcSeconds end, std::int64_t value) {
    return in_units(input, value, input.channel.multiplier_of(end));
  };
  for (const store::FinalPoint& p : all.points)
    out.add(slot_of(p.reading.time), of(p.reading.time, p.final.value), quality_of(p));
  for (const Reading& r : all.unsettled)
    out.add(slot_of(r.time), of(r.time, r.value), SlotQuality::kActual);
  out.finish(s.interval_s / input.channel.interval_s);
  return out;
}

Status check(const api::VirtualMeter& meter) {
  const auto wrong = [](const std::string& why) { return make_error(ErrorCode::kInvalid, why); };
  if (meter.name.empty() || meter.name.size() > kVirtualNameMax)
    return wrong("a name has 1 to " + std::to_string(kVirtualNameMax) + " characters");
  if (std::ranges::any_of(meter.name,
                          [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '/'; }))
    return wrong("a name has no control characters and no '/'");
  if (meter.terms.empty() || meter.terms.size() > kVirtualTermsMax)
    return wrong("a virtual meter has 1 to " + std::to_string(kVirtualTermsMax) + " terms");
  for (const api::VirtualTerm& t : meter.terms) {
    if (t.coefficient == 0 || t.coefficient > mdm::kCoefficientMax ||
        t.coefficient < -mdm::kCoefficientMax)
      return wrong("a coefficient is not 0 and at most 1000");
    const int named = int{!t.serial.empty()} + int{!t.meter.empty()} + int{!t.transformer.empty()} +
                      int{!t.feeder.empty()};
    if (named != 1) return wrong("a term names one of serial, meter, transformer, feeder");
  }
  return {};
}

}  // namespace

Result<std::vector<api::VirtualMeter>> BalanceBook::virtual_meters() {
  const std::lock_guard lock(mutex_);
  AMITY_CHECK(prepare());
  AMITY_TRY(BalanceDefinitions all, definitions());
  for (api::VirtualMeter& m : all.meters) {
    const auto node = std::ranges::find_if(nodes_, [&](const BalanceNode& n) {
      return n.about.kind == "meter" && n.about.name == m.name;
    });
    if (node != nodes_.end()) m.unit = node->about.unit;
  }
  return std::move(all.meters);
}

Status BalanceBook::alter(const api::VirtualMeter& meter, Change change) {
  const std::lock_guard lock(mutex_);
  AMITY_TRY(BalanceDefinitions all, definitions());
  const auto at = std::ranges::find(all.meters, meter.name, &api::VirtualMeter::name);
  if (change == Change::kAdd) {
    if (at != all.meters.end())
      return make_error(ErrorCode::kConflict, "there is a virtual meter '" + meter.name + "'");
    if (all.meters.size() >= kVirtualMadeMax)
      return make_error(ErrorCode::kLimit, "too many virtual meters");
    all.meters.push_back(meter);
  } else {
    if (at == all.meters.end())
      return make_error(ErrorCode::kNotFound, "there is no virtual meter '" + meter.name + "'");
    if (at->fixed)
      return make_error(ErrorCode::kRefused,
                        "'" + meter.name + "' is defined in the utility's own file");
    if (change == Change::kReplace) at->terms = meter.terms;
    if (change == Change::kRemove) all.meters.erase(at);
  }
  if (const auto made = build_balance_graph(store_.registry(), all); !made.ok())
    return make_error(ErrorCode::kInvalid, made.error().reason);
  AMITY_CHECK(write_definitions(made_file_, all.meters));
  board_.reset();
  return {};
}

Status BalanceBook::add(const api::VirtualMeter& meter) {
  AMITY_CHECK(check(meter));
  return alter(meter, Change::kAdd);
}

Status BalanceBook::change(const api::VirtualMeter& meter) {
  AMITY_CHECK(check(meter));
  return alter(meter, Change::kReplace);
}

Status BalanceBook::remove(const std::string& name) {
  api::VirtualMeter meter;
  meter.name = name;
  return alter(meter, Change::kRemove);
}

Result<api::VirtualSeries> BalanceBook::series(const std::string& name, UtcSeconds from,
                                               UtcSeconds to) {
  BalanceDefinitions all;
  {
    const std::lock_guard lock(mutex_);
    AMITY_TRY(all, definitions());
  }
  AMITY_TRY(const BalanceGraph made, build_balance_graph(store_.registry(), all));
  const auto node = std::ranges::find_if(made.nodes, [&](const BalanceNode& n) {
    return n.about.kind == "meter" && n.about.name == name;
  });
  if (node == made.nodes.end())
    return make_error(ErrorCode::kNotFound, "there is no virtual meter '" + name + "'");
  Parts parts = parts_of(made.graph, node->id);
  api::VirtualSeries out;
  out.channel.name = name;
  out.channel.unit = node->about.unit == "l" ? Unit::kLitre : Unit::kWattHour;
  out.channel.kind = ChannelKind::kRegister;
  for (const ChannelId id : parts.real) {
    if (gives_registers_alone(made.inputs.at(id))) return out;
  }
  out.channel.kind = ChannelKind::kInterval;
  AMITY_TRY(const Stretch s, stretch_of(parts, made.inputs, from, std::min(to, clock_.utc())));
  AMITY_TRY(auto graph, mdm::VirtualGraph::make(std::move(parts.sums)));
  AMITY_TRY(auto board, mdm::Board::make(std::move(graph), s.from, s.interval_s, s.slots, 0));
  for (const ChannelId id : parts.real) {
    AMITY_TRY(const Slots slots, slots_of(store_, made.inputs.at(id), s));
    AMITY_CHECK(board.set(id, 0, slots.value, slots.quality));
  }
  out.channel.interval_s = s.interval_s;
  const mdm::IntervalView view = board.view(node->id);
  for (std::size_t i = 0; i < view.slots(); ++i) {
    if (view.end_of(i) <= from) continue;
    if (view.quality[i] == SlotQuality::kMissing) {
      ++out.missing;
      continue;
    }
    out.readings.push_back({{}, view.end_of(i), view.value[i], shown(view.quality[i])});
  }
  return out;
}

}  // namespace amity::roles
