#include "wire/osgp/message.h"

#include <fmt/format.h>

#include "wire/c12/service.h"

namespace amity::osgp {
namespace {

void put_u24(std::uint32_t value, ByteWriter& writer) {
  writer.u8(static_cast<std::uint8_t>(value >> 16));
  writer.u16(static_cast<std::uint16_t>(value));
}

void put_data(ByteView data, ByteWriter& writer) {
  AMITY_ASSERT(data.size() <= 0xFFFF);
  writer.u16(static_cast<std::uint16_t>(data.size()));
  writer.bytes(data);
  writer.u8(c12::table_checksum(data));
}

// Count, data and, where there is one, the checksum.
Result<ByteView> read_data(ByteReader& reader, std::size_t after) {
  AMITY_TRY(const std::uint16_t count, reader.u16());
  AMITY_TRY(const ByteView data, reader.take(count));
  if (reader.remaining() == after) return data;
  const std::size_t at = reader.offset();
  AMITY_TRY(const std::uint8_t checksum, reader.u8());
  if (checksum != c12::table_checksum(data)) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("table checksum is {:02X}, computed {:02X}", checksum,
                                  c12::table_checksum(data)),
                      at);
  }
  return data;
}

void finish(OmaDigest& digest, std::size_t start, Bytes& out) {
  digest.update(ByteView(out).subspan(start));
  append(out, digest.value());
}

Result<std::pair<ByteView, ByteView>> split(ByteView bytes) {
  if (bytes.size() > kMessageBytesMax + 64) {
    return make_error(ErrorCode::kLimit, fmt::format("a message of {} bytes", bytes.size()));
  }
  if (bytes.size() < kDigestSize + 1) {
    return make_error(ErrorCode::kTruncated, "no room for the digest", bytes.size());
  }
  const std::size_t size = bytes.size() - kDigestSize;
  return std::pair(bytes.first(size), bytes.subspan(size));
}

bool known(std::uint8_t service) {
  return service == 0x30 || service == 0x3F || service == 0x40 || service == 0x4F;
}

}  // namespace

Status check_suite(Suite suite) {
  if (suite == Suite::kDigest) return {};
  return make_error(
      ErrorCode::kUnsupported,
      "OSGP-AES-128-PSK is not implemented: no public text or vector of it is at hand");
}

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kError:
      return "error";
    case Code::kNotSupported:
      return "service not supported";
    case Code::kInsufficientSecurity:
      return "insufficient security clearance";
    case Code::kNotPossible:
      return "operation not possible";
    case Code::kInappropriate:
      return "inappropriate action requested";
    case Code::kDigestError:
      return "digest error";
    case Code::kSequenceError:
      return "sequence number error";
  }
  return {};
}

void encode(const Request& request, OmaDigest& digest, Bytes& out) {
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(request.service));
  writer.u16(request.table);
  const bool part = request.service == Service::kReadPart || request.service == Service::kWritePart;
  if (part) put_u24(request.offset, writer);
  if (request.service == Service::kReadPart) writer.u16(request.count);
  if (request.service == Service::kWrite || request.service == Service::kWritePart)
    put_data(request.data, writer);
  writer.u32(request.sequence);
  finish(digest, start, out);
}

Result<ParsedRequest> parse_request(ByteView bytes) {
  AMITY_TRY(const auto parts, split(bytes));
  ParsedRequest out;
  out.digested = parts.first;
  out.digest = parts.second;
  ByteReader reader(out.digested);
  AMITY_TRY(const std::uint8_t service, reader.u8());
  if (!known(service)) {
    return make_error(ErrorCode::kUnsupported, fmt::format("service {:02X}", service));
  }
  Request& request = out.request;
  request.service = static_cast<Service>(service);
  AMITY_TRY(request.table, reader.u16());
  if ((service & 0x0F) == 0x0F) {
    AMITY_TRY(const std::uint8_t high, reader.u8());
    AMITY_TRY(const std::uint16_t low, reader.u16());
    request.offset = std::uint32_t{high} << 16 | low;
  }
  if (request.service == Service::kReadPart) {
    AMITY_TRY(request.count, reader.u16());
  }
  if (service >= 0x40) {
    AMITY_TRY(request.data, read_data(reader, 4));
  }
  AMITY_TRY(request.sequence, reader.u32());
  if (!reader.empty()) return reader.malformed("bytes after the sequence number");
  return out;
}

void encode(const Response& response, bool of_read, OmaDigest& digest, Bytes& out) {
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(response.code));
  if (response.code == Code::kOk && of_read) put_data(response.data, writer);
  if (response.code == Code::kSequenceError) writer.u32(response.sequence.value_or(0));
  finish(digest, start, out);
}

Result<ParsedResponse> parse_response(ByteView bytes) {
  AMITY_TRY(const auto parts, split(bytes));
  ParsedResponse out;
  out.digested = parts.first;
  out.digest = parts.second;
  ByteReader reader(out.digested);
  AMITY_TRY(const std::uint8_t code, reader.u8());
  out.response.code = static_cast<Code>(code);
  if (to_string(out.response.code).empty()) {
    return make_error(ErrorCode::kMalformed, fmt::format("response code {:02X}", code));
  }
  if (out.response.code == Code::kSequenceError) {
    AMITY_TRY(out.response.sequence, reader.u32());
  } else if (out.response.code == Code::kOk && !reader.empty()) {
    AMITY_TRY(out.response.data, read_data(reader, 0));
  }
  if (!reader.empty()) return reader.malformed("bytes after the response");
  return out;
}

Status verify(OmaDigest& digest, ByteView digested, ByteView expected) {
  digest.update(digested);
  if (constant_time_equal(digest.value(), expected)) return {};
  return make_error(ErrorCode::kSecurity, "the digest is wrong: another key, or altered");
}

}  // namespace amity::osgp
