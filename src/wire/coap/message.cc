#include "wire/coap/message.h"

#include <algorithm>

namespace amity::coap {
namespace {

constexpr std::uint8_t kVersion = 1, kPayloadMarker = 0xFF;
constexpr unsigned kOneByte = 13, kTwoBytes = 14, kReserved = 15;
constexpr std::uint32_t kOneByteBase = 13, kTwoBytesBase = 269;

Error cut(ByteView all, ByteReader& reader) {
  return make_error(ErrorCode::kTruncated, "the message is cut", all.size() - reader.remaining());
}

// The delta or the length of an option, from its four bits and the bytes behind the first.
Result<std::uint32_t> extended(unsigned nibble, ByteView all, ByteReader& reader) {
  if (nibble < kOneByte) return nibble;
  if (nibble == kReserved)
    return make_error(ErrorCode::kMalformed, "an option with the reserved length 15",
                      all.size() - reader.remaining());
  if (nibble == kOneByte) {
    const auto byte = reader.u8();
    if (!byte.ok()) return cut(all, reader);
    return *byte + kOneByteBase;
  }
  const auto word = reader.u16();
  if (!word.ok()) return cut(all, reader);
  return *word + kTwoBytesBase;
}

void put_extended(std::uint32_t value, ByteWriter& writer) {
  if (value >= kTwoBytesBase) {
    writer.u16(static_cast<std::uint16_t>(value - kTwoBytesBase));
  } else if (value >= kOneByteBase) {
    writer.u8(static_cast<std::uint8_t>(value - kOneByteBase));
  }
}

unsigned nibble_of(std::uint32_t value) {
  return value >= kTwoBytesBase ? kTwoBytes : value >= kOneByteBase ? kOneByte : value;
}

Status parse_options(ByteView all, ByteReader& reader, Message& message) {
  std::uint32_t number = 0;
  while (reader.remaining() > 0) {
    const std::uint8_t head = *reader.u8();
    if (head == kPayloadMarker) {
      if (reader.remaining() == 0)
        return make_error(ErrorCode::kMalformed, "a payload marker without a payload", all.size());
      const ByteView payload = *reader.take(reader.remaining());
      message.payload.assign(payload.begin(), payload.end());
      return {};
    }
    AMITY_TRY(const std::uint32_t delta, extended(head >> 4, all, reader));
    AMITY_TRY(const std::uint32_t length, extended(head & 15, all, reader));
    number += delta;
    if (number > 0xFFFF || message.options.size() == kOptionsMax)
      return make_error(ErrorCode::kLimit, "too many options", all.size() - reader.remaining());
    const auto value = reader.take(length);
    if (!value.ok()) return cut(all, reader);
    message.options.push_back(
        {static_cast<std::uint16_t>(number), Bytes((*value).begin(), (*value).end())});
  }
  return {};
}

}  // namespace

Result<Message> parse_message(ByteView datagram) {
  ByteReader reader(datagram);
  if (datagram.size() < 4) return cut(datagram, reader);
  const std::uint8_t head = *reader.u8();
  if (head >> 6 != kVersion)
    return make_error(ErrorCode::kUnsupported, "CoAP version " + std::to_string(head >> 6));
  Message message;
  message.type = static_cast<Type>(head >> 4 & 3);
  const std::size_t token_bytes = head & 15;
  if (token_bytes > kTokenBytesMax)
    return make_error(ErrorCode::kMalformed, "a token has at most eight bytes");
  message.code = *reader.u8();
  message.id = *reader.u16();
  const auto token = reader.take(token_bytes);
  if (!token.ok()) return cut(datagram, reader);
  message.token.assign(token->begin(), token->end());
  if (message.code == kEmpty && datagram.size() != 4)
    return make_error(ErrorCode::kMalformed, "an empty message with something in it", 4);
  AMITY_CHECK(parse_options(datagram, reader, message));
  return message;
}

Result<Bytes> encode_message(Message message) {
  if (message.token.size() > kTokenBytesMax)
    return make_error(ErrorCode::kInvalid, "a token has at most eight bytes");
  std::stable_sort(message.options.begin(), message.options.end(),
                   [](const Option& a, const Option& b) { return a.number < b.number; });
  Bytes out;
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(kVersion << 6 | static_cast<unsigned>(message.type) << 4 |
                                      message.token.size()));
  writer.u8(message.code);
  writer.u16(message.id);
  writer.bytes(message.token);
  std::uint32_t number = 0;
  for (const Option& option : message.options) {
    const std::uint32_t delta = option.number - number;
    const auto length = static_cast<std::uint32_t>(option.value.size());
    if (length > 0xFFFF) return make_error(ErrorCode::kInvalid, "an option is too long");
    writer.u8(static_cast<std::uint8_t>(nibble_of(delta) << 4 | nibble_of(length)));
    put_extended(delta, writer);
    put_extended(length, writer);
    writer.bytes(option.value);
    number = option.number;
  }
  if (!message.payload.empty()) {
    writer.u8(kPayloadMarker);
    writer.bytes(message.payload);
  }
  return out;
}

std::string path_of(const Message& message) {
  std::string path;
  for (const Option& option : message.options) {
    if (option.number != kUriPath) continue;
    if (!path.empty()) path += '/';
    path += as_text(option.value);
  }
  return path;
}

std::optional<std::uint16_t> unknown_critical(const Message& message) {
  constexpr std::uint16_t kKnown[] = {kUriHost, kUriPort, kUriPath, kUriQuery, kAccept, kBlock1};
  for (const Option& option : message.options) {
    const bool known =
        std::find(std::begin(kKnown), std::end(kKnown), option.number) != std::end(kKnown);
    if (option.number % 2 == 1 && !known) return option.number;
  }
  return std::nullopt;
}

Result<std::optional<Block>> block1_of(const Message& message) {
  for (const Option& option : message.options) {
    if (option.number != kBlock1) continue;
    std::uint32_t value = 0;
    for (const std::uint8_t byte : option.value) value = value << 8 | byte;
    Block block{value >> 4, (value & 8) != 0, static_cast<std::uint8_t>(value & 7)};
    if (option.value.size() > 3 || block.size_exponent == 7)
      return make_error(ErrorCode::kMalformed, "no such Block1 option");
    return std::optional(block);
  }
  return std::optional<Block>();
}

Option block1_option(const Block& block) {
  const std::uint32_t value = block.number << 4 | (block.more ? 8u : 0u) | block.size_exponent;
  Bytes bytes;
  for (int shift = 16; shift >= 0; shift -= 8) {
    if (value >> shift != 0) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  return {kBlock1, std::move(bytes)};
}

}  // namespace amity::coap
