#include "roles/mdm_channel.h"

#include "api/series.h"

namespace amity::roles {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kDaysMax = 10'000;

// Medium and quantity of an OBIS code: "1-0:1." of "1-0:1.29.0*255"; "" where it is none.
std::string_view quantity_of(std::string_view source) {
  const std::size_t colon = source.find(':');
  if (colon == std::string_view::npos) return {};
  const std::size_t dot = source.find('.', colon);
  return dot == std::string_view::npos ? std::string_view() : source.substr(0, dot + 1);
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
  if (version != kVersion) return in.malformed("a memory of another version");
  AMITY_TRY(m.first_day, get_i32(in));
  AMITY_TRY(m.next_day, get_i32(in));
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

bool is_validated(const Channel& channel) {
  return channel.kind == ChannelKind::kInterval && api::adds_up(channel.unit) &&
         channel.interval_s >= mdm::kIntervalMin_s;
}

}  // namespace amity::roles
