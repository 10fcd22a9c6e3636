#include "mdm/aggregate/virtual_graph.h"

#include <algorithm>

namespace amity::mdm {
namespace {

Status merge_terms(VirtualMeter& meter) {
  std::ranges::sort(meter.terms, {}, &Term::input);
  std::vector<Term> merged;
  for (const Term& term : meter.terms) {
    if (!merged.empty() && merged.back().input == term.input)
      merged.back().coefficient += term.coefficient;
    else
      merged.push_back(term);
    if (merged.back().coefficient > kCoefficientMax || merged.back().coefficient < -kCoefficientMax)
      return make_error(ErrorCode::kLimit, meter.name + ": a coefficient beyond +-1,000");
  }
  meter.terms = std::move(merged);
  return {};
}

// Depth first without recursion: a graph may be a long chain.
class Sorter {
 public:
  Sorter(const std::vector<VirtualMeter>& meters,
         const std::unordered_map<ChannelId, std::uint32_t>& index)
      : meters_(meters), index_(index), state_(meters.size(), kNew) {}

  Result<std::vector<std::uint32_t>> sort() {
    for (std::uint32_t m = 0; m < meters_.size(); ++m) {
      if (state_[m] == kNew) AMITY_CHECK(visit(m));
    }
    return std::move(order_);
  }

 private:
  enum State : std::uint8_t { kNew, kOpen, kDone };
  struct Step {
    std::uint32_t meter;
    std::size_t next_term;
  };

  Status visit(std::uint32_t root) {
    std::vector<Step> path{{root, 0}};
    state_[root] = kOpen;
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next_term == meters_[step.meter].terms.size()) {
        state_[step.meter] = kDone;
        order_.push_back(step.meter);
        path.pop_back();
        continue;
      }
      const auto found = index_.find(meters_[step.meter].terms[step.next_term++].input);
      if (found == index_.end() || state_[found->second] == kDone) continue;
      if (state_[found->second] == kOpen) return circle(path, found->second);
      state_[found->second] = kOpen;
      path.push_back({found->second, 0});
    }
    return {};
  }

  Error circle(const std::vector<Step>& path, std::uint32_t again) const {
    std::string text = "virtual meters form a circle: ";
    bool inside = false;
    for (const Step& step : path) {
      inside = inside || step.meter == again;
      if (inside) text += meters_[step.meter].name + " -> ";
    }
    return make_error(ErrorCode::kInvalid, text + meters_[again].name);
  }

  const std::vector<VirtualMeter>& meters_;
  const std::unordered_map<ChannelId, std::uint32_t>& index_;
  std::vector<State> state_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

Result<VirtualGraph> VirtualGraph::make(std::vector<VirtualMeter> meters) {
  std::size_t terms = 0;
  std::unordered_map<ChannelId, std::uint32_t> index;
  for (std::uint32_t m = 0; m < meters.size(); ++m) {
    AMITY_CHECK(merge_terms(meters[m]));
    terms += meters[m].terms.size();
    if (!index.emplace(meters[m].id, m).second)
      return make_error(ErrorCode::kConflict, meters[m].name + ": its channel is defined twice");
  }
  if (meters.size() > kVirtualMetersMax || terms > kTermsMax)
    return make_error(ErrorCode::kLimit, "too many virtual meters");
  AMITY_TRY(const std::vector<std::uint32_t> order, Sorter(meters, index).sort());
  VirtualGraph graph;
  for (const std::uint32_t m : order) {
    const auto at = static_cast<std::uint32_t>(graph.meters_.size());
    graph.index_.emplace(meters[m].id, at);
    for (const Term& term : meters[m].terms)
      graph.uses_[term.input].push_back({at, term.coefficient});
    graph.meters_.push_back(std::move(meters[m]));
  }
  return graph;
}

const std::vector<VirtualGraph::Use>& VirtualGraph::uses_of(ChannelId input) const {
  static const std::vector<Use> kNone;
  const auto found = uses_.find(input);
  return found == uses_.end() ? kNone : found->second;
}

std::int64_t VirtualGraph::index_of(ChannelId id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? -1 : std::int64_t{found->second};
}

}  // namespace amity::mdm
