#include "headend/heard/repeat_filter.h"

#include <functional>

namespace amity::heard {
namespace {

class Fnv {
 public:
  void add(std::string_view text) {
    for (const char c : text) byte(static_cast<std::uint8_t>(c));
    byte(0);
  }
  void add(std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
  }
  std::uint64_t value() const { return hash_; }

 private:
  void byte(std::uint8_t b) { hash_ = (hash_ ^ b) * 1'099'511'628'211u; }
  std::uint64_t hash_ = 14'695'981'039'346'656'037u;
};

}  // namespace

std::uint64_t digest_of(const wire::Report& report) {
  Fnv hash;
  for (const auto& [name, value] : report.details) {
    if (name == "access_number" || name == "message_counter" || name == "fragment") hash.add(value);
  }
  hash.add(report.status.value_or(0));
  hash.add(wire::to_string(report.time));
  for (const wire::Reading& reading : report.readings) {
    hash.add(reading.id);
    hash.add(wire::to_string(reading.time));
    hash.add(reading.storage);
    if (const auto* exact = std::get_if<Decimal>(&reading.value)) {
      hash.add(static_cast<std::uint64_t>(exact->value));
    } else if (const auto* real = std::get_if<double>(&reading.value)) {
      hash.add(std::hash<double>{}(*real));
    } else {
      hash.add(std::get<std::string>(reading.value));
    }
  }
  for (const wire::Event& event : report.events) hash.add(event.text);
  for (const wire::Unknown& unknown : report.unknown) hash.add(unknown.hex);
  return hash.value();
}

bool RepeatFilter::repeated(DeviceId device, std::uint64_t digest, UtcSeconds now) {
  State& state = devices_[device];
  for (const Heard& heard : state.last) {
    if (heard.digest == digest && heard.at.value != 0 && now - heard.at <= kRepeatWindow_s)
      return true;
  }
  state.last[state.next++ % kRepeatsPerDevice] = {digest, now};
  return false;
}

bool RepeatFilter::first_in_slot(DeviceId device, UtcSeconds time) {
  State& state = devices_[device];
  const std::int64_t slot = time.value / kSlot_s;
  return std::exchange(state.slot, slot) != slot;
}

bool RepeatFilter::contact_due(DeviceId device, UtcSeconds now) {
  State& state = devices_[device];
  if (state.contact.value != 0 && now - state.contact < kContactEvery_s) return false;
  state.contact = now;
  return true;
}

}  // namespace amity::heard
