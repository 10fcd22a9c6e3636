// Which device of the registry a frame's meter is: by the number and the manufacturer that the
// frame gives. A meter counts as known only where exactly one device can be it. What was heard of
// others is counted and kept in a list, for a person who looks for a meter that nobody registered.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "driver/model_set.h"
#include "model/event.h"
#include "store/registry.h"
#include "wire/report/report.h"

namespace amity::headend {

// Letters and digits alone, upper case, without leading zeros: "0012-34ab" is "1234AB".
std::string plain_number(std::string_view number);
// The number that a meter gives of itself is the one that is printed on it, or one ends with the
// other by kNumberTailMin characters.
bool same_number(std::string_view printed, std::string_view given);

struct HeardMeter {
  std::string protocol, manufacturer, id, medium, version;
  UtcSeconds first, last;
  std::uint64_t frames = 0;
  std::string why;  // "not registered", "two devices have this number", ...
};

struct Found {
  std::optional<DeviceId> device;
  std::string why;  // there is none
  std::vector<Event>
      events;  // to be delivered: a meter that was heard for the first time, a conflict
};

class KnownMeters {
 public:
  KnownMeters(store::Registry& registry, const driver::ModelSet& models);

  // Loads the registry's devices at the first call. Two devices with one number are told apart by
  // manufacturer and protocol; where both remain, none is found, and each gets an event once. A
  // device is known by the version and medium of whoever was heard first under its number: another
  // meter with the same number is a conflict, not the device.
  Result<Found> find(std::string_view protocol, const wire::MeterIdentity& meter, UtcSeconds now);
  void refresh(DeviceId device);

  // Ordered by protocol, manufacturer, number. At most kHeardMetersMax; who was not heard for the
  // longest time makes room.
  std::vector<HeardMeter> heard() const;
  std::size_t heard_count() const { return heard_.size(); }
  std::uint64_t frames_unknown() const { return frames_unknown_; }

 private:
  struct Entry {
    Device device;
    std::vector<std::string> numbers;  // under which it is listed
    std::string looks;                 // version and medium of who was heard first
  };

  Status load();
  void insert(const Device& device);
  void erase(DeviceId device);
  bool same_maker(const std::string& registered, const std::string& given) const;
  std::vector<Entry*> candidates(std::string_view protocol, const wire::MeterIdentity& meter);
  Status note_commodity(Entry& entry, const std::string& medium);
  Status check_looks(Entry& entry, const std::string& looks);
  Found unknown(std::string_view protocol, const wire::MeterIdentity& meter, UtcSeconds now,
                std::string why);
  void make_room();

  store::Registry& registry_;
  const driver::ModelSet& models_;
  bool loaded_ = false;
  std::unordered_map<DeviceId, Entry> entries_;
  std::unordered_multimap<std::string, DeviceId> by_number_;
  std::set<std::pair<std::string, std::string>> makers_;  // code and name, upper case
  std::map<std::string, HeardMeter> heard_;
  std::uint64_t frames_unknown_ = 0;
  std::set<std::string> conflicts_;  // reported once
};

}  // namespace amity::headend
