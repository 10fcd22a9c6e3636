#include "wire/c12/message.h"

#include <fmt/format.h>

#include "wire/c12/acse_tags.h"
#include "wire/c12/ber.h"

namespace amity::c12 {
namespace {

using namespace acse;

// The canonical cleartext of EAX': the elements in the standard's order with whole titles, the
// calling title, the key id and the iv, and last what is said in the clear.
Result<ByteView> canonical(const Envelope& e, ByteView clear_payload, const Keys& keys) {
  const ApTitle& base = keys.base();
  const auto front_of = [&base](const ApTitle& title) {
    return title.absolute ? ByteView() : base.encoded.view();
  };
  for (const ApTitle* title : {&e.header.called, &e.header.calling}) {
    if (!title->empty() && !title->absolute && base.empty())
      return make_error(ErrorCode::kInvalid, "a relative title, and no base object identifier");
  }
  // Grown, never cleared: what is written is all that is used.
  Bytes& n = keys.scratch();
  static constexpr std::size_t kTitleBytesMax = 2 * kObjectIdBytesMax + 8, kKeyAndIvBytes = 5;
  const std::size_t size_max = 2 * kTitleBytesMax + kKeyAndIvBytes + e.size + clear_payload.size();
  if (n.size() < size_max) n.resize(size_max);
  std::uint8_t* at = n.data();
  const auto put = [&at](ByteView bytes) { at = std::copy(bytes.begin(), bytes.end(), at); };
  const auto put_title = [&](std::uint8_t tag, const ApTitle& title) {
    if (title.empty()) return;
    const ByteView front = front_of(title), own = title.encoded.view();
    const std::size_t size = front.size() + own.size();
    *at++ = tag;
    at = write_length(at, 1 + length_size(size) + size);
    *at++ = ApTitle::kAbsoluteTag;
    at = write_length(at, size);
    put(front);
    put(own);
  };
  put(e.aso_context);
  put_title(kCalledTitle, e.header.called);
  for (const ByteView element : {e.called_invocation, e.ae_qualifier, e.calling_invocation,
                                 e.mechanism, e.authentication, e.user_information}) {
    put(element);
  }
  put_title(kCallingTitle, e.header.calling);
  *at++ = e.header.authentication->key_id;
  put(e.header.authentication->iv);
  put(clear_payload);
  return ByteView(n).first(static_cast<std::size_t>(at - n.data()));
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

Status parse_epsem(ByteView content, bool has_ed_class, Epsem& epsem) {
  epsem.ed_class.reset();
  epsem.services.clear();
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
  return {};
}

Result<Epsem> parse_epsem(ByteView content, bool has_ed_class) {
  Epsem epsem;
  AMITY_CHECK(parse_epsem(content, has_ed_class, epsem));
  return epsem;
}

void put_service(ByteView service, Bytes& out) {
  put_length(service.size(), out);
  append(out, service);
}

}  // namespace amity::c12
