#include "api/series.h"

#include <algorithm>

#include "api/json.h"

namespace amity::api {

namespace {

void append_point(std::string& out, UtcSeconds time, std::string_view value, char quality) {
  if (out.back() != '[') out += ',';
  out += '[';
  append_number(out, time.value);
  out += ',';
  out += value;
  out += ",\"";
  out += quality;
  out += "\"]";
}

int badness(char letter) {
  return letter == 'A' ? 0 : letter == 'F' ? 1 : letter == 'E' ? 2 : 3;
}

// One hour or local day being filled.
struct Bucket {
  UtcSeconds end;
  std::int64_t sum = 0, last = 0;
  std::size_t count = 0;
  char worst = 'A';

  void add(const Reading& reading) {
    const char letter = quality_letter(reading.quality);
    if (count == 0 || badness(letter) > badness(worst)) worst = letter;
    sum += reading.value;
    last = reading.value;
    ++count;
  }
};

// The interval ends of a bucket: after its start, up to its end.
UtcSeconds bucket_end(UtcSeconds time, Resolution resolution, const TimeZone& zone) {
  if (resolution == Resolution::kHour) return UtcSeconds((time.value + 3599) / 3600 * 3600);
  const UtcSeconds start = zone.start_of_day(time - 1);
  return zone.start_of_day(start + 36 * 3600);  // 36 hours on is always within the next day
}

void finish(std::string& out, const Bucket& bucket, const Channel& channel, Resolution resolution,
            const TimeZone& zone) {
  std::string value;
  char quality = bucket.worst;
  if (channel.kind == ChannelKind::kRegister) {
    append_decimal(value, bucket.last, channel.exponent);
  } else if (adds_up(channel.unit)) {
    append_decimal(value, bucket.sum, channel.exponent);
    const UtcSeconds start =
        resolution == Resolution::kHour ? bucket.end - 3600 : zone.start_of_day(bucket.end - 1);
    const auto wanted = channel.interval_s == 0 ? 0 : (bucket.end - start) / channel.interval_s;
    if (static_cast<std::int64_t>(bucket.count) < wanted) quality = 'S';
  } else {
    // Two digits more than the readings have; exact integers until then.
    const __int128 scaled =
        static_cast<__int128>(bucket.sum) * 100 / static_cast<std::int64_t>(bucket.count);
    append_decimal(value, static_cast<std::int64_t>(scaled), channel.exponent - 2);
  }
  append_point(out, bucket.end, value, quality);
}

}  // namespace

bool adds_up(Unit unit) {
  switch (unit) {
    case Unit::kWattHour:
    case Unit::kVoltAmpereHour:
    case Unit::kVarHour:
    case Unit::kCubicMetre:
    case Unit::kLitre:
    case Unit::kKilogram:
    case Unit::kJoule:
    case Unit::kCount:
      return true;
    default:
      return false;
  }
}

std::size_t expected_intervals(std::uint32_t interval_s, UtcSeconds from, UtcSeconds to,
                               UtcSeconds now) {
  if (interval_s == 0) return 0;
  const std::int64_t until = std::min(to, now).value / interval_s;
  const std::int64_t after = from.value / interval_s;
  return until > after ? static_cast<std::size_t>(until - after) : 0;
}

SeriesStats append_points(std::string& out, const Channel& channel,
                          std::span<const Reading> readings, Resolution resolution,
                          const TimeZone& zone) {
  SeriesStats stats;
  out += '[';
  std::string value;
  Bucket bucket;
  for (const Reading& reading : readings) {
    const char letter = quality_letter(reading.quality);
    stats.estimated += letter == 'E';
    if (resolution == Resolution::kRaw) {
      value.clear();
      append_decimal(value, reading.value, channel.exponent);
      append_point(out, reading.time, value, letter);
      continue;
    }
    if (bucket.count == 0 || reading.time > bucket.end) {
      if (bucket.count != 0) finish(out, bucket, channel, resolution, zone);
      bucket = {};
      bucket.end = bucket_end(reading.time, resolution, zone);
    }
    bucket.add(reading);
  }
  if (bucket.count != 0) finish(out, bucket, channel, resolution, zone);
  out += ']';
  return stats;
}

}  // namespace amity::api
