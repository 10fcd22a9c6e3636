#include "roles/mdm_channel.h"

#include <algorithm>

#include "api/series.h"
#include "mdm/profile/limits.h"

namespace amity::roles {
namespace {

constexpr std::uint8_t kVersion = 2;  // 1 had no `begins`
constexpr std::size_t kDaysMax = 10'000;

// Medium and quantity of an OBIS code: "1-0:1." of "1-0:1.29.0*255"; "" where it is none.
std::string_view quantity_of(std::string_view source) {
  const std::size_t colon = source.find(':');
  if (colon == std::string_view::npos) return {};
  const std::size_t dot = source.find('.', colon);
  return dot == std::string_view::npos ? std::string_view() : source.substr(0, dot + 1);
}

// Half up, within what statistics hold.
std::int64_t rounded(__int128 value, __int128 divisor) {
  const __int128 wide = 2 * value + divisor, twice = 2 * divisor;
  const __int128 floor = wide / twice - (wide % twice < 0 ? 1 : 0);
  constexpr __int128 kMost = mdm::kDayTotalMax * __int128{mdm::kPeriodDays};
  return static_cast<std::int64_t>(std::clamp(floor, -kMost, kMost));
}

Result<std::int32_t> get_i32(ByteReader& in) {
  AMITY_TRY(const std::uint32_t v, in.u32());
  return static_cast<std::int32_t>(v);
}

}  // namespace

void encode_memory(const MdmMemory& memory, Bytes& out) {
  ByteWriter w(out);
  w.u8(kVersion);
  w.u32(static_cast<std::uint32_t>(memory.first_day));
  w.u32(static_cast<std::uint32_t>(memory.next_day));
  w.u64(static_cast<std::uint64_t>(memory.begins.value));
  w.u32(static_cast<std::uint32_t>(memory.waiting.size()));
  for (const WaitingDay& d : memory.waiting) {
    w.u32(static_cast<std::uint32_t>(d.day));
    w.u32(d.attempts);
    w.u64(static_cast<std::uint64_t>(d.last_attempt.value));
    w.u64(static_cast<std::uint64_t>(d.end.value));
  }
  w.u32(static_cast<std::uint32_t>(memory.dirty.size()));
  for (const std::int32_t day : memory.dirty) w.u32(static_cast<std::uint32_t>(day));
  mdm::encode_state(memory.state, out);
}

Result<MdmMemory> decode_memory(ByteView bytes) {
  ByteReader in(bytes);
  MdmMemory m;
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version == 0 || version > kVersion) return in.malformed("a memory of another version");
  AMITY_TRY(m.first_day, get_i32(in));
  AMITY_TRY(m.next_day, get_i32(in));
  if (version >= 2) {
    AMITY_TRY(const std::uint64_t begins, in.u64());
    m.begins = UtcSeconds(static_cast<std::int64_t>(begins));
  }
  AMITY_TRY(const std::uint32_t waiting, in.u32());
  if (waiting > kDaysMax) return in.malformed("too many days wait");
  for (std::uint32_t i = 0; i < waiting; ++i) {
    WaitingDay d;
    AMITY_TRY(d.day, get_i32(in));
    AMITY_TRY(d.attempts, in.u32());
    AMITY_TRY(const std::uint64_t last, in.u64());
    d.last_attempt = UtcSeconds(static_cast<std::int64_t>(last));
    AMITY_TRY(const std::uint64_t end, in.u64());
    d.end = UtcSeconds(static_cast<std::int64_t>(end));
    m.waiting.push_back(d);
  }
  AMITY_TRY(const std::uint32_t dirty, in.u32());
  if (dirty > kDaysMax) return in.malformed("too many days are to be looked at again");
  for (std::uint32_t i = 0; i < dirty; ++i) {
    AMITY_TRY(const std::int32_t day, get_i32(in));
    m.dirty.push_back(day);
  }
  AMITY_TRY(m.state, mdm::decode_state(in.rest()));
  return m;
}

bool is_total_of(const Channel& total, const Channel& interval) {
  if (total.kind != ChannelKind::kRegister || total.unit != interval.unit) return false;
  const std::string_view quantity = quantity_of(interval.source);
  if (!quantity.empty()) return total.source == std::string(quantity) + "8.0*255";
  return total.name == interval.name + "_total";
}

bool is_tariff_of(const Channel& tariff, const Channel& interval) {
  if (tariff.kind != ChannelKind::kRegister || tariff.unit != interval.unit) return false;
  const std::string_view quantity = quantity_of(interval.source);
  const std::string head = std::string(quantity) + "8.";
  if (quantity.empty() || !tariff.source.starts_with(head)) return false;
  return !tariff.source.substr(head.size()).starts_with("0*");
}

bool is_reactive_of(const Channel& reactive, const Channel& interval) {
  return reactive.kind == ChannelKind::kInterval && reactive.unit == Unit::kVarHour &&
         interval.unit == Unit::kWattHour && interval.name == "import" &&
         reactive.name == "reactive_import" && reactive.interval_s == interval.interval_s &&
         reactive.exponent == interval.exponent;
}

bool measures_same(const Channel& a, const Channel& b) {
  if (a.kind != b.kind || a.unit != b.unit) return false;
  const std::string_view of_a = quantity_of(a.source), of_b = quantity_of(b.source);
  return a.name == b.name || (!of_a.empty() && of_a == of_b);
}

MeterLife life_of(const MdmChannel& c) {
  MeterLife life;
  if (c.memory.begins.value != 0) life.from = c.memory.begins;
  if (c.ends.value != 0) life.to = c.ends;
  return life;
}

std::optional<mdm::LocalDay> own_part(const MdmChannel& c, const mdm::LocalDay& day) {
  const MeterLife life = life_of(c);
  if (life.from >= day.end() || life.to <= day.start) return std::nullopt;
  return day.between(life.from, life.to);
}

std::int64_t rating_at(const MdmChannel& c, UtcSeconds time) {
  std::size_t step = 0;
  for (const MultiplierStep& s : c.channel.steps) step += s.from <= time;
  return step < c.rating_per_hour.size() ? c.rating_per_hour[step] : 0;
}

std::int64_t Ratio::of(std::int64_t value) const {
  return rounded(__int128{value} * num, std::max<std::int64_t>(den, 1));
}

std::int64_t as_raw_of(const Channel& to, std::int64_t value, const Channel& from,
                       UtcSeconds time) {
  __int128 wide = __int128{value} * from.multiplier_at(time);
  __int128 divisor = std::max<std::int64_t>(to.multiplier_at(time), 1);
  for (int e = to.exponent; e < from.exponent; ++e) wide *= 10;
  for (int e = from.exponent; e < to.exponent; ++e) divisor *= 10;
  return rounded(wide, divisor);
}

namespace {

template <class As>
mdm::ChannelState statistics_as(const mdm::ChannelState& state, As as) {
  mdm::ChannelState out = state;
  for (int i = 0; i < mdm::kPeriodsKept && state.period != INT32_MIN; ++i) {
    const std::int32_t number = state.period - i;
    mdm::PeriodStatistics& p = out.periods[static_cast<std::size_t>(
        (number % mdm::kPeriodsKept + mdm::kPeriodsKept) % mdm::kPeriodsKept)];
    const UtcSeconds middle = UtcDay(number * mdm::kPeriodDays + mdm::kPeriodDays / 2).start();
    p.total = as(p.total, middle);
    p.peak = std::clamp(as(p.peak, middle), -mdm::kMagnitudeMax, mdm::kMagnitudeMax);
  }
  for (mdm::LikeDays& days : out.like) {
    for (mdm::LikeDay& day : days.latest)
      day.total = as(day.total, UtcDay(day.day).start() + 43'200);
  }
  return out;
}

}  // namespace

mdm::ChannelState inherited(const mdm::ChannelState& state, const Channel& from, const Channel& to,
                            UtcSeconds at) {
  auto out = statistics_as(
      state, [&](std::int64_t value, UtcSeconds) { return as_raw_of(to, value, from, at); });
  out.last_value = out.last_end_s = 0;  // the dial is another
  out.run_length = 0;
  out.last_day = INT32_MIN;  // the day of the exchange is of both
  return out;
}

mdm::ChannelState restated(const mdm::ChannelState& state,
                           const std::function<Ratio(UtcSeconds of)>& ratio) {
  auto out =
      statistics_as(state, [&](std::int64_t value, UtcSeconds of) { return ratio(of).of(value); });
  const Ratio last = ratio(UtcSeconds(state.last_end_s) - 1);
  out.last_value = std::clamp(last.of(state.last_value), -mdm::kMagnitudeMax, mdm::kMagnitudeMax);
  if (last.num != last.den && out.last_value != 0) out.run_length = 1;  // equal to nothing yet
  return out;
}

bool is_validated(const Channel& channel) {
  return channel.kind == ChannelKind::kInterval && api::adds_up(channel.unit) &&
         channel.interval_s >= mdm::kIntervalMin_s;
}

}  // namespace amity::roles
