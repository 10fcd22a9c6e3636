#include "wire/c12/ap_title.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "wire/c12/ber.h"

namespace amity::c12 {
namespace {

void put_sub_identifier(std::uint64_t value, ObjectId& out) {
  int groups = 1;
  for (std::uint64_t rest = value >> 7; rest != 0; rest >>= 7) ++groups;
  for (int i = groups; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>((value >> (7 * i) & 0x7F) | (i == 0 ? 0 : 0x80)));
  }
}

}  // namespace

Result<ApTitle> ap_title_from(std::string_view text) {
  ApTitle title;
  title.absolute = !text.starts_with('.');
  if (!title.absolute) text.remove_prefix(1);
  std::vector<std::uint64_t> arcs;
  for (const char *at = text.data(), *end = at + text.size(); at != end || arcs.empty();) {
    std::uint64_t arc = 0;
    const auto [next, problem] = std::from_chars(at, end, arc);
    if (problem != std::errc() || (next != end && (*next != '.' || next + 1 == end)) ||
        arcs.size() == kObjectIdBytesMax) {
      return make_error(ErrorCode::kInvalid, fmt::format("\"{}\" is no object identifier", text),
                        static_cast<std::size_t>(at - text.data()));
    }
    arcs.push_back(arc);
    at = next == end ? end : next + 1;
  }
  std::size_t first = 0;
  if (title.absolute) {
    if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] >= 40) ||
        arcs[1] > UINT64_MAX - 80) {
      return make_error(ErrorCode::kInvalid,
                        fmt::format("\"{}\" is no whole object identifier", text));
    }
    put_sub_identifier(arcs[0] * 40 + arcs[1], title.encoded);
    first = 2;
  }
  for (std::size_t i = first; i < arcs.size(); ++i) put_sub_identifier(arcs[i], title.encoded);
  AMITY_CHECK(check(title));
  return title;
}

Status check(const ApTitle& title) {
  const ByteView bytes = title.encoded.view();
  if (bytes.empty() || title.encoded.too_long()) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("an object identifier has 1 to {} bytes", kObjectIdBytesMax));
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ++length;
    if (length > 9) return make_error(ErrorCode::kMalformed, "a sub-identifier beyond 63 bits", i);
    if ((bytes[i] & 0x80) == 0) length = 0;
  }
  if (length != 0) {
    return make_error(ErrorCode::kMalformed, "the last sub-identifier does not end", bytes.size());
  }
  return {};
}

void append_text(const ApTitle& title, std::string& out) {
  // A point and up to three digits for a byte; the first sub-identifier is two arcs.
  std::array<char, 4 * kObjectIdBytesMax + 24> text;
  char* at = text.data();
  std::uint64_t arc = 0;
  bool first = title.absolute;
  const auto put = [&](std::uint64_t value) {
    if (value < 10)
      *at++ = static_cast<char>('0' + value);
    else
      at = std::to_chars(at, text.data() + text.size(), value).ptr;
  };
  for (const std::uint8_t byte : title.encoded.view()) {
    arc = arc << 7 | (byte & 0x7F);
    if ((byte & 0x80) != 0) continue;
    if (first) {
      const std::uint64_t root = std::min<std::uint64_t>(arc / 40, 2);
      put(root);
      arc -= root * 40;
      first = false;
    }
    *at++ = '.';
    put(arc);
    arc = 0;
  }
  out.append(text.data(), at);
}

std::string to_string(const ApTitle& title) {
  std::string out;
  out.reserve(48);
  append_text(title, out);
  return out;
}

Result<ApTitle> absolute(const ApTitle& title, const ApTitle& base) {
  if (title.absolute) return title;
  if (base.empty() || !base.absolute) {
    return make_error(ErrorCode::kInvalid, "a relative title, and no base object identifier");
  }
  ApTitle out = base;
  out.encoded.append(title.encoded.view());
  return out;
}

ApTitle relative(const ApTitle& title, const ApTitle& base) {
  const ByteView whole = title.encoded.view(), front = base.encoded.view();
  if (!title.absolute || base.empty() || whole.size() <= front.size() ||
      !std::ranges::equal(front, whole.first(front.size()))) {
    return title;
  }
  return ApTitle{false, ObjectId(whole.subspan(front.size()))};
}

void encode(const ApTitle& title, Bytes& out) {
  put_tlv(title.absolute ? ApTitle::kAbsoluteTag : ApTitle::kRelativeTag, title.encoded.view(),
          out);
}

bool ap_title_from(const Tlv& tlv, ApTitle& title, Error& error) {
  // C12.22 also writes a relative identifier with its universal tag, 13.
  const bool relative_tag = tlv.tag == ApTitle::kRelativeTag || tlv.tag == 0x0D;
  if (tlv.tag != ApTitle::kAbsoluteTag && !relative_tag) {
    error = make_error(ErrorCode::kMalformed, fmt::format("tag {:02X} is no title's", tlv.tag),
                       tlv.offset);
    return false;
  }
  title.absolute = !relative_tag;
  title.encoded = ObjectId(tlv.content);
  if (Status good = check(title); !good.ok()) {
    error = make_error(good.error().code, good.error().reason, tlv.offset);
    return false;
  }
  return true;
}

Result<ApTitle> read_ap_title(ByteReader& reader) {
  AMITY_TRY(const Tlv tlv, read_tlv(reader));
  ApTitle title;
  Error error;
  if (!ap_title_from(tlv, title, error)) return error;
  return title;
}

}  // namespace amity::c12
