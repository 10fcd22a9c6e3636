// Finds devices by the beginnings of words, in the order of their serials: 100,000 devices in a few milliseconds. Kept
// in memory beside the tables. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/ids.h"
#include "store/registry.h"

namespace amity::store {

class DeviceSearch {
 public:
  struct Entry {
    DeviceId device;
    std::string serial;
    std::string text;  // all that may be searched for, separated by blanks
    std::string segment;
    std::uint32_t transformer = 0, feeder = 0;
  };

  void put(std::vector<Entry> entries);  // new ones, or replacing those of the same device
  // At most `limit` devices after the serial `query.after`, ascending by serial. Every word of the text must begin a
  // word of the device; case is ignored in ASCII.
  std::vector<DeviceId> find(const DeviceQuery& query, std::size_t limit) const;
  const std::string* serial_of(DeviceId device) const;

 private:
  void sort();
  std::vector<Entry> entries_;  // by serial; `text` is kept as " word word", in lower case
  std::unordered_map<DeviceId, std::size_t> place_;
};

}  // namespace amity::store
