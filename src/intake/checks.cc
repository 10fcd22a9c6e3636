#include "intake/checks.h"

#include <algorithm>

#include "intake/limits.h"

namespace amity::intake {
namespace {

bool before(const Reading& a, const Reading& b) {
  return std::tie(a.channel, a.time, a.value, a.quality) < std::tie(b.channel, b.time, b.value, b.quality);
}

const char* why_impossible(const Reading& reading, DeviceId owner, UtcSeconds now) {
  if (!owner.valid()) return "the channel is unknown";
  if (reading.time > now + kFutureMax_s) return "the time is more than a day in the future";
  if (reading.time.value <= 0) return "the time is before 1970";
  return nullptr;
}

std::string describe(const Rejected& r) {
  std::string text = "channel " + std::to_string(r.reading.channel.value) + " at " + to_iso(r.reading.time) + " = " +
                     std::to_string(r.reading.value);
  if (r.reading.quality.bits != 0) text += " (" + to_string(r.reading.quality) + ")";
  return text;
}

// Tells apart the events of one second; the same rejection again gives the same event.
std::uint32_t code_of(const std::string& text) {
  std::uint32_t hash = 2'166'136'261u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16'777'619u;
  return hash;
}

}  // namespace

void drop_repeats(std::vector<Reading>& readings) {
  if (std::is_sorted(readings.begin(), readings.end(), before) &&
      std::adjacent_find(readings.begin(), readings.end()) == readings.end()) {
    return;
  }
  std::vector<std::size_t> order(readings.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return before(readings[a], readings[b]); });
  std::vector<bool> repeat(readings.size());
  for (std::size_t i = 1; i < order.size(); ++i) {
    repeat[order[i]] = readings[order[i]] == readings[order[i - 1]];
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    if (!repeat[i]) readings[kept++] = readings[i];
  }
  readings.resize(kept);
}

void reject_impossible(std::vector<Reading>& readings, std::span<const DeviceId> owners, UtcSeconds now,
                       std::vector<Rejected>& rejected, std::vector<DeviceId>& rejected_owners) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const char* why = why_impossible(readings[i], owners[i], now);
    if (why == nullptr) {
      readings[kept++] = readings[i];
      continue;
    }
    rejected.push_back({readings[i], why});
    rejected_owners.push_back(owners[i]);
  }
  readings.resize(kept);
}

std::vector<Event> quarantine(std::span<const Rejected> rejected, std::span<const DeviceId> owners, UtcSeconds now,
                              const std::string& source) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < rejected.size();) {
    Event e;
    e.device = owners[i];
    e.time = now;
    e.category = owners[i].valid() ? EventCategory::kClock : EventCategory::kQuality;
    e.severity = Severity::kMedium;
    e.source = "intake";
    e.text = "rejected from " + source + ", " + rejected[i].reason + ": " + describe(rejected[i]);
    std::size_t end = i + 1;
    while (end < rejected.size() && owners[end] == owners[i] && rejected[end].reason == rejected[i].reason &&
           e.text.size() < kQuarantineTextBytesMax) {
      e.text += ", " + describe(rejected[end++]);
    }
    e.code = code_of(e.text);
    events.push_back(std::move(e));
    i = end;
  }
  return events;
}

}  // namespace amity::intake
