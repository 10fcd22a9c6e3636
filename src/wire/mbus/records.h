// The data records of a telegram into readings (EN 13757-3, 6).
#pragma once

#include "wire/mbus/layout.h"
#include "wire/mbus/qualifiers.h"
#include "wire/report/report.h"

namespace amity::mbus {

// The time that values of a storage belong to.
struct PointInTime {
  std::uint64_t storage = 0;
  std::uint32_t subunit = 0;
  std::size_t reading = 0;  // index of the date among the readings
  wire::MeterTime time;
};

// Memory that is kept between telegrams.
struct RecordScratch {
  Qualifiers qualifiers;
  std::array<PointInTime, kPointsInTimeMax> points;
  Bytes heads;  // of the records that were read: their format
};

// Fills readings and unknown; a date of a storage becomes the time of the values of that storage,
// the one of storage 0 the report's. On an error the records before it stay, and the rest is among
// the unknown. `base_offset` is where `data` starts in the frame without CRCs.
Status decode_records(ByteView data, std::size_t base_offset, Layout& layout,
                      RecordScratch& scratch, wire::Report& report);

// User data of a wired answer (CI and what follows) end with DIF 1F: another telegram is to be
// fetched. False also where they are encrypted, and cannot be looked into.
bool more_records_follow(ByteView user_data);

}  // namespace amity::mbus
