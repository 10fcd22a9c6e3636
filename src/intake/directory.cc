#include "intake/directory.h"

#include <mutex>

namespace amity::intake {
namespace {

template <class T>
void put_at(std::vector<T>& table, std::size_t index, T value) {
  if (table.size() <= index) table.resize(index + 1 + index / 4);
  table[index] = value;
}

}  // namespace

Result<std::unique_ptr<Directory>> Directory::load(store::Registry& registry) {
  std::unique_ptr<Directory> directory(new Directory(registry));
  AMITY_TRY(const auto channels, registry.channels());
  for (const Channel& c : channels) put_at(directory->owner_of_channel_, c.id.value, c.device);
  AMITY_TRY(const auto devices, registry.devices());
  for (const Device& d : devices) put_at(directory->device_known_, d.id.value, true);
  return directory;
}

Result<DeviceId> Directory::ask(ChannelId channel) {
  AMITY_TRY(const auto found, registry_.channel(channel));
  if (!found) return DeviceId();
  const std::unique_lock lock(mutex_);
  put_at(owner_of_channel_, channel.value, found->device);
  return found->device;
}

Status Directory::owners(std::span<const Reading> readings, std::vector<DeviceId>& owners) {
  owners.clear();
  bool all_known = true;
  {
    const std::shared_lock lock(mutex_);
    for (const Reading& r : readings) {
      const bool inside = r.channel.value < owner_of_channel_.size();
      owners.push_back(inside ? owner_of_channel_[r.channel.value] : DeviceId());
      all_known = all_known && owners.back().valid();
    }
  }
  for (std::size_t i = 0; !all_known && i < readings.size(); ++i) {
    if (owners[i].valid()) continue;
    if (i > 0 && readings[i].channel == readings[i - 1].channel) {
      owners[i] = owners[i - 1];
      continue;
    }
    AMITY_TRY(owners[i], ask(readings[i].channel));
  }
  return {};
}

Result<bool> Directory::known(DeviceId device) {
  {
    const std::shared_lock lock(mutex_);
    if (device.value < device_known_.size() && device_known_[device.value]) return true;
  }
  AMITY_TRY(const auto found, registry_.device(device));
  if (!found) return false;
  const std::unique_lock lock(mutex_);
  put_at(device_known_, device.value, true);
  return true;
}

}  // namespace amity::intake
