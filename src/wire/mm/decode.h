// A message of the faithful subset of Meters and More (own framing, not conformance-tested) to a
// report.
#pragma once

#include "wire/mm/message.h"
#include "wire/report/report.h"

namespace amity::mm {

// Of an authenticated message whose CMAC is wrong nothing but its header is reported; without a key
// it is reported and said not to be checked. What the data mean is in no public text: they are
// shown as bytes.
Status decode(ByteView bytes, ByteView key, wire::Report& report);

}  // namespace amity::mm
