#include "world/meter_profiles.h"

namespace amity::world {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t day_of(std::int64_t seconds) { return seconds >= 0 ? seconds / kDay : -((-seconds + kDay - 1) / kDay); }

}  // namespace

std::array<std::uint8_t, 12> StampWriter::bytes(UtcSeconds time) {
  if (local_ && (time < valid_from_ || time > valid_until_)) {
    const CivilTime here = zone_.local(time);
    offset_s_ = here.utc_offset_s;
    summer_ = here.daylight_saving;
    valid_from_ = time;
    // Zones change at most once within six hours: the same at both ends means the same between.
    const CivilTime later = zone_.local(time + 6 * 3'600);
    valid_until_ = later.utc_offset_s == offset_s_ && later.daylight_saving == summer_ ? time + 6 * 3'600 : time;
  }
  const std::int64_t local = time.value + offset_s_;
  const std::int64_t date = day_of(local);
  if (date != date_) {
    date_ = date;
    const CivilTime c = civil_from_utc(UtcSeconds(date * kDay));
    const auto weekday = static_cast<std::uint8_t>(((date + 3) % 7 + 7) % 7 + 1);  // 1970-01-01 was a Thursday, 4
    date_bytes_ = {static_cast<std::uint8_t>(c.year >> 8), static_cast<std::uint8_t>(c.year),
                   static_cast<std::uint8_t>(c.month), static_cast<std::uint8_t>(c.day), weekday};
  }
  const auto second = static_cast<std::uint32_t>(local - date * kDay);
  const auto deviation = static_cast<std::uint16_t>(static_cast<std::int16_t>(-offset_s_ / 60));
  return {date_bytes_[0], date_bytes_[1], date_bytes_[2], date_bytes_[3], date_bytes_[4],
          static_cast<std::uint8_t>(second / 3'600), static_cast<std::uint8_t>(second / 60 % 60),
          static_cast<std::uint8_t>(second % 60), 0, static_cast<std::uint8_t>(deviation >> 8),
          static_cast<std::uint8_t>(deviation), static_cast<std::uint8_t>(summer_ ? dlms::kClockDaylightSaving : 0)};
}

void StampWriter::write(UtcSeconds time, Bytes& out) {
  const auto stamp = bytes(time);
  out.push_back(9);
  out.push_back(12);
  out.insert(out.end(), stamp.begin(), stamp.end());
}

}  // namespace amity::world
