#include "wire/dlms/obis.h"

#include <algorithm>
#include <charconv>

namespace amity::dlms {
namespace {

// The separators that may stand behind group i.
bool is_separator(std::size_t group, char c) {
  static constexpr std::string_view kAllowed[] = {"-.", ":.", ".", ".", "*.&"};
  return kAllowed[group].find(c) != std::string_view::npos;
}

}  // namespace

Result<Obis> obis_from(ByteView six_bytes) {
  if (six_bytes.size() != Obis::kSize) {
    return make_error(ErrorCode::kMalformed,
                      "an OBIS code has 6 bytes, not " + std::to_string(six_bytes.size()));
  }
  Obis obis;
  std::copy(six_bytes.begin(), six_bytes.end(), obis.bytes.begin());
  return obis;
}

Result<Obis> obis_from(std::string_view text) {
  Obis obis;
  obis.bytes[5] = 255;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto error = [&](const char* reason) {
    return make_error(ErrorCode::kMalformed, reason, static_cast<std::size_t>(at - text.data()));
  };
  for (std::size_t group = 0; group < Obis::kSize; ++group) {
    const auto [next, ec] = std::from_chars(at, end, obis.bytes[group]);
    if (ec != std::errc{}) return error("a number from 0 to 255 expected in an OBIS code");
    at = next;
    if (at == end) {
      if (group < 4) return error("an OBIS code has at least the groups A to E");
      return obis;
    }
    if (group == 5 || !is_separator(group, *at))
      return error("unexpected character in an OBIS code");
    ++at;
  }
  return error("unexpected character in an OBIS code");
}

std::string to_string(const Obis& obis) {
  std::string text;
  for (std::uint8_t group : obis.bytes) {
    if (!text.empty()) text += '.';
    text += std::to_string(group);
  }
  return text;
}

std::string to_reduced(const Obis& obis) {
  return std::to_string(obis.a()) + '-' + std::to_string(obis.b()) + ':' +
         std::to_string(obis.c()) + '.' + std::to_string(obis.d()) + '.' +
         std::to_string(obis.e()) + '*' + std::to_string(obis.f());
}

}  // namespace amity::dlms
