// One end of a C12.18 or C12.21 line: messages in, packets out, each acknowledged; and back.
#pragma once

#include <deque>
#include <optional>

#include "session/c12/limits.h"
#include "wire/c12/packet.h"

namespace amity::c12 {

class PacketLink {
 public:
  // kBusy while the message before is not acknowledged; kLimit where the packets agreed do not hold
  // it.
  Status send(Bytes message, Instant now);
  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const;
  bool poll_output(Bytes& out);
  // The next whole message of the other side.
  std::optional<Bytes> poll_message();
  // The line is given up: a packet was not acknowledged in spite of all repetitions.
  std::optional<Error> poll_failure();

  void agree(std::uint16_t packet_size, std::uint8_t packets);
  std::size_t message_bytes_max() const;
  bool sending() const { return cutter_.has_value(); }
  std::uint64_t received() const { return received_; }  // packets, without repetitions
  void reset();  // a new conversation, with what holds where nothing was agreed

 private:
  void transmit(Instant now);
  void acknowledged(Instant now);
  void on_packet(const Packet& packet);
  void fail(std::string reason);

  PacketSplitter splitter_;
  MessageJoiner joiner_;
  std::optional<MessageCutter> cutter_;
  bool toggle_ = false;
  unsigned attempts_ = 0;
  std::uint64_t received_ = 0;
  std::optional<Instant> resend_at_, partial_until_;
  std::uint16_t packet_size_ = kPacketSizeDefault;
  std::uint8_t packets_ = kPacketsDefault;
  Bytes output_;
  std::deque<Bytes> messages_;
  std::optional<Error> failure_;
};

}  // namespace amity::c12
