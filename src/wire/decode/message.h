// From a recording to DLMS messages: recognises the transport, joins segments.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "wire/report/report.h"

namespace amity::decode {

enum class Transport : std::uint8_t { kApdu, kHdlc, kWrapper, kMbus };
std::string_view to_string(Transport transport);

struct Message {
  std::size_t offset = 0;  // in the recording
  std::size_t size = 0;    // bytes of all its frames
  Transport transport = Transport::kApdu;
  std::string source, destination;  // addresses, as the transport writes them
  std::string frame_type;           // of an HDLC frame that carries no message: "SNRM", ...
  std::size_t frames = 1;
  std::optional<std::string> gateway;  // "network 0, device 31323334"
  Bytes apdu;                          // empty for a frame that carries no message
  // Where the bytes stand in the recording: of the transport, and of what it carries (header of the
  // logical link, gateway prefix, APDU), piece by piece.
  struct Piece {
    std::size_t offset = 0, size = 0;
  };
  std::vector<wire::Part> transport_layout;  // offsets in the recording; empty unless explained
  std::vector<Piece> carried;
  std::size_t prefix_bytes = 0;  // of what is carried, in front of the APDU
};

struct FoundMessage {
  std::size_t offset = 0;
  Result<Message> message;
};

// What begins here is a frame of HDLC, of the wrapper, or of wired M-Bus that carries DLMS; of
// bytes that may be too few to say, as far as they go.
bool starts_framed_message(ByteView ahead);
// Bytes of the message that begins here, all its segments and general blocks included; kTruncated
// where the rest is still to come, another error where a frame is damaged (its offset: how far).
Result<std::size_t> framed_message_bytes(ByteView ahead);

// In order. After what cannot be read the search goes on at the next frame start, where there is
// one.
std::vector<FoundMessage> find_messages(ByteView recording, bool explain = false);

}  // namespace amity::decode
