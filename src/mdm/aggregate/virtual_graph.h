// Virtual meters: sums of other channels, each with a coefficient; of meters and of other virtual
// meters. A transformer, a feeder, an area or a class of customers is one with coefficients of 1.
// No virtual meter reaches itself.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "mdm/aggregate/limits.h"
#include "model/ids.h"

namespace amity::mdm {

struct Term {
  ChannelId input;
  std::int64_t coefficient = kUnitCoefficient;  // millionths: -1,000,000 subtracts
};

struct VirtualMeter {
  ChannelId id;
  std::string name;
  std::vector<Term> terms;  // an input named twice counts with the sum of its coefficients
};

class VirtualGraph {
 public:
  // kInvalid with the path ("A -> B -> A") where virtual meters form a circle.
  static Result<VirtualGraph> make(std::vector<VirtualMeter> meters);

  // Inputs before what is made of them.
  const std::vector<VirtualMeter>& meters() const { return meters_; }
  struct Use {
    std::uint32_t meter;  // index in meters()
    std::int64_t coefficient;
  };
  // The virtual meters that have this channel as an input; ascending.
  const std::vector<Use>& uses_of(ChannelId input) const;
  // Index in meters(); -1 for a real channel.
  std::int64_t index_of(ChannelId id) const;

 private:
  std::vector<VirtualMeter> meters_;
  std::unordered_map<ChannelId, std::uint32_t> index_;
  std::unordered_map<ChannelId, std::vector<Use>> uses_;
};

}  // namespace amity::mdm
