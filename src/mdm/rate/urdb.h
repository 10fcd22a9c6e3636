// One rate of the OpenEI Utility Rate Database (API version 7 and later), as JSON. Prices are rate
// + adj, read digit by digit. What has no place in Tariff is either listed in `notes` (it does not
// change a bill of this kind) or refused with its reason.
#pragma once

#include <string_view>

#include "mdm/rate/tariff.h"

namespace amity::mdm {

// The rate itself, {"items": [rate]} as the API answers, or a list with one. URDB names no time
// zone: it is the caller's.
Result<Tariff> tariff_from_urdb(std::string_view json, std::string_view zone);

}  // namespace amity::mdm
