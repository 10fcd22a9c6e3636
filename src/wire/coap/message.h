// CoAP messages (RFC 7252, 3) and the Block1 option (RFC 7959, 2): what a sleeping meter on NB-IoT
// or LTE-M sends over UDP.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace amity::coap {

inline constexpr std::size_t kOptionsMax = 32;    // of one message
inline constexpr std::size_t kTokenBytesMax = 8;  // RFC 7252, 3
inline constexpr std::uint16_t kDefaultPort = 5683;

enum class Type : std::uint8_t { kConfirmable, kNonConfirmable, kAcknowledgement, kReset };

// Class and detail, as they are written: 0.02 is POST, 2.04 is Changed.
constexpr std::uint8_t code(unsigned kind, unsigned detail) {
  return static_cast<std::uint8_t>(kind << 5 | detail);
}
inline constexpr std::uint8_t kEmpty = 0, kGet = code(0, 1), kPost = code(0, 2), kPut = code(0, 3);
inline constexpr std::uint8_t kChanged = code(2, 4), kContinue = code(2, 31),
                              kBadRequest = code(4, 0), kUnauthorized = code(4, 1),
                              kBadOption = code(4, 2), kNotFound = code(4, 4),
                              kMethodNotAllowed = code(4, 5), kIncomplete = code(4, 8),
                              kTooLarge = code(4, 13), kUnavailable = code(5, 3);

inline constexpr std::uint16_t kUriHost = 3, kUriPort = 7, kUriPath = 11, kContentFormat = 12,
                               kUriQuery = 15, kAccept = 17, kBlock1 = 27, kSize1 = 60;

struct Option {
  std::uint16_t number = 0;
  Bytes value;
  friend bool operator==(const Option&, const Option&) = default;
};

struct Message {
  Type type = Type::kConfirmable;
  std::uint8_t code = kEmpty;
  std::uint16_t id = 0;
  Bytes token;
  std::vector<Option> options;  // ascending; encode() keeps the order of equal numbers
  Bytes payload;

  friend bool operator==(const Message&, const Message&) = default;
};

// Exactly one datagram.
Result<Message> parse_message(ByteView datagram);
// The options are sorted where they are not. kInvalid: a token of more than eight bytes.
Result<Bytes> encode_message(Message message);

// "m/readings": the segments of Uri-Path.
std::string path_of(const Message& message);
// The number of an odd option (critical: not to be passed over, RFC 7252, 5.4.1) that is none of
// those above; nullopt: there is none.
std::optional<std::uint16_t> unknown_critical(const Message& message);

struct Block {
  std::uint32_t number = 0;
  bool more = false;
  std::uint8_t size_exponent = 6;  // blocks of 2^(4 + it) bytes, 0 to 6
  std::size_t bytes() const { return std::size_t{16} << size_exponent; }
};
// Its Block1 option; nullopt: there is none. kMalformed: longer than three bytes, or the reserved
// exponent 7.
Result<std::optional<Block>> block1_of(const Message& message);
Option block1_option(const Block& block);

}  // namespace amity::coap
