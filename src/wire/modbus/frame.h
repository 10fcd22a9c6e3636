// Modbus frames and the functions that sub-meters need: 3 and 4 read registers, 6 and 16 write
// them. RTU: address, PDU, CRC-16 low byte first. TCP: MBAP header (transaction, 0, length, unit),
// PDU.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "wire/modbus/limits.h"

namespace amity::modbus {

enum class Function : std::uint8_t {
  kReadHolding = 3,
  kReadInput = 4,
  kWriteSingle = 6,
  kWriteMultiple = 16
};
enum class Exception : std::uint8_t {
  kNone = 0,
  kIllegalFunction = 1,
  kIllegalAddress = 2,
  kIllegalValue = 3,
  kDeviceFailure = 4,
  kAcknowledge = 5,
  kBusy = 6,
  kGatewayUnavailable = 10,
  kGatewayNoResponse = 11
};
std::string_view to_string(Exception exception);

struct Request {
  Function function = Function::kReadHolding;
  std::uint16_t address = 0;          // of the first register, from 0
  std::uint16_t count = 1;            // of registers, when reading
  std::vector<std::uint16_t> values;  // when writing; one for kWriteSingle
};
struct Response {
  std::uint8_t function = 0;  // without the exception bit
  Exception exception = Exception::kNone;
  std::vector<std::uint16_t> values;     // read
  std::uint16_t address = 0, count = 0;  // written; count is the value for kWriteSingle
};

Status encode_request(const Request& request, Bytes& pdu);
Result<Request> decode_request(ByteView pdu);
void encode_response(const Response& response, Bytes& pdu);
Result<Response> decode_response(ByteView pdu);
// Answers this request: same function, as many registers, the address written.
Status check_response(const Request& request, const Response& response);

enum class Transport : std::uint8_t { kRtu, kTcp };
inline constexpr std::size_t kMbapBytes = 7;  // in front of the PDU of TCP, the unit included
inline constexpr std::size_t kCrcBytes = 2;   // behind the PDU of RTU
struct Frame {
  std::uint16_t transaction = 0;  // TCP alone
  std::uint8_t unit = 0;
  Bytes pdu;
};
void encode_frame(Transport transport, const Frame& frame, Bytes& out);

// What stands at the front of a stream. RTU frames carry no length: it follows from the function
// and the side that sent them.
enum class Sender : std::uint8_t { kClient, kServer };
struct FoundFrame {
  Frame frame;
  std::size_t size = 0;
};
// nullopt: more bytes are needed.
Result<std::optional<FoundFrame>> find_frame(Transport transport, Sender sender, ByteView stream);

std::uint16_t crc16_modbus(ByteView bytes);  // polynomial A001, start FFFF. Check 0x4B37

}  // namespace amity::modbus
