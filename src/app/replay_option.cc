#include "app/replay_option.h"

#include <fmt/core.h>

namespace amity::app {

Status load_profiles(const std::string& directory, bool meters_given, world::FleetConfig& fleet) {
  if (directory.empty()) return {};
  AMITY_TRY(world::Replay replay, world::load_replay(directory));
  fmt::print(stderr, "{} real homes, {} half hours\n", replay.homes.size(), replay.rows);
  for (const std::string& remark : replay.remarks) fmt::print(stderr, "  {}\n", remark);
  if (!meters_given) fleet.meters = 0;
  fleet.replay = std::make_shared<const world::Replay>(std::move(replay));
  return {};
}

}  // namespace amity::app
