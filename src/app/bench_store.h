// A store of a benchmark: in a directory that is gone afterwards, with a fleet in its registry.
#pragma once

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/assert.h"
#include "store/store.h"

namespace amity::app {

class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "amity-bench-XXXXXX").string();
    AMITY_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A benchmark that cannot go on says why and ends.
template <class T>
T must(Result<T> result, const char* what) {
  if (result.ok()) return std::move(result).value();
  fmt::print(stderr, "bench: {}: {}\n", what, to_string(result.error()));
  std::exit(1);
}

inline void must(const Status& status, const char* what) {
  if (status.ok()) return;
  fmt::print(stderr, "bench: {}: {}\n", what, to_string(status.error()));
  std::exit(1);
}

// Meters 1 .. `meters` with quarter hours; channel ids are dense, meter by meter.
inline void add_bench_fleet(store::Registry& registry, std::uint32_t meters,
                            std::uint32_t channels_per_meter) {
  store::MasterData data;
  for (std::uint32_t m = 1; m <= meters; ++m) {
    Device device;
    device.id = DeviceId(m);
    device.serial = fmt::format("AMY{:08}", m);
    data.devices.push_back(device);
    for (std::uint32_t c = 0; c < channels_per_meter; ++c) {
      Channel channel;
      channel.id = ChannelId((m - 1) * channels_per_meter + c + 1);
      channel.device = device.id;
      channel.unit = Unit::kWattHour;
      channel.interval_s = 900;
      data.channels.push_back(channel);
    }
  }
  must(registry.add(data), "adding the fleet");
}

}  // namespace amity::app
