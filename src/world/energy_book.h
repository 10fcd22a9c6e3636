// What passes each meter of the town, interval by interval: homes (simulated or real) on a grid that fails now
// and then. The
// truth that meters measure; days are computed when somebody asks and kept for a while.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "world/fault_plan.h"
#include "world/home.h"
#include "world/replay.h"

namespace amity::world {

// Bits of the profile status, as usual in the field.
enum ProfileStatus : std::uint8_t {
  kStatusCritical = 0x01,
  kStatusClockInvalid = 0x02,
  kStatusDataInvalid = 0x04,
  kStatusDaylightSaving = 0x08,
  kStatusClockAdjusted = 0x20,
  kStatusPowerDown = 0x80,
};

struct Interval {
  std::uint32_t import_wh = 0, export_wh = 0, reactive_import_varh = 0, reactive_export_varh = 0;
  std::uint16_t voltage_dv = 0;
  std::uint8_t status = 0;
  bool present = true;  // false: the meter has no row (lost, or none in the real file); its energy still counts
};

struct Totals {
  std::int64_t import_wh = 0, export_wh = 0, reactive_import_varh = 0, reactive_export_varh = 0;

  void add(const Interval& i) {
    import_wh += i.import_wh;
    export_wh += i.export_wh;
    reactive_import_varh += i.reactive_import_varh;
    reactive_export_varh += i.reactive_export_varh;
  }
  friend bool operator==(const Totals&, const Totals&) = default;
};

// One town day of one meter.
struct MeterDay {
  std::array<Interval, kStepsPerDay> intervals;
  Totals total;
};

struct BookHome {
  GridPath path;
  Supply supply;
  const ReplayHome* real = nullptr;  // nullptr: simulated
};

// A transformer or the head of a feeder: all that passes it, also what no meter beneath counts.
struct GridNode {
  GridPath path;
  std::vector<std::uint32_t>
      beneath;              // homes of a transformer; nodes of a feeder, as numbered in the book
  double no_load_w = 0;     // while it has power
  double copper_ohm = 0;    // I2R of transformer and lines, as seen at `volt`
  double volt = 400;        // between phases
  double bypass_w = 0;      // drawn past the meters from 18:00 to 12:00
  double bypass_share = 0;  // and as a share of what the home `bypass_home` is seen to draw
  std::uint32_t bypass_home = 0;
};

struct BookConfig {
  std::uint64_t seed = 1;
  std::uint32_t interval_s = 900;  // 900 or 1,800
  Climate climate;
  FaultRates faults;
  std::int64_t replay_shift_s = 0;  // real stamps + this = our time; a multiple of a day
};

class EnergyBook {
 public:
  // Meters are numbered homes first, then the nodes of `grid`: transformers before feeders.
  EnergyBook(const BookConfig& config, const TimeZone& zone, std::vector<BookHome> homes,
             std::vector<GridNode> grid = {});

  std::uint32_t interval_s() const { return config_.interval_s; }
  std::size_t intervals_per_day() const { return 86'400 / config_.interval_s; }
  TownDay day_at(UtcSeconds interval_end) const { return weather_.day_at(interval_end); }
  UtcSeconds start_of(TownDay day) const { return weather_.start_of(day); }
  // Valid until the next call.
  const MeterDay& day(std::uint32_t meter, TownDay day);
  // What touches the meter and starts in (after, until], ascending.
  std::vector<Happening> happenings(std::uint32_t meter, UtcSeconds after, UtcSeconds until) const;
  bool powered(std::uint32_t meter, UtcSeconds now) const;
  const FaultPlan& plan() const { return plan_; }
  // Valid until the next call.
  const WeatherDay& weather(TownDay day);
  const TimeZone& zone() const { return zone_; }

 private:
  struct Slot {
    std::uint64_t key = UINT64_MAX;
    MeterDay day;
  };

  void compute(std::uint32_t meter, TownDay day, MeterDay& out);
  void simulate(std::uint32_t meter, TownDay day, MeterDay& out);
  void replay(const ReplayHome& home, TownDay day, MeterDay& out) const;
  void suffer(std::uint32_t meter, TownDay day, MeterDay& out) const;
  void pass_through(const GridNode& node, std::uint32_t number, TownDay day, MeterDay& out);
  const GridPath& path_of(std::uint32_t meter) const {
    return meter < homes_.size() ? homes_[meter].path : grid_[meter - homes_.size()].path;
  }

  BookConfig config_;
  TimeZone zone_;
  Weather weather_;
  FaultPlan plan_;
  std::vector<BookHome> homes_;
  std::vector<GridNode> grid_;
  std::vector<Slot> slots_;
  std::unordered_map<std::int32_t, std::unique_ptr<WeatherDay>> weather_days_;
};

}  // namespace amity::world
