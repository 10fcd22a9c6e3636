#include "wire/mbus/transport_header.h"

namespace amity::mbus {
namespace {

// Takes fields off the front, and says what they are where that is wanted.
class Fields {
 public:
  Fields(ByteView frame, std::size_t at, Layout& layout)
      : frame_(frame), at_(at), layout_(layout) {}

  std::size_t at() const { return at_; }

  Status need(std::size_t count, const char* what) const {
    if (frame_.size() - at_ >= count) return {};
    return make_error(ErrorCode::kTruncated, std::string("the frame ends in ") + what,
                      frame_.size());
  }
  ByteView take(std::size_t count, std::string_view meaning) {
    const ByteView bytes = frame_.subspan(at_, count);
    layout_.leaf_hex(at_, bytes, meaning);
    at_ += count;
    return bytes;
  }
  std::uint8_t u8(std::string_view meaning) { return take(1, meaning)[0]; }
  std::uint16_t u16(std::string_view meaning) {
    const ByteView b = take(2, meaning);
    return static_cast<std::uint16_t>(b[0] | b[1] << 8);
  }
  std::uint32_t u32(std::string_view meaning) {
    const ByteView b = take(4, meaning);
    return b[0] | b[1] << 8 | b[2] << 16 | static_cast<std::uint32_t>(b[3]) << 24;
  }

 private:
  ByteView frame_;
  std::size_t at_;
  Layout& layout_;
};

// Bytes of the MAC by algorithm (EN 13757-7, table 15).
std::size_t mac_bytes(std::uint8_t algorithm) {
  switch (algorithm) {
    case 3:
      return 2;
    case 4:
      return 4;
    case 5:
      return 8;
    case 6:
      return 12;
    case 7:
      return 16;
    case 8:
      return 12;
    default:
      return 0;
  }
}

}  // namespace

Result<ExtendedLink> parse_extended_link(ByteView frame, std::size_t at, Layout& layout) {
  Fields f(frame, at, layout);
  ExtendedLink ell;
  const std::uint8_t ci = f.u8("CI-field: extended link layer");
  AMITY_CHECK(f.need(2, "the extended link layer"));
  ell.communication_control = f.u8("communication control");
  ell.access_number = f.u8("access number of the link");
  if (ci == 0x8E || ci == 0x8F) {
    AMITY_CHECK(f.need(kAddressBytes, "the extended link layer's address"));
    ell.has_address = true;
    ell.address = link_address_from(f.take(kAddressBytes, "address of the other side"));
  }
  if (ci == 0x8D || ci == 0x8F) {
    AMITY_CHECK(f.need(6, "the session number"));
    ell.has_session = true;
    ell.session = f.u32("session number");
    ell.protected_at = f.at();
    ell.crc = f.u16("CRC of the payload");
  }
  ell.next_at = f.at();
  return ell;
}

Result<Authentication> parse_authentication(ByteView frame, std::size_t at, Layout& layout) {
  Fields f(frame, at, layout);
  Authentication afl;
  afl.present = true;
  f.u8("CI-field: authentication and fragmentation layer");
  AMITY_CHECK(f.need(1, "the AFL"));
  const std::size_t length = f.u8("AFL length");
  AMITY_CHECK(f.need(length, "the AFL"));
  const std::size_t end = f.at() + length;
  const Error short_afl =
      make_error(ErrorCode::kMalformed, "the AFL is shorter than its fields", at + 1);
  const auto left = [&] { return end - f.at(); };
  if (left() < 2) return short_afl;
  const std::uint16_t control = f.u16("AFL fragmentation control");
  afl.fragment = static_cast<std::uint8_t>(control);
  afl.more_fragments = (control & 0x4000) != 0;
  if (control & 0x2000) {
    if (left() < 1) return short_afl;
    afl.has_control = true;
    afl.control = f.u8("AFL message control");
  }
  if (control & 0x0200) {
    if (left() < 2) return short_afl;
    f.u16("AFL key information");
  }
  if (control & 0x0800) {
    if (left() < 4) return short_afl;
    afl.has_counter = true;
    afl.counter = f.u32("AFL message counter");
  }
  if (control & 0x0400) {
    const std::size_t size = mac_bytes(afl.control & 0x0F);
    if (left() < size) return short_afl;
    afl.mac = f.take(size, "AFL MAC");
  }
  if (control & 0x1000) {
    if (left() < 2) return short_afl;
    afl.has_length = true;
    afl.length = f.u16("AFL message length");
  }
  if (left() > 0) f.take(left(), "AFL, unknown fields");
  afl.next_at = f.at();
  return afl;
}

Result<TransportHeader> parse_transport(ByteView frame, std::size_t at, bool wired,
                                        Layout& layout) {
  Fields f(frame, at, layout);
  TransportHeader header;
  header.ci = frame[at];
  header.information = &control_information(header.ci);
  std::string meaning;
  if (layout.on()) meaning = "CI-field: " + std::string(header.information->name);
  f.u8(meaning);
  if (header.information->header == Header::kLong) {
    AMITY_CHECK(f.need(kAddressBytes, "the long header"));
    header.address = transport_address_from(f.take(kAddressBytes, "meter address"));
  }
  if (header.information->header != Header::kNone) {
    AMITY_CHECK(f.need(4, "the header"));
    header.access_number = f.u8("access number");
    header.status = f.u8("status");
    header.configuration = f.u16("configuration");
    if (wired && header.configuration == 0xFFFF) header.configuration = 0;
    if (header.mode() == 7 || header.mode() == 13) {
      AMITY_CHECK(f.need(1, "the configuration"));
      header.extension = f.u8("configuration extension");
    }
  }
  header.payload_at = f.at();
  return header;
}

}  // namespace amity::mbus
