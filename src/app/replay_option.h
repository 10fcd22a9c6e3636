// --profiles, as `demo` and `sim` have it.
#pragma once

#include <string>

#include "world/fleet.h"

namespace amity::app {

// Loads the real homes of `directory` into the fleet, all of them unless the number of meters was
// given; says on stderr what they are. Nothing for "".
Status load_profiles(const std::string& directory, bool meters_given, world::FleetConfig& fleet);

}  // namespace amity::app
