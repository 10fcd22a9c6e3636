// A stored day: the format of docs/formats/final_day.md.
#include <map>

#include "store/codec_parts.h"
#include "store/crc32c.h"
#include "store/final_codec.h"
#include "store/kv_finals.h"

namespace amity::store {
namespace {

constexpr std::size_t kChecksumSize = 4;

std::uint32_t checksum(ByteView bytes, std::uint64_t key_high, std::uint64_t key_low) {
  Bytes last;
  ByteWriter writer(last);
  writer.u32_le(crc32c(bytes));
  writer.u64(key_high);
  writer.u64(key_low);
  return crc32c(last);
}

std::uint32_t checksum(ByteView bytes, ChannelId channel, std::int32_t day) {
  return checksum(bytes, static_cast<std::uint32_t>(day), channel.value);
}

// The bytes before the checksum, where it is right.
Result<ByteView> verified(ByteView bytes, std::uint64_t key_high, std::uint64_t key_low) {
  if (bytes.size() < kChecksumSize) return make_error(ErrorCode::kCorrupt, "it is too short");
  const ByteView covered = bytes.first(bytes.size() - kChecksumSize);
  ByteReader tail(bytes.subspan(covered.size()), covered.size());
  AMITY_TRY(const std::uint32_t stored, tail.u32_le());
  if (stored != checksum(covered, key_high, key_low)) {
    return make_error(ErrorCode::kCorrupt, "it fails its checksum");
  }
  return covered;
}

std::string sealed(Bytes& bytes, std::uint32_t sum) {
  ByteWriter(bytes).u32_le(sum);
  return std::string(as_text(bytes));
}

}  // namespace

// What a version replaced is an earlier version of the same interval, and is not written twice.
std::string encode_final_day(const FinalDay& day) {
  Bytes out;
  put_vee_day(out, day.day);
  put_varint(out, day.steps.size());
  std::map<UtcSeconds, FinalValue> known;
  for (const FinalDay::Step& step : day.steps) {
    put_decision(out, day.day, step.decision);
    std::vector<FinalVersion> versions = step.versions;
    for (FinalVersion& v : versions) {
      const auto earlier = known.find(v.time);
      if (v.before && earlier != known.end() && earlier->second == *v.before) v.before.reset();
      known[v.time] = v.now;
    }
    put_versions(out, day.day, versions);
  }
  return sealed(out, checksum(out, day.day.channel, day.day.day));
}

Result<FinalDay> decode_final_day(ChannelId channel, std::int32_t day, ByteView bytes) {
  AMITY_TRY(const ByteView covered,
            verified(bytes, static_cast<std::uint32_t>(day), channel.value));
  ByteReader in(covered);
  FinalDay out;
  AMITY_TRY(out.day, get_vee_day(in));
  if (out.day.channel != channel || out.day.day != day) {
    return make_error(ErrorCode::kCorrupt, "it is of another channel or day");
  }
  AMITY_TRY(const std::uint64_t steps, get_varint(in));
  if (steps > kDecisionsPerDayMax) return in.malformed("too many decisions");
  std::map<UtcSeconds, FinalValue> known;
  for (std::uint64_t i = 0; i < steps; ++i) {
    FinalDay::Step step;
    AMITY_TRY(step.decision, get_decision(in, out.day));
    AMITY_TRY(step.versions, get_versions(in, out.day));
    for (FinalVersion& v : step.versions) {
      const auto earlier = known.find(v.time);
      if (!v.before && earlier != known.end()) v.before = earlier->second;
      known[v.time] = v.now;
    }
    out.steps.push_back(std::move(step));
  }
  if (!in.empty()) return in.malformed("bytes after the day");
  return out;
}

std::string encode_stored_edit(const Edit& edit) {
  Bytes out;
  put_edit(out, edit);
  return sealed(out, checksum(out, 0, edit.id.value));
}

Result<Edit> decode_stored_edit(EditId id, ByteView bytes) {
  AMITY_TRY(const ByteView covered, verified(bytes, 0, id.value));
  ByteReader in(covered);
  AMITY_TRY(Edit edit, get_edit(in));
  if (edit.id != id || !in.empty()) return in.malformed("an edit under another number");
  return edit;
}

}  // namespace amity::store
