#include "ops/fleet_state.h"

#include <algorithm>
#include <cstdlib>

namespace amity::ops {
namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::size_t kErrorKeptMax = 200;  // characters

bool mentions(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

std::string_view to_string(DeviceStatus status) {
  switch (status) {
    case DeviceStatus::kOk:
      return "ok";
    case DeviceStatus::kNew:
      return "new";
    case DeviceStatus::kLate:
      return "late";
    case DeviceStatus::kSilent:
      return "silent";
    case DeviceStatus::kSecurity:
      return "security";
  }
  return "?";
}

std::optional<DeviceStatus> device_status_from(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(DeviceStatus::kSecurity); ++i) {
    const auto status = static_cast<DeviceStatus>(i);
    if (to_string(status) == text) return status;
  }
  return std::nullopt;
}

std::string_view to_string(Relay relay) {
  switch (relay) {
    case Relay::kUnknown:
      return "unknown";
    case Relay::kConnected:
      return "connected";
    case Relay::kDisconnected:
      return "disconnected";
  }
  return "?";
}

void FleetState::add_device(const Device& device) {
  health_.try_emplace(device.id).first->second.commissioned = device.commissioned;
}

void FleetState::remove_device(DeviceId id) {
  health_.erase(id);
  changed_.erase(id);
}

DeviceHealth* FleetState::touch(DeviceId id) {
  const auto found = health_.find(id);
  if (found == health_.end()) return nullptr;
  changed_[id] = true;
  return &found->second;
}

void FleetState::apply(const ContactMade& contact) {
  DeviceHealth* health = touch(contact.device);
  if (health == nullptr) return;
  health->last_contact = std::max(health->last_contact, contact.at);
  if (contact.ok) {
    health->last_success = std::max(health->last_success, contact.at);
    health->failures_in_row = 0;
    health->security_since = {};
    health->last_error.clear();
  } else {
    if (health->failures_in_row < UINT16_MAX) ++health->failures_in_row;
    health->last_error = contact.error.substr(0, kErrorKeptMax);
    if (contact.error.starts_with("security") && health->security_since.value == 0)
      health->security_since = contact.at;
  }
  if (contact.clock_known) {
    health->clock_known = true;
    health->clock_offset_s = contact.clock_offset_s;
  }
}

void FleetState::apply(const EventsArrived& events) {
  for (const Event& event : events.events) {
    if (event.category != EventCategory::kTamper && event.category != EventCategory::kPower)
      continue;
    DeviceHealth* health = touch(event.device);
    if (health == nullptr) continue;
    if (event.category == EventCategory::kTamper && event.severity >= Severity::kMedium) {
      health->tamper_since = std::max(health->tamper_since, event.time);
    } else if (event.category == EventCategory::kPower) {
      const bool returned = mentions(event.text, "up") || mentions(event.text, "restor") ||
                            mentions(event.text, "return");
      if (returned && event.time >= health->power_since) health->power_since = {};
      if (!returned && event.severity >= Severity::kMedium) health->power_since = event.time;
    }
  }
}

void FleetState::apply(const ReadingsArrived& arrived,
                       const std::unordered_map<ChannelId, DeviceId>& reporting_channels) {
  for (const Reading& reading : arrived.readings) {
    const auto found = reporting_channels.find(reading.channel);
    if (found == reporting_channels.end()) continue;
    DeviceHealth* health = touch(found->second);
    if (health == nullptr) continue;
    health->last_reading = std::max(health->last_reading, reading.time);
    // An interval with supply after the power failure shows that power is back.
    if (health->power_since.value != 0 && reading.time > health->power_since + 1800 &&
        !reading.quality.has(QualityFlag::kPowerDown)) {
      health->power_since = {};
    }
  }
}

void FleetState::apply(const CommandChanged& change, CommandKind kind) {
  if (change.state != CommandState::kDone) return;
  if (kind != CommandKind::kDisconnect && kind != CommandKind::kConnect) return;
  if (DeviceHealth* health = touch(change.device)) {
    health->relay = kind == CommandKind::kDisconnect ? Relay::kDisconnected : Relay::kConnected;
  }
}

const DeviceHealth* FleetState::health(DeviceId id) const {
  const auto found = health_.find(id);
  return found == health_.end() ? nullptr : &found->second;
}

DeviceStatus FleetState::status(DeviceId id, UtcSeconds now) const {
  const DeviceHealth* h = health(id);
  return h == nullptr ? DeviceStatus::kNew : status(*h, now);
}

DeviceStatus FleetState::status(const DeviceHealth& h, UtcSeconds now) const {
  if (h.security_since.value != 0) return DeviceStatus::kSecurity;
  if (h.last_success.value == 0 && h.failures_in_row == 0) return DeviceStatus::kNew;
  // Pushed readings show life as much as a conversation does.
  const UtcSeconds alive = std::max(h.last_success, std::min(h.last_reading, now));
  const UtcSeconds since = alive.value == 0 ? h.commissioned : alive;
  if (now - since > rules_.silent_after_s) return DeviceStatus::kSilent;
  if (now - std::max(h.last_reading, h.commissioned) > rules_.late_after_s)
    return DeviceStatus::kLate;
  return DeviceStatus::kOk;
}

std::vector<DeviceId> FleetState::take_changed() {
  std::vector<DeviceId> ids;
  ids.reserve(changed_.size());
  for (const auto& [id, unused] : changed_) ids.push_back(id);
  changed_.clear();
  std::sort(ids.begin(), ids.end());
  return ids;
}

Bytes FleetState::serialize(DeviceId id) const {
  Bytes out;
  const DeviceHealth* h = health(id);
  if (h == nullptr) return out;
  ByteWriter w(out);
  w.u8(kRecordVersion);
  for (const UtcSeconds t : {h->last_contact, h->last_success, h->last_reading, h->tamper_since,
                             h->power_since, h->security_since}) {
    w.u64(static_cast<std::uint64_t>(t.value));
  }
  w.u32(static_cast<std::uint32_t>(h->clock_offset_s));
  w.u8(h->clock_known ? 1 : 0);
  w.u16(h->failures_in_row);
  w.u8(static_cast<std::uint8_t>(h->relay));
  w.text(h->last_error);
  return out;
}

Status FleetState::restore(DeviceId id, ByteView record) {
  const auto found = health_.find(id);
  if (found == health_.end()) return make_error(ErrorCode::kNotFound, "the device is not known");
  ByteReader r(record);
  AMITY_TRY(const std::uint8_t version, r.u8());
  if (version != kRecordVersion)
    return make_error(ErrorCode::kUnsupported, "record version " + std::to_string(version));
  DeviceHealth h;
  h.commissioned = found->second.commissioned;
  for (UtcSeconds* t : {&h.last_contact, &h.last_success, &h.last_reading, &h.tamper_since,
                        &h.power_since, &h.security_since}) {
    AMITY_TRY(const std::uint64_t seconds, r.u64());
    *t = UtcSeconds(static_cast<std::int64_t>(seconds));
  }
  AMITY_TRY(const std::uint32_t offset, r.u32());
  AMITY_TRY(const std::uint8_t known, r.u8());
  AMITY_TRY(h.failures_in_row, r.u16());
  AMITY_TRY(const std::uint8_t relay, r.u8());
  if (relay > static_cast<std::uint8_t>(Relay::kDisconnected)) return r.malformed("relay state");
  h.clock_offset_s = static_cast<std::int32_t>(offset);
  h.clock_known = known != 0;
  h.relay = static_cast<Relay>(relay);
  h.last_error = std::string(as_text(r.rest()));
  found->second = std::move(h);
  return {};
}

}  // namespace amity::ops
