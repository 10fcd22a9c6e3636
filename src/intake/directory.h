// Which channels and devices exist, for the intake's every reading: in memory, read from the registry, which is asked
// again for what is not known yet. Safe from any thread.
#pragma once

#include <memory>
#include <shared_mutex>
#include <vector>

#include "model/reading.h"
#include "store/registry.h"

namespace amity::intake {

class Directory {
 public:
  static Result<std::unique_ptr<Directory>> load(store::Registry& registry);

  // The owner of each channel, none for unknown ones; `owners` is overwritten. Fails when the registry does.
  Status owners(std::span<const Reading> readings, std::vector<DeviceId>& owners);
  Result<bool> known(DeviceId device);

 private:
  explicit Directory(store::Registry& registry) : registry_(registry) {}
  Result<DeviceId> ask(ChannelId channel);

  store::Registry& registry_;
  std::shared_mutex mutex_;
  std::vector<DeviceId> owner_of_channel_;  // by channel id
  std::vector<bool> device_known_;          // by device id
};

}  // namespace amity::intake
