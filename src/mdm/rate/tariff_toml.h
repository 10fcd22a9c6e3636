// Tariffs and accounts as TOML: docs/formats/tariff.md. An error names its line.
#pragma once

#include <string_view>

#include "mdm/rate/tariff.h"

namespace amity::mdm {

Result<Tariff> tariff_from_toml(std::string_view text);

// "2026-03-29" as days since 1970.
Result<std::int32_t> date_from(std::string_view text);

}  // namespace amity::mdm
