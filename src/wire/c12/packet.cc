#include "wire/c12/packet.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crc.h"

namespace amity::c12 {
namespace {

constexpr std::size_t kHeaderSize = 6;
constexpr std::uint8_t kMultiple = 0x80, kFirst = 0x40, kToggle = 0x20, kReserved = 0x1C,
                       kFormat = 0x03;

}  // namespace

void encode_packet(const PacketHeader& header, ByteView data, Bytes& out) {
  AMITY_ASSERT(data.size() <= kPacketSizeMax);
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.u8(kPacketStart);
  writer.u8(header.identity);
  writer.u8(static_cast<std::uint8_t>((header.multiple ? kMultiple : 0) |
                                      (header.first ? kFirst : 0) | (header.toggle ? kToggle : 0) |
                                      header.data_format));
  writer.u8(header.sequence);
  writer.u16(static_cast<std::uint16_t>(data.size()));
  writer.bytes(data);
  writer.u16_le(crc16_x25(ByteView(out).subspan(start)));
}

Result<Packet> parse_packet(ByteView bytes) {
  ByteReader reader(bytes);
  AMITY_TRY(const std::uint8_t start, reader.u8());
  if (start != kPacketStart) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("a packet begins with EE, not {:02X}", start));
  }
  Packet packet;
  AMITY_TRY(packet.header.identity, reader.u8());
  AMITY_TRY(const std::uint8_t control, reader.u8());
  if ((control & kReserved) != 0) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("control {:02X} has reserved bits set", control), 2);
  }
  packet.header.multiple = (control & kMultiple) != 0;
  packet.header.first = (control & kFirst) != 0;
  packet.header.toggle = (control & kToggle) != 0;
  packet.header.data_format = control & kFormat;
  AMITY_TRY(packet.header.sequence, reader.u8());
  AMITY_TRY(const std::uint16_t length, reader.u16());
  if (length > kPacketSizeMax) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("{} bytes of data, at most {}", length, kPacketSizeMax), 4);
  }
  AMITY_TRY(packet.data, reader.take(length));
  const std::size_t crc_at = reader.offset();
  AMITY_TRY(packet.crc, reader.u16_le());
  const std::uint16_t computed = crc16_x25(bytes.first(crc_at));
  if (packet.crc != computed) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("CRC is {:04X}, computed {:04X}", packet.crc, computed), crc_at);
  }
  return packet;
}

Result<MessageCutter> MessageCutter::make(Bytes message, std::size_t packet_size,
                                          std::size_t packets_max) {
  AMITY_ASSERT(packet_size > kPacketOverhead);
  MessageCutter cutter;
  cutter.room_ = std::min<std::size_t>(packet_size - kPacketOverhead, kPacketSizeMax);
  cutter.count_ = std::max<std::size_t>(1, (message.size() + cutter.room_ - 1) / cutter.room_);
  if (cutter.count_ > std::min<std::size_t>(packets_max, 255)) {
    return make_error(ErrorCode::kLimit,
                      fmt::format("{} bytes need {} packets of {}, {} are agreed", message.size(),
                                  cutter.count_, packet_size, packets_max));
  }
  cutter.message_ = std::move(message);
  return cutter;
}

void MessageCutter::current(std::uint8_t identity, bool toggle, Bytes& out) const {
  AMITY_ASSERT(!done());
  PacketHeader header;
  header.identity = identity;
  header.toggle = toggle;
  header.multiple = count_ > 1;
  header.first = count_ > 1 && sent_ == 0;
  header.sequence = static_cast<std::uint8_t>(count_ - 1 - sent_);
  const std::size_t from = sent_ * room_;
  encode_packet(header, ByteView(message_).subspan(from, std::min(room_, message_.size() - from)),
                out);
}

void PacketSplitter::feed(ByteView bytes) {
  if (start_ == buffer_.size()) clear();
  append(buffer_, bytes);
}

std::optional<PacketSplitter::Item> PacketSplitter::next() {
  while (start_ < buffer_.size()) {
    const ByteView rest = ByteView(buffer_).subspan(start_);
    if (rest[0] == kAckByte || rest[0] == kNakByte) {
      ++start_;
      return Item{rest[0] == kAckByte ? Kind::kAck : Kind::kNak, {}};
    }
    if (rest[0] != kPacketStart) {
      ++start_;
      continue;
    }
    auto packet = parse_packet(rest);
    if (packet.ok()) {
      start_ += size_of(*packet);
      return Item{Kind::kPacket, *packet};
    }
    if (packet.error().code == ErrorCode::kTruncated) return std::nullopt;
    if (packet.error().offset > kHeaderSize - 1) {  // the CRC: what it covers is dropped
      start_ += packet.error().offset + 2;
    } else {
      ++start_;
    }
    return Item{Kind::kDamaged, {}};
  }
  return std::nullopt;
}

bool PacketSplitter::give_up_partial() {
  const bool had = partial();
  clear();
  return had;
}

void PacketSplitter::clear() {
  buffer_.clear();
  start_ = 0;
}

MessageJoiner::Step MessageJoiner::add(const Packet& packet) {
  const std::pair seen{packet.header, packet.crc};
  if (last_ && *last_ == seen) return Step::kDuplicate;
  last_ = seen;
  if (!packet.header.multiple || packet.header.first) return begin(packet);
  if (!collecting_ || packet.header.sequence != expected_ ||
      message_.size() + packet.data.size() > kMessageBytesMax) {
    collecting_ = false;
    message_.clear();
    return Step::kRefused;
  }
  append(message_, packet.data);
  --expected_;
  if (packet.header.sequence != 0) return Step::kMore;
  collecting_ = false;
  return Step::kComplete;
}

MessageJoiner::Step MessageJoiner::begin(const Packet& packet) {
  message_.assign(packet.data.begin(), packet.data.end());
  collecting_ = packet.header.multiple && packet.header.sequence != 0;
  expected_ = static_cast<std::uint8_t>(packet.header.sequence - 1);
  return collecting_ ? Step::kMore : Step::kComplete;
}

void MessageJoiner::clear() {
  message_.clear();
  collecting_ = false;
  last_.reset();
}

}  // namespace amity::c12
