// The data link packet of C12.18 (and C12.21): EE, identity, control, sequence, length, data, CRC.
// The CRC is X-25 over everything before it, low byte first. Each packet is answered by one byte:
// ACK or NAK.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "wire/c12/limits.h"

namespace amity::c12 {

inline constexpr std::uint8_t kPacketStart = 0xEE;
inline constexpr std::uint8_t kAckByte = 0x06;
inline constexpr std::uint8_t kNakByte = 0x15;

struct PacketHeader {
  std::uint8_t identity = 0;
  bool multiple = false;         // one of several packets of a message
  bool first = false;            // the first of several
  bool toggle = false;           // alternates: an unchanged one is a repetition
  std::uint8_t data_format = 0;  // 0: C12.18 / C12.21; 1: C12.22 local port
  std::uint8_t sequence = 0;     // counts down; 0 in the last packet of a message

  friend bool operator==(const PacketHeader&, const PacketHeader&) = default;
};

struct Packet {
  PacketHeader header;
  ByteView data;
  std::uint16_t crc = 0;
};

// Data of at most kPacketSizeMax bytes, asserted.
void encode_packet(const PacketHeader& header, ByteView data, Bytes& out);
// One packet from the front of `bytes`. kTruncated where more bytes could complete it; kMalformed
// where they could not.
Result<Packet> parse_packet(ByteView bytes);
inline std::size_t size_of(const Packet& packet) {
  return packet.data.size() + kPacketOverhead;
}

// Cuts a message into the packets of at most `packet_size` bytes, overhead included.
class MessageCutter {
 public:
  MessageCutter() = default;
  // kLimit where the message does not fit into `packets_max` packets.
  static Result<MessageCutter> make(Bytes message, std::size_t packet_size,
                                    std::size_t packets_max);
  // The packet to be sent now; unchanged until advance().
  void current(std::uint8_t identity, bool toggle, Bytes& out) const;
  void advance() { ++sent_; }
  bool done() const { return sent_ == count_; }

 private:
  Bytes message_;
  std::size_t room_ = 0, count_ = 0, sent_ = 0;
};

// Bytes of a line, in any pieces, to packets and the ACK and NAK between them. What is neither is
// noise and dropped. Holds at most one packet and what was fed with it.
class PacketSplitter {
 public:
  enum class Kind : std::uint8_t {
    kPacket,
    kAck,
    kNak,
    kDamaged,  // something began like a packet, and its CRC is wrong
  };
  struct Item {
    Kind kind = Kind::kPacket;
    Packet packet;  // valid until the next call of any member
  };

  void feed(ByteView bytes);
  std::optional<Item> next();
  // The rest did not come in time: drops what has begun. True where there was something.
  bool give_up_partial();
  bool partial() const { return start_ < buffer_.size(); }
  void clear();
  std::size_t heap_bytes() const { return buffer_.capacity(); }

 private:
  Bytes buffer_;
  std::size_t start_ = 0;
};

// Joins the packets of a message; a packet that repeats the last one (its control and CRC) is told
// from a new one.
class MessageJoiner {
 public:
  enum class Step : std::uint8_t {
    kMore,       // taken; the message goes on
    kComplete,   // message() is whole
    kDuplicate,  // seen already: acknowledge, do nothing else
    kRefused,    // out of order, or larger than a message may be: what was collected is dropped
  };
  Step add(const Packet& packet);
  ByteView message() const { return message_; }
  void clear();  // a new conversation

 private:
  Step begin(const Packet& packet);
  Bytes message_;
  bool collecting_ = false;
  std::uint8_t expected_ = 0;
  std::optional<std::pair<PacketHeader, std::uint16_t>> last_;
};

}  // namespace amity::c12
