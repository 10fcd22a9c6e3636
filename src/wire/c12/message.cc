#include "wire/c12/message.h"

#include <fmt/format.h>

#include "wire/c12/ber.h"

namespace amity::c12 {
namespace {

enum Tag : std::uint8_t {
  kApdu = 0x60,
  kAsoContext = 0xA1,
  kCalledTitle = 0xA2,
  kCalledInvocation = 0xA4,
  kCallingTitle = 0xA6,
  kCallingQualifier = 0xA7,
  kCallingInvocation = 0xA8,
  kMechanism = 0x8B,
  kAuthentication = 0xAC,
  kUserInformation = 0xBE,
  kExternal = 0x28,
  kOctetAligned = 0x81,
  kInteger = 0x02,
};

Result<std::uint32_t> read_invocation(const Tlv& element) {
  ByteReader reader(element.content, element.content_offset);
  AMITY_TRY(const Tlv number, expect_tlv(reader, kInteger));
  if (number.content.empty() || number.content.size() > 5 ||
      (number.content.size() == 5 && number.content[0] != 0)) {
    return make_error(ErrorCode::kMalformed, "an invocation id beyond 32 bits", number.offset);
  }
  if (!reader.empty()) {
    return make_error(ErrorCode::kUnsupported,
                      "more than an invocation id: segmented APDUs are not implemented",
                      reader.offset());
  }
  std::uint32_t id = 0;
  for (const std::uint8_t byte : number.content) id = id << 8 | byte;
  return id;
}

Result<ApTitle> read_title(const Tlv& element) {
  ByteReader reader(element.content, element.content_offset);
  AMITY_TRY(ApTitle title, read_ap_title(reader));
  if (!reader.empty()) return reader.malformed("bytes follow the title");
  return title;
}

// A2 { A0 { A1 { 80 key id, 81 iv } } }
Result<Authentication> read_authentication(const Tlv& element) {
  ByteReader reader(element.content, element.content_offset);
  AMITY_TRY(const Tlv encoding, expect_tlv(reader, 0xA2));
  ByteReader inside(encoding.content, encoding.content_offset);
  AMITY_TRY(const Tlv single, expect_tlv(inside, 0xA0));
  ByteReader deeper(single.content, single.content_offset);
  AMITY_TRY(const Tlv c1222, expect_tlv(deeper, 0xA1));
  ByteReader fields(c1222.content, c1222.content_offset);
  AMITY_TRY(const Tlv key, expect_tlv(fields, 0x80));
  AMITY_TRY(const Tlv iv, expect_tlv(fields, 0x81));
  if (key.content.size() != 1 || iv.content.size() != 4) {
    return make_error(ErrorCode::kMalformed, "a key id has one byte and an iv four", key.offset);
  }
  Authentication out;
  out.key_id = key.content[0];
  std::copy(iv.content.begin(), iv.content.end(), out.iv.begin());
  return out;
}

Result<EpsemControl> control_from(std::uint8_t byte, std::size_t offset) {
  EpsemControl control;
  control.recovery = (byte & 0x40) != 0;
  control.proxy = (byte & 0x20) != 0;
  control.ed_class = (byte & 0x10) != 0;
  const int security = byte >> 2 & 3, respond = byte & 3;
  if (security == 3 || respond == 3 || (byte & 0x80) == 0) {
    return make_error(ErrorCode::kMalformed, fmt::format("EPSEM control {:02X}", byte), offset);
  }
  control.security = static_cast<SecurityMode>(security);
  control.respond = static_cast<RespondWhen>(respond);
  return control;
}

Status read_user_information(const Tlv& element, Envelope& envelope) {
  ByteReader outer(element.content, element.content_offset);
  AMITY_TRY(const Tlv external, expect_tlv(outer, kExternal));
  if (!outer.empty()) return outer.malformed("bytes follow the EPSEM");
  ByteReader inner(external.content, external.content_offset);
  AMITY_TRY(const Tlv octets, expect_tlv(inner, kOctetAligned));
  if (!inner.empty()) return inner.malformed("bytes follow the EPSEM");
  ByteReader reader(octets.content, octets.content_offset);
  AMITY_TRY(const std::uint8_t control, reader.u8());
  AMITY_TRY(envelope.header.control, control_from(control, octets.content_offset));
  envelope.user_information = element.whole.first(reader.offset() - element.offset);
  envelope.payload_offset = reader.offset();
  envelope.payload = reader.rest();
  if (envelope.header.control.security == SecurityMode::kCleartext) return {};
  if (envelope.payload.size() < EaxPrime::kMacSize) {
    return make_error(ErrorCode::kTruncated, "no room for the MAC", reader.offset());
  }
  const std::size_t size = envelope.payload.size() - EaxPrime::kMacSize;
  envelope.mac = envelope.payload.subspan(size);
  envelope.payload = envelope.payload.first(size);
  return {};
}

Status read_element(const Tlv& tlv, Envelope& e) {
  Header& header = e.header;
  const auto copy = [&tlv] { return Bytes(tlv.content.begin(), tlv.content.end()); };
  const auto keep = [&tlv](ByteView& slot) -> Status {
    if (!slot.empty())
      return make_error(ErrorCode::kMalformed, fmt::format("a second element {:02X}", tlv.tag),
                        tlv.offset);
    slot = tlv.whole;
    return {};
  };
  switch (tlv.tag) {
    case kAsoContext:
      header.aso_context = copy();
      return keep(e.aso_context);
    case kCalledTitle: {
      AMITY_TRY(header.called, read_title(tlv));
      return keep(e.called);
    }
    case kCallingTitle: {
      AMITY_TRY(header.calling, read_title(tlv));
      return keep(e.calling);
    }
    case kCalledInvocation: {
      AMITY_TRY(header.called_invocation, read_invocation(tlv));
      return keep(e.called_invocation);
    }
    case kCallingInvocation: {
      AMITY_TRY(header.calling_invocation, read_invocation(tlv));
      return keep(e.calling_invocation);
    }
    case kCallingQualifier:
      header.calling_ae_qualifier = copy();
      return keep(e.ae_qualifier);
    case kMechanism:
      header.mechanism = copy();
      return keep(e.mechanism);
    case kAuthentication: {
      AMITY_TRY(header.authentication, read_authentication(tlv));
      return keep(e.authentication);
    }
    case kUserInformation:
      if (!e.user_information.empty())
        return make_error(ErrorCode::kMalformed, "a second EPSEM", tlv.offset);
      return read_user_information(tlv, e);
    default:
      return make_error(ErrorCode::kUnsupported, fmt::format("element {:02X}", tlv.tag),
                        tlv.offset);
  }
}

// The canonical cleartext of EAX': the elements in the standard's order with whole titles, the
// calling title, the key id and the iv, and last what is said in the clear.
Result<ByteView> canonical(const Envelope& e, ByteView clear_payload, const Keys& keys) {
  Bytes& n = keys.scratch();
  n.clear();
  const ApTitle& base = keys.base();
  const auto title = [&](std::uint8_t tag, const ApTitle& of) -> Status {
    if (of.empty()) return {};
    if (!of.absolute && base.empty()) {
      return make_error(ErrorCode::kInvalid, "a relative title, and no base object identifier");
    }
    const ByteView front = of.absolute ? ByteView() : base.encoded.view();
    const std::size_t size = front.size() + of.encoded.size();
    n.push_back(tag);
    put_length(1 + length_size(size) + size, n);
    n.push_back(ApTitle::kAbsoluteTag);
    put_length(size, n);
    append(n, front);
    append(n, of.encoded.view());
    return {};
  };
  append(n, e.aso_context);
  AMITY_CHECK(title(kCalledTitle, e.header.called));
  append(n, e.called_invocation);
  append(n, e.ae_qualifier);
  append(n, e.calling_invocation);
  append(n, e.mechanism);
  append(n, e.authentication);
  append(n, e.user_information);
  AMITY_CHECK(title(kCallingTitle, e.header.calling));
  n.push_back(e.header.authentication->key_id);
  append(n, e.header.authentication->iv);
  append(n, clear_payload);
  return ByteView(n);
}

void put_invocation(std::uint8_t tag, std::uint32_t id, Bytes& out) {
  Bytes number{static_cast<std::uint8_t>(id >> 24), static_cast<std::uint8_t>(id >> 16),
               static_cast<std::uint8_t>(id >> 8), static_cast<std::uint8_t>(id)};
  while (number.size() > 1 && number[0] == 0 && number[1] < 0x80) number.erase(number.begin());
  if (number[0] >= 0x80) number.insert(number.begin(), 0);
  Bytes inner;
  put_tlv(kInteger, number, inner);
  put_tlv(tag, inner, out);
}

void put_title(std::uint8_t tag, const ApTitle& title, Bytes& out) {
  if (title.empty()) return;
  Bytes inner;
  encode(title, inner);
  put_tlv(tag, inner, out);
}

void put_elements(const Header& h, Bytes& out) {
  if (!h.aso_context.empty()) put_tlv(kAsoContext, h.aso_context, out);
  put_title(kCalledTitle, h.called, out);
  if (h.called_invocation) put_invocation(kCalledInvocation, *h.called_invocation, out);
  put_title(kCallingTitle, h.calling, out);
  if (!h.calling_ae_qualifier.empty()) put_tlv(kCallingQualifier, h.calling_ae_qualifier, out);
  if (h.calling_invocation) put_invocation(kCallingInvocation, *h.calling_invocation, out);
  if (!h.mechanism.empty()) put_tlv(kMechanism, h.mechanism, out);
  if (h.authentication) {
    ByteWriter writer(out);
    for (const std::uint8_t byte : {0xAC, 0x0F, 0xA2, 0x0D, 0xA0, 0x0B, 0xA1, 0x09, 0x80, 0x01})
      writer.u8(byte);
    writer.u8(h.authentication->key_id);
    writer.u8(0x81);
    writer.u8(4);
    writer.bytes(h.authentication->iv);
  }
}

Bytes with_epsem(const Header& header, ByteView payload, ByteView mac) {
  Bytes epsem{to_byte(header.control)}, octets, external, body;
  append(epsem, payload);
  append(epsem, mac);
  put_tlv(kOctetAligned, epsem, octets);
  put_tlv(kExternal, octets, external);
  put_elements(header, body);
  put_tlv(kUserInformation, external, body);
  Bytes apdu;
  put_tlv(kApdu, body, apdu);
  return apdu;
}

}  // namespace

std::uint8_t to_byte(EpsemControl control) {
  return static_cast<std::uint8_t>(0x80 | (control.recovery ? 0x40 : 0) |
                                   (control.proxy ? 0x20 : 0) | (control.ed_class ? 0x10 : 0) |
                                   int(control.security) << 2 | int(control.respond));
}

Status Keys::add(std::uint8_t key_id, ByteView key) {
  AMITY_TRY(EaxPrime cipher, EaxPrime::make(key));
  keys_.insert_or_assign(key_id, std::move(cipher));
  return {};
}

EaxPrime* Keys::find(std::uint8_t key_id) const {
  const auto at = keys_.find(key_id);
  return at == keys_.end() ? nullptr : &at->second;
}

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

Result<Envelope> parse_envelope(ByteView apdu) {
  ByteReader outer(apdu);
  AMITY_TRY(const Tlv whole, expect_tlv(outer, kApdu));
  if (!outer.empty()) return outer.malformed("bytes follow the APDU");
  Envelope envelope;
  ByteReader reader(whole.content, whole.content_offset);
  while (!reader.empty()) {
    AMITY_TRY(const Tlv tlv, read_tlv(reader));
    AMITY_CHECK(read_element(tlv, envelope));
  }
  if (envelope.user_information.empty()) {
    return make_error(ErrorCode::kTruncated, "no EPSEM", apdu.size());
  }
  if (envelope.header.control.security != SecurityMode::kCleartext &&
      !envelope.header.authentication) {
    return make_error(ErrorCode::kSecurity, "protected, but no key is named",
                      envelope.payload_offset - 1);
  }
  return envelope;
}

Status open(const Envelope& envelope, const Keys& keys, Bytes& out) {
  const SecurityMode mode = envelope.header.control.security;
  if (mode == SecurityMode::kCleartext) {
    append(out, envelope.payload);
    return {};
  }
  EaxPrime* const cipher = keys.find(envelope.header.authentication->key_id);
  if (cipher == nullptr) {
    return make_error(ErrorCode::kNotFound,
                      fmt::format("no key with id {}", envelope.header.authentication->key_id),
                      envelope.payload_offset);
  }
  const bool encrypted = mode == SecurityMode::kEncrypted;
  AMITY_TRY(const ByteView n, canonical(envelope, encrypted ? ByteView() : envelope.payload, keys));
  Status opened = cipher->open(n, encrypted ? envelope.payload : ByteView(), envelope.mac, out);
  if (!opened.ok())
    return make_error(opened.error().code, opened.error().reason, envelope.payload_offset);
  if (!encrypted) append(out, envelope.payload);
  return {};
}

Status seal(const Header& header, ByteView payload, const Keys& keys, Bytes& out) {
  const bool clear = header.control.security == SecurityMode::kCleartext;
  if (payload.size() > kMessageBytesMax) {
    return make_error(ErrorCode::kLimit, fmt::format("an EPSEM of {} bytes", payload.size()));
  }
  if (clear) {
    append(out, with_epsem(header, payload, {}));
    return {};
  }
  if (!header.authentication) return make_error(ErrorCode::kInvalid, "protection without a key id");
  EaxPrime* const cipher = keys.find(header.authentication->key_id);
  if (cipher == nullptr) {
    return make_error(ErrorCode::kNotFound,
                      fmt::format("no key with id {}", header.authentication->key_id));
  }
  // The cleartext holds the lengths of the finished APDU: it is laid out first, sealed, then
  // filled.
  Bytes apdu = with_epsem(header, payload, EaxPrime::Mac{});
  AMITY_TRY(const Envelope envelope, parse_envelope(apdu));
  const bool encrypted = header.control.security == SecurityMode::kEncrypted;
  AMITY_TRY(const ByteView n, canonical(envelope, encrypted ? ByteView() : payload, keys));
  Bytes cipher_text;
  AMITY_TRY(const EaxPrime::Mac mac,
            cipher->seal(n, encrypted ? payload : ByteView(), cipher_text));
  const auto at = apdu.begin() + static_cast<std::ptrdiff_t>(envelope.payload_offset);
  std::copy(cipher_text.begin(), cipher_text.end(), at);
  std::copy(mac.begin(), mac.end(), apdu.end() - EaxPrime::kMacSize);
  append(out, apdu);
  return {};
}

Result<Epsem> parse_epsem(ByteView content, bool has_ed_class) {
  Epsem epsem;
  ByteReader reader(content);
  if (has_ed_class) {
    AMITY_TRY(const ByteView bytes, reader.take(4));
    epsem.ed_class.emplace();
    std::copy(bytes.begin(), bytes.end(), epsem.ed_class->begin());
  }
  while (!reader.empty()) {
    const std::size_t at = reader.offset();
    AMITY_TRY(const std::size_t length, read_length(reader));
    if (length == 0) return make_error(ErrorCode::kMalformed, "a service of no bytes", at);
    if (epsem.services.size() == kServicesMax) {
      return make_error(ErrorCode::kLimit, fmt::format("more than {} services", kServicesMax), at);
    }
    Epsem::Service service;
    service.offset = reader.offset();
    AMITY_TRY(service.bytes, reader.take(length));
    epsem.services.push_back(service);
  }
  return epsem;
}

void put_service(ByteView service, Bytes& out) {
  put_length(service.size(), out);
  append(out, service);
}

}  // namespace amity::c12
