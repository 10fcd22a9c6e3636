// What the demo's utility knows of its grid: which meters measure what is fed in to which part of
// it, and to which part of its water mains.
#pragma once

#include <string>

#include "store/registry.h"
#include "world/fleet.h"

namespace amity::app {

// As docs/formats/virtual_meters.md; nothing where the grid has no meters of its own.
Status write_demo_grid(const world::Fleet& fleet, const std::string& path);

}  // namespace amity::app
