#include "api/http/uri.h"

#include <array>

#include "api/http/limits.h"

namespace amity::api {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error malformed(std::string reason, std::size_t offset = 0) {
  return make_error(ErrorCode::kMalformed, std::move(reason), offset);
}

Status parse_query(std::string_view text, Target& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    if (out.query.size() == kQueryParametersMax)
      return make_error(ErrorCode::kLimit, "too many query parameters");
    const std::size_t equals = pair.find('=');
    AMITY_TRY(auto name, percent_decode(pair.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      AMITY_TRY(value, percent_decode(pair.substr(equals + 1), true));
    }
    out.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> reverse_alphabet() {
  std::array<std::int8_t, 256> table{};
  for (auto& v : table) v = -1;
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}
constexpr auto kReverse = reverse_alphabet();

}  // namespace

std::string_view Target::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

bool Target::has(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return true;
  }
  return false;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return malformed("a % is not followed by two hexadecimal digits", i);
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return malformed("a control character", i);
    out.push_back(c);
  }
  return out;
}

Result<Target> parse_target(std::string_view text) {
  if (text.size() > kTargetBytesMax)
    return make_error(ErrorCode::kLimit, "the request target is too long");
  if (text.starts_with("http://") || text.starts_with("https://")) {
    const std::size_t slash = text.find('/', text.find("//") + 2);
    text = slash == std::string_view::npos ? std::string_view("/") : text.substr(slash);
  }
  if (!text.starts_with('/')) return malformed("the request target does not begin with /");
  Target out;
  const std::size_t question = text.find('?');
  out.path = text.substr(0, question);
  std::string_view rest = std::string_view(out.path).substr(1);
  for (;;) {
    const std::size_t slash = rest.find('/');
    if (out.segments.size() == kPathSegmentsMax)
      return make_error(ErrorCode::kLimit, "too many path segments");
    AMITY_TRY(auto segment, percent_decode(rest.substr(0, slash), false));
    out.segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) break;
    rest = rest.substr(slash + 1);
  }
  if (question != std::string_view::npos) AMITY_CHECK(parse_query(text.substr(question + 1), out));
  return out;
}

std::string base64url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t accumulator = 0;
  int bits = 0;
  for (const char c : bytes) {
    accumulator = accumulator << 8 | static_cast<unsigned char>(c);
    bits += 8;
    while (bits >= 6) out.push_back(kAlphabet[accumulator >> (bits -= 6) & 63]);
  }
  if (bits > 0) out.push_back(kAlphabet[accumulator << (6 - bits) & 63]);
  return out;
}

Result<std::string> from_base64url(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t accumulator = 0;
  int bits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int v = kReverse[static_cast<unsigned char>(text[i])];
    if (v < 0) return malformed("not a base64url character", i);
    accumulator = accumulator << 6 | static_cast<std::uint32_t>(v);
    bits += 6;
    if (bits >= 8) out.push_back(static_cast<char>(accumulator >> (bits -= 8)));
  }
  if (bits >= 6 || (accumulator & ((1u << bits) - 1)) != 0)
    return malformed("not a whole base64url text", text.size());
  return out;
}

}  // namespace amity::api
