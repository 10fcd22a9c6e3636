#include "mdm/aggregate/board.h"

#include <algorithm>
#include <functional>

#include "mdm/profile/limits.h"

namespace amity::mdm {
namespace {

constexpr std::int64_t kSumMax = 100'000'000'000'000'000;

}  // namespace

Result<Board> Board::make(VirtualGraph graph, UtcSeconds start, std::uint32_t interval_s,
                          std::size_t slots, std::int8_t exponent) {
  if (slots > kBoardSlotsMax) return make_error(ErrorCode::kLimit, "a board of more than a year");
  Board board;
  board.graph_ = std::move(graph);
  board.start_ = start;
  board.interval_s_ = interval_s;
  board.slots_ = slots;
  board.exponent_ = exponent;
  for (const VirtualMeter& meter : board.graph_.meters()) {
    Sum& sum = board.sums_.emplace_back();
    std::array<std::uint32_t, kSlotQualities> missing{};
    missing.back() = static_cast<std::uint32_t>(meter.terms.size());
    sum.millionths.assign(slots, 0);
    sum.inputs.assign(slots, missing);
    sum.line = {std::vector<std::int64_t>(slots, 0),
                std::vector<SlotQuality>(slots, SlotQuality::kMissing)};
  }
  board.waiting_.assign(board.sums_.size(), 0);
  return board;
}

Status Board::set(ChannelId channel, std::size_t first, std::span<const std::int64_t> values,
                  std::span<const SlotQuality> quality) {
  if (graph_.index_of(channel) >= 0)
    return make_error(ErrorCode::kInvalid, "a virtual meter is reckoned, not set");
  if (values.size() != quality.size() || first > slots_ || values.size() > slots_ - first)
    return make_error(ErrorCode::kInvalid, "values outside the board");
  for (const std::int64_t v : values) {
    if (v > kMagnitudeMax || v < -kMagnitudeMax)
      return make_error(ErrorCode::kLimit, "a value that is no measurement");
  }
  Line& line = real_[channel];
  if (line.value.empty()) {
    line.value.assign(slots_, 0);
    line.quality.assign(slots_, SlotQuality::kMissing);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t slot = first + i;
    const Change change{values[i] - line.value[slot], line.quality[slot], quality[i]};
    if (change.difference == 0 && change.before == change.after) continue;
    line.value[slot] = values[i];
    line.quality[slot] = quality[i];
    pass_on(channel, slot, change);
    reckon(slot);
  }
  return {};
}

void Board::pass_on(ChannelId channel, std::size_t slot, Change change) {
  for (const VirtualGraph::Use& use : graph_.uses_of(channel)) {
    Sum& sum = sums_[use.meter];
    sum.millionths[slot] += __int128{change.difference} * use.coefficient;
    --sum.inputs[slot][static_cast<std::size_t>(change.before)];
    ++sum.inputs[slot][static_cast<std::size_t>(change.after)];
    if (waiting_[use.meter] != 0) continue;
    waiting_[use.meter] = 1;
    touched_.push_back(use.meter);
    std::ranges::push_heap(touched_, std::greater<>());
  }
}

// Inputs have lower indices than what is made of them: each is reckoned once.
void Board::reckon(std::size_t slot) {
  while (!touched_.empty()) {
    std::ranges::pop_heap(touched_, std::greater<>());
    const std::uint32_t m = touched_.back();
    touched_.pop_back();
    waiting_[m] = 0;
    ++reckoned_;
    Sum& sum = sums_[m];
    const __int128 half = sum.millionths[slot] >= 0 ? kUnitCoefficient / 2 : -kUnitCoefficient / 2;
    const __int128 wide = (sum.millionths[slot] + half) / kUnitCoefficient;
    std::size_t worst = kSlotQualities - 1;
    while (worst > 0 && sum.inputs[slot][worst] == 0) --worst;
    const bool fits = wide <= kSumMax && wide >= -kSumMax;
    const auto value = fits ? static_cast<std::int64_t>(wide) : 0;
    const auto quality = fits ? static_cast<SlotQuality>(worst)
                              : std::max(static_cast<SlotQuality>(worst), SlotQuality::kFailed);
    const Change change{value - sum.line.value[slot], sum.line.quality[slot], quality};
    if (change.difference == 0 && change.before == change.after) continue;
    sum.line.value[slot] = value;
    sum.line.quality[slot] = quality;
    pass_on(graph_.meters()[m].id, slot, change);
  }
}

IntervalView Board::view(ChannelId channel) const {
  IntervalView view{channel, start_, interval_s_, exponent_, {}, {}};
  const std::int64_t index = graph_.index_of(channel);
  const Line* line = nullptr;
  if (index >= 0)
    line = &sums_[static_cast<std::size_t>(index)].line;
  else if (const auto found = real_.find(channel); found != real_.end())
    line = &found->second;
  if (line != nullptr) view.value = line->value, view.quality = line->quality;
  return view;
}

}  // namespace amity::mdm
