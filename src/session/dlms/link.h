// One shape for every link: opening, APDUs in and out, gateway prefix, closing. Without virtual
// calls.
#pragma once

#include <variant>

#include "session/dlms/hdlc_link.h"
#include "session/dlms/wrapper_link.h"

namespace amity::dlms {

class Link {
 public:
  // `options` must outlive the link.
  Link(const LinkOptions* options, Side side);

  // The stream stands. A client's link begins to open; a server's waits for its peer.
  void open(Instant now);
  // Client: ends the link; it is closed once the peer agreed or did not answer.
  void close(Instant now);
  void reset();
  LinkState state() const;
  // Counts the openings by the peer's wish.
  std::uint32_t epoch() const;

  Status on_bytes(ByteView bytes, Instant now);
  // The next APDU for us, gateway prefix taken off and checked. Valid until the link is touched
  // again. An error: the link has failed for good.
  Result<std::optional<Inbound>> next(Instant now);
  Status send(std::uint16_t peer_sap, ByteView apdu, Instant now);
  // Outside any association: HDLC UI frames.
  Status send_unsolicited(std::uint16_t peer_sap, ByteView apdu, Instant now);

  // Client: an answer is still expected.
  void await_more(Instant now);

  Status on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  bool poll_output(Bytes& out);
  void shrink();
  std::size_t heap_bytes() const;
  std::uint32_t retransmissions() const;
  std::uint32_t strays() const { return strays_; }

 private:
  Status with_prefix(ByteView apdu, Bytes& out) const;
  bool strip_prefix(Inbound& inbound) const;

  const LinkOptions* options_;
  Side side_;
  std::uint32_t strays_ = 0;
  bool stream_open_ = false;  // all there is to a wrapper's state
  std::variant<WrapperLink, HdlcLink> link_;
};

}  // namespace amity::dlms
