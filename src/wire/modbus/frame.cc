#include "wire/modbus/frame.h"

#include <fmt/format.h>

namespace amity::modbus {
namespace {

constexpr std::uint8_t kExceptionBit = 0x80;
constexpr std::size_t kRegisterBytes = 2;

bool is_read(std::uint8_t function) {
  return function == 3 || function == 4;
}

Error unsupported(std::uint8_t function) {
  return make_error(ErrorCode::kUnsupported, fmt::format("Modbus function {}", function));
}

Result<std::vector<std::uint16_t>> read_registers(ByteReader& reader, std::size_t bytes) {
  if (bytes % kRegisterBytes != 0 || bytes != reader.remaining())
    return reader.malformed("the byte count does not fit the registers");
  std::vector<std::uint16_t> values;
  for (std::size_t i = 0; i < bytes / kRegisterBytes; ++i) {
    AMITY_TRY(const std::uint16_t value, reader.u16());
    values.push_back(value);
  }
  return values;
}

// Bytes of the PDU that begins here; 0: not to be told yet.
Result<std::size_t> pdu_size(Sender sender, ByteView pdu) {
  if (pdu.empty()) return std::size_t{0};
  const std::uint8_t function = pdu[0];
  if (sender == Sender::kServer && (function & kExceptionBit) != 0) return std::size_t{2};
  if (function == 6) return std::size_t{5};
  if (sender == Sender::kClient ? is_read(function) : function == 16) return std::size_t{5};
  if (!is_read(function) && function != 16) return unsupported(function);
  const std::size_t count_at = sender == Sender::kClient ? 5 : 1;
  if (pdu.size() <= count_at) return std::size_t{0};
  return count_at + 1 + pdu[count_at];
}

}  // namespace

std::string_view to_string(Exception exception) {
  switch (exception) {
    case Exception::kNone:
      return "none";
    case Exception::kIllegalFunction:
      return "illegal function";
    case Exception::kIllegalAddress:
      return "illegal data address";
    case Exception::kIllegalValue:
      return "illegal data value";
    case Exception::kDeviceFailure:
      return "server device failure";
    case Exception::kAcknowledge:
      return "acknowledge";
    case Exception::kBusy:
      return "server device busy";
    case Exception::kGatewayUnavailable:
      return "gateway path unavailable";
    case Exception::kGatewayNoResponse:
      return "gateway target did not respond";
  }
  return "unknown exception";
}

std::uint16_t crc16_modbus(ByteView bytes) {
  unsigned crc = 0xFFFF;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
  }
  return static_cast<std::uint16_t>(crc);
}

Status encode_request(const Request& request, Bytes& pdu) {
  const bool reads = is_read(static_cast<std::uint8_t>(request.function));
  const std::size_t most = request.function == Function::kWriteSingle ? 1 : kWriteRegistersMax;
  if (reads ? request.count < 1 || request.count > kReadRegistersMax
            : request.values.empty() || request.values.size() > most) {
    return make_error(ErrorCode::kInvalid, "a number of registers that no request carries");
  }
  ByteWriter writer(pdu);
  writer.u8(static_cast<std::uint8_t>(request.function));
  writer.u16(request.address);
  if (reads) {
    writer.u16(request.count);
    return {};
  }
  if (request.function == Function::kWriteMultiple) {
    writer.u16(static_cast<std::uint16_t>(request.values.size()));
    writer.u8(static_cast<std::uint8_t>(request.values.size() * kRegisterBytes));
  }
  for (const std::uint16_t value : request.values) writer.u16(value);
  return {};
}

Result<Request> decode_request(ByteView pdu) {
  ByteReader reader(pdu);
  AMITY_TRY(const std::uint8_t function, reader.u8());
  if (!is_read(function) && function != 6 && function != 16) return unsupported(function);
  Request request;
  request.function = static_cast<Function>(function);
  AMITY_TRY(request.address, reader.u16());
  AMITY_TRY(const std::uint16_t second, reader.u16());
  if (function == 6) {
    request.values = {second};
  } else {
    request.count = second;
  }
  if (function == 16) {
    AMITY_TRY(const std::uint8_t bytes, reader.u8());
    AMITY_TRY(request.values, read_registers(reader, bytes));
    if (request.values.size() != second || second < 1 || second > kWriteRegistersMax)
      return reader.malformed("the number of registers");
  }
  if (is_read(function) && (second < 1 || second > kReadRegistersMax))
    return reader.malformed("the number of registers");
  if (!reader.empty()) return reader.malformed("bytes behind the request");
  return request;
}

void encode_response(const Response& response, Bytes& pdu) {
  ByteWriter writer(pdu);
  if (response.exception != Exception::kNone) {
    writer.u8(static_cast<std::uint8_t>(response.function | kExceptionBit));
    writer.u8(static_cast<std::uint8_t>(response.exception));
    return;
  }
  writer.u8(response.function);
  if (is_read(response.function)) {
    writer.u8(static_cast<std::uint8_t>(response.values.size() * kRegisterBytes));
    for (const std::uint16_t value : response.values) writer.u16(value);
  } else {
    writer.u16(response.address);
    writer.u16(response.count);
  }
}

Result<Response> decode_response(ByteView pdu) {
  ByteReader reader(pdu);
  AMITY_TRY(const std::uint8_t function, reader.u8());
  Response response;
  response.function = static_cast<std::uint8_t>(function & ~kExceptionBit);
  if ((function & kExceptionBit) != 0) {
    AMITY_TRY(const std::uint8_t code, reader.u8());
    if (code == 0) return reader.malformed("an exception of code 0");
    response.exception = static_cast<Exception>(code);
  } else if (is_read(function)) {
    AMITY_TRY(const std::uint8_t bytes, reader.u8());
    AMITY_TRY(response.values, read_registers(reader, bytes));
  } else if (function == 6 || function == 16) {
    AMITY_TRY(response.address, reader.u16());
    AMITY_TRY(response.count, reader.u16());
  } else {
    return unsupported(function);
  }
  if (!reader.empty()) return reader.malformed("bytes behind the response");
  return response;
}

Status check_response(const Request& request, const Response& response) {
  if (response.function != static_cast<std::uint8_t>(request.function))
    return make_error(ErrorCode::kMalformed, "the answer is of another function");
  if (response.exception != Exception::kNone) {
    return make_error(ErrorCode::kRefused,
                      fmt::format("exception {}: {}", static_cast<int>(response.exception),
                                  to_string(response.exception)));
  }
  if (is_read(response.function)) {
    if (response.values.size() != request.count)
      return make_error(ErrorCode::kMalformed, "another number of registers than asked for");
    return {};
  }
  const std::size_t expected =
      request.function == Function::kWriteSingle ? request.values.at(0) : request.values.size();
  if (response.address != request.address || response.count != expected)
    return make_error(ErrorCode::kMalformed, "other registers were written than asked for");
  return {};
}

void encode_frame(Transport transport, const Frame& frame, Bytes& out) {
  ByteWriter writer(out);
  const std::size_t start = out.size();
  if (transport == Transport::kTcp) {
    writer.u16(frame.transaction);
    writer.u16(0);
    writer.u16(static_cast<std::uint16_t>(frame.pdu.size() + 1));
  }
  writer.u8(frame.unit);
  writer.bytes(frame.pdu);
  if (transport == Transport::kRtu) writer.u16_le(crc16_modbus(ByteView(out).subspan(start)));
}

Result<std::optional<FoundFrame>> find_frame(Transport transport, Sender sender, ByteView stream) {
  FoundFrame found;
  if (transport == Transport::kTcp) {
    if (stream.size() < kMbapBytes) return std::optional<FoundFrame>();
    ByteReader reader(stream);
    AMITY_TRY(found.frame.transaction, reader.u16());
    AMITY_TRY(const std::uint16_t protocol, reader.u16());
    if (protocol != 0) return make_error(ErrorCode::kMalformed, "no Modbus in the MBAP header", 2);
    AMITY_TRY(const std::uint16_t length, reader.u16());
    if (length < 2 || length > kPduBytesMax + 1)
      return make_error(ErrorCode::kMalformed, "the length in the MBAP header", 4);
    found.size = kMbapBytes - 1u + length;
    if (stream.size() < found.size) return std::optional<FoundFrame>();
    found.frame.unit = stream[kMbapBytes - 1];
    const ByteView pdu = stream.subspan(kMbapBytes, length - 1u);
    found.frame.pdu.assign(pdu.begin(), pdu.end());
    return std::optional(std::move(found));
  }
  if (stream.size() < 2) return std::optional<FoundFrame>();
  AMITY_TRY(const std::size_t size, pdu_size(sender, stream.subspan(1)));
  if (size > kPduBytesMax) return make_error(ErrorCode::kMalformed, "the byte count", 2);
  if (size == 0 || stream.size() < 1 + size + kCrcBytes) return std::optional<FoundFrame>();
  const ByteView covered = stream.first(1 + size);
  const unsigned sent = stream[1 + size] | stream[2 + size] << 8;
  const unsigned computed = crc16_modbus(covered);
  if (sent != computed) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("the CRC is {:04X}, computed {:04X}", sent, computed), 1 + size);
  }
  found.size = covered.size() + kCrcBytes;
  found.frame.unit = stream[0];
  found.frame.pdu.assign(covered.begin() + 1, covered.end());
  return std::optional(std::move(found));
}

}  // namespace amity::modbus
