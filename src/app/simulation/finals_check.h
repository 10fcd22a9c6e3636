// Holds the final values that validation gave out against raw readings and registers, and its
// decisions in the journal against each other.
#pragma once

#include <cstdint>
#include <optional>

#include "app/simulation/config.h"
#include "base/civil.h"
#include "store/store.h"

namespace amity::simulation {

struct FinalsCounts {
  std::uint64_t decisions = 0, corrections = 0, days = 0, values = 0, estimated = 0;
  std::uint64_t days_closed = 0;  // on the register, exactly
};

// Rules: "final values are the raw ones where these are valid", "estimates close on the register",
// "no decision is made twice", "every whole day is validated".
std::optional<Violation> check_finals(store::Store& store, const TimeZone& zone, UtcSeconds born,
                                      UtcSeconds now, FinalsCounts& counts);

}  // namespace amity::simulation
