#include "wire/c12/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace amity::c12 {
namespace {

Result<std::uint32_t> u24(ByteReader& reader) {
  AMITY_TRY(const std::uint8_t high, reader.u8());
  AMITY_TRY(const std::uint16_t low, reader.u16());
  return std::uint32_t{high} << 16 | low;
}

void put_u24(std::uint32_t value, ByteWriter& writer) {
  writer.u8(static_cast<std::uint8_t>(value >> 16));
  writer.u16(static_cast<std::uint16_t>(value));
}

Status at_end(const ByteReader& reader) {
  if (reader.empty()) return {};
  return reader.malformed(fmt::format("{} bytes after the end", reader.remaining()));
}

Result<std::vector<std::uint16_t>> read_indices(ByteReader& reader, std::size_t count) {
  std::vector<std::uint16_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    AMITY_TRY(const std::uint16_t index, reader.u16());
    out.push_back(index);
  }
  return out;
}

// Count, data, checksum: in writes and in the responses to reads.
Result<ByteView> read_table_data(ByteReader& reader) {
  AMITY_TRY(const std::uint16_t count, reader.u16());
  AMITY_TRY(const ByteView data, reader.take(count));
  const std::size_t at = reader.offset();
  AMITY_TRY(const std::uint8_t checksum, reader.u8());
  AMITY_CHECK(at_end(reader));
  if (checksum != table_checksum(data)) {
    return make_error(
        ErrorCode::kMalformed,
        fmt::format("table checksum is {:02X}, computed {:02X}", checksum, table_checksum(data)),
        at);
  }
  return data;
}

void put_table_data(ByteView data, ByteWriter& writer) {
  AMITY_ASSERT(data.size() <= 0xFFFF);
  writer.u16(static_cast<std::uint16_t>(data.size()));
  writer.bytes(data);
  writer.u8(table_checksum(data));
}

Result<Request> read_read(std::uint8_t code, ByteReader& reader) {
  Read read;
  if (code == 0x3E) {
    read.default_table = true;
    return Request(std::move(read));
  }
  AMITY_TRY(read.table, reader.u16());
  if (code == 0x3F) {
    Read::Offset part;
    AMITY_TRY(part.offset, u24(reader));
    AMITY_TRY(part.count, reader.u16());
    read.part = part;
  } else if (code != 0x30) {
    Read::Index part;
    AMITY_TRY(part.indices, read_indices(reader, code - 0x30u));
    AMITY_TRY(part.count, reader.u16());
    read.part = std::move(part);
  }
  return Request(std::move(read));
}

Result<Request> read_write(std::uint8_t code, ByteReader& reader) {
  Write write;
  write.default_table = code == 0x4E;
  if (!write.default_table) {
    AMITY_TRY(write.table, reader.u16());
  }
  if (code == 0x4F) {
    AMITY_TRY(write.offset, u24(reader));
  } else if (code > 0x40 && code <= 0x49) {
    AMITY_TRY(write.indices, read_indices(reader, code - 0x40u));
  }
  AMITY_TRY(write.data, read_table_data(reader));
  return Request(std::move(write));
}

Result<Request> read_logon(ByteReader& reader) {
  Logon logon;
  AMITY_TRY(logon.user_id, reader.u16());
  AMITY_TRY(const ByteView user, reader.take(logon.user.size()));
  std::copy(user.begin(), user.end(), logon.user.begin());
  if (!reader.empty()) {
    AMITY_TRY(logon.idle_timeout_s, reader.u16());
  }
  return Request(logon);
}

Result<Request> read_security(ByteReader& reader) {
  Security security;
  AMITY_TRY(const ByteView password, reader.take(security.password.size()));
  std::copy(password.begin(), password.end(), security.password.begin());
  if (!reader.empty()) {
    AMITY_TRY(security.user_id, reader.u16());
  }
  return Request(security);
}

Result<Request> read_negotiate(std::uint8_t code, ByteReader& reader) {
  Negotiate negotiate;
  AMITY_TRY(negotiate.packet_size, reader.u16());
  AMITY_TRY(negotiate.packets, reader.u8());
  AMITY_TRY(const ByteView bauds, reader.take(code - 0x60u));
  negotiate.baud_codes.assign(bauds.begin(), bauds.end());
  return Request(std::move(negotiate));
}

Result<Request> read_register(ByteReader& reader) {
  Register r;
  AMITY_TRY(r.node_type, reader.u8());
  AMITY_TRY(r.connection_type, reader.u8());
  AMITY_TRY(const ByteView device_class, reader.take(r.device_class.size()));
  std::copy(device_class.begin(), device_class.end(), r.device_class.begin());
  AMITY_TRY(r.title, read_ap_title(reader));
  AMITY_TRY(r.serial_number, read_ap_title(reader));
  AMITY_TRY(const std::uint8_t size, reader.u8());
  AMITY_TRY(r.native_address, reader.take(size));
  AMITY_TRY(r.period_minutes, u24(reader));
  return Request(std::move(r));
}

template <class T>
Result<Request> read_titled(ByteReader& reader) {
  AMITY_TRY(ApTitle title, read_ap_title(reader));
  return Request(T{std::move(title)});
}

Result<Request> read_request(std::uint8_t code, ByteReader& reader) {
  if ((code >= 0x30 && code <= 0x39) || code == 0x3E || code == 0x3F)
    return read_read(code, reader);
  if ((code >= 0x40 && code <= 0x49) || code == 0x4E || code == 0x4F)
    return read_write(code, reader);
  if (code >= 0x60 && code <= 0x6B) return read_negotiate(code, reader);
  switch (static_cast<ServiceCode>(code)) {
    case ServiceCode::kIdentify:
      return Request(Identify{});
    case ServiceCode::kTerminate:
      return Request(Terminate{});
    case ServiceCode::kDisconnect:
      return Request(Disconnect{});
    case ServiceCode::kLogoff:
      return Request(Logoff{});
    case ServiceCode::kLogon:
      return read_logon(reader);
    case ServiceCode::kSecurity:
      return read_security(reader);
    case ServiceCode::kResolve:
      return read_titled<Resolve>(reader);
    case ServiceCode::kTrace:
      return read_titled<Trace>(reader);
    case ServiceCode::kDeregister:
      return read_titled<Deregister>(reader);
    case ServiceCode::kRegister:
      return read_register(reader);
    case ServiceCode::kWait: {
      AMITY_TRY(const std::uint8_t seconds, reader.u8());
      return Request(Wait{seconds});
    }
    case ServiceCode::kAuthenticate: {
      AMITY_TRY(const std::uint8_t size, reader.u8());
      AMITY_TRY(const ByteView data, reader.take(size));
      return Request(Authenticate{data});
    }
    case ServiceCode::kTimingSetup: {
      AMITY_TRY(const ByteView four, reader.take(4));
      return Request(TimingSetup{four[0], four[1], four[2], four[3]});
    }
    default:
      return make_error(ErrorCode::kUnsupported, fmt::format("service {:02X}", code));
  }
}

struct Encoder {
  ByteWriter writer;

  void operator()(const Read& read) {
    if (read.default_table) return;
    writer.u16(read.table);
    if (const auto* offset = std::get_if<Read::Offset>(&read.part)) {
      put_u24(offset->offset, writer);
      writer.u16(offset->count);
    } else if (const auto* index = std::get_if<Read::Index>(&read.part)) {
      for (const std::uint16_t i : index->indices) writer.u16(i);
      writer.u16(index->count);
    }
  }
  void operator()(const Write& write) {
    if (!write.default_table) writer.u16(write.table);
    if (write.offset) put_u24(*write.offset, writer);
    for (const std::uint16_t i : write.indices) writer.u16(i);
    put_table_data(write.data, writer);
  }
  void operator()(const Logon& logon) {
    writer.u16(logon.user_id);
    writer.bytes(logon.user);
    if (logon.idle_timeout_s) writer.u16(*logon.idle_timeout_s);
  }
  void operator()(const Security& security) {
    writer.bytes(security.password);
    if (security.user_id) writer.u16(*security.user_id);
  }
  void operator()(const Negotiate& n) {
    writer.u16(n.packet_size);
    writer.u8(n.packets);
    writer.bytes(n.baud_codes);
  }
  void operator()(const Wait& wait) { writer.u8(wait.seconds); }
  void operator()(const Authenticate& a) {
    AMITY_ASSERT(a.data.size() <= 0xFF);
    writer.u8(static_cast<std::uint8_t>(a.data.size()));
    writer.bytes(a.data);
  }
  void operator()(const TimingSetup& t) {
    for (const std::uint8_t v : {t.traffic_s, t.intercharacter_ms10, t.response_s, t.retries})
      writer.u8(v);
  }
  void operator()(const Resolve& r) { encode(r.title, writer.buffer()); }
  void operator()(const Trace& t) { encode(t.title, writer.buffer()); }
  void operator()(const Deregister& d) { encode(d.title, writer.buffer()); }
  void operator()(const Register& r) {
    AMITY_ASSERT(r.native_address.size() <= 0xFF);
    writer.u8(r.node_type);
    writer.u8(r.connection_type);
    writer.bytes(r.device_class);
    encode(r.title, writer.buffer());
    encode(r.serial_number, writer.buffer());
    writer.u8(static_cast<std::uint8_t>(r.native_address.size()));
    writer.bytes(r.native_address);
    put_u24(r.period_minutes, writer);
  }
  template <class T>
  void operator()(const T&) {}  // Identify, Terminate, Disconnect, Logoff: the code is all
};

struct CodeOf {
  using S = ServiceCode;
  static std::uint8_t plain(S code, std::size_t more = 0) {
    return static_cast<std::uint8_t>(static_cast<std::size_t>(code) + more);
  }
  std::uint8_t operator()(const Identify&) { return plain(S::kIdentify); }
  std::uint8_t operator()(const Terminate&) { return plain(S::kTerminate); }
  std::uint8_t operator()(const Disconnect&) { return plain(S::kDisconnect); }
  std::uint8_t operator()(const Logoff&) { return plain(S::kLogoff); }
  std::uint8_t operator()(const Logon&) { return plain(S::kLogon); }
  std::uint8_t operator()(const Security&) { return plain(S::kSecurity); }
  std::uint8_t operator()(const Wait&) { return plain(S::kWait); }
  std::uint8_t operator()(const Authenticate&) { return plain(S::kAuthenticate); }
  std::uint8_t operator()(const TimingSetup&) { return plain(S::kTimingSetup); }
  std::uint8_t operator()(const Resolve&) { return plain(S::kResolve); }
  std::uint8_t operator()(const Trace&) { return plain(S::kTrace); }
  std::uint8_t operator()(const Register&) { return plain(S::kRegister); }
  std::uint8_t operator()(const Deregister&) { return plain(S::kDeregister); }
  std::uint8_t operator()(const Negotiate& n) { return plain(S::kNegotiate, n.baud_codes.size()); }
  std::uint8_t operator()(const Read& r) {
    if (r.default_table) return plain(S::kReadDefault);
    if (std::holds_alternative<Read::Offset>(r.part)) return plain(S::kReadOffset);
    const auto* index = std::get_if<Read::Index>(&r.part);
    return plain(S::kReadFull, index == nullptr ? 0 : index->indices.size());
  }
  std::uint8_t operator()(const Write& w) {
    if (w.default_table) return plain(S::kWriteDefault);
    return w.offset ? plain(S::kWriteOffset) : plain(S::kWriteFull, w.indices.size());
  }
};

}  // namespace

Result<Request> parse_request(ByteView bytes) {
  ByteReader reader(bytes);
  AMITY_TRY(const std::uint8_t code, reader.u8());
  AMITY_TRY(Request request, read_request(code, reader));
  AMITY_CHECK(at_end(reader));
  return request;
}

std::uint8_t code_of(const Request& request) {
  return std::visit(CodeOf{}, request);
}

void encode(const Request& request, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(code_of(request));
  std::visit(Encoder{writer}, request);
}

std::uint8_t table_checksum(ByteView data) {
  return static_cast<std::uint8_t>(-std::accumulate(data.begin(), data.end(), 0));
}

Result<Response> parse_response(ByteView bytes) {
  ByteReader reader(bytes);
  AMITY_TRY(const std::uint8_t code, reader.u8());
  if (!is_response(code)) {
    return make_error(ErrorCode::kMalformed, fmt::format("{:02X} is no response code", code));
  }
  return Response{static_cast<ResponseCode>(code), reader.rest()};
}

Result<ByteView> parse_table_data(ByteView body) {
  ByteReader reader(body);
  return read_table_data(reader);
}

void encode_table_data(ByteView data, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(ResponseCode::kOk));
  put_table_data(data, writer);
}

Result<Negotiated> parse_negotiated(ByteView body) {
  ByteReader reader(body);
  Negotiated out;
  AMITY_TRY(out.packet_size, reader.u16());
  AMITY_TRY(out.packets, reader.u8());
  AMITY_TRY(out.baud_code, reader.u8());
  AMITY_CHECK(at_end(reader));
  return out;
}

Result<Registered> parse_registered(ByteView body) {
  ByteReader reader(body);
  Registered out;
  AMITY_TRY(out.title, read_ap_title(reader));
  AMITY_TRY(out.delay_s, reader.u16());
  AMITY_TRY(out.period_minutes, u24(reader));
  AMITY_TRY(out.info, reader.u8());
  AMITY_CHECK(at_end(reader));
  return out;
}

void encode(const Registered& registered, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(0);
  encode(registered.title, out);
  writer.u16(registered.delay_s);
  put_u24(registered.period_minutes, writer);
  writer.u8(registered.info);
}

Result<ByteView> parse_resolved(ByteView body) {
  ByteReader reader(body);
  AMITY_TRY(const std::uint8_t size, reader.u8());
  AMITY_TRY(const ByteView address, reader.take(size));
  AMITY_CHECK(at_end(reader));
  return address;
}

Result<std::vector<ApTitle>> parse_traced(ByteView body) {
  ByteReader reader(body);
  std::vector<ApTitle> out;
  while (!reader.empty()) {
    if (out.size() == kTitlesMax) {
      return make_error(ErrorCode::kLimit, fmt::format("more than {} hops", kTitlesMax),
                        reader.offset());
    }
    AMITY_TRY(ApTitle title, read_ap_title(reader));
    out.push_back(std::move(title));
  }
  return out;
}

}  // namespace amity::c12
