// The profile buffers of a virtual meter: which rows there are, and their encoding, row by row without trees between.
#pragma once

#include "wire/dlms/data_value.h"
#include "wire/dlms/selective_access.h"
#include "world/virtual_meter.h"

namespace amity::world {

// Writes stamps as the meter's model does: UTC or local, deviation and summer time bit.
class StampWriter {
 public:
  StampWriter(RowStamps style, const TimeZone& zone) : local_(style != RowStamps::kUtc), zone_(zone) {}

  // The 12 bytes of a date-time.
  std::array<std::uint8_t, 12> bytes(UtcSeconds time);
  void write(UtcSeconds time, Bytes& out);  // as an octet string

 private:
  bool local_;
  const TimeZone& zone_;
  // Local time is `offset_s_` ahead within [valid_from_, valid_until_].
  UtcSeconds valid_from_{1}, valid_until_{0};
  std::int32_t offset_s_ = 0;
  bool summer_ = false;
  std::int64_t date_ = INT64_MIN;  // of the fields below
  std::array<std::uint8_t, 5> date_bytes_{};
};

class MeterProfiles {
 public:
  explicit MeterProfiles(const VirtualMeter& meter) : m_(meter) {}

  dlms::DataAccessResult get(const ObjectSpec& spec, std::int8_t attribute,
                             const std::optional<dlms::SelectiveAccess>& access, Bytes& out) const;

  // Load profile rows with stamps in (after, until], ascending by stamp: visit(stamp, interval).
  template <class Visit>
  void each_row(UtcSeconds after, UtcSeconds until, Visit&& visit) const;

  Bytes interval_push(UtcSeconds after, UtcSeconds until) const;
  Bytes alarm_push(UtcSeconds after, UtcSeconds until) const;

 private:
  struct Window {
    UtcSeconds after, until;                 // stamps
    std::uint32_t first = 1, last = 0;       // by entry; last 0: no such limit
    std::vector<std::uint8_t> columns;       // indexes in order
    bool all_columns = true;
  };

  std::size_t column_count(const ObjectSpec& spec) const;
  std::vector<dlms::CaptureObject> columns(const ObjectSpec& spec) const;
  dlms::DataAccessResult window(const ObjectSpec& spec, const std::optional<dlms::SelectiveAccess>& access,
                                Window& out) const;
  dlms::DataAccessResult range_window(const ObjectSpec& spec, ByteView parameters, Window& out) const;
  dlms::DataAccessResult entry_window(const ObjectSpec& spec, ByteView parameters, Window& out) const;
  void load_buffer(const Window& window, Bytes& out) const;
  void daily_buffer(const Window& window, Bytes& out) const;
  void log_buffer(const ObjectSpec& spec, const Window& window, Bytes& out) const;
  void mbus_buffer(const ObjectSpec& spec, const Window& window, Bytes& out) const;
  UtcSeconds oldest() const;      // no stamp of the load profile is older, or as old
  UtcSeconds newest_stamp() const;  // of the last whole interval by the meter's clock
  std::vector<UtcSeconds> midnights(UtcSeconds after, UtcSeconds until) const;
  std::uint32_t entries(const ObjectSpec& spec) const;
  void write_load_row(UtcSeconds stamp, bool null_stamp, const Interval& interval, const Window& window,
                      StampWriter& stamps, Bytes& out) const;

  const VirtualMeter& m_;
};

template <class Visit>
void MeterProfiles::each_row(UtcSeconds after, UtcSeconds until, Visit&& visit) const {
  EnergyBook& book = *m_.town_->book;
  const std::int64_t length = book.interval_s();
  after = std::max(after, oldest());
  until = std::min(until, newest_stamp());
  const UtcSeconds now = m_.true_now();
  const bool steady = m_.clock_.steady();
  UtcSeconds day_start, day_end;
  const MeterDay* day = nullptr;
  for (std::int64_t s = (after.value / length + 1) * length; s <= until.value; s += length) {
    UtcSeconds end(s);
    if (!steady) {
      const auto found = m_.clock_.true_end(end);
      if (!found) continue;
      end = *found;
    }
    if (end > now || end <= m_.town_->born) continue;
    if (day == nullptr || end <= day_start || end > day_end) {
      const TownDay of = book.day_at(end);
      day = &book.day(m_.index_, of);
      day_start = book.start_of(of);
      day_end = day_start + 86'400;
    }
    const Interval& natural = day->intervals[static_cast<std::size_t>((end - day_start) / length - 1)];
    if (!natural.present) continue;
    Interval row = m_.measured(natural, end);
    if (!steady && m_.clock_.adjusted_in(end)) row.status |= kStatusClockAdjusted;
    visit(UtcSeconds(s), row);
  }
}

}  // namespace amity::world
