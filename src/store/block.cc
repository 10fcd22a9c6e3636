#include "store/block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "store/bits.h"
#include "store/crc32c.h"
#include "store/limits.h"
#include "store/varint.h"

namespace amity::store {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kDaySeconds = 86'400;
constexpr std::size_t kChecksumSize = 4;

// First byte: version in bits 0-3, how times are given in bits 4-5, then two flags.
enum class Times : std::uint8_t { kFullDay = 0, kRun = 1, kHoles = 2, kIrregular = 3 };
constexpr int kTimesShift = 4;
constexpr std::uint8_t kHasQuality = 0x40, kHasOlder = 0x80;
// Second byte: width of the packed values in bits 0-5.
constexpr std::uint8_t kWidthMask = 0x3F, kHasExceptions = 0x40, kDelta = 0x80;

std::uint32_t checksum(const BlockKey& key, ByteView bytes) {
  std::array<std::uint8_t, 12> last{};
  const std::uint32_t parts[3] = {crc32c(bytes), key.channel.value, static_cast<std::uint32_t>(key.day.value)};
  for (std::size_t i = 0; i < 12; ++i) last[i] = static_cast<std::uint8_t>(parts[i / 4] >> (8 * (i % 4)));
  return crc32c(last);
}

// Whole minutes take one byte for the usual intervals.
void put_interval(Bytes& out, std::uint32_t interval_s) {
  put_varint(out, interval_s % 60 == 0 ? interval_s / 60 * 2 : std::uint64_t{interval_s} * 2 + 1);
}

Result<std::uint32_t> get_interval(ByteReader& in) {
  AMITY_TRY(const std::uint64_t v, get_varint(in));
  const std::uint64_t interval_s = v % 2 == 0 ? v / 2 * 60 : v / 2;
  if (v > 2 * kDaySeconds || interval_s == 0 || interval_s > kDaySeconds) {
    return in.malformed("the interval is impossible");
  }
  return static_cast<std::uint32_t>(interval_s);
}

// ---- times

struct Grid {
  std::uint32_t interval_s = 0;  // of the finest grid that all times lie on
  std::uint32_t slots = 0;       // from the first to the last
  bool complete = false;
};

Grid grid_of(const std::vector<BlockReading>& readings) {
  if (readings.size() == 1) return {kDaySeconds, 1, true};
  std::uint32_t step = 0;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    step = std::gcd(step, readings[i].offset_s - readings[i - 1].offset_s);
  }
  AMITY_ASSERT(step > 0);  // times rise
  const std::uint32_t slots = (readings.back().offset_s - readings.front().offset_s) / step + 1;
  return {step, slots, slots == readings.size()};
}

unsigned gap_width(const std::vector<BlockReading>& readings) {
  std::uint32_t widest = 0;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    widest = std::max(widest, readings[i].offset_s - readings[i - 1].offset_s - 1);
  }
  return static_cast<unsigned>(std::bit_width(widest));
}

Times put_times(const std::vector<BlockReading>& readings, Bytes& out) {
  const Grid grid = grid_of(readings);
  const std::uint32_t first = readings.front().offset_s;
  if (grid.complete) {
    put_interval(out, grid.interval_s);
    if (first == grid.interval_s && readings.back().offset_s == kDaySeconds) return Times::kFullDay;
    put_varint(out, first);
    put_varint(out, readings.size());
    return Times::kRun;
  }
  const unsigned width = gap_width(readings);
  if (grid.slots <= width * readings.size()) {
    put_interval(out, grid.interval_s);
    put_varint(out, first);
    put_varint(out, grid.slots);
    BitWriter bits(out);
    std::uint32_t slot = 0;
    for (const BlockReading& r : readings) {
      for (; first + slot * grid.interval_s < r.offset_s; ++slot) bits.put(0, 1);
      bits.put(1, 1);
      ++slot;
    }
    return Times::kHoles;
  }
  put_varint(out, readings.size());
  put_varint(out, first);
  out.push_back(static_cast<std::uint8_t>(width));
  BitWriter bits(out);
  for (std::size_t i = 1; i < readings.size(); ++i) {
    bits.put(readings[i].offset_s - readings[i - 1].offset_s - 1, width);
  }
  return Times::kIrregular;
}

Status add_reading(ByteReader& in, std::uint64_t offset_s, std::vector<BlockReading>& out) {
  if (offset_s == 0 || offset_s > kDaySeconds) return in.malformed("a time is outside the day");
  out.push_back({static_cast<std::uint32_t>(offset_s), 0, 0});
  return {};
}

Status get_grid(ByteReader& in, Times times, std::vector<BlockReading>& out) {
  AMITY_TRY(const std::uint32_t interval_s, get_interval(in));
  if (times == Times::kFullDay) {
    if (kDaySeconds % interval_s != 0) return in.malformed("the interval does not divide the day");
    out.reserve(kDaySeconds / interval_s);
    for (std::uint32_t t = interval_s; t <= kDaySeconds; t += interval_s) out.push_back({t, 0, 0});
    return {};
  }
  AMITY_TRY(const std::uint64_t first, get_varint(in));
  AMITY_TRY(const std::uint64_t slots, get_varint(in));
  if (slots == 0 || slots > kDaySeconds || first > kDaySeconds) return in.malformed("the slots are impossible");
  if (first + (slots - 1) * interval_s > kDaySeconds) return in.malformed("a time is outside the day");
  if (times == Times::kRun) {
    for (std::uint64_t i = 0; i < slots; ++i) AMITY_CHECK(add_reading(in, first + i * interval_s, out));
    return {};
  }
  AMITY_TRY(const ByteView map, in.take((slots + 7) / 8));
  for (std::uint64_t i = 0; i < slots; ++i) {
    if (((map[i / 8] >> (i % 8)) & 1) == 0) continue;
    AMITY_CHECK(add_reading(in, first + i * interval_s, out));
  }
  if (out.empty()) return in.malformed("no readings");
  return {};
}

Status get_times(ByteReader& in, Times times, std::vector<BlockReading>& out) {
  if (times != Times::kIrregular) return get_grid(in, times, out);
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  AMITY_TRY(const std::uint64_t first, get_varint(in));
  AMITY_TRY(const std::uint8_t width, in.u8());
  if (count == 0 || count > kReadingsPerBlockMax || width > 17) return in.malformed("the times are impossible");
  AMITY_TRY(const ByteView packed, in.take(((count - 1) * width + 7) / 8));
  BitReader bits(packed);
  std::uint64_t offset_s = first;
  AMITY_CHECK(add_reading(in, offset_s, out));
  for (std::uint64_t i = 1; i < count; ++i) {
    offset_s += bits.get(width) + 1;
    AMITY_CHECK(add_reading(in, offset_s, out));
  }
  return {};
}

// ---- values: each as its distance from the least, in `width` bits; of the few that need more, the rest follows

struct Packing {
  unsigned width = 0, high_width = 0;
  std::size_t exceptions = 0;
  std::size_t bits = 0;
};

Packing best_packing(std::span<const std::uint64_t> distances) {
  std::array<std::size_t, 65> of_width{};
  for (const std::uint64_t d : distances) ++of_width[static_cast<std::size_t>(std::bit_width(d))];
  unsigned widest = 64;
  while (widest > 0 && of_width[widest] == 0) --widest;
  const auto index_width = static_cast<std::size_t>(std::bit_width(distances.size()));
  Packing best{widest, 0, 0, widest * distances.size()};
  if (widest == 64) best.bits = SIZE_MAX;  // a width takes six bits: 63 and an exception
  std::size_t above = 0;
  for (unsigned width = widest; width-- > 0;) {
    above += of_width[width + 1];
    const std::size_t bits = width * distances.size() + above * (index_width + widest - width) + 16;
    if (bits < best.bits) best = {width, widest - width, above, bits};
  }
  return best;
}

void put_packed(std::span<const std::uint64_t> distances, const Packing& packing, Bytes& out) {
  if (packing.exceptions > 0) {
    put_varint(out, packing.exceptions);
    out.push_back(static_cast<std::uint8_t>(packing.high_width));
  }
  const std::uint64_t mask = (std::uint64_t{1} << packing.width) - 1;
  const auto index_width = static_cast<unsigned>(std::bit_width(distances.size()));
  BitWriter bits(out);
  for (const std::uint64_t d : distances) bits.put(d & mask, packing.width);
  if (packing.exceptions == 0) return;
  for (std::size_t i = 0; i < distances.size(); ++i) {
    if ((distances[i] >> packing.width) == 0) continue;
    bits.put(i, index_width);
    bits.put(distances[i] >> packing.width, packing.high_width);
  }
}

Status get_packed(ByteReader& in, std::uint8_t how, std::span<std::uint64_t> distances) {
  const unsigned width = how & kWidthMask;
  std::uint64_t exceptions = 0;
  unsigned high_width = 0;
  if ((how & kHasExceptions) != 0) {
    AMITY_TRY(exceptions, get_varint(in));
    AMITY_TRY(const std::uint8_t high, in.u8());
    high_width = high;
    if (exceptions > distances.size() || high_width + width > 64) return in.malformed("the exceptions are impossible");
  }
  const auto index_width = static_cast<unsigned>(std::bit_width(distances.size()));
  const std::uint64_t total = distances.size() * width + exceptions * (index_width + high_width);
  AMITY_TRY(const ByteView packed, in.take((total + 7) / 8));
  BitReader bits(packed);
  for (std::uint64_t& d : distances) d = bits.get(width);
  for (std::uint64_t i = 0; i < exceptions; ++i) {
    const std::uint64_t index = bits.get(index_width);
    if (index >= distances.size()) return in.malformed("an exception is outside the block");
    distances[index] |= bits.get(high_width) << width;
  }
  return {};
}

// Returns the second byte of the block.
std::uint8_t put_values(const std::vector<BlockReading>& readings, Bytes& out) {
  thread_local std::vector<std::uint64_t> plain, delta;
  const std::size_t count = readings.size();
  plain.resize(count);
  delta.resize(count - 1);
  std::int64_t least = readings[0].value, least_step = INT64_MAX;
  for (std::size_t i = 1; i < count; ++i) {
    least = std::min(least, readings[i].value);
    least_step = std::min(least_step, wrapping_sub(readings[i].value, readings[i - 1].value));
  }
  for (std::size_t i = 0; i < count; ++i) plain[i] = static_cast<std::uint64_t>(wrapping_sub(readings[i].value, least));
  for (std::size_t i = 1; i < count; ++i) {
    const std::int64_t step = wrapping_sub(readings[i].value, readings[i - 1].value);
    delta[i - 1] = static_cast<std::uint64_t>(wrapping_sub(step, least_step));
  }
  const Packing of_plain = best_packing(plain);
  const Packing of_delta = count > 1 ? best_packing(delta) : Packing{0, 0, 0, SIZE_MAX};
  const bool use_delta = count > 1 && of_delta.bits + 8 < of_plain.bits;
  const Packing& packing = use_delta ? of_delta : of_plain;
  put_zigzag(out, use_delta ? readings[0].value : least);
  if (use_delta) put_zigzag(out, least_step);
  put_packed(use_delta ? delta : plain, packing, out);
  return static_cast<std::uint8_t>(packing.width | (packing.exceptions > 0 ? kHasExceptions : 0) |
                                   (use_delta ? kDelta : 0));
}

Status get_values(ByteReader& in, std::uint8_t how, std::vector<BlockReading>& readings) {
  thread_local std::vector<std::uint64_t> distances;
  AMITY_TRY(const std::int64_t base, get_zigzag(in));
  if ((how & kDelta) == 0) {
    distances.resize(readings.size());
    AMITY_CHECK(get_packed(in, how, distances));
    for (std::size_t i = 0; i < readings.size(); ++i) {
      readings[i].value = wrapping_add(base, static_cast<std::int64_t>(distances[i]));
    }
    return {};
  }
  AMITY_TRY(const std::int64_t least_step, get_zigzag(in));
  distances.resize(readings.size() - 1);
  AMITY_CHECK(get_packed(in, how, distances));
  readings[0].value = base;
  for (std::size_t i = 1; i < readings.size(); ++i) {
    const std::int64_t step = wrapping_add(least_step, static_cast<std::int64_t>(distances[i - 1]));
    readings[i].value = wrapping_add(readings[i - 1].value, step);
  }
  return {};
}

// ---- quality and older versions

void put_quality(const std::vector<BlockReading>& readings, Bytes& out) {
  for (std::size_t i = 0; i < readings.size();) {
    std::size_t end = i + 1;
    while (end < readings.size() && readings[end].quality == readings[i].quality) ++end;
    put_varint(out, end - i);
    put_varint(out, readings[i].quality);
    i = end;
  }
}

Result<std::uint16_t> get_quality_bits(ByteReader& in) {
  AMITY_TRY(const std::uint64_t bits, get_varint(in));
  if (bits > 0xFFFF) return in.malformed("a quality has more than 16 bits");
  return static_cast<std::uint16_t>(bits);
}

Status get_quality(ByteReader& in, std::vector<BlockReading>& readings) {
  for (std::size_t i = 0; i < readings.size();) {
    AMITY_TRY(const std::uint64_t run, get_varint(in));
    AMITY_TRY(const std::uint16_t bits, get_quality_bits(in));
    if (run == 0 || run > readings.size() - i) return in.malformed("a run of qualities leaves the block");
    for (const std::size_t end = i + run; i < end; ++i) readings[i].quality = bits;
  }
  return {};
}

void put_older(const std::vector<BlockReading>& older, Bytes& out) {
  put_varint(out, older.size());
  std::uint32_t last = 0;
  for (const BlockReading& r : older) {
    put_varint(out, r.offset_s - last);
    put_zigzag(out, r.value);
    put_varint(out, r.quality);
    last = r.offset_s;
  }
}

Status get_older(ByteReader& in, std::vector<BlockReading>& older) {
  AMITY_TRY(const std::uint64_t count, get_varint(in));
  if (count > in.remaining()) return in.malformed("more versions than bytes");
  std::uint64_t offset_s = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    AMITY_TRY(const std::uint64_t step, get_varint(in));
    if (step > kDaySeconds) return in.malformed("a time is outside the day");
    offset_s += step;
    AMITY_CHECK(add_reading(in, offset_s, older));
    AMITY_TRY(older.back().value, get_zigzag(in));
    AMITY_TRY(older.back().quality, get_quality_bits(in));
  }
  return {};
}

Status decode_parts(ByteReader& in, Block& block) {
  AMITY_TRY(const std::uint8_t flags, in.u8());
  if ((flags & 0x0F) != kVersion) {
    return make_error(ErrorCode::kUnsupported, "a block of version " + std::to_string(flags & 0x0F));
  }
  AMITY_TRY(const std::uint8_t how, in.u8());
  AMITY_CHECK(get_times(in, static_cast<Times>((flags >> kTimesShift) & 3), block.readings));
  AMITY_CHECK(get_values(in, how, block.readings));
  if ((flags & kHasQuality) != 0) AMITY_CHECK(get_quality(in, block.readings));
  if ((flags & kHasOlder) != 0) AMITY_CHECK(get_older(in, block.older));
  if (!in.empty()) return in.malformed("bytes after the block");
  return {};
}

}  // namespace

void encode_block(const BlockKey& key, const Block& block, Bytes& out) {
  AMITY_ASSERT(!block.readings.empty());
  const std::size_t start = out.size();
  out.push_back(0);
  out.push_back(0);
  const Times times = put_times(block.readings, out);
  const std::uint8_t how = put_values(block.readings, out);
  auto flags = static_cast<std::uint8_t>(kVersion | (static_cast<unsigned>(times) << kTimesShift));
  if (std::any_of(block.readings.begin(), block.readings.end(), [](const auto& r) { return r.quality != 0; })) {
    flags |= kHasQuality;
    put_quality(block.readings, out);
  }
  if (!block.older.empty()) {
    flags |= kHasOlder;
    put_older(block.older, out);
  }
  out[start] = flags;
  out[start + 1] = how;
  ByteWriter(out).u32_le(checksum(key, ByteView(out).subspan(start)));
}

Status decode_block(const BlockKey& key, ByteView bytes, Block& block) {
  block.clear();
  if (bytes.size() <= kChecksumSize) return make_error(ErrorCode::kCorrupt, "a block is too short");
  const ByteView covered = bytes.first(bytes.size() - kChecksumSize);
  ByteReader tail(bytes.subspan(covered.size()), covered.size());
  AMITY_TRY(const std::uint32_t stored, tail.u32_le());
  if (stored != checksum(key, covered)) return make_error(ErrorCode::kCorrupt, "a block fails its checksum");
  ByteReader in(covered);
  return decode_parts(in, block);
}

}  // namespace amity::store
