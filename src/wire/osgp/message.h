// Messages of OSGP: a service on a table, a sequence number, a digest; and the answer, whose digest
// goes on from that of its request.
#pragma once

#include <optional>

#include "wire/osgp/digest.h"

namespace amity::osgp {

inline constexpr std::size_t kMessageBytesMax = 64 * 1024;

enum class Suite : std::uint8_t { kDigest, kAes128Psk };
// kUnsupported for OSGP-AES-128-PSK, with the reason.
Status check_suite(Suite suite);

enum class Service : std::uint8_t {
  kRead = 0x30,
  kReadPart = 0x3F,
  kWrite = 0x40,
  kWritePart = 0x4F,
};

enum class Code : std::uint8_t {
  kOk = 0x00,
  kError = 0x01,
  kNotSupported = 0x02,
  kInsufficientSecurity = 0x03,
  kNotPossible = 0x04,
  kInappropriate = 0x05,
  kDigestError = 0x0B,
  kSequenceError = 0x0C,  // the sequence number that holds follows
};
std::string_view to_string(Code code);  // empty where unknown

// Extended tables (ET) have this bit, basic tables (BT) do not: as manufacturer's tables of C12.19.
inline constexpr std::uint16_t kExtendedTable = 0x0800;

struct Request {
  Service service = Service::kRead;
  std::uint16_t table = 0;
  std::uint32_t offset = 0;  // 24 bits; of parts
  std::uint16_t count = 0;   // of a partial read
  ByteView data;             // of writes, up to 65535 bytes
  std::uint32_t sequence = 0;
};
// Appends the message with its digest; `digest` has been fed with it, for the answer.
void encode(const Request& request, OmaDigest& digest, Bytes& out);
struct ParsedRequest {
  Request request;
  ByteView digested;  // what the digest is over
  ByteView digest;
};
// Not yet verified. A wrong table checksum is kMalformed.
Result<ParsedRequest> parse_request(ByteView bytes);

struct Response {
  Code code = Code::kOk;
  ByteView data;                          // of a read
  std::optional<std::uint32_t> sequence;  // of kSequenceError
};
// `digest` as the request left it.
void encode(const Response& response, bool of_read, OmaDigest& digest, Bytes& out);
struct ParsedResponse {
  Response response;
  ByteView digested, digest;
};
Result<ParsedResponse> parse_response(ByteView bytes);

// Feeds `digest` with what a message says it is over; kSecurity where the result is another.
Status verify(OmaDigest& digest, ByteView digested, ByteView expected);

}  // namespace amity::osgp
