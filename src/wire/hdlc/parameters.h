// What SNRM and UA negotiate (IEC 62056-46, 6.4.4.4.3.2), and the LLC header (6.3).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "wire/hdlc/limits.h"

namespace amity::hdlc {

// As one side sees it: its own transmit and receive directions.
struct LinkParameters {
  std::uint16_t transmit_bytes_max = kInformationBytesDefault;  // of an information field
  std::uint16_t receive_bytes_max = kInformationBytesDefault;
  std::uint8_t transmit_window = kWindowDefault;  // frames sent without waiting, 1..7
  std::uint8_t receive_window = kWindowDefault;

  friend bool operator==(const LinkParameters&, const LinkParameters&) = default;
};

// Appends the information field; nothing at all for the defaults.
void encode_parameters(const LinkParameters& parameters, Bytes& out);
// An empty field means the defaults; what is absent keeps its default; unknown parameters are
// skipped.
Result<LinkParameters> decode_parameters(ByteView information);
// What holds for us: the smaller of what we and the peer (in its own directions) can do.
LinkParameters negotiate(const LinkParameters& ours, const LinkParameters& peers);

// The three LLC bytes before every message; only the middle one differs.
inline constexpr std::array<std::uint8_t, 3> kLlcCommand{0xE6, 0xE6, 0x00};  // client to server
inline constexpr std::array<std::uint8_t, 3> kLlcResponse{0xE6, 0xE7,
                                                          0x00};  // server to client, pushes
// Strips either header.
Result<ByteView> strip_llc(ByteView message);

}  // namespace amity::hdlc
