#include "mdm/profile/channel_state.h"

#include <algorithm>

namespace amity::mdm {
namespace {

constexpr std::uint8_t kStateVersion = 1;

std::size_t ring_slot(std::int32_t period) {
  return static_cast<std::size_t>((period % kPeriodsKept + kPeriodsKept) % kPeriodsKept);
}

void put(ByteWriter& out, std::int64_t v) {
  out.u64(static_cast<std::uint64_t>(v));
}
void put(ByteWriter& out, std::int32_t v) {
  out.u32(static_cast<std::uint32_t>(v));
}

template <class T>
Status get(ByteReader& in, T& v) {
  if constexpr (sizeof(T) == 8) {
    AMITY_TRY(const std::uint64_t raw, in.u64());
    v = static_cast<T>(raw);
  } else {
    AMITY_TRY(const std::uint32_t raw, in.u32());
    v = static_cast<T>(raw);
  }
  return {};
}

}  // namespace

std::int32_t period_of_day(std::int32_t day) {
  return day >= 0 ? day / kPeriodDays : -((-day + kPeriodDays - 1) / kPeriodDays);
}

PeriodStatistics ChannelState::of_period(std::int32_t number) const {
  if (period == INT32_MIN || number > period || number <= period - kPeriodsKept) return {};
  return periods[ring_slot(number)];
}

std::int64_t ChannelState::like_mean(std::uint8_t kind) const {
  const LikeDays& days = like[kind];
  std::int64_t sum = 0;
  for (int i = 0; i < days.count; ++i) sum += days.latest[static_cast<std::size_t>(i)].total;
  return days.count == 0 ? 0 : sum / days.count;
}

void ChannelState::move_to_period(std::int32_t number) {
  if (period != INT32_MIN && number <= period) return;
  const bool all = period == INT32_MIN || number - period >= kPeriodsKept;
  for (std::int32_t p = all ? number - kPeriodsKept + 1 : period + 1; p <= number; ++p)
    periods[ring_slot(p)] = {};
  period = number;
}

bool ChannelState::add_day(std::int32_t day, std::uint8_t kind, std::int64_t total,
                           std::int64_t peak) {
  if (day <= last_day) return false;
  move_to_period(period_of_day(day));
  PeriodStatistics& now = periods[ring_slot(period)];
  now.total += total;
  now.peak = now.days == 0 ? peak : std::max(now.peak, peak);
  ++now.days;
  LikeDays& days = like[kind];
  std::shift_right(days.latest.begin(), days.latest.end(), 1);
  days.latest[0] = {day, total};
  days.count = static_cast<std::uint8_t>(std::min<int>(days.count + 1, kLikeDaysKept));
  last_day = day;
  return true;
}

void encode_state(const ChannelState& s, Bytes& bytes) {
  ByteWriter out(bytes);
  out.u8(kStateVersion);
  put(out, s.last_day);
  put(out, s.last_value);
  put(out, s.last_end_s);
  out.u32(s.run_length);
  out.u32(s.estimated_days);
  out.u32(s.idle_days);
  put(out, s.period);
  for (const PeriodStatistics& p : s.periods) put(out, p.total), put(out, p.peak), put(out, p.days);
  for (const LikeDays& days : s.like) {
    out.u8(days.count);
    for (const LikeDay& day : days.latest) put(out, day.day), put(out, day.total);
  }
}

Result<ChannelState> decode_state(ByteView bytes) {
  ByteReader in(bytes);
  ChannelState s;
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != kStateVersion) {
    return make_error(ErrorCode::kUnsupported, "state of version " + std::to_string(version));
  }
  AMITY_CHECK(get(in, s.last_day));
  AMITY_CHECK(get(in, s.last_value));
  AMITY_CHECK(get(in, s.last_end_s));
  AMITY_CHECK(get(in, s.run_length));
  AMITY_CHECK(get(in, s.estimated_days));
  AMITY_CHECK(get(in, s.idle_days));
  AMITY_CHECK(get(in, s.period));
  const auto sane = [](std::int64_t v, std::int64_t max = kMagnitudeMax) {
    return v <= max && v >= -max;
  };
  const auto a_day = [](std::int32_t v) {
    return v == INT32_MIN || (v > -kDayNumberMax && v < kDayNumberMax);
  };
  if (!a_day(s.last_day) || !a_day(s.period))
    return in.malformed("the last day is none of this calendar");
  if (!sane(s.last_value)) return in.malformed("the last value is no measurement");
  for (PeriodStatistics& p : s.periods) {
    AMITY_CHECK(get(in, p.total));
    AMITY_CHECK(get(in, p.peak));
    AMITY_CHECK(get(in, p.days));
    if (p.days < 0 || p.days > kPeriodDays || !sane(p.total, kDayTotalMax * kPeriodDays) ||
        !sane(p.peak)) {
      return in.malformed("statistics of a period cannot be");
    }
  }
  for (LikeDays& days : s.like) {
    AMITY_TRY(days.count, in.u8());
    if (days.count > kLikeDaysKept) return in.malformed("more like days than are kept");
    for (LikeDay& day : days.latest) {
      AMITY_CHECK(get(in, day.day));
      AMITY_CHECK(get(in, day.total));
      if (!sane(day.total, kDayTotalMax))
        return in.malformed("a like day's total is no measurement");
    }
  }
  if (!in.empty()) return in.malformed("bytes after the state");
  return s;
}

}  // namespace amity::mdm
