// What a PRIME concentrator reports of a meter behind it, as the Spanish STG 3.1.c writes it
// (wire/stg/report.h): S02 hourly curve, S04 monthly and S05 daily closings in whole kWh, S09
// events, S14 mean voltage and current of each hour. Wall time of the town, S in summer, W in
// winter. The event codes are those of this town's invented makers: group = number of the log from
// 1 on, code = the meter's own (MeterEvent); what codes real makers use is in no public text.
#pragma once

#include <string>
#include <vector>

#include "world/virtual_meter.h"

namespace amity::world {

// "20260920020000000S"
std::string stg_time(const TimeZone& zone, UtcSeconds time);

// An hour of the curve; only hours of which the meter has every interval.
struct StgHour {
  UtcSeconds end;
  Totals energy;
  std::uint32_t mean_voltage_dv = 0;
};
std::vector<StgHour> stg_hours(const VirtualMeter& meter, UtcSeconds after, UtcSeconds until);

// The elements of one meter for what lies in (after, until]; empty where there is nothing.
enum class StgType : std::uint8_t { kS02, kS04, kS05, kS09, kS14 };
inline constexpr StgType kStgTypes[] = {StgType::kS02, StgType::kS04, StgType::kS05, StgType::kS09,
                                        StgType::kS14};
std::string_view to_string(StgType type);
std::string stg_elements(StgType type, const VirtualMeter& meter, const TimeZone& zone,
                         UtcSeconds after, UtcSeconds until);

// What a concentrator says of itself: S24, who is behind it and when it was heard last; S15 (as it
// happens) and S17 (the log), who was lost and is back: group 5 of the invented makers' codes.
struct StgMember {
  std::string meter;
  UtcSeconds heard;
  bool present = true;
};
std::string stg_members(std::string_view concentrator, const TimeZone& zone, UtcSeconds now,
                        const std::vector<StgMember>& members);
struct StgIncident {
  UtcSeconds at;
  std::string meter;
  bool back = false;  // otherwise lost
};
std::string stg_incidents(std::string_view type, std::string_view concentrator,
                          const TimeZone& zone, const std::vector<StgIncident>& incidents);

// A report of one concentrator, meter by meter.
class StgReport {
 public:
  StgReport(StgType type, std::string_view concentrator);
  // Adds nothing where `elements` is empty.
  void add(const VirtualMeter& meter, const std::string& elements);
  bool empty() const { return meters_ == 0; }
  std::string finish() &&;

 private:
  StgType type_;
  std::string xml_;
  std::size_t meters_ = 0;
};

}  // namespace amity::world
