#include "headend/c12_switch.h"

#include <charconv>

namespace amity::headend {

namespace {

constexpr std::uint32_t kProcedureMax = 2'047, kTableMax = 4'095, kByteMax = 0xFFFF;
constexpr std::size_t kParameterBytesMax = 255;

Result<std::uint32_t> number(std::string_view option, std::string_view text, std::uint32_t max) {
  std::uint32_t v = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), v);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size() || v > max) {
    return make_error(ErrorCode::kInvalid, std::string(option) + ": '" + std::string(text) +
                                               "' is no number up to " + std::to_string(max));
  }
  return v;
}

Result<c12::Procedure> procedure(const char* option, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (text.empty() || (text[0] != 'm' && text[0] != 's')) {
    return make_error(ErrorCode::kInvalid, std::string(option) + "=" + std::string(text) +
                                               " is no procedure such as m4:01 or s21:0100");
  }
  c12::Procedure out;
  out.manufacturer = text[0] == 'm';
  AMITY_TRY(const std::uint32_t n,
            number(option, text.substr(1, colon == text.npos ? colon : colon - 1), kProcedureMax));
  out.number = static_cast<std::uint16_t>(n);
  if (colon != text.npos) {
    AMITY_TRY(out.parameters, from_hex(text.substr(colon + 1)));
  }
  if (out.parameters.size() > kParameterBytesMax)
    return make_error(ErrorCode::kInvalid, std::string(option) + ": too many parameters");
  return out;
}

Result<C12Switch::Shown> shown(std::string_view text) {
  const std::size_t first = text.find('/'),
                    second = text.find('/', first == text.npos ? first : first + 1);
  if (second == text.npos) {
    return make_error(ErrorCode::kInvalid,
                      "supply=" + std::string(text) + " is not TABLE/BYTE/BIT");
  }
  AMITY_TRY(const std::uint32_t table, number("supply", text.substr(0, first), kTableMax));
  AMITY_TRY(const std::uint32_t byte,
            number("supply", text.substr(first + 1, second - first - 1), kByteMax));
  AMITY_TRY(const std::uint32_t bit, number("supply", text.substr(second + 1), 7));
  return C12Switch::Shown{static_cast<std::uint16_t>(table), static_cast<std::uint16_t>(byte),
                          static_cast<std::uint8_t>(bit)};
}

}  // namespace

Result<std::optional<C12Switch>> c12_switch(const Address& address) {
  const std::string connect = address.option("connect"), disconnect = address.option("disconnect"),
                    supply = address.option("supply");
  if (connect.empty() && disconnect.empty() && supply.empty()) return std::optional<C12Switch>();
  C12Switch out;
  AMITY_TRY(out.connect, procedure("connect", connect));
  AMITY_TRY(out.disconnect, procedure("disconnect", disconnect));
  if (!supply.empty()) {
    AMITY_TRY(out.supply, shown(supply));
  }
  return std::optional<C12Switch>(std::move(out));
}

}  // namespace amity::headend
