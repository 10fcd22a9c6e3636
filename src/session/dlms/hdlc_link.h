// The HDLC procedure of DLMS, either side (IEC 62056-46, clause 6.4: unbalanced, normal response
// mode). The client is the primary station: it opens (SNRM), polls, repeats after a silence, closes
// (DISC). The server speaks when polled; its pushes are UI frames. Whole messages go in and out:
// segmentation, windows and acknowledgement happen here. A repeated I frame carries the very same
// information, so no invocation counter is ever used for two APDUs.
#pragma once

#include <optional>
#include <vector>

#include "session/dlms/config.h"
#include "session/dlms/wrapper_link.h"
#include "wire/hdlc/splitter.h"

namespace amity::dlms {

enum class LinkState : std::uint8_t { kClosed, kOpening, kOpen, kClosing };

class HdlcLink {
 public:
  HdlcLink(const LinkOptions* options, Side side);

  void open(Instant now);
  void close(Instant now);
  void reset();
  LinkState state() const { return state_; }
  // Counts the openings: a server whose link was opened anew has lost its association.
  std::uint32_t epoch() const { return epoch_; }

  void on_bytes(ByteView bytes) { splitter_.feed(bytes); }
  // The next whole message without its LLC header. An error: the link is gone.
  Result<std::optional<Inbound>> next(Instant now);
  Status send(std::uint16_t peer_sap, ByteView apdu, Instant now);
  // Client: another message is still expected, so the server is polled for it.
  void await_more(Instant now);
  Status send_unsolicited(std::uint16_t peer_sap, ByteView apdu);

  Status on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return timer_; }
  bool poll_output(Bytes& out);
  void shrink();
  std::size_t heap_bytes() const;
  std::uint32_t retransmissions() const { return retransmissions_; }

 private:
  enum class Turn : std::uint8_t { kOurs, kPeers };

  bool for_us(const hdlc::Frame& frame) const;
  std::optional<Inbound> take_message(ByteView message, const hdlc::Frame& frame);
  Result<std::optional<Inbound>> on_client_frame(const hdlc::Frame& frame, Instant now);
  Result<std::optional<Inbound>> on_server_frame(const hdlc::Frame& frame);
  Result<std::optional<Inbound>> on_information(const hdlc::Frame& frame, Instant now);
  Result<std::optional<Inbound>> on_unsolicited(const hdlc::Frame& frame);
  Status on_opened(const hdlc::Frame& frame, Instant now);
  void on_snrm(const hdlc::Frame& frame);
  void on_acknowledge(std::uint8_t receive);
  void client_turn(Instant now);
  void transmit();
  void poll(Instant now);
  void put(hdlc::FrameType type, bool poll_final, bool segmented, ByteView information);
  void next_message();
  void restart();
  bool idle() const { return message_.empty() && waiting_.empty(); }

  const LinkOptions* options_;
  Side side_;
  LinkState state_ = LinkState::kClosed;
  std::uint32_t epoch_ = 0;
  hdlc::Address own_;
  hdlc::Address peer_;
  hdlc::LinkParameters agreed_;
  hdlc::FrameSplitter splitter_;
  hdlc::Reassembler incoming_;
  hdlc::Reassembler unsolicited_;
  bool incoming_begun_ = false;
  bool out_of_sequence_ = false;

  std::uint8_t send_next_ = 0;            // V(S)
  std::uint8_t acknowledged_ = 0;         // the peer's last N(R)
  std::uint8_t receive_next_ = 0;         // V(R)
  Bytes message_;                         // going out, LLC header included
  std::size_t message_acknowledged_ = 0;  // bytes of it
  std::vector<Bytes> waiting_;

  Turn turn_ = Turn::kOurs;      // client
  bool answer_awaited_ = false;  // client: a message went out whole, none came in since
  bool answer_due_ = false;      // server: was polled
  std::optional<Instant> timer_;
  unsigned attempts_left_ = 0;
  std::uint32_t retransmissions_ = 0;
  Bytes output_;
};

}  // namespace amity::dlms
