// The meters of the grid itself: at a share of the transformers and at the head of every feeder.
// They measure what the meters beneath count, what is lost on the way (no-load and I2R), and what a
// home or two draws past its meter.
#pragma once

#include "world/energy_book.h"
#include "world/grid.h"

namespace amity::world {

struct GridMeter {
  std::uint32_t number = 0;  // in the energy book: of its serial number, address and keys too
  bool feeder = false;       // else a transformer
  std::uint32_t of = 0;      // index in MasterData::feeders or transformers
  DeviceId device;           // once it is in the master data
  std::string serial;
};

struct Bypass {
  std::uint32_t home = 0, transformer = 0;  // indices
  double load_w = 0, share = 0;             // as GridNode has them
  bool seen = false;                        // the transformer has a meter of its own
};

struct GridPlan {
  std::vector<GridNode> nodes;  // every transformer, then every feeder
  std::vector<GridMeter> meters;
  std::vector<Bypass> bypasses;
};

struct GridMetering {
  std::uint64_t seed = 1;
  double share = 0;               // of the transformers; 0: no meters, nothing bypassed
  std::uint32_t electricity = 0;  // homes with an electricity meter: the first ones
  std::uint32_t with_intervals =
      0;  // of these, those whose meters keep intervals: where a bypass shows
  bool bypasses = true;
};

GridPlan plan_grid(const GridMetering& config, const store::MasterData& master);
// Service points without a customer, devices and channels; after all others.
void add_grid_meters(GridPlan& plan, const GridConfig& config, store::MasterData& master);

}  // namespace amity::world
