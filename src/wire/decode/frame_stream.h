// From what a collector sends, which may begin anywhere, to whole frames: wireless M-Bus telegrams
// (with CRCs or without), wired M-Bus frames, SML files, P1 telegrams (plain or encrypted),
// readouts of IEC 62056-21, DLMS messages (HDLC, wrapper, wired M-Bus; all segments and blocks of
// one message together); as they are, or each as a line of hexadecimal digits. Recognised frame by
// frame, so that one stream may mix them. Sans-I/O.
#pragma once

#include <optional>

#include "base/stream_buffer.h"
#include "wire/decode/limits.h"
#include "wire/decode/protocol.h"

namespace amity::decode {

struct StreamFrame {
  Protocol protocol = Protocol::kWmbus;  // kWmbus, kMbus, kSml, kP1, kDlms, kIec62056_21
  ByteView bytes;                        // valid until the next call of the stream
};

class FrameStream {
 public:
  void add(ByteView bytes) { stream_.add(bytes); }
  // The next whole frame; its checks (CRC, MAC) are the decoder's. `at_end`: nothing follows (a
  // datagram, a closed connection), so that what is not whole is dropped.
  std::optional<StreamFrame> next(bool at_end = false);

  // The beginning of a frame waits for the rest.
  bool waiting() const {
    return !stream_.empty() && (stream_.size() > 1 || !is_idle(stream_.rest()[0]));
  }
  // Bytes that belong to no frame. Line ends, zeros and acknowledgements between frames are none of
  // them.
  std::size_t garbage_bytes() const { return garbage_; }

 private:
  // What stands at the front of what arrived: a frame of `size` bytes, or bytes to be passed over,
  // or (size 0) not enough to say.
  struct Front {
    Front() = default;
    Front(std::size_t s, std::optional<Protocol> p = std::nullopt, bool g = true)
        : size(s), protocol(p), garbage(g) {}
    std::size_t size = 0;
    std::optional<Protocol> protocol;
    bool garbage = true;
    std::size_t shared = 0;  // bytes at the end that may begin the next frame, too
  };
  // Zeros and flags between frames.
  static bool is_idle(std::uint8_t c) { return c == 0 || c == 0x7E; }
  static Front front(ByteView rest, bool at_end);
  static std::optional<Front> front_of_dlms(ByteView rest, bool at_end);
  static std::optional<Front> front_of_readout(ByteView rest, bool at_end);
  static std::optional<Front> front_of_text(ByteView rest, bool at_end);
  static std::optional<Front> front_of_sml(ByteView rest, bool at_end);
  static Front front_of_mbus(ByteView rest, bool at_end);
  std::optional<StreamFrame> take(StreamBuffer& buffer, bool at_end);
  bool take_line(bool at_end);
  void pass_over(StreamBuffer& buffer, std::size_t count, bool garbage);

  StreamBuffer stream_{kStreamBytesMax};
  StreamBuffer line_{kStreamBytesMax};  // the bytes of a hexadecimal line
  std::size_t garbage_ = 0;
};

}  // namespace amity::decode
