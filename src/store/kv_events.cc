#include "store/kv_events.h"

#include <algorithm>
#include <map>
#include <set>

#include "store/limits.h"
#include "store/varint.h"

namespace amity::store {
namespace {

// One family, three tables told apart by the first byte of the key.
//   D device time code source -> the event     T time device code source -> nothing     N device source -> time
constexpr char kByDevice = 'D', kByTime = 'T', kNewest = 'N';
constexpr std::size_t kFixedSize = 1 + 4 + 8 + 4;

std::string device_key(const Event& e) {
  std::string key(1, kByDevice);
  append_key_u32(key, e.device.value);
  append_key_i64(key, e.time.value);
  append_key_u32(key, e.code);
  return key + e.source;
}

std::string time_key(const Event& e) {
  std::string key(1, kByTime);
  append_key_i64(key, e.time.value);
  append_key_u32(key, e.device.value);
  append_key_u32(key, e.code);
  return key + e.source;
}

std::string newest_key(DeviceId device, const std::string& source) {
  std::string key(1, kNewest);
  append_key_u32(key, device.value);
  return key + source;
}

std::string device_bound(DeviceId device, UtcSeconds time) {
  std::string key(1, kByDevice);
  append_key_u32(key, device.value);
  append_key_i64(key, time.value);
  return key;
}

std::string encode_value(const Event& e) {
  std::string value;
  value.push_back(static_cast<char>(e.category));
  value.push_back(static_cast<char>(e.severity));
  return value + e.text;
}

Result<Event> decode_event(std::string_view key, std::string_view value) {
  Event e;
  if (key.size() < kFixedSize || value.size() < 2) return make_error(ErrorCode::kCorrupt, "an event is too short");
  e.device = DeviceId(key_u32(key, 1));
  e.time = UtcSeconds(key_i64(key, 5));
  e.code = key_u32(key, 13);
  e.source = key.substr(kFixedSize);
  if (static_cast<std::uint8_t>(value[0]) > static_cast<std::uint8_t>(EventCategory::kDevice) ||
      static_cast<std::uint8_t>(value[1]) > static_cast<std::uint8_t>(Severity::kHigh)) {
    return make_error(ErrorCode::kCorrupt, "an event has an impossible category or severity");
  }
  e.category = static_cast<EventCategory>(value[0]);
  e.severity = static_cast<Severity>(value[1]);
  e.text = value.substr(2);
  return e;
}

}  // namespace

Result<std::size_t> KvEvents::apply(std::span<const Event> events) {
  const std::lock_guard lock(apply_mutex_);
  KvBatch batch;
  std::set<std::string> seen;
  std::map<std::string, std::int64_t> newest;
  for (const Event& e : events) {
    std::string key = device_key(e);
    AMITY_TRY(const auto known, kv_.get(Family::kEvents, key));
    if (known || !seen.insert(key).second) continue;
    batch.put(Family::kEvents, std::move(key), encode_value(e));
    batch.put(Family::kEvents, time_key(e), "");
    const auto [entry, first] = newest.try_emplace(newest_key(e.device, e.source), e.time.value);
    if (first) {
      AMITY_TRY(const UtcSeconds stored, this->newest(e.device, e.source));
      entry->second = std::max(entry->second, stored.value);
    }
    entry->second = std::max(entry->second, e.time.value);
  }
  if (batch.empty()) return std::size_t{0};
  for (const auto& [key, time] : newest) {
    std::string value;
    append_key_i64(value, time);
    batch.put(Family::kEvents, key, std::move(value));
  }
  AMITY_CHECK(kv_.write(batch, Sync::kNo));
  return seen.size();
}

Result<std::vector<Event>> KvEvents::of_device(DeviceId device, UtcSeconds after, UtcSeconds until,
                                               std::size_t limit) {
  std::vector<Event> events;
  limit = std::min(limit, kEventsPerPageMax);
  if (until <= after || limit == 0) return events;
  std::string end(1, kByDevice);
  append_key_u32(end, device.value);
  if (until.value == INT64_MAX) {
    end += std::string(9, '\xff');
  } else {
    append_key_i64(end, until.value + 1);
  }
  Status decoded;
  AMITY_CHECK(kv_.scan(Family::kEvents, device_bound(device, after + 1), end, Direction::kBackward,
                       [&](std::string_view key, std::string_view value) {
                         auto e = decode_event(key, value);
                         if (!e.ok()) {
                           decoded = e.error();
                           return false;
                         }
                         events.push_back(std::move(*e));
                         return events.size() < limit;
                       }));
  AMITY_CHECK(std::move(decoded));
  return events;
}

Result<std::vector<Event>> KvEvents::latest(std::size_t limit) {
  std::vector<std::string> keys;
  std::vector<Event> events;
  limit = std::min(limit, kEventsPerPageMax);
  if (limit == 0) return events;
  AMITY_CHECK(kv_.scan(Family::kEvents, std::string(1, kByTime), std::string(1, kByTime + 1), Direction::kBackward,
                       [&](std::string_view key, std::string_view) {
                         if (key.size() < kFixedSize) return true;
                         std::string of_device(1, kByDevice);
                         of_device.append(key.substr(9, 4)).append(key.substr(1, 8)).append(key.substr(13));
                         keys.push_back(std::move(of_device));
                         return keys.size() < limit;
                       }));
  for (const std::string& key : keys) {
    AMITY_TRY(const auto value, kv_.get(Family::kEvents, key));
    if (!value) return make_error(ErrorCode::kCorrupt, "an event of the time index is missing");
    AMITY_TRY(Event e, decode_event(key, *value));
    events.push_back(std::move(e));
  }
  return events;
}

Result<UtcSeconds> KvEvents::newest(DeviceId device, const std::string& source) {
  AMITY_TRY(const auto value, kv_.get(Family::kEvents, newest_key(device, source)));
  if (!value) return UtcSeconds(0);
  if (value->size() != 8) return make_error(ErrorCode::kCorrupt, "the newest time of a source is damaged");
  return UtcSeconds(key_i64(*value, 0));
}

}  // namespace amity::store
