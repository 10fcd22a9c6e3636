#include "wire/mbus/vendor_blocks.h"

#include "wire/mbus/date.h"
#include "wire/mbus/vif.h"

namespace amity::mbus {
namespace {

constexpr std::string_view kAllocation = "heat cost allocation";

std::uint32_t u16_le(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8);
}
std::uint32_t u16_be(ByteView bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::optional<int> bcd_byte(std::uint8_t byte) {
  if ((byte >> 4) > 9 || (byte & 15) > 9) return std::nullopt;
  return (byte >> 4) * 10 + (byte & 15);
}

void add(wire::Report& report, std::string_view quantity, std::string_view unit, Decimal value,
         std::string_view kind, std::uint64_t storage, std::size_t offset,
         wire::MeterTime time = {}) {
  wire::Reading reading;
  reading.quantity = quantity;
  reading.unit = unit;
  reading.value = value;
  reading.kind = kind;
  reading.storage = storage;
  reading.time = time;
  reading.id = "block+" + std::to_string(offset);
  report.readings.push_back(std::move(reading));
}

// Two fillers, two bytes, the due value, the current one, two bytes, 18 months of 12 bits each (the
// newest last), and the date in BCD: 40 bytes.
bool read_bfw_240(ByteView payload, wire::Report& report) {
  constexpr std::size_t kSize = 40, kMonthsAt = 10, kMonths = 18, kDateAt = 37;
  if (payload.size() != kSize || payload[0] != 0x2F || payload[1] != 0x2F) return false;
  const auto day = bcd_byte(payload[kDateAt]), month = bcd_byte(payload[kDateAt + 1]),
             year = bcd_byte(payload[kDateAt + 2]);
  const bool date = day && month && year && *day >= 1 && *day <= 31 && *month >= 1 && *month <= 12;
  if (!date) return false;
  report.time.year = static_cast<std::int16_t>(2000 + *year);
  report.time.month = static_cast<std::uint8_t>(*month);
  report.time.day = static_cast<std::uint8_t>(*day);
  report.time.precision = wire::MeterTime::Precision::kDay;
  add(report, kAllocation, "", {u16_be(payload, 6), 0}, "total", 0, 6);
  add(report, kAllocation, "", {u16_be(payload, 4), 0}, "total", 1, 4);
  for (std::size_t i = 0; i < kMonths; ++i) {  // from the newest one back
    const std::size_t group = kMonthsAt + 3 * ((kMonths - 1 - i) / 2);
    const bool second = i % 2 == 0;
    const std::uint8_t high = payload[group + 1];
    const int value =
        second ? payload[group + 2] | (high & 15) << 8 : payload[group] | high >> 4 << 8;
    add(report, kAllocation, "", {value, 0}, "total", 8 + i, group);
  }
  return true;
}

// The volume at the due date and what has passed since, in tenths.
bool read_techem_water(ByteView payload, wire::Report& report) {
  if (payload.size() < 9) return false;
  const std::int64_t due = u16_le(payload, 3), since = u16_le(payload, 7);
  add(report, "volume", "m3", {due + since, -1}, "total", 0, 7);
  add(report, "volume", "m3", {due, -1}, "total", 1, 3);
  return true;
}

}  // namespace

bool read_vendor_payload(const Address& meter, std::uint8_t ci, ByteView payload,
                         wire::Report& report) {
  const std::string& who = report.meter.manufacturer;
  if (who == "BFW" && meter.version == 2 && ci == 0x7A) return read_bfw_240(payload, report);
  const bool techem_water = who == "TCH" && ci == 0xA2 &&
                            (meter.version == 116 || meter.version == 149) &&
                            (meter.type == 0x62 || meter.type == 0x72);
  return techem_water && read_techem_water(payload, report);
}

// 2F; total in litres, its lowest 4 bits first; seconds of the meter's clock since 2000; the age of
// an older value in hours and how far it is below the total, whose parts share a byte.
bool read_apator_block(ByteView plain, wire::Report& report) {
  constexpr std::int64_t kYear2000_s = 946'684'800, kHour_s = 3'600;
  const bool formed = plain.size() == 16 && plain[0] == 0x2F && plain[13] == 0 && plain[14] == 0;
  if (!formed) return false;
  const std::int64_t total =
      (std::int64_t{plain[4]} << 16 | u16_le(plain, 2)) << 4 | (plain[1] & 15);
  const std::int64_t seconds = std::int64_t{u16_le(plain, 7)} << 16 | u16_le(plain, 5);
  const std::int64_t age_h = plain[9] | (plain[10] >> 2) << 8;
  const std::int64_t since = std::int64_t{u16_le(plain, 11)} << 2 | (plain[10] & 3);
  if (since > total) return false;
  const auto civil_at = [&](std::int64_t ago_s) {
    return wire::to_meter_time(civil_from_utc(UtcSeconds(kYear2000_s + seconds - ago_s)));
  };
  report.time = civil_at(0);
  add(report, "volume", "m3", {total, -3}, "total", 0, 1);
  add(report, "volume", "m3", {total - since, -3}, "total", 1, 11, civil_at(age_h * kHour_s));
  add(report, "age of the value of storage 1", "s", {age_h * kHour_s, 0}, "", 1, 9);
  return true;
}

bool read_vendor_record(std::string_view manufacturer, std::string_view id, ByteView value,
                        wire::Report& report) {
  constexpr std::size_t kSize = 53, kVifAt = 9, kDeltasAt = 28, kDeltas = 12;
  const bool qundis = manufacturer == "QDS" && id == "0DFF5F" && value.size() == kSize &&
                      value[0] == 0 && value[10] == 0xFF && value[11] == 0xFF;
  if (!qundis || (value[kVifAt] & kVifExtension) != 0) return false;
  const Vif& said = vif(VifTable::kPrimary, value[kVifAt]);
  if (said.value_class != ValueClass::kTotal) return false;
  const auto put = [&](std::int64_t number, std::string_view kind, std::uint64_t storage,
                       std::size_t at, wire::MeterTime time) {
    add(report, said.quantity, said.unit, {number * said.factor, said.exponent}, kind, storage, at,
        time);
  };
  // The value, the one at the due date of the year (storage 1) and of the month (storage 2).
  constexpr std::pair<std::size_t, std::size_t> kTotals[] = {{12, 0}, {18, 16}, {24, 22}};
  std::uint64_t storage = 0;
  for (const auto& [at, date_at] : kTotals) {
    std::int64_t number = 0;
    bool whole = true;
    for (std::size_t i = 4; i-- > 0;) {
      const auto digits = bcd_byte(value[at + i]);
      whole = whole && digits.has_value();
      number = number * 100 + digits.value_or(0);
    }
    const auto date = date_at == 0 ? std::nullopt : date_g(value.subspan(date_at, 2));
    if (whole) put(number, "total", storage, at, date ? date->time : wire::MeterTime());
    ++storage;
  }
  for (std::size_t i = 0; i < kDeltas; ++i) {
    const std::size_t at = kDeltasAt + 2 * i;
    const auto number = static_cast<std::int16_t>(u16_le(value, at));
    if (number != INT16_MIN) put(number, "change of a month", 8 + i, at, {});  // 8000: no value
  }
  return true;
}

}  // namespace amity::mbus
