// The fleet's master data in memory, joined, for search, sorting and names: the registry answers
// one device, this answers lists. Reloaded when the number of devices changes and every
// kDirectoryRefreshS. Memory: about 400 bytes a device.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/services.h"
#include "base/runtime.h"
#include "store/registry.h"

namespace amity::api {

struct DirectoryRow {
  Device device;
  std::string service_point, address, customer, transformer, feeder;
  double latitude = 0, longitude = 0;
  std::uint32_t transformer_id = 0, feeder_id = 0;
  std::string words;  // what is searched: lower case, a blank before each word
};

struct DirectorySnapshot {
  std::vector<DirectoryRow> rows;  // by id
  std::unordered_map<DeviceId, std::uint32_t> by_id;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> by_transformer;
  std::vector<Transformer> transformers;
  std::vector<Feeder> feeders;

  const DirectoryRow* find(DeviceId id) const;
  std::string_view serial(DeviceId id) const;  // "" for an unknown device
};
using DirectoryPtr = std::shared_ptr<const DirectorySnapshot>;

class Directory {
 public:
  Directory(store::Registry& registry, const Clock& clock) : registry_(registry), clock_(clock) {}

  // What is known; never waits. Empty before the first load.
  DirectoryPtr now() const { return std::atomic_load(&current_); }
  // Loads again when it is due; for worker threads.
  Result<DirectoryPtr> fresh(std::uint64_t devices_expected);
  Status load();

 private:
  store::Registry& registry_;
  const Clock& clock_;
  std::mutex loading_;
  DirectoryPtr current_ = std::make_shared<const DirectorySnapshot>();
  Instant loaded_;
  bool ever_loaded_ = false;
};

// What a list is narrowed to; "" is any, but for the segment: "" and "direct" are the meters that
// no concentrator reaches. Feeders and transformers by name or id.
struct Area {
  std::optional<std::string> segment;
  std::string feeder, transformer, model;

  bool everything() const;
  bool holds(const DirectoryRow& row) const;
};

struct DeviceSearch {
  std::string text, status, protocol;
  std::optional<Commodity> commodity;
  Area area;
  std::string sort = "serial";
  bool descending = false;
  std::size_t limit = 100;
  std::string after;  // cursor, "" for the first page
};

struct DeviceListing {
  std::vector<const DirectoryRow*> rows;
  std::vector<DeviceStatus> statuses;  // of the rows
  std::string next;                    // "" = no more
};

bool is_device_sort(std::string_view name);
// kInvalid for a cursor that is not of this search's sorting.
Result<DeviceListing> search_devices(const DirectorySnapshot& directory,
                                     const std::vector<DeviceStatus>& statuses,
                                     const DeviceSearch& search);

}  // namespace amity::api
