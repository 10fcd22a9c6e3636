// The data records of a telegram into readings (EN 13757-3, 6).
#pragma once

#include "wire/mbus/layout.h"
#include "wire/mbus/qualifiers.h"
#include "wire/report/report.h"

namespace amity::mbus {

// Fills readings and unknown; a date of a storage becomes the time of the values of that storage,
// the one of storage 0 the report's. On an error the records before it stay, and the rest is among
// the unknown. `base_offset` is where `data` starts in the frame without CRCs.
// `scratch` keeps its memory between telegrams.
Status decode_records(ByteView data, std::size_t base_offset, Layout& layout, Qualifiers& scratch,
                      wire::Report& report);

}  // namespace amity::mbus
