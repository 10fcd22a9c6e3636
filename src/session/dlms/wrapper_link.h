// Link over the TCP/UDP wrapper, either side. No procedure of its own: open as soon as the stream
// is.
#pragma once

#include <optional>
#include <vector>

#include "session/dlms/config.h"
#include "wire/dlms/wrapper.h"

namespace amity::dlms {

enum class Side : std::uint8_t { kClient, kServer };

// One APDU as it arrived, gateway prefix still on it. Valid until the link is touched again.
struct Inbound {
  ByteView apdu;
  std::uint16_t source_sap = 0;
  std::uint16_t destination_sap = 0;
};

class WrapperLink {
 public:
  WrapperLink(const LinkOptions* options, Side side);

  void on_bytes(ByteView bytes);
  // An error means that framing is lost for good (streams only).
  Result<std::optional<Inbound>> next();
  Status send(std::uint16_t peer_sap, ByteView apdu);
  bool poll_output(Bytes& out);
  void reset();
  void shrink();
  std::size_t heap_bytes() const;
  std::size_t queued_bytes() const;

 private:
  bool datagrams() const { return options_->transport == Transport::kWrapperDatagram; }

  const LinkOptions* options_;
  Side side_;
  WrapperSplitter splitter_;
  Bytes datagram_;  // the one being looked at
  bool datagram_fresh_ = false;
  std::vector<Bytes> output_;  // streams: at most one; datagrams: one each
};

}  // namespace amity::dlms
