#include "wire/mbus/format_cache.h"

#include <algorithm>
#include <initializer_list>

#include "base/crc.h"
#include "wire/mbus/record_head.h"
#include "wire/mbus/value.h"

namespace amity::mbus {
namespace {

std::uint32_t key_of(std::uint16_t manufacturer, std::uint16_t signature) {
  return static_cast<std::uint32_t>(manufacturer) << 16 | signature;
}

std::uint16_t u16_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

// Formats that meters are known to use, for those whose full frames were not heard yet. They are
// taken on no one's word: a signature is the CRC of the heads, and the values have a CRC as well.
struct KnownFormat {
  std::uint16_t manufacturer;
  std::initializer_list<std::uint8_t> heads;
};
constexpr std::uint16_t kKam = 0x2C2D;
const KnownFormat kKnownFormats[] = {
    {kKam, {0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13, 0x61, 0x5B, 0x61, 0x67}},
    {kKam, {0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13, 0x61, 0x5B, 0x51, 0x67}},
    {kKam, {0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13}},
    {kKam, {0x02, 0xFF, 0x20, 0x04, 0x13, 0x52, 0x3B}},
    {kKam,
     {0x02, 0xFF, 0x20, 0x04, 0x13, 0x44, 0x13, 0xA1, 0x01, 0x5B, 0x81, 0x01, 0xE7, 0xFF, 0x0F}},
    {kKam,
     {0x02, 0xFF, 0x20, 0x04, 0x13, 0x92, 0x01, 0x3B, 0xA1, 0x01, 0x5B, 0x81, 0x01, 0xE7, 0xFF,
      0x0F}},
};

bool ends_records(std::uint8_t dif) {
  return dif == kDifManufacturer || dif == kDifManufacturerMore;
}

}  // namespace

std::uint16_t format_signature(ByteView heads) {
  return crc16_en13757(heads);
}

bool append_heads(ByteView records, Bytes& heads) {
  RecordHead head;
  std::size_t at = 0;
  while (at < records.size()) {
    if (records[at] == kDifFiller) {
      ++at;
      continue;
    }
    if (ends_records(records[at])) return true;
    if ((records[at] & 0x0F) == 0x0F || !parse_record_head(records.subspan(at), 0, head).ok())
      return false;
    append(heads, records.subspan(at, head.size));
    at += head.size;
    const auto size = value_bytes(head.field, records.subspan(at), 0);
    if (!size.ok()) return false;
    at += *size;
  }
  return true;
}

void FormatCache::learn(std::uint16_t manufacturer, ByteView heads) {
  if (heads.empty()) return;
  if (manufacturer == last_manufacturer_ && std::ranges::equal(heads, last_heads_)) return;
  last_manufacturer_ = manufacturer;
  last_heads_.assign(heads.begin(), heads.end());
  Format& format = formats_[key_of(manufacturer, format_signature(heads))];
  format.used = ++clock_;
  if (format.heads.empty()) format.heads.assign(heads.begin(), heads.end());
  if (formats_.size() <= kFormatsMax) return;
  const auto oldest =
      std::min_element(formats_.begin(), formats_.end(),
                       [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
  formats_.erase(oldest);
  last_heads_.clear();
}

// The heads follow the signature; some texts put a length byte before it. The signature itself
// tells which.
bool FormatCache::learn_format_frame(std::uint16_t manufacturer, ByteView payload) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    if (payload.size() < at + 3) return false;
    const std::uint16_t signature = u16_at(payload, at);
    ByteView heads = payload.subspan(at + 2);
    for (; !heads.empty(); heads = heads.first(heads.size() - 1)) {
      if (format_signature(heads) == signature) {
        learn(manufacturer, heads);
        return true;
      }
      if (heads.back() != kDifFiller) break;
    }
  }
  return false;
}

bool FormatCache::learn_known(std::uint16_t manufacturer, std::uint16_t signature) {
  for (const KnownFormat& known : kKnownFormats) {
    const ByteView heads(known.heads.begin(), known.heads.size());
    if (known.manufacturer != manufacturer || format_signature(heads) != signature) continue;
    learn(manufacturer, heads);
    return true;
  }
  return false;
}

Status FormatCache::expand(std::uint16_t manufacturer, ByteView compact, Bytes& records) {
  if (compact.size() < 4)
    return make_error(ErrorCode::kTruncated, "a compact frame needs a signature and a CRC",
                      compact.size());
  const std::uint16_t signature = u16_at(compact, 0), crc = u16_at(compact, 2);
  auto found = formats_.find(key_of(manufacturer, signature));
  if (found == formats_.end() && learn_known(manufacturer, signature))
    found = formats_.find(key_of(manufacturer, signature));
  if (found == formats_.end()) {
    const std::uint8_t bytes[] = {compact[1], compact[0]};
    return make_error(ErrorCode::kNotFound, "compact frame of format " + to_hex(bytes) +
                                                ", of which no full frame was seen");
  }
  found->second.used = ++clock_;
  records.clear();
  ByteView heads = found->second.heads, values = compact.subspan(4);
  RecordHead head;
  while (!heads.empty()) {
    AMITY_CHECK(parse_record_head(heads, 0, head));
    append(records, heads.first(head.size));
    heads = heads.subspan(head.size);
    AMITY_TRY(const std::size_t size,
              value_bytes(head.field, values, compact.size() - values.size()));
    append(records, values.first(size));
    values = values.subspan(size);
    if (records.size() > kExpandedBytesMax)
      return make_error(ErrorCode::kLimit, "an endless compact frame");
  }
  if (crc16_en13757(records) == crc) return {};
  append(records, values);  // filler or the manufacturer's data, where the CRC covers them
  if (crc16_en13757(records) == crc) return {};
  return make_error(ErrorCode::kMalformed,
                    "the CRC of the full frame does not fit the compact frame's values", 2);
}

}  // namespace amity::mbus
