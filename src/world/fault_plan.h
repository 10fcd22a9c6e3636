// What goes wrong in the town by itself: outages, covers opened, dips of the voltage, rows that a meter lost.
// Random access:
// what happens on a day is a function of the seed, the thing and the day.
#pragma once

#include <cstdint>
#include <vector>

#include "world/weather.h"

namespace amity::world {

// Mean number a day, each.
struct FaultRates {
  double feeder_outages = 1.0 / 120;      // per feeder
  double transformer_outages = 1.0 / 400; // per transformer
  double service_outages = 1.0 / 2'000;   // per meter
  double voltage_dips = 1.0 / 250;        // per transformer
  double covers_opened = 1.0 / 4'000;     // per meter
  double lost_rows = 1.0 / 700;           // per meter
  double reboots = 1.0 / 300;             // per meter; while the fleet runs
  double clock_jumps = 1.0 / 900;         // per meter; while the fleet runs
  double clock_drift_ppm = 12;            // standard deviation between meters

  static FaultRates none() { return {0, 0, 0, 0, 0, 0, 0, 0, 0}; }
};

// Where a meter hangs: what else fails with it.
struct GridPath {
  std::uint32_t meter = 0, transformer = 0, feeder = 0;
  // A transformer's own meter has no service of its own; one at the head of a feeder keeps the
  // substation's power.
  enum class Spot : std::uint8_t { kHome, kTransformer, kFeeder } spot = Spot::kHome;
};

struct Happening {
  enum class Kind : std::uint8_t { kOutage, kDip, kCover, kLostRows };
  Kind kind = Kind::kOutage;
  UtcSeconds from, to;  // [from, to)
  float depth = 0;      // of a dip: share of the voltage that is missing
};

class FaultPlan {
 public:
  FaultPlan(std::uint64_t seed, const FaultRates& rates) : seed_(seed), rates_(rates) {}

  // Everything that touches the meter and starts on the town's day that begins at `day_start`; at most a day
  // long. To know all
  // that touches a day, ask for the day before too.
  void append(const GridPath& path, TownDay day, UtcSeconds day_start, std::vector<Happening>& out) const;
  double drift_ppm(std::uint32_t meter) const;
  const FaultRates& rates() const { return rates_; }

 private:
  std::uint64_t seed_;
  FaultRates rates_;
};

}  // namespace amity::world
