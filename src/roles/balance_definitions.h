// Virtual meters and what measures the energy fed in, as files (docs/formats/virtual_meters.md):
// the utility's own, and the one that holds what was made in the page.
#pragma once

#include <string>
#include <vector>

#include "api/services.h"

namespace amity::roles {

struct SupplyPoint {
  std::string transformer, feeder, area, commodity, sum;  // one of them; commodity: of the area
  api::VirtualTerm measured;  // no channel: all that the meter delivers, import less export
};

struct BalanceDefinitions {
  std::vector<api::VirtualMeter> meters;
  std::vector<SupplyPoint> supplies;
};

// What the file says is added; one that is not there says nothing. An error names file and line.
Status read_definitions(const std::string& file, bool fixed, BalanceDefinitions& out);
// The meters that are not fixed, durable before it returns.
Status write_definitions(const std::string& file, const std::vector<api::VirtualMeter>& meters);

inline constexpr std::size_t kVirtualNameMax = 80;
inline constexpr std::size_t kVirtualTermsMax = 1'000;  // of one that is made in the page
inline constexpr std::size_t kVirtualMadeMax = 10'000;

}  // namespace amity::roles
