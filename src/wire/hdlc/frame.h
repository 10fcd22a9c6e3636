// HDLC frames of format type 3 (IEC 62056-46, clause 6.4), without the 7E flags unless said.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "wire/hdlc/limits.h"

namespace amity::hdlc {

inline constexpr std::uint8_t kFlag = 0x7E;

// One byte: `upper` only, 7 bits (every client). Two bytes: 7 + 7 bits. Four bytes: 14 + 14 bits.
// For a server, `upper` is the logical device and `lower` the physical device.
struct Address {
  std::uint16_t upper = 0;
  std::uint16_t lower = 0;
  std::uint8_t size = 1;  // 1, 2 or 4

  static Address client(std::uint8_t sap) { return {sap, 0, 1}; }
  // Whether the parts fit the size.
  bool valid() const;
  friend bool operator==(const Address&, const Address&) = default;
};

inline constexpr std::uint16_t kPhysicalAllStations = 0x7F;  // 0x3FFF in the four-byte form

// "16" for a client; "1/17" for a server's logical/physical address.
std::string to_string(const Address& address);

enum class FrameType : std::uint8_t {
  kInformation,            // I
  kReceiveReady,           // RR
  kReceiveNotReady,        // RNR
  kSetNormalResponseMode,  // SNRM: open
  kUnnumberedAcknowledge,  // UA: opened, closed
  kDisconnect,             // DISC: close
  kDisconnectedMode,       // DM: was not open
  kFrameReject,            // FRMR
  kUnnumberedInformation,  // UI: pushes
};

std::string_view to_string(FrameType type);

struct Control {
  FrameType type = FrameType::kUnnumberedInformation;
  bool poll_final = false;
  std::uint8_t receive = 0;  // N(R), modulo 8: I, RR, RNR
  std::uint8_t send = 0;     // N(S), modulo 8: I

  friend bool operator==(const Control&, const Control&) = default;
};

std::uint8_t encode_control(const Control& control);
Result<Control> decode_control(std::uint8_t byte);

struct Frame {
  Address destination;
  Address source;
  Control control;
  bool segmented = false;  // more segments of the same message follow
  ByteView information;    // points into what was decoded
};

// Appends the frame with both flags. `information` must leave the frame within kFrameLengthMax:
// asserted.
void encode_frame(const Frame& frame, Bytes& out);

// `bytes` is one frame between its flags. Checks length, HCS and FCS.
Result<Frame> decode_frame(ByteView bytes);

// What the first bytes after a flag say. Truncated: not enough bytes yet (never for more than 13).
struct FrameHead {
  std::size_t length = 0;  // of the whole frame between its flags
};
// Checks the format field, the addresses, the control field and, where there is an information
// field, the HCS.
Result<FrameHead> check_frame_head(ByteView bytes);

}  // namespace amity::hdlc
