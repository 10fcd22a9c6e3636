// A request and its response, or either alone, to a report.
#pragma once

#include "wire/c12/meter_tables.h"
#include "wire/osgp/message.h"

namespace amity::osgp {

// `key` may be empty: then the digests are not checked, and the report says so. `response` may be
// empty. A wrong digest is no error: report.security says so and nothing of the content is used.
// `meter` is learnt from (formats and dimensions of its basic tables).
Status decode_exchange(ByteView request, ByteView response, ByteView key, c12::MeterTables& meter,
                       wire::Report& report);

}  // namespace amity::osgp
