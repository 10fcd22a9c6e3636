// An APDU taken apart.
#include <fmt/format.h>

#include <algorithm>

#include "wire/c12/acse_tags.h"
#include "wire/c12/ber.h"
#include "wire/c12/message.h"

namespace amity::c12 {
namespace {

using namespace acse;

// Fills an envelope, element by element; false: error() tells why.
class EnvelopeReader {
 public:
  explicit EnvelopeReader(Envelope& envelope) : e_(envelope) {}

  bool read(ByteView apdu) {
    e_.size = apdu.size();
    Elements outer(apdu, 0);
    Tlv tlv;
    if (!outer.expect(kApdu, tlv)) return fail(outer);
    if (!outer.empty()) return malformed("bytes follow the APDU", outer.offset());
    Elements elements(tlv);
    while (!elements.empty()) {
      if (!elements.next(tlv)) return fail(elements);
      if (!element(tlv)) return false;
    }
    if (e_.user_information.empty()) return fail(ErrorCode::kTruncated, "no EPSEM", apdu.size());
    if (e_.header.control.security != SecurityMode::kCleartext && !e_.header.authentication)
      return fail(ErrorCode::kSecurity, "protected, but no key is named", e_.payload_offset - 1);
    return true;
  }
  const Error& error() const { return error_; }

 private:
  bool element(const Tlv& tlv) {
    Header& header = e_.header;
    switch (tlv.tag) {
      case kAsoContext:
        header.aso_context.assign(tlv.content.begin(), tlv.content.end());
        return keep(tlv, e_.aso_context);
      case kCalledTitle:
        return title(tlv, header.called) && keep(tlv, e_.called);
      case kCallingTitle:
        return title(tlv, header.calling) && keep(tlv, e_.calling);
      case kCalledInvocation:
        return invocation(tlv, header.called_invocation) && keep(tlv, e_.called_invocation);
      case kCallingInvocation:
        return invocation(tlv, header.calling_invocation) && keep(tlv, e_.calling_invocation);
      case kCallingQualifier:
        header.calling_ae_qualifier.assign(tlv.content.begin(), tlv.content.end());
        return keep(tlv, e_.ae_qualifier);
      case kMechanism:
        header.mechanism.assign(tlv.content.begin(), tlv.content.end());
        return keep(tlv, e_.mechanism);
      case kAuthentication:
        return authentication(tlv) && keep(tlv, e_.authentication);
      case kUserInformation:
        if (!e_.user_information.empty()) return malformed("a second EPSEM", tlv.offset);
        return user_information(tlv);
      default:
        return fail(ErrorCode::kUnsupported, fmt::format("element {:02X}", tlv.tag), tlv.offset);
    }
  }

  bool keep(const Tlv& tlv, ByteView& slot) {
    if (!slot.empty())
      return malformed(fmt::format("a second element {:02X}", tlv.tag), tlv.offset);
    slot = tlv.whole;
    return true;
  }

  bool title(const Tlv& element, ApTitle& out) {
    Elements inside(element);
    Tlv tlv;
    if (!inside.next(tlv)) return fail(inside);
    if (!ap_title_from(tlv, out, error_)) return false;
    return inside.empty() || malformed("bytes follow the title", inside.offset());
  }

  bool invocation(const Tlv& element, std::optional<std::uint32_t>& out) {
    Elements inside(element);
    Tlv number;
    if (!inside.expect(kInteger, number)) return fail(inside);
    if (number.content.empty() || number.content.size() > 5 ||
        (number.content.size() == 5 && number.content[0] != 0)) {
      return malformed("an invocation id beyond 32 bits", number.offset);
    }
    if (!inside.empty()) {
      return fail(ErrorCode::kUnsupported,
                  "more than an invocation id: segmented APDUs are not implemented",
                  inside.offset());
    }
    std::uint32_t id = 0;
    for (const std::uint8_t byte : number.content) id = id << 8 | byte;
    out = id;
    return true;
  }

  // A2 { A0 { A1 { 80 key id, 81 iv } } }
  bool authentication(const Tlv& element) {
    Tlv inner = element;
    for (const std::uint8_t tag : {0xA2, 0xA0, 0xA1}) {
      Elements inside(inner);
      if (!inside.expect(tag, inner)) return fail(inside);
    }
    Elements fields(inner);
    Tlv key, iv;
    if (!fields.expect(0x80, key) || !fields.expect(0x81, iv)) return fail(fields);
    if (key.content.size() != 1 || iv.content.size() != 4)
      return malformed("a key id has one byte and an iv four", key.offset);
    Authentication& out = e_.header.authentication.emplace();
    out.key_id = key.content[0];
    std::copy(iv.content.begin(), iv.content.end(), out.iv.begin());
    return true;
  }

  bool user_information(const Tlv& element) {
    Elements outer(element);
    Tlv external, octets;
    if (!outer.expect(kExternal, external)) return fail(outer);
    if (!outer.empty()) return malformed("bytes follow the EPSEM", outer.offset());
    Elements inner(external);
    if (!inner.expect(kOctetAligned, octets)) return fail(inner);
    if (!inner.empty()) return malformed("bytes follow the EPSEM", inner.offset());
    const std::size_t at = octets.content_offset;
    if (octets.content.empty()) return fail(ErrorCode::kTruncated, "1 bytes wanted, 0 left", at);
    if (!control(octets.content[0], at)) return false;
    e_.user_information = element.whole.first(at + 1 - element.offset);
    e_.payload_offset = at + 1;
    e_.payload = octets.content.subspan(1);
    if (e_.header.control.security == SecurityMode::kCleartext) return true;
    if (e_.payload.size() < EaxPrime::kMacSize)
      return fail(ErrorCode::kTruncated, "no room for the MAC", at + 1);
    const std::size_t size = e_.payload.size() - EaxPrime::kMacSize;
    e_.mac = e_.payload.subspan(size);
    e_.payload = e_.payload.first(size);
    return true;
  }

  bool control(std::uint8_t byte, std::size_t offset) {
    EpsemControl& control = e_.header.control;
    control.recovery = (byte & 0x40) != 0;
    control.proxy = (byte & 0x20) != 0;
    control.ed_class = (byte & 0x10) != 0;
    const int security = byte >> 2 & 3, respond = byte & 3;
    if (security == 3 || respond == 3 || (byte & 0x80) == 0)
      return malformed(fmt::format("EPSEM control {:02X}", byte), offset);
    control.security = static_cast<SecurityMode>(security);
    control.respond = static_cast<RespondWhen>(respond);
    return true;
  }

  bool malformed(std::string reason, std::size_t offset) {
    return fail(ErrorCode::kMalformed, std::move(reason), offset);
  }
  bool fail(ErrorCode code, std::string reason, std::size_t offset) {
    error_ = make_error(code, std::move(reason), offset);
    return false;
  }
  bool fail(const Elements& elements) {
    error_ = elements.error();
    return false;
  }

  Envelope& e_;
  Error error_;
};

}  // namespace

Result<std::size_t> apdu_size(ByteView stream) {
  ByteReader reader(stream);
  AMITY_TRY(const std::uint8_t tag, reader.u8());
  if (tag != kApdu) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("an APDU begins with 60, not {:02X}", tag));
  }
  AMITY_TRY(const std::size_t length, read_length(reader));
  if (length > kMessageBytesMax) {
    return make_error(ErrorCode::kLimit, fmt::format("an APDU of {} bytes", length), 1);
  }
  return reader.position() + length;
}

Status parse_envelope(ByteView apdu, Envelope& out) {
  out = Envelope();
  EnvelopeReader reader(out);
  if (!reader.read(apdu)) return reader.error();
  return {};
}

Result<Envelope> parse_envelope(ByteView apdu) {
  Envelope envelope;
  AMITY_CHECK(parse_envelope(apdu, envelope));
  return envelope;
}

}  // namespace amity::c12
