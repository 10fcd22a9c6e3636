// Which protocol a recording is of, by its first bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace amity::decode {

enum class Protocol : std::uint8_t {
  kDlms,
  kMbus,
  kWmbus,
  kSml,
  kP1,
  kC1222,
  kC1218,
  kIec62056_21,
  kStg,
  kModbus,
  kOsgp,  // never recognised: its messages begin with nothing of their own
  kMm,    // never recognised: no public text tells its frames, ours are not the standard's
  kCapture
};

std::string_view to_string(Protocol protocol);
std::optional<Protocol> protocol_from(std::string_view name);

// kDlms where nothing else is recognised: a bare APDU may begin with any byte.
Protocol recognise(ByteView recording);
// One whole APDU of DLMS without any frame around it.
bool is_bare_apdu(ByteView recording);

// Bytes of the wireless telegram that begins here, with or without its CRCs; nullopt: none does.
std::optional<std::size_t> wmbus_frame_size(ByteView recording);
// Bytes of the wired frame that begins here, whatever it carries; nullopt: none does.
std::optional<std::size_t> mbus_frame_size(ByteView recording);
// Bytes of the C12.22 APDU that begins here (tag 60, and no application context of DLMS); nullopt:
// none does.
std::optional<std::size_t> c1222_frame_size(ByteView recording);

}  // namespace amity::decode
