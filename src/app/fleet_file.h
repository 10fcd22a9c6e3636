// A fleet as one document: master data and keys (docs/formats/fleet.md), and how it enters the
// platform.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "headend/key_ring.h"
#include "store/registry.h"

namespace amity::app {

struct FleetFile {
  store::MasterData master;
  std::vector<std::pair<DeviceId, headend::DeviceKeys>> keys;
};

// The error says which element of which list is wrong; nothing of a wrong file is taken.
Result<FleetFile> parse_fleet(const std::string& json);
// Master data in one transaction, then the keys.
Status import_fleet(const FleetFile& fleet, store::Registry& registry, headend::KeyRing& keys);

}  // namespace amity::app
