#include "wire/dlms/wrapper.h"

#include <algorithm>

#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr std::uint8_t kToDevice = 0xE6, kFromDevice = 0xE7;

Result<WrapperHeader> read_header(ByteReader& in) {
  const std::size_t at = in.offset();
  AMITY_TRY(const std::uint16_t version, in.u16());
  if (version != kWrapperVersion) {
    return make_error(ErrorCode::kMalformed, "wrapper version " + std::to_string(version), at);
  }
  WrapperHeader header;
  AMITY_TRY(header.source, in.u16());
  AMITY_TRY(header.destination, in.u16());
  AMITY_TRY(header.length, in.u16());
  return header;
}

}  // namespace

Status encode(const WrapperFrame& frame, Bytes& out) {
  if (frame.apdu.size() > kWrapperApduSizeMax) {
    return make_error(ErrorCode::kLimit, "an APDU of " + std::to_string(frame.apdu.size()) +
                                             " bytes does not fit the wrapper");
  }
  ByteWriter w(out);
  w.u16(kWrapperVersion);
  w.u16(frame.source);
  w.u16(frame.destination);
  w.u16(static_cast<std::uint16_t>(frame.apdu.size()));
  w.bytes(frame.apdu);
  return {};
}

Result<WrapperFrame> decode_wrapper(ByteView datagram) {
  ByteReader in(datagram);
  AMITY_TRY(const WrapperHeader header, read_header(in));
  AMITY_TRY(const ByteView apdu, in.take(header.length));
  if (!in.empty()) return in.malformed("bytes follow the frame");
  return WrapperFrame{header.source, header.destination, apdu};
}

void WrapperSplitter::feed(ByteView bytes) {
  if (consumed_ != 0) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(consumed_));
    consumed_ = 0;
  }
  append(buffer_, bytes);
}

Result<std::optional<WrapperFrame>> WrapperSplitter::next() {
  const ByteView ahead = ByteView(buffer_).subspan(consumed_);
  // A wrong version is refused with the first two bytes, before a length is waited for.
  if (ahead.size() >= 2 && (ahead[0] != 0 || ahead[1] != kWrapperVersion)) {
    return make_error(ErrorCode::kMalformed, "wrapper version " + to_hex(ahead.first(2)));
  }
  if (ahead.size() < kWrapperHeaderSize) return std::optional<WrapperFrame>();
  ByteReader in(ahead);
  AMITY_TRY(const WrapperHeader header, read_header(in));
  if (header.length > apdu_size_max_) {
    return make_error(ErrorCode::kLimit,
                      "an APDU of " + std::to_string(header.length) + " bytes is announced, " +
                          std::to_string(apdu_size_max_) + " are accepted",
                      6);
  }
  if (in.remaining() < header.length) return std::optional<WrapperFrame>();
  consumed_ += kWrapperHeaderSize + header.length;
  return std::optional(
      WrapperFrame{header.source, header.destination, in.rest().first(header.length)});
}

void WrapperSplitter::reset() {
  buffer_.clear();
  consumed_ = 0;
}

bool has_gateway_prefix(ByteView bytes) {
  return !bytes.empty() && (bytes[0] == kToDevice || bytes[0] == kFromDevice);
}

Result<GatewayPrefix> read_gateway_prefix(ByteReader& in) {
  GatewayPrefix prefix;
  AMITY_TRY(const std::uint8_t tag, in.u8());
  if (tag != kToDevice && tag != kFromDevice) {
    return make_error(ErrorCode::kMalformed, "no gateway prefix", in.offset() - 1);
  }
  prefix.from_device = tag == kFromDevice;
  AMITY_TRY(prefix.network_id, in.u8());
  AMITY_TRY(const std::size_t length, read_length(in));
  if (length > 0xFF) return in.malformed("device address of " + std::to_string(length) + " bytes");
  AMITY_TRY(prefix.device_address, in.take(length));
  return prefix;
}

Status encode(const GatewayPrefix& prefix, Bytes& out) {
  if (prefix.device_address.size() > 0xFF) {
    return make_error(ErrorCode::kInvalid, "device address longer than 255 bytes");
  }
  ByteWriter w(out);
  w.u8(prefix.from_device ? kFromDevice : kToDevice);
  w.u8(prefix.network_id);
  write_length(w, prefix.device_address.size());
  w.bytes(prefix.device_address);
  return {};
}

}  // namespace amity::dlms
