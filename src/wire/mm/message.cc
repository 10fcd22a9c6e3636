#include "wire/mm/message.h"

#include <algorithm>

#include "base/crypto.h"

namespace amity::mm {
namespace {

constexpr std::uint8_t kMark[] = {'A', 'M', 'M', 1};
constexpr std::size_t kSizeAt = kHeaderBytes - 2, kAttributeAt = 5;

std::array<std::uint8_t, kMacBytes> mac_of(ByteView key, ByteView covered) {
  const auto whole = crypto::aes_cmac(key, covered);
  std::array<std::uint8_t, kMacBytes> mac;
  std::copy_n(whole.begin(), kMacBytes, mac.begin());
  return mac;
}

void take_address(ByteReader& in, Address& address) {
  const ByteView bytes = *in.take(kAddressBytes);  // the header is whole
  std::copy(bytes.begin(), bytes.end(), address.begin());
}

}  // namespace

Result<Address> address_from(std::string_view hex) {
  AMITY_TRY(const Bytes bytes, from_hex(hex));
  Address address;
  if (bytes.size() != address.size())
    return make_error(ErrorCode::kInvalid, "an address has 6 bytes, in 12 hexadecimal digits");
  std::copy(bytes.begin(), bytes.end(), address.begin());
  return address;
}

Status encode(const Message& message, ByteView key, Bytes& out) {
  if (message.data.size() > kDataBytesMax)
    return make_error(ErrorCode::kLimit, std::to_string(message.data.size()) + " bytes of data");
  if (message.authenticated && key.size() != kKeyBytes)
    return make_error(ErrorCode::kInvalid, "an authenticated message wants a key of 16 bytes");
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.bytes(kMark);
  writer.u8(static_cast<std::uint8_t>(message.kind));
  writer.u8(static_cast<std::uint8_t>(static_cast<std::uint8_t>(message.attribute) +
                                      (message.authenticated ? kAuthenticatedStep : 0)));
  writer.bytes(message.source);
  writer.bytes(message.destination);
  writer.u32(message.number);
  writer.u16(message.item);
  writer.u16(message.offset);
  writer.u16(message.count);
  writer.u16(static_cast<std::uint16_t>(message.data.size()));
  writer.bytes(message.data);
  if (message.authenticated) append(out, mac_of(key, ByteView(out).subspan(start)));
  return {};
}

Result<std::optional<std::size_t>> size_of(ByteView bytes) {
  const std::size_t known = std::min(bytes.size(), sizeof kMark);
  if (!std::equal(kMark, kMark + known, bytes.begin()))
    return make_error(ErrorCode::kMalformed,
                      "no message of our framing of Meters and More begins here");
  if (bytes.size() < kHeaderBytes) return std::optional<std::size_t>();
  const std::size_t data = std::size_t{bytes[kSizeAt]} << 8 | bytes[kSizeAt + 1];
  if (data > kDataBytesMax)
    return make_error(ErrorCode::kLimit, std::to_string(data) + " bytes of data", kSizeAt);
  const std::size_t size =
      kHeaderBytes + data + (bytes[kAttributeAt] > kAuthenticatedStep ? kMacBytes : 0);
  return size <= bytes.size() ? std::optional(size) : std::nullopt;
}

Result<Parsed> parse(ByteView bytes) {
  AMITY_TRY(const auto size, size_of(bytes));
  if (!size) return make_error(ErrorCode::kTruncated, "the message is not whole", bytes.size());
  if (*size != bytes.size())
    return make_error(ErrorCode::kMalformed, "bytes follow the message", *size);
  ByteReader in(bytes.subspan(sizeof kMark, kHeaderBytes - sizeof kMark));
  Parsed parsed;
  Message& m = parsed.message;
  const std::uint8_t kind = *in.u8();
  if (kind > static_cast<std::uint8_t>(Kind::kRefusal))
    return make_error(ErrorCode::kMalformed, "no kind " + std::to_string(kind), sizeof kMark);
  m.kind = static_cast<Kind>(kind);
  const std::uint8_t code = *in.u8();
  m.authenticated = code > kAuthenticatedStep;
  const auto attribute =
      static_cast<std::uint8_t>(code - (m.authenticated ? kAuthenticatedStep : 0));
  if (!is_published(attribute))
    return make_error(ErrorCode::kUnsupported,
                      "attribute code " + std::to_string(code) + " is not published", kAttributeAt);
  m.attribute = static_cast<Attribute>(attribute);
  take_address(in, m.source);
  take_address(in, m.destination);
  m.number = *in.u32();
  m.item = *in.u16();
  m.offset = *in.u16();
  m.count = *in.u16();
  const std::size_t covered = bytes.size() - (m.authenticated ? kMacBytes : 0);
  const ByteView data = bytes.first(covered).subspan(kHeaderBytes);
  m.data.assign(data.begin(), data.end());
  parsed.covered = bytes.first(covered);
  parsed.mac = bytes.subspan(covered);
  return parsed;
}

Status verify(const Parsed& parsed, ByteView key) {
  if (parsed.mac.empty()) return make_error(ErrorCode::kSecurity, "the message has no CMAC");
  if (key.size() != kKeyBytes) return make_error(ErrorCode::kSecurity, "no key of 16 bytes");
  return constant_time_equal(mac_of(key, parsed.covered), parsed.mac)
             ? Status{}
             : make_error(ErrorCode::kSecurity, "the CMAC is not right");
}

}  // namespace amity::mm
