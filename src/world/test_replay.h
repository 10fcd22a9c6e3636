// For tests: the real homes, read once per test program; nullptr where they are not present.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "world/replay.h"

namespace amity::world {

inline constexpr const char* kRealHomes = AMITY_SOURCE_DIR "/../shared/data/sgsc_households";

inline std::shared_ptr<const Replay> real_homes() {
  static const std::shared_ptr<const Replay> loaded = [] {
    std::shared_ptr<const Replay> out;
    if (!std::filesystem::exists(kRealHomes)) return out;
    auto replay = load_replay(kRealHomes);
    if (!replay.ok()) ADD_FAILURE() << to_string(replay.error());
    else out = std::make_shared<const Replay>(std::move(replay).value());
    return out;
  }();
  return loaded;
}

}  // namespace amity::world

#define AMITY_NEED_REAL_HOMES(name)                                                                \
  const auto name = ::amity::world::real_homes();                                                  \
  if (!name) GTEST_SKIP() << "real homes not present: " << ::amity::world::kRealHomes
