// A tariff as its file has it: TOML (docs/formats/tariff.md), or one rate of OpenEI URDB as JSON.
#pragma once

#include <string_view>

#include "mdm/rate/tariff.h"

namespace amity::mdm {

// `zone` is that of a URDB rate, which names none.
Result<Tariff> tariff_from_file(std::string_view text, std::string_view zone);

}  // namespace amity::mdm
