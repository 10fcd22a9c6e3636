// Civil (wall clock) time and the zone database: only the edges need it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace amity {

struct CivilTime {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int utc_offset_s = 0;       // east of Greenwich
  bool daylight_saving = false;
};

CivilTime civil_from_utc(UtcSeconds time);  // in UTC
UtcSeconds utc_from_civil(int year, int month, int day, int hour, int minute, int second);

// A zone of the IANA database, e.g. "Europe/Madrid". Immutable, cheap to copy.
class TimeZone {
 public:
  static Result<TimeZone> find(std::string_view name);
  static TimeZone utc();

  const std::string& name() const { return name_; }
  CivilTime local(UtcSeconds time) const;
  // Every instant whose wall clock shows this: none (skipped), one, or two (repeated hour), ascending.
  std::vector<UtcSeconds> instants(int year, int month, int day, int hour, int minute, int second) const;
  // Start of the local day that contains `time`, as an instant.
  UtcSeconds start_of_day(UtcSeconds time) const;
  // "2026-11-20T14:15:00+01:00"
  std::string to_iso_local(UtcSeconds time) const;

 private:
  std::string name_ = "UTC";
  const void* zone_ = nullptr;  // date::time_zone, owned by the database
};

}  // namespace amity
