// What is known of each meter's communication, clock, security and relay, from contacts, events and
// readings. Pure. About 100 bytes a device; a device's state serialises to one small record, so
// that a restart continues where it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/device.h"
#include "model/facts.h"

namespace amity::ops {

enum class DeviceStatus : std::uint8_t {
  kOk = 0,
  kNew = 1,       // never contacted yet, within its grace
  kLate = 2,      // reachable or not, its readings are older than they should be
  kSilent = 3,    // no successful contact for long
  kSecurity = 4,  // the last attempts failed for security reasons
};
std::string_view to_string(DeviceStatus status);
std::optional<DeviceStatus> device_status_from(std::string_view text);

enum class Relay : std::uint8_t { kUnknown = 0, kConnected = 1, kDisconnected = 2 };
std::string_view to_string(Relay relay);

// Thresholds, in seconds; configuration of the utility.
struct StatusRules {
  std::int64_t late_after_s = 2 * 3600;     // newest reading older than this
  std::int64_t silent_after_s = 24 * 3600;  // newest successful contact older than this
  std::int64_t clock_limit_s = 180;         // |meter - reference| beyond this is abnormal
  std::int64_t tamper_shown_s =
      24 * 3600;  // a tamper or power event stays in "abnormal now" this long
};

struct DeviceHealth {
  UtcSeconds commissioned;
  UtcSeconds last_contact;  // newest attempt
  UtcSeconds last_success;  // newest successful one
  UtcSeconds last_reading;  // newest interval end; of a meter without intervals, newest register
  UtcSeconds tamper_since;  // newest tamper event, 0 = none
  UtcSeconds power_since;   // newest power failure without a return, 0 = powered
  UtcSeconds security_since;
  std::int32_t clock_offset_s = 0;
  bool clock_known = false;
  std::uint16_t failures_in_row = 0;
  Relay relay = Relay::kUnknown;
  std::string last_error;
};

class FleetState {
 public:
  explicit FleetState(StatusRules rules) : rules_(rules) {}

  void add_device(const Device& device);
  void remove_device(DeviceId id);
  void apply(const ContactMade& contact);
  void apply(const EventsArrived& events);
  // `reporting_channels`: whose readings show that their device reports.
  void apply(const ReadingsArrived& readings,
             const std::unordered_map<ChannelId, DeviceId>& reporting_channels);
  void apply(const CommandChanged& change, CommandKind kind);

  const DeviceHealth* health(DeviceId id) const;
  DeviceStatus status(DeviceId id, UtcSeconds now) const;
  DeviceStatus status(const DeviceHealth& health, UtcSeconds now) const;
  const std::unordered_map<DeviceId, DeviceHealth>& all() const { return health_; }
  const StatusRules& rules() const { return rules_; }

  // Devices whose record changed since the last call, for saving.
  std::vector<DeviceId> take_changed();
  Bytes serialize(DeviceId id) const;
  // Restores a saved record; a record that does not parse is refused and the device starts afresh.
  Status restore(DeviceId id, ByteView record);

 private:
  DeviceHealth* touch(DeviceId id);

  StatusRules rules_;
  std::unordered_map<DeviceId, DeviceHealth> health_;
  std::unordered_map<DeviceId, bool> changed_;
};

}  // namespace amity::ops
