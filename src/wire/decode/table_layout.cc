// Layouts of the protocols that read and write registers and tables: Modbus, OSGP.
#include <fmt/format.h>

#include "wire/decode/layout.h"
#include "wire/osgp/message.h"

namespace amity::decode {
namespace {

constexpr int kFieldDepth = 1;
constexpr std::size_t kDigestBytes = 8;

// Fields one behind the other; what is left over at the end has a name, too.
class Fields {
 public:
  Fields(ByteView frame, wire::Report& report) : frame_(frame), report_(report) {
    report.layout.push_back({0, frame.size(), 0, "frame", ""});
  }
  // Hexadecimal digits as the value.
  void hex(std::size_t size, std::string meaning) {
    put(size, std::move(meaning), to_hex(ahead(size)));
  }
  void number(std::size_t size, std::string meaning) {
    std::uint64_t value = 0;
    for (const std::uint8_t b : ahead(size)) value = value << 8 | b;
    put(size, std::move(meaning), std::to_string(value));
  }
  std::size_t left() const { return frame_.size() - at_; }
  std::uint8_t next() const { return left() > 0 ? frame_[at_] : 0; }

 private:
  ByteView ahead(std::size_t size) const { return frame_.subspan(at_, std::min(size, left())); }
  void put(std::size_t size, std::string meaning, std::string value) {
    size = std::min(size, left());
    if (size == 0) return;
    report_.layout.push_back({at_, size, kFieldDepth, std::move(meaning), std::move(value)});
    at_ += size;
  }

  ByteView frame_;
  wire::Report& report_;
  std::size_t at_ = 0;
};

void registers(Fields& fields, std::size_t end_bytes) {
  for (std::size_t n = 0; fields.left() >= end_bytes + 2; ++n)
    fields.hex(2, fmt::format("register +{}", n));
}

}  // namespace

void append_modbus_layout(ByteView frame, modbus::Transport transport, modbus::Sender sender,
                          wire::Report& report) {
  constexpr std::uint8_t kExceptionBit = 0x80, kReadHolding = 3, kReadInput = 4,
                         kWriteMultiple = 16;
  Fields fields(frame, report);
  const bool tcp = transport == modbus::Transport::kTcp;
  const std::size_t end_bytes = tcp ? 0 : modbus::kCrcBytes;
  if (tcp) {
    fields.number(2, "transaction");
    fields.number(2, "protocol");
    fields.number(2, "length");
  }
  fields.number(1, "unit");
  const std::uint8_t function = fields.next();
  const bool reads = function == kReadHolding || function == kReadInput;
  fields.number(1, "function");
  if ((function & kExceptionBit) != 0) {
    fields.number(1, "exception");
  } else if (reads && sender == modbus::Sender::kServer) {
    fields.number(1, "byte count");
    registers(fields, end_bytes);
  } else {
    fields.number(2, "address");
    const bool one = !reads && function != kWriteMultiple;
    fields.number(2, one ? "value" : "count");
    if (function == kWriteMultiple && sender == modbus::Sender::kClient) {
      fields.number(1, "byte count");
      registers(fields, end_bytes);
    }
  }
  fields.hex(fields.left() - std::min(end_bytes, fields.left()), "rest");
  fields.hex(end_bytes, "CRC");
}

void append_osgp_layout(ByteView bytes, wire::Report& report) {
  Fields fields(bytes, report);
  const auto parsed = osgp::parse_request(bytes);
  if (!parsed.ok()) return fields.hex(bytes.size(), "message");
  const auto service = parsed->request.service;
  fields.hex(1, "service");
  fields.hex(2, "table");
  const bool part = service == osgp::Service::kReadPart || service == osgp::Service::kWritePart;
  if (part) fields.number(3, "offset");
  if (service == osgp::Service::kReadPart) fields.number(2, "count");
  if (service == osgp::Service::kWrite || service == osgp::Service::kWritePart) {
    fields.number(2, "count");
    fields.hex(parsed->request.data.size(), "table data");
    fields.hex(1, "table checksum");
  }
  fields.number(4, "sequence");
  fields.hex(fields.left() - std::min(kDigestBytes, fields.left()), "rest");
  fields.hex(kDigestBytes, "digest");
}

}  // namespace amity::decode
