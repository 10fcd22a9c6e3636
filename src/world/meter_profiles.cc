#include "world/meter_profiles.h"

#include <algorithm>

#include "world/limits.h"
#include "world/meter_mbus.h"

namespace amity::world {

using dlms::DataAccessResult;

namespace {

constexpr std::uint8_t kAccessByRange = dlms::kAccessByRange, kAccessByEntry = dlms::kAccessByEntry;
constexpr std::size_t kLoadColumns = 6, kDailyColumns = 4, kLogColumns = 2, kMbusColumns = 3;

dlms::CaptureObject column(std::uint16_t class_id, const dlms::Obis& obis, std::int8_t attribute = 2) {
  return {{class_id, obis, attribute}, 0};
}

const dlms::CaptureObject kClockColumn = column(8, dlms::Obis(0, 0, 1, 0, 0, 255));

bool is_clock(const dlms::CaptureObject& object) { return object.attribute == kClockColumn.attribute; }

// A structure, an array or a length of at most 65,535 items.
void header(std::uint8_t tag, std::size_t count, Bytes& out) {
  out.push_back(tag);
  if (count < 0x80) {
    out.push_back(static_cast<std::uint8_t>(count));
  } else {
    out.push_back(0x82);
    out.push_back(static_cast<std::uint8_t>(count >> 8));
    out.push_back(static_cast<std::uint8_t>(count));
  }
}

// The number of rows is known when they are written: room for three bytes is left and closed up where fewer are needed.
class ArrayWriter {
 public:
  explicit ArrayWriter(Bytes& out) : out_(out), start_(out.size()) { out.insert(out.end(), 4, 0); }
  void row() { ++count_; }
  std::size_t count() const { return count_; }
  void finish() {
    Bytes head;
    header(1, count_, head);
    std::ranges::copy(head, out_.begin() + static_cast<std::ptrdiff_t>(start_));
    const auto from = out_.begin() + static_cast<std::ptrdiff_t>(start_ + head.size());
    out_.erase(from, out_.begin() + static_cast<std::ptrdiff_t>(start_ + 4));
  }

 private:
  Bytes& out_;
  std::size_t start_;
  std::size_t count_ = 0;
};

void u32(std::uint32_t v, Bytes& out) {
  const std::uint8_t bytes[] = {6, static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16),
                                static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)};
  out.insert(out.end(), std::begin(bytes), std::end(bytes));
}

// The instant a client means; nothing where it says "any".
Result<std::optional<UtcSeconds>> instant_of(const dlms::Data& value, const TimeZone& zone) {
  if (value.is_null()) return std::optional<UtcSeconds>();
  if (value.content().size() != dlms::DateTime::kSize) return make_error(ErrorCode::kMalformed, "no date-time");
  AMITY_TRY(const dlms::DateTime stamp, dlms::date_time_from(value.content()));
  if (stamp.date.year == dlms::kAnyYear) return std::optional<UtcSeconds>();
  AMITY_TRY(const dlms::UtcConversion utc, dlms::to_utc(stamp, dlms::DeviationSign::kStandard, &zone));
  return std::optional<UtcSeconds>(utc.time);
}

}  // namespace

UtcSeconds MeterProfiles::oldest() const {
  return std::max(m_.town_->born, m_.true_now() - kProfileDays * 86'400);
}

UtcSeconds MeterProfiles::newest_stamp() const {
  const std::int64_t length = m_.town_->book->interval_s();
  return UtcSeconds(m_.meter_time().value / length * length);
}

std::size_t MeterProfiles::column_count(const ObjectSpec& spec) const {
  return spec.kind == ObjectKind::kLoadProfile ? kLoadColumns
         : spec.kind == ObjectKind::kDailyProfile ? kDailyColumns
         : spec.kind == ObjectKind::kMbusProfile ? kMbusColumns : kLogColumns;
}

std::vector<dlms::CaptureObject> MeterProfiles::columns(const ObjectSpec& spec) const {
  using dlms::Obis;
  switch (spec.kind) {
    case ObjectKind::kLoadProfile:
      return {kClockColumn, column(1, Obis(0, 0, 96, 10, 1, 255)), column(3, Obis(1, 0, 1, 29, 0, 255)),
              column(3, Obis(1, 0, 2, 29, 0, 255)), column(3, Obis(1, 0, 3, 29, 0, 255)),
              column(3, Obis(1, 0, 32, 27, 0, 255))};
    case ObjectKind::kDailyProfile:
      return {kClockColumn, column(3, Obis(1, 0, 1, 8, 0, 255)), column(3, Obis(1, 0, 2, 8, 0, 255)),
              column(3, Obis(1, 0, 3, 8, 0, 255))};
    case ObjectKind::kMbusProfile:
      return {kClockColumn, column(4, mbus_value_obis(spec.detail)), column(4, mbus_value_obis(spec.detail), 5)};
    default: return {kClockColumn, column(1, Obis(0, 0, 96, 11, kLogs[spec.detail], 255))};
  }
}

DataAccessResult MeterProfiles::range_window(const ObjectSpec& spec, ByteView parameters, Window& out) const {
  const auto range = dlms::decode_range(parameters);
  if (!range.ok()) return DataAccessResult::kTypeUnmatched;
  if (!is_clock(range->restricting)) return DataAccessResult::kOtherReason;
  const TimeZone zone = m_.model_->stamps == RowStamps::kUtc ? TimeZone::utc() : m_.town_->book->zone();
  const auto from = instant_of(range->from, zone), to = instant_of(range->to, zone);
  if (!from.ok() || !to.ok()) return DataAccessResult::kTypeUnmatched;
  if (*from) out.after = **from - 1;
  if (*to) out.until = **to;
  if (range->columns.empty()) return DataAccessResult::kSuccess;
  const auto mine = columns(spec);
  out.all_columns = false;
  for (const dlms::CaptureObject& wanted : range->columns) {
    const auto found = std::ranges::find(mine, wanted.attribute, &dlms::CaptureObject::attribute);
    if (found == mine.end()) return DataAccessResult::kObjectUndefined;
    out.columns.push_back(static_cast<std::uint8_t>(found - mine.begin()));
  }
  return DataAccessResult::kSuccess;
}

DataAccessResult MeterProfiles::entry_window(const ObjectSpec& spec, ByteView parameters, Window& out) const {
  const auto entry = dlms::decode_entry(parameters);
  if (!entry.ok()) return DataAccessResult::kTypeUnmatched;
  const auto count = static_cast<std::uint16_t>(column_count(spec));
  const std::uint16_t last = entry->to_column == 0 ? count : entry->to_column;
  if (entry->from_entry == 0 || entry->from_column == 0 || entry->from_column > last || last > count) {
    return DataAccessResult::kScopeOfAccessViolated;
  }
  out.first = entry->from_entry;
  out.last = entry->to_entry == 0 ? UINT32_MAX : entry->to_entry;
  out.all_columns = entry->from_column == 1 && last == count;
  if (!out.all_columns) {
    for (std::uint16_t c = entry->from_column; c <= last; ++c) out.columns.push_back(static_cast<std::uint8_t>(c - 1));
  }
  return DataAccessResult::kSuccess;
}

DataAccessResult MeterProfiles::window(const ObjectSpec& spec, const std::optional<dlms::SelectiveAccess>& access,
                                       Window& out) const {
  out.after = UtcSeconds(0);
  out.until = UtcSeconds(INT64_MAX / 4);
  out.last = UINT32_MAX;
  if (!access) return DataAccessResult::kSuccess;
  if (access->selector == kAccessByRange) return range_window(spec, access->parameters, out);
  if (access->selector == kAccessByEntry) return entry_window(spec, access->parameters, out);
  return DataAccessResult::kScopeOfAccessViolated;
}

void MeterProfiles::write_load_row(UtcSeconds stamp, bool null_stamp, const Interval& interval, const Window& window,
                                   StampWriter& stamps, Bytes& out) const {
  const auto cell = [&](std::uint8_t c) {
    switch (c) {
      case 0:
        if (null_stamp) out.push_back(0);
        else stamps.write(stamp, out);
        break;
      case 1:
        out.push_back(17);
        out.push_back(interval.status);
        break;
      case 2: u32(interval.import_wh, out); break;
      case 3: u32(interval.export_wh, out); break;
      case 4: u32(interval.reactive_import_varh, out); break;
      default:
        out.push_back(18);
        out.push_back(static_cast<std::uint8_t>(interval.voltage_dv >> 8));
        out.push_back(static_cast<std::uint8_t>(interval.voltage_dv));
    }
  };
  if (window.all_columns) {
    header(2, kLoadColumns, out);
    for (std::uint8_t c = 0; c < kLoadColumns; ++c) cell(c);
  } else {
    header(2, window.columns.size(), out);
    for (const std::uint8_t c : window.columns) cell(c);
  }
}

void MeterProfiles::load_buffer(const Window& window, Bytes& out) const {
  StampWriter stamps(m_.model_->stamps, m_.town_->book->zone());
  const std::int64_t length = m_.town_->book->interval_s();
  const bool whole_rows = window.all_columns || (!window.columns.empty() && window.columns[0] == 0);
  const bool may_null = m_.model_->stamps == RowStamps::kFirstRowOnly && whole_rows;
  ArrayWriter array(out);
  std::uint32_t number = 0;
  UtcSeconds previous;
  each_row(window.after, window.until, [&](UtcSeconds stamp, const Interval& interval) {
    ++number;
    if (number < window.first || number > window.last) return;
    const bool null_stamp = may_null && array.count() > 0 && stamp - previous == length;
    write_load_row(stamp, null_stamp, interval, window, stamps, out);
    previous = stamp;
    array.row();
  });
  array.finish();
}

// Local midnights of the town, as stamps of the meter's clock.
std::vector<UtcSeconds> MeterProfiles::midnights(UtcSeconds after, UtcSeconds until) const {
  std::vector<UtcSeconds> out;
  const UtcSeconds now = m_.meter_time();
  after = std::max({after, m_.town_->born, now - kBillingDays * 86'400});
  until = std::min(until, now);
  const TimeZone& zone = m_.town_->book->zone();
  if (until <= after) return out;
  // Half a day into each day is surely within it, also when the clock changes.
  UtcSeconds midnight = zone.start_of_day(after);
  while (midnight <= until) {
    if (midnight > after) out.push_back(midnight);
    midnight = zone.start_of_day(midnight + 36 * 3'600);
  }
  return out;
}

void MeterProfiles::daily_buffer(const Window& window, Bytes& out) const {
  StampWriter stamps(m_.model_->stamps, m_.town_->book->zone());
  const Totals offset = m_.register_offset();
  ArrayWriter array(out);
  std::uint32_t number = 0;
  for (const UtcSeconds stamp : midnights(window.after, window.until)) {
    const auto end = m_.clock_.true_end(stamp);
    if (!end || *end > m_.true_now()) continue;
    ++number;
    if (number < window.first || number > window.last) continue;
    const Totals t = m_.totals_at(*end);
    const std::int64_t values[] = {offset.import_wh + t.import_wh, offset.export_wh + t.export_wh,
                                   offset.reactive_import_varh + t.reactive_import_varh};
    const auto cell = [&](std::uint8_t c) {
      if (c == 0) stamps.write(stamp, out);
      else u32(static_cast<std::uint32_t>(values[c - 1]), out);
    };
    header(2, window.all_columns ? kDailyColumns : window.columns.size(), out);
    for (std::uint8_t c = 0; window.all_columns && c < kDailyColumns; ++c) cell(c);
    for (const std::uint8_t c : window.columns) cell(c);
    array.row();
  }
  array.finish();
}

void MeterProfiles::log_buffer(const ObjectSpec& spec, const Window& window, Bytes& out) const {
  StampWriter stamps(m_.model_->stamps, m_.town_->book->zone());
  ArrayWriter array(out);
  std::uint32_t number = 0;
  for (const LogEntry& entry : m_.log(spec.detail, window.after, window.until)) {
    ++number;
    if (number < window.first || number > window.last) continue;
    const auto cell = [&](std::uint8_t c) {
      if (c == 0) {
        stamps.write(entry.time, out);
      } else {
        out.push_back(17);
        out.push_back(entry.code);
      }
    };
    header(2, window.all_columns ? kLogColumns : window.columns.size(), out);
    for (std::uint8_t c = 0; window.all_columns && c < kLogColumns; ++c) cell(c);
    for (const std::uint8_t c : window.columns) cell(c);
    array.row();
  }
  array.finish();
}

// The capture time is the stamp.
void MeterProfiles::mbus_buffer(const ObjectSpec& spec, const Window& window, Bytes& out) const {
  StampWriter stamps(m_.model_->stamps, m_.town_->book->zone());
  ArrayWriter array(out);
  std::uint32_t number = 0;
  for (const MbusRow& row : MeterMbus(m_).rows(spec.detail, window.after, window.until)) {
    ++number;
    if (number < window.first || number > window.last) continue;
    const auto cell = [&](std::uint8_t c) {
      if (c == 1) u32(static_cast<std::uint32_t>(row.value), out);
      else stamps.write(row.stamp, out);
    };
    header(2, window.all_columns ? kMbusColumns : window.columns.size(), out);
    for (std::uint8_t c = 0; window.all_columns && c < kMbusColumns; ++c) cell(c);
    for (const std::uint8_t c : window.columns) cell(c);
    array.row();
  }
  array.finish();
}

std::uint32_t MeterProfiles::entries(const ObjectSpec& spec) const {
  const UtcSeconds ever(0), end(INT64_MAX / 4);
  if (spec.kind == ObjectKind::kLoadProfile) {
    std::uint32_t count = 0;
    each_row(ever, end, [&](UtcSeconds, const Interval&) { ++count; });
    return count;
  }
  if (spec.kind == ObjectKind::kDailyProfile) return static_cast<std::uint32_t>(midnights(ever, end).size());
  if (spec.kind == ObjectKind::kMbusProfile)
    return static_cast<std::uint32_t>(MeterMbus(m_).rows(spec.detail, ever, end).size());
  return static_cast<std::uint32_t>(m_.log(spec.detail, ever, end).size());
}

DataAccessResult MeterProfiles::get(const ObjectSpec& spec, std::int8_t attribute,
                                    const std::optional<dlms::SelectiveAccess>& access, Bytes& out) const {
  if (access && attribute != 2) return DataAccessResult::kScopeOfAccessViolated;
  const std::uint32_t interval_s = m_.town_->book->interval_s();
  const bool load = spec.kind == ObjectKind::kLoadProfile, daily = spec.kind == ObjectKind::kDailyProfile;
  const bool mbus = spec.kind == ObjectKind::kMbusProfile;
  dlms::DataWriter writer(out);
  switch (attribute) {
    case 2: {
      Window selected;
      const DataAccessResult result = window(spec, access, selected);
      if (result != DataAccessResult::kSuccess) return result;
      if (load) load_buffer(selected, out);
      else if (daily) daily_buffer(selected, out);
      else if (mbus) mbus_buffer(spec, selected, out);
      else log_buffer(spec, selected, out);
      break;
    }
    case 3: {
      const auto objects = columns(spec);
      writer.array(objects.size());
      for (const dlms::CaptureObject& object : objects) dlms::write(writer, object);
      break;
    }
    case 4: writer.uint32(load ? interval_s : daily ? 86'400 : mbus ? kMbusCaptureSeconds : 0); break;
    case 5: writer.enumeration(1); break;  // first in, first out
    case 6: dlms::write(writer, kClockColumn); break;
    case 7: writer.uint32(entries(spec)); break;
    case 8:
      writer.uint32(load ? static_cast<std::uint32_t>(kProfileDays * 86'400 / interval_s)
                         : daily ? kBillingDays
                         : mbus ? kProfileDays * 86'400 / kMbusCaptureSeconds
                         : static_cast<std::uint32_t>(kLogEntriesMax));
      break;
    default: return DataAccessResult::kObjectUndefined;
  }
  return DataAccessResult::kSuccess;
}

Bytes MeterProfiles::interval_push(UtcSeconds after, UtcSeconds until) const {
  Bytes out;
  dlms::DataWriter writer(out);
  writer.structure(3);
  writer.octet_string(kPushIntervalsObis);
  writer.octet_string(as_bytes(m_.serial()));
  StampWriter stamps(m_.model_->stamps, m_.town_->book->zone());
  const Window all;
  ArrayWriter array(out);
  each_row(after, until, [&](UtcSeconds stamp, const Interval& interval) {
    write_load_row(stamp, false, interval, all, stamps, out);
    array.row();
  });
  array.finish();
  return out;
}

Bytes MeterProfiles::alarm_push(UtcSeconds after, UtcSeconds until) const {
  Bytes out;
  dlms::DataWriter writer(out);
  writer.structure(4);
  writer.octet_string(kPushAlarmsObis);
  writer.octet_string(as_bytes(m_.serial()));
  StampWriter stamps(m_.model_->stamps, m_.town_->book->zone());
  for (const std::uint8_t log : {0, 1}) {
    const auto entries = m_.log(log, after, until);
    header(1, entries.size(), out);
    for (const LogEntry& entry : entries) {
      header(2, 2, out);
      stamps.write(entry.time, out);
      out.push_back(17);
      out.push_back(entry.code);
    }
  }
  return out;
}

}  // namespace amity::world
