// The TCP/UDP wrapper (IEC 62056-47): version 0001, source and destination wPort, length, APDU. And
// the gateway prefix (IEC 62056-5-3 Annex): E6 towards a device behind a gateway, E7 from it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "wire/dlms/limits.h"

namespace amity::dlms {

inline constexpr std::uint16_t kWrapperVersion = 1;
inline constexpr std::size_t kWrapperHeaderSize = 8;

struct WrapperHeader {
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
  std::uint16_t length = 0;
};

struct WrapperFrame {
  std::uint16_t source = 0;
  std::uint16_t destination = 0;
  ByteView apdu;
};

// Appends the frame. kLimit where the APDU does not fit 65535 bytes.
Status encode(const WrapperFrame& frame, Bytes& out);
// A datagram: exactly one frame.
Result<WrapperFrame> decode_wrapper(ByteView datagram);

// Splits a byte stream into frames. After an error the stream cannot be resynchronised: close it.
class WrapperSplitter {
 public:
  explicit WrapperSplitter(std::size_t apdu_size_max = kWrapperApduSizeMax)
      : apdu_size_max_(apdu_size_max) {}

  void feed(ByteView bytes);
  // The next whole frame, nullopt when more bytes are needed. The view is valid until the next
  // feed() or next().
  Result<std::optional<WrapperFrame>> next();
  std::size_t buffered() const { return buffer_.size() - consumed_; }
  // A frame has begun and is not complete.
  bool in_frame() const { return buffered() != 0; }
  void reset();

 private:
  Bytes buffer_;
  std::size_t consumed_ = 0;
  std::size_t apdu_size_max_;
};

struct GatewayPrefix {
  bool from_device = false;  // E7, else E6
  std::uint8_t network_id = 0;
  ByteView device_address;  // physical device address, <= 255 bytes
};

bool has_gateway_prefix(ByteView bytes);
// Reads the prefix; the APDU is what remains in `in`.
Result<GatewayPrefix> read_gateway_prefix(ByteReader& in);
Status encode(const GatewayPrefix& prefix, Bytes& out);

}  // namespace amity::dlms
