// PSEM services of C12.18, C12.21 and C12.22: one request or response is one message of the link or
// one service of an EPSEM.
#pragma once

#include <optional>
#include <variant>

#include "wire/c12/ap_title.h"

namespace amity::c12 {

enum class ServiceCode : std::uint8_t {
  kIdentify = 0x20,
  kTerminate = 0x21,
  kDisconnect = 0x22,  // C12.22
  kDeregister = 0x24,  // C12.22
  kResolve = 0x25,     // C12.22
  kTrace = 0x26,       // C12.22
  kRegister = 0x27,    // C12.22
  kReadFull = 0x30,
  kReadIndex = 0x31,  // to 0x39: with one to nine indices
  kReadDefault = 0x3E,
  kReadOffset = 0x3F,
  kWriteFull = 0x40,
  kWriteIndex = 0x41,  // to 0x49
  kWriteDefault = 0x4E,
  kWriteOffset = 0x4F,
  kLogon = 0x50,
  kSecurity = 0x51,
  kLogoff = 0x52,
  kAuthenticate = 0x53,  // C12.21
  kNegotiate = 0x60,     // to 0x6B: with none to eleven baud rates
  kWait = 0x70,
  kTimingSetup = 0x71,
};
// "read", "partial read by offset", ...; empty where unknown.
std::string_view service_name(std::uint8_t code);

enum class ResponseCode : std::uint8_t {
  kOk = 0x00,
  kError = 0x01,
  kServiceNotSupported = 0x02,
  kInsufficientSecurity = 0x03,
  kOperationNotPossible = 0x04,
  kInappropriateAction = 0x05,
  kDeviceBusy = 0x06,
  kDataNotReady = 0x07,
  kDataLocked = 0x08,
  kRenegotiate = 0x09,
  kInvalidSequence = 0x0A,
  kSecurityMechanismError = 0x0B,
  kUnknownTitle = 0x0C,
  kNetworkTimeout = 0x0D,
  kNetworkNotReachable = 0x0E,
  kRequestTooLarge = 0x0F,
  kResponseTooLarge = 0x10,
  kSegmentationNotPossible = 0x11,
  kSegmentationError = 0x12,
};
// "ok", "insufficient security clearance", ...; empty where unknown.
std::string_view to_string(ResponseCode code);
inline bool is_response(std::uint8_t first) {
  return first < 0x20;
}

struct Identify {};
struct Terminate {};
struct Disconnect {};
struct Logoff {};

struct Read {
  std::uint16_t table = 0;  // bit 11: manufacturer's
  struct Offset {
    std::uint32_t offset = 0;  // 24 bits
    std::uint16_t count = 0;
  };
  struct Index {
    std::vector<std::uint16_t> indices;  // one to kIndicesMax
    std::uint16_t count = 0;             // elements
  };
  std::variant<std::monostate, Offset, Index> part;  // monostate: the whole table
  bool default_table = false;                        // 3E: neither table nor part
};

struct Write {
  std::uint16_t table = 0;
  std::optional<std::uint32_t> offset;  // 24 bits
  std::vector<std::uint16_t> indices;   // instead of an offset
  bool default_table = false;
  ByteView data;  // up to 65535 bytes
};

struct Logon {
  std::uint16_t user_id = 0;
  std::array<std::uint8_t, 10> user{};          // padded with blanks
  std::optional<std::uint16_t> idle_timeout_s;  // C12.22
};

struct Security {
  std::array<std::uint8_t, 20> password{};  // as sent: padded by the caller's convention
  std::optional<std::uint16_t> user_id;     // C12.22
};

struct Authenticate {
  ByteView data;  // key id and encrypted ticket (C12.21)
};

struct Negotiate {
  std::uint16_t packet_size = 0;  // overhead included
  std::uint8_t packets = 0;
  std::vector<std::uint8_t> baud_codes;  // of the request: what is possible; up to kBaudRatesMax
};

struct Wait {
  std::uint8_t seconds = 0;
};

struct TimingSetup {
  std::uint8_t traffic_s = 0, intercharacter_ms10 = 0, response_s = 0, retries = 0;
};

struct Resolve {
  ApTitle title;
};
struct Trace {
  ApTitle title;
};
struct Deregister {
  ApTitle title;
};

struct Register {
  std::uint8_t node_type = 0, connection_type = 0;
  std::array<std::uint8_t, 4> device_class{};
  ApTitle title;
  ApTitle serial_number;             // a universal identifier
  ByteView native_address;           // up to 255 bytes
  std::uint32_t period_minutes = 0;  // 24 bits
};

using Request =
    std::variant<Identify, Read, Write, Logon, Security, Logoff, Negotiate, Wait, Terminate,
                 Disconnect, Authenticate, TimingSetup, Resolve, Trace, Register, Deregister>;

// Views point into `bytes`. A wrong checksum of a write is kMalformed. kUnsupported: unknown
// service.
Result<Request> parse_request(ByteView bytes);
void encode(const Request& request, Bytes& out);
std::uint8_t code_of(const Request& request);

// Two's complement of the sum of all bytes: of table data.
std::uint8_t table_checksum(ByteView data);

struct Response {
  ResponseCode code = ResponseCode::kOk;
  ByteView body;
};
Result<Response> parse_response(ByteView bytes);

// Bodies of positive responses.
Result<ByteView> parse_table_data(ByteView body);   // checks count and checksum
void encode_table_data(ByteView data, Bytes& out);  // with its kOk in front

struct Identity {
  enum class Standard : std::uint8_t { kC1218 = 0, kC1221 = 2, kC1222 = 3 };
  std::uint8_t standard = 0, version = 0, revision = 0;
  std::optional<std::uint8_t> authentication_type;  // C12.21
  Bytes ticket;                                     // C12.21: what proves the caller is fresh
  std::optional<ApTitle> security_mechanism, device_class;
  std::optional<std::uint8_t> session_control;
  Bytes identification;  // form byte and identification (C12.22)
};
Result<Identity> parse_identity(ByteView body);
void encode(const Identity& identity, Bytes& out);  // with its kOk in front
std::string_view standard_name(std::uint8_t standard);

struct Negotiated {
  std::uint16_t packet_size = 0;
  std::uint8_t packets = 0;
  std::uint8_t baud_code = 0;
};
Result<Negotiated> parse_negotiated(ByteView body);
// Bits per second; 0: set otherwise, or unknown.
std::uint32_t baud_of(std::uint8_t code);

struct Registered {
  ApTitle title;
  std::uint16_t delay_s = 0;
  std::uint32_t period_minutes = 0;
  std::uint8_t info = 0;
};
Result<Registered> parse_registered(ByteView body);
void encode(const Registered& registered, Bytes& out);  // with its kOk in front

Result<ByteView> parse_resolved(ByteView body);  // the native address
Result<std::vector<ApTitle>> parse_traced(ByteView body);

}  // namespace amity::c12
