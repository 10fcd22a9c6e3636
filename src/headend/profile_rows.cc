#include "headend/profile_rows.h"

namespace amity::headend {

namespace {

struct Bit {
  unsigned bit;
  QualityFlag flag;
};

class RowReader {
 public:
  RowReader(const Profile& profile, const MeterTime& meter_time, ProfileRows& out)
      : profile_(profile), meter_time_(meter_time), out_(out), last_(out.width) {}

  Status read(dlms::DataView row) {
    if (row.type() != dlms::DataType::kStructure || row.size() != profile_.columns.size()) {
      return make_error(ErrorCode::kMalformed, "a profile row has " + std::to_string(row.size()) + " columns, not " +
                                                   std::to_string(profile_.columns.size()));
    }
    ProfileRow parsed;
    const std::size_t first_value = out_.values.size();
    std::size_t value_index = 0;
    bool good = true;
    auto column = profile_.columns.begin();
    for (const dlms::DataView cell : row) {
      switch ((column++)->role) {
        case ColumnRole::kClock: good = read_clock(cell, parsed) && good; break;
        case ColumnRole::kStatus: read_status(cell, parsed); break;
        case ColumnRole::kEventCode: read_code(cell, parsed); break;
        case ColumnRole::kValue: read_value(cell, value_index++); break;
        case ColumnRole::kIgnored: break;
      }
    }
    if (good) {
      out_.rows.push_back(parsed);
    } else {
      ++out_.refused;
      out_.values.resize(first_value);
      out_.present.resize(first_value);
    }
    return {};
  }

 private:
  struct Last {
    std::int64_t value = 0;
    bool known = false;
  };

  bool read_clock(dlms::DataView cell, ProfileRow& row) {
    if (cell.is_null()) {  // previous stamp + capture period
      if (last_time_.value == 0 || profile_.period_s == 0) return false;
      last_time_ = last_time_ + profile_.period_s;
      row.time = last_time_;
      return true;
    }
    if (!cell.is_bytes()) return false;
    const auto stamp = dlms::date_time_from(cell.bytes());
    if (!stamp.ok()) return false;
    const auto utc = dlms::to_utc(*stamp, meter_time_.sign, &meter_time_.zone);
    if (!utc.ok()) return false;
    last_time_ = row.time = utc->time;
    if (stamp->status_known()) row.quality.bits |= quality_from_clock(stamp->status).bits;
    return true;
  }

  void read_status(dlms::DataView cell, ProfileRow& row) {
    if (cell.type() == dlms::DataType::kBitString) {
      std::uint64_t status = 0;
      for (std::size_t i = 0; i < cell.bit_count() && i < 8; ++i) {
        if ((cell.bytes()[i / 8] >> (7 - i % 8) & 1) != 0) status |= 1u << i;
      }
      last_status_ = status;
    } else if (!cell.is_null()) {
      const auto status = cell.as_uint();
      if (status.ok()) last_status_ = *status;
    }
    row.quality.bits |= quality_from_status(last_status_).bits;
  }

  void read_code(dlms::DataView cell, ProfileRow& row) {
    if (!cell.is_integer()) return;
    const auto code = cell.as_uint();
    if (code.ok()) row.event_code = static_cast<std::uint32_t>(*code);
  }

  void read_value(dlms::DataView cell, std::size_t index) {
    Last& last = last_[index];
    if (!cell.is_null()) {  // null: same as before
      const auto value = cell.as_int();
      last.known = value.ok();
      last.value = value.ok() ? *value : 0;
    }
    out_.values.push_back(last.value);
    out_.present.push_back(last.known ? 1 : 0);
  }

  const Profile& profile_;
  const MeterTime& meter_time_;
  ProfileRows& out_;
  std::vector<Last> last_;
  UtcSeconds last_time_;
  std::uint64_t last_status_ = 0;
};

}  // namespace

Quality quality_from_status(std::uint64_t status) {
  static constexpr Bit kBits[] = {{0, QualityFlag::kWatchdog},       {1, QualityFlag::kClockInvalid},
                                  {2, QualityFlag::kDataInvalid},    {3, QualityFlag::kDaylightSaving},
                                  {5, QualityFlag::kClockAdjusted},  {7, QualityFlag::kPowerDown}};
  Quality quality;
  for (const Bit& b : kBits) {
    if ((status >> b.bit & 1) != 0) quality = quality.with(b.flag);
  }
  return quality;
}

Quality quality_from_clock(std::uint8_t clock_status) {
  Quality quality;
  if ((clock_status & (dlms::kClockInvalid | dlms::kClockDoubtful)) != 0) {
    quality = quality.with(QualityFlag::kClockInvalid);
  }
  if ((clock_status & dlms::kClockDaylightSaving) != 0) quality = quality.with(QualityFlag::kDaylightSaving);
  return quality;
}

Result<ProfileRows> parse_profile(dlms::DataView root, const Profile& profile, const MeterTime& meter_time,
                                  std::size_t rows_max) {
  ProfileRows out;
  for (const Column& c : profile.columns) out.width += c.role == ColumnRole::kValue ? 1 : 0;
  if (root.is_null()) return out;
  if (!root.is_container()) return make_error(ErrorCode::kMalformed, "a profile buffer is no array");
  if (root.size() > rows_max) {
    return make_error(ErrorCode::kLimit, "the meter sent " + std::to_string(root.size()) + " rows, at most " +
                                             std::to_string(rows_max) + " were asked for");
  }
  out.rows.reserve(root.size());
  out.values.reserve(root.size() * out.width);
  out.present.reserve(root.size() * out.width);
  RowReader reader(profile, meter_time, out);
  for (const dlms::DataView row : root) AMITY_CHECK(reader.read(row));
  return out;
}

dlms::DateTime as_meter_writes(UtcSeconds time, const MeterTime& meter_time) {
  if (meter_time.deviation_min == dlms::kAnyDeviation) {
    dlms::DateTime stamp = dlms::date_time_from_utc(time, meter_time.zone, meter_time.sign);
    stamp.deviation_min = dlms::kAnyDeviation;
    return stamp;
  }
  const int east_min = meter_time.sign == dlms::DeviationSign::kStandard ? -meter_time.deviation_min
                                                                        : meter_time.deviation_min;
  dlms::DateTime stamp = dlms::date_time_utc(time + std::int64_t{east_min} * 60);
  stamp.deviation_min = meter_time.deviation_min;
  stamp.status = dlms::kAny;
  return stamp;
}

dlms::Selection range_selection(UtcSeconds after, UtcSeconds until, const MeterTime& meter_time) {
  return dlms::Selection::by_range(dlms::range_by_clock(as_meter_writes(after + 1, meter_time),
                                                        as_meter_writes(until, meter_time)));
}

}  // namespace amity::headend
