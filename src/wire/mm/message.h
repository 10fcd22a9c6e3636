// A message of the attribute model of Meters and More in a frame of our own. OWN FRAMING, NOT
// CONFORMANCE-TESTED: the frames of the standard are in no public text, and no real meter speaks
// these. Big-endian:
//
//   'A' 'M' 'M' 1      our mark and its version
//   kind               0 request, 1 answer, 2 refusal
//   attribute          the published code; 100 more where the message is authenticated
//   source, destination  6 bytes each
//   number             u32: an answer has its request's; of authenticated requests never one twice
//   item, offset, count  u16 each: attribute or table, and the part of it (READTAB_SEL)
//   size               u16, of the data
//   data               of a refusal the reason, in words
//   CMAC               of authenticated messages: the first 8 bytes of AES-128-CMAC over all before
#pragma once

#include <array>
#include <string>

#include "base/bytes.h"
#include "wire/mm/attribute.h"
#include "wire/mm/limits.h"

namespace amity::mm {

inline constexpr std::string_view kLabel = "own framing, not conformance-tested";
inline constexpr std::size_t kAddressBytes = 6, kMacBytes = 8, kKeyBytes = 16;
inline constexpr std::size_t kHeaderBytes = 30;

using Address = std::array<std::uint8_t, kAddressBytes>;
Result<Address> address_from(std::string_view hex);

enum class Kind : std::uint8_t { kRequest = 0, kAnswer = 1, kRefusal = 2 };

struct Message {
  Kind kind = Kind::kRequest;
  Attribute attribute = Attribute::kRead;
  bool authenticated = false;
  Address source{}, destination{};
  std::uint32_t number = 0;
  std::uint16_t item = 0, offset = 0, count = 0;
  Bytes data;
  friend bool operator==(const Message&, const Message&) = default;
};

// kLimit: too many data. kInvalid: an authenticated message wants a key of 16 bytes.
Status encode(const Message& message, ByteView key, Bytes& out);

struct Parsed {
  Message message;
  ByteView covered, mac;  // of an authenticated message; `mac` empty otherwise
};
// Of exactly one message; not yet verified.
Result<Parsed> parse(ByteView bytes);
// Bytes of the message that begins here, nullopt: not whole yet. kMalformed: none does.
Result<std::optional<std::size_t>> size_of(ByteView bytes);
// kSecurity: the CMAC is another. Of a message that is not authenticated too.
Status verify(const Parsed& parsed, ByteView key);

}  // namespace amity::mm
