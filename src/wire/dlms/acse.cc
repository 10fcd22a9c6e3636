#include "wire/dlms/acse.h"

#include <algorithm>
#include <array>

#include "wire/dlms/data_value.h"
#include "wire/dlms/limits.h"

namespace amity::dlms {
namespace {

// 2.16.756.5.8.{1 context, 2 mechanism}.x
constexpr std::array<std::uint8_t, 6> kContextArc = {0x60, 0x85, 0x74, 0x05, 0x08, 0x01};
constexpr std::array<std::uint8_t, 6> kMechanismArc = {0x60, 0x85, 0x74, 0x05, 0x08, 0x02};
constexpr std::uint8_t kInteger = 0x02, kOctetString = 0x04, kObjectId = 0x06, kCharString = 0x80;
constexpr std::uint8_t kAarqTag = 0x60, kAareTag = 0x61, kRlrqTag = 0x62, kRlreTag = 0x63;
constexpr std::uint8_t kUserInformation = 0xBE, kImplementationInformation = 0x9D;

struct Tlv {
  std::uint8_t tag = 0;
  ByteView value;
  std::size_t offset = 0;  // of the value

  ByteReader reader() const { return ByteReader(value, offset); }
};

Result<Tlv> read_tlv(ByteReader& in) {
  Tlv tlv;
  AMITY_TRY(tlv.tag, in.u8());
  AMITY_TRY(const std::size_t length, read_length(in));
  tlv.offset = in.offset();
  AMITY_TRY(tlv.value, in.take(length));
  return tlv;
}

// The one TLV inside a constructed field, of the wanted tag (0: any).
Result<Tlv> inner(const Tlv& outer, std::uint8_t wanted) {
  ByteReader in = outer.reader();
  AMITY_TRY(const Tlv tlv, read_tlv(in));
  if (!in.empty()) return in.malformed("bytes follow the field");
  if (wanted != 0 && tlv.tag != wanted) {
    return make_error(ErrorCode::kMalformed, "unexpected tag " + to_hex(ByteView(&tlv.tag, 1)),
                      outer.offset);
  }
  return tlv;
}

Result<std::uint32_t> integer(const Tlv& tlv) {
  if (tlv.value.empty() || tlv.value.size() > 5 || (tlv.value.size() == 5 && tlv.value[0] != 0)) {
    return make_error(ErrorCode::kMalformed, "integer of unusual size", tlv.offset);
  }
  std::uint32_t v = 0;
  for (std::uint8_t b : tlv.value) v = v << 8 | b;
  return v;
}

Result<std::uint32_t> inner_integer(const Tlv& outer) {
  AMITY_TRY(const Tlv tlv, inner(outer, kInteger));
  return integer(tlv);
}

Result<std::uint8_t> last_arc(const Tlv& oid, ByteView arc, const char* what) {
  if (oid.value.size() != arc.size() + 1 ||
      !std::equal(arc.begin(), arc.end(), oid.value.begin())) {
    return make_error(ErrorCode::kUnsupported, std::string(what) + " " + to_hex(oid.value),
                      oid.offset);
  }
  return oid.value.back();
}

Result<ApplicationContext> context_of(const Tlv& field) {
  AMITY_TRY(const Tlv oid, inner(field, kObjectId));
  AMITY_TRY(const std::uint8_t id, last_arc(oid, kContextArc, "application context"));
  return static_cast<ApplicationContext>(id);
}

Result<Mechanism> mechanism_of(const Tlv& field) {
  AMITY_TRY(const std::uint8_t id, last_arc(field, kMechanismArc, "authentication mechanism"));
  return static_cast<Mechanism>(id);
}

Result<ByteView> octets(const Tlv& field) {
  AMITY_TRY(const Tlv tlv, inner(field, kOctetString));
  return tlv.value;
}

// An AP title: a system title, or what passes for one.
Result<ByteView> title(const Tlv& field) {
  AMITY_TRY(const ByteView value, octets(field));
  if (value.size() > kTitleSizeMax)
    return make_error(ErrorCode::kLimit, "title is too long", field.offset);
  return value;
}

// [0] charstring, [1] bitstring: only the content matters.
Result<ByteView> authentication_value(const Tlv& field) {
  AMITY_TRY(const Tlv tlv, inner(field, 0));
  return tlv.value;
}

void write_tlv(ByteWriter& out, std::uint8_t tag, ByteView value) {
  out.u8(tag);
  write_length(out, value.size());
  out.bytes(value);
}

void write_nested(ByteWriter& out, std::uint8_t outer, std::uint8_t tag, ByteView value) {
  Bytes field;
  ByteWriter w(field);
  write_tlv(w, tag, value);
  write_tlv(out, outer, field);
}

void write_octets(ByteWriter& out, std::uint8_t outer, ByteView value) {
  if (!value.empty()) write_nested(out, outer, kOctetString, value);
}

void write_oid(ByteWriter& out, std::uint8_t tag, ByteView arc, std::uint8_t last) {
  out.u8(tag);
  write_length(out, arc.size() + 1);
  out.bytes(arc);
  out.u8(last);
}

void write_context(ByteWriter& out, ApplicationContext context) {
  out.u8(0xA1);
  out.u8(kContextArc.size() + 3);
  write_oid(out, kObjectId, kContextArc, static_cast<std::uint8_t>(context));
}

void write_integer(ByteWriter& out, std::uint8_t outer, std::uint32_t v) {
  Bytes digits;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto digit = static_cast<std::uint8_t>(v >> shift);
    if (!digits.empty() || digit != 0 || shift == 0) digits.push_back(digit);
  }
  if ((digits.front() & 0x80) != 0) digits.insert(digits.begin(), 0);
  write_nested(out, outer, kInteger, digits);
}

// Requirements (authentication functional unit), mechanism name, authentication value.
void write_authentication(ByteWriter& out, std::uint8_t first_tag, Mechanism mechanism,
                          ByteView value) {
  static constexpr std::uint8_t kAuthenticationUnit[] = {0x07, 0x80};
  write_tlv(out, first_tag, kAuthenticationUnit);
  write_oid(out, static_cast<std::uint8_t>(first_tag + 1), kMechanismArc,
            static_cast<std::uint8_t>(mechanism));
  if (!value.empty()) {
    write_nested(out, static_cast<std::uint8_t>(first_tag + 0x22), kCharString, value);
  }
}

Result<ByteReader> open(ByteView apdu, std::uint8_t tag) {
  ByteReader in(apdu);
  AMITY_TRY(const Tlv outer, read_tlv(in));
  if (outer.tag != tag) return make_error(ErrorCode::kMalformed, "not the expected ACSE APDU");
  if (!in.empty()) return in.malformed("bytes follow the APDU");
  return outer.reader();
}

template <class Field, class Value>
Status take(Field& field, Result<Value> value) {
  AMITY_TRY(field, std::move(value));
  return {};
}

// Of AARQ and AARE alike; the rest (protocol version, requirements, called qualifiers) is nothing
// to act on.
template <class Association>
Status read_common_field(const Tlv& f, Association& v) {
  if (f.tag == 0xA1) return take(v.context, context_of(f));
  if (f.tag == kUserInformation) return take(v.user_information, octets(f));
  if (f.tag == kImplementationInformation) v.implementation_information = f.value;
  return {};
}

Status read_aarq_field(const Tlv& f, Aarq& v) {
  switch (f.tag) {
    case 0xA2:
      return take(v.called_ap_title, title(f));
    case 0xA6:
      return take(v.calling_ap_title, title(f));
    case 0xA7:
      return take(v.calling_ae_qualifier, octets(f));
    case 0xA9:
      return take(v.calling_ae_invocation_id, inner_integer(f));
    case 0x8B:
      return take(v.mechanism, mechanism_of(f));
    case 0xAC:
      return take(v.calling_authentication_value, authentication_value(f));
    default:
      return read_common_field(f, v);
  }
}

Status read_diagnostic(const Tlv& field, Aare& v) {
  ByteReader in = field.reader();
  AMITY_TRY(const Tlv source, read_tlv(in));
  if (source.tag != 0xA1 && source.tag != 0xA2) {
    return make_error(ErrorCode::kMalformed, "unknown result source", field.offset);
  }
  v.provider_diagnostic = source.tag == 0xA2;
  AMITY_TRY(const std::uint32_t code, inner_integer(source));
  if (code > 0xFF) return make_error(ErrorCode::kMalformed, "unknown diagnostic", source.offset);
  v.diagnostic = static_cast<std::uint8_t>(code);
  return {};
}

Status read_result(const Tlv& field, Aare& v) {
  AMITY_TRY(const std::uint32_t result, inner_integer(field));
  if (result > 2)
    return make_error(ErrorCode::kMalformed, "unknown association result", field.offset);
  v.result = static_cast<AssociationResult>(result);
  return {};
}

Status read_aare_field(const Tlv& f, Aare& v) {
  switch (f.tag) {
    case 0xA2:
      return read_result(f, v);
    case 0xA3:
      return read_diagnostic(f, v);
    case 0xA4:
      return take(v.responding_ap_title, title(f));
    case 0xA5:
      return take(v.responding_ae_qualifier, octets(f));
    case 0xA7:
      return take(v.responding_ae_invocation_id, inner_integer(f));
    case 0x89:
      return take(v.mechanism, mechanism_of(f));
    case 0xAA:
      return take(v.responding_authentication_value, authentication_value(f));
    default:
      return read_common_field(f, v);
  }
}

template <class Release>
Result<Release> decode_release(ByteView apdu, std::uint8_t tag) {
  AMITY_TRY(ByteReader in, open(apdu, tag));
  Release v;
  while (!in.empty()) {
    AMITY_TRY(const Tlv f, read_tlv(in));
    if (f.tag == 0x80) {
      AMITY_TRY(const std::uint32_t reason, integer(f));
      if (reason > 0xFF)
        return make_error(ErrorCode::kMalformed, "unknown release reason", f.offset);
      v.reason = static_cast<std::uint8_t>(reason);
    } else if (f.tag == kUserInformation) {
      AMITY_TRY(v.user_information, octets(f));
    }
  }
  return v;
}

template <class Release>
void encode_release(const Release& v, std::uint8_t tag, Bytes& out) {
  Bytes body;
  ByteWriter w(body);
  if (v.reason) write_tlv(w, 0x80, ByteView(&*v.reason, 1));
  write_octets(w, kUserInformation, v.user_information);
  ByteWriter outer(out);
  write_tlv(outer, tag, body);
}

// What ends AARQ and AARE alike, and the whole around the fields written into `body`.
template <class Association>
void finish(const Association& v, ByteWriter& w, const Bytes& body, std::uint8_t tag, Bytes& out) {
  if (!v.implementation_information.empty()) {
    write_tlv(w, kImplementationInformation, v.implementation_information);
  }
  write_octets(w, kUserInformation, v.user_information);
  ByteWriter outer(out);
  write_tlv(outer, tag, body);
}

}  // namespace

void encode(const Aarq& v, Bytes& out) {
  Bytes body;
  ByteWriter w(body);
  write_context(w, v.context);
  write_octets(w, 0xA2, v.called_ap_title);
  write_octets(w, 0xA6, v.calling_ap_title);
  write_octets(w, 0xA7, v.calling_ae_qualifier);
  if (v.calling_ae_invocation_id) write_integer(w, 0xA9, *v.calling_ae_invocation_id);
  if (v.mechanism) write_authentication(w, 0x8A, *v.mechanism, v.calling_authentication_value);
  finish(v, w, body, kAarqTag, out);
}

void encode(const Aare& v, Bytes& out) {
  Bytes body;
  ByteWriter w(body);
  write_context(w, v.context);
  write_integer(w, 0xA2, static_cast<std::uint8_t>(v.result));
  Bytes diagnostic;
  ByteWriter d(diagnostic);
  write_integer(d, v.provider_diagnostic ? 0xA2 : 0xA1, v.diagnostic);
  write_tlv(w, 0xA3, diagnostic);
  write_octets(w, 0xA4, v.responding_ap_title);
  write_octets(w, 0xA5, v.responding_ae_qualifier);
  if (v.responding_ae_invocation_id) write_integer(w, 0xA7, *v.responding_ae_invocation_id);
  if (v.mechanism) write_authentication(w, 0x88, *v.mechanism, v.responding_authentication_value);
  finish(v, w, body, kAareTag, out);
}

void encode(const Rlrq& v, Bytes& out) {
  encode_release(v, kRlrqTag, out);
}
void encode(const Rlre& v, Bytes& out) {
  encode_release(v, kRlreTag, out);
}

Result<Aarq> decode_aarq(ByteView apdu) {
  AMITY_TRY(ByteReader in, open(apdu, kAarqTag));
  Aarq v;
  bool has_context = false;
  while (!in.empty()) {
    AMITY_TRY(const Tlv f, read_tlv(in));
    has_context = has_context || f.tag == 0xA1;
    AMITY_CHECK(read_aarq_field(f, v));
  }
  if (!has_context) return in.malformed("AARQ without application context name");
  return v;
}

Result<Aare> decode_aare(ByteView apdu) {
  AMITY_TRY(ByteReader in, open(apdu, kAareTag));
  Aare v;
  bool has_result = false;
  while (!in.empty()) {
    AMITY_TRY(const Tlv f, read_tlv(in));
    has_result = has_result || f.tag == 0xA2;
    AMITY_CHECK(read_aare_field(f, v));
  }
  if (!has_result) return in.malformed("AARE without result");
  return v;
}

Result<Rlrq> decode_rlrq(ByteView apdu) {
  return decode_release<Rlrq>(apdu, kRlrqTag);
}
Result<Rlre> decode_rlre(ByteView apdu) {
  return decode_release<Rlre>(apdu, kRlreTag);
}

}  // namespace amity::dlms
