#include "wire/sml/quirks.h"

#include <algorithm>
#include <iterator>

namespace amity::sml {
namespace {

struct PowerSignFault {
  std::string_view manufacturer;
  std::uint32_t first_serial, last_serial;
};
constexpr PowerSignFault kPowerSignFaults[] = {
    {"DZG", 42'000'000, 48'999'999},
    {"DZG", 55'000'000, 58'999'999},
};

constexpr std::uint64_t kEdlForm = 0x04, kEdlFlowsOut = 1u << 11;

bool is_upper(std::uint8_t c) {
  return c >= 'A' && c <= 'Z';
}

}  // namespace

ServerId parse_server_id(ByteView id) {
  if (id.size() != 10) return {};
  // 0A 01 and 09 01: length and medium in front of the letters; 06: the letters come at once.
  const std::size_t letters = id[0] == 0x06 ? 1 : 2;
  if (!std::all_of(id.begin() + static_cast<std::ptrdiff_t>(letters),
                   id.begin() + static_cast<std::ptrdiff_t>(letters) + 3, is_upper)) {
    return {};
  }
  return {as_text(id.subspan(letters, 3)),
          static_cast<std::uint32_t>(unsigned_of(id.last(sizeof(std::uint32_t))))};
}

void append_server_id(ByteView id, std::string& out) {
  const ServerId parsed = parse_server_id(id);
  if (!parsed.manufacturer.empty() && id[0] != 0x06 && id[1] <= 9 && parsed.serial <= 99'999'999) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    char text[] = {static_cast<char>('0' + id[1]),
                   'A',
                   'A',
                   'A',
                   kHex[id[5] >> 4],
                   kHex[id[5] & 15],
                   '0',
                   '0',
                   '0',
                   '0',
                   '0',
                   '0',
                   '0',
                   '0'};
    std::copy(parsed.manufacturer.begin(), parsed.manufacturer.end(), text + 1);
    char* at = std::end(text);
    for (std::uint32_t rest = parsed.serial; rest != 0; rest /= 10)
      *--at = static_cast<char>('0' + rest % 10);
    out.append(text, sizeof text);
    return;
  }
  const bool printable =
      std::all_of(id.begin(), id.end(), [](std::uint8_t c) { return c >= 0x20 && c < 0x7F; });
  if (printable) {
    out += as_text(id);
  } else {
    out += to_hex(id);
  }
}

std::optional<bool> flows_out(std::uint64_t status) {
  if (status < 0x10000 || (status & 0xFF) != kEdlForm) return std::nullopt;
  return (status & kEdlFlowsOut) != 0;
}

bool correct_power_sign(const ServerId& server, std::optional<std::uint64_t> status, Value& value) {
  if (server.manufacturer != "DZG" || value.kind != Value::Kind::kSigned) return false;
  const std::optional<bool> out = status ? flows_out(*status) : std::nullopt;
  if (value.width == 2 && value.number < 0) {
    const bool listed = std::any_of(
        std::begin(kPowerSignFaults), std::end(kPowerSignFaults), [&](const PowerSignFault& fault) {
          return fault.manufacturer == server.manufacturer && server.serial >= fault.first_serial &&
                 server.serial <= fault.last_serial;
        });
    if (out ? *out : !listed) return false;
    value.number += 0x1'0000;
    return true;
  }
  if (value.width == 4 && out == true && value.number >= 0x80'0000 && value.number <= 0xFF'FFFF) {
    value.number -= 0x100'0000;
    return true;
  }
  return false;
}

}  // namespace amity::sml
