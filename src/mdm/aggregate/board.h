// Virtual meters over a stretch of time, kept as their inputs change: a late value touches only the
// intervals made of it, and the result is that of reckoning everything anew. Inputs share interval,
// unit and exponent. A value is the exact sum of coefficient x input, rounded once half away from
// zero; its quality is the worst of its inputs.
#pragma once

#include <array>
#include <unordered_map>
#include <vector>

#include "mdm/aggregate/virtual_graph.h"
#include "mdm/profile/interval_view.h"

namespace amity::mdm {

class Board {
 public:
  // Every input is missing at first. kLimit beyond kBoardSlotsMax.
  static Result<Board> make(VirtualGraph graph, UtcSeconds start, std::uint32_t interval_s,
                            std::size_t slots, std::int8_t exponent);

  // Final values of a real channel from `first` on. kInvalid for a virtual one or outside.
  Status set(ChannelId channel, std::size_t first, std::span<const std::int64_t> values,
             std::span<const SlotQuality> quality);
  // A real channel that was set, or a virtual one; an empty view for any other.
  IntervalView view(ChannelId channel) const;
  // Intervals of virtual meters reckoned so far: what a late value costs.
  std::uint64_t reckoned() const { return reckoned_; }

 private:
  struct Line {
    std::vector<std::int64_t> value;
    std::vector<SlotQuality> quality;
  };
  struct Sum {
    std::vector<__int128> millionths;
    std::vector<std::array<std::uint32_t, kSlotQualities>> inputs;  // by quality
    Line line;
  };
  struct Change {
    std::int64_t difference;
    SlotQuality before, after;
  };

  void pass_on(ChannelId channel, std::size_t slot, Change change);
  void reckon(std::size_t slot);

  VirtualGraph graph_;
  UtcSeconds start_;
  std::uint32_t interval_s_ = 0;
  std::size_t slots_ = 0;
  std::int8_t exponent_ = 0;
  std::unordered_map<ChannelId, Line> real_;
  std::vector<Sum> sums_;
  std::vector<std::uint32_t> touched_;  // a heap: the lowest index first
  std::vector<std::uint8_t> waiting_;
  std::uint64_t reckoned_ = 0;
};

}  // namespace amity::mdm
