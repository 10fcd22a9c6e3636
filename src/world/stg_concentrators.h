// PRIME concentrators that deliver report files into a drop folder (a head-end's --stg-drop): every
// so often each of them writes what its meters have recorded since the last time, first everything
// since they were installed. A meter without power is left out until it is back, and said to be
// lost (S15); once an hour the concentrator says who is behind it (S24) and what happened (S17). A
// file appears whole: it is written beside the folder's files as *.tmp and renamed. Orders to a
// concentrator are in no public text: none is answered.
#pragma once

#include <filesystem>
#include <vector>

#include "base/runtime.h"
#include "world/side_meters.h"
#include "world/stg_reports.h"

namespace amity::world {

struct StgConfig {
  std::filesystem::path folder;
  std::uint32_t every_s = 900;
  std::uint32_t first_s = 10;  // the first reports come within this
};

struct StgStats {
  std::uint64_t files = 0, failed = 0;
};

class StgConcentrators {
 public:
  // All references outlive the object.
  StgConcentrators(Runtime runtime, const StgConfig& config, const MeterTown& town,
                   const std::vector<std::unique_ptr<VirtualMeter>>& meters,
                   const SideMeters& side);
  ~StgConcentrators();
  StgConcentrators(const StgConcentrators&) = delete;
  StgConcentrators& operator=(const StgConcentrators&) = delete;

  const StgStats& stats() const { return stats_; }

 private:
  struct Behind {
    const VirtualMeter* meter;
    UtcSeconds until;  // reported up to here, by the meter's own clock
    UtcSeconds heard;
    bool present = true;
  };
  struct Concentrator {
    std::string id;
    std::vector<Behind> meters;
    std::vector<StgIncident> log;  // since the last S17
    UtcSeconds listed;             // the last S24 and S17
    TimerId timer = 0;
  };

  void arm(Concentrator& concentrator, Duration after);
  void report(Concentrator& concentrator);
  void look_who_is_there(Concentrator& concentrator);
  void report_itself(Concentrator& concentrator);
  bool write(const Concentrator& concentrator, std::string_view type, const std::string& xml);

  Runtime runtime_;
  StgConfig config_;
  TimeZone zone_;
  std::vector<Concentrator> concentrators_;  // never moved once armed
  StgStats stats_;
};

}  // namespace amity::world
