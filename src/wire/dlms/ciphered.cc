#include "wire/dlms/ciphered.h"

#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

// Services that have ciphered forms of their own. Short-name services and Initiate: +20, +40; the
// others +08, +10.
bool is_low_service(std::uint8_t tag) {
  switch (static_cast<ApduTag>(tag)) {
    case ApduTag::kInitiateRequest:
    case ApduTag::kReadRequest:
    case ApduTag::kWriteRequest:
    case ApduTag::kInitiateResponse:
    case ApduTag::kReadResponse:
    case ApduTag::kWriteResponse:
    case ApduTag::kConfirmedServiceError:
    case ApduTag::kUnconfirmedWriteRequest:
    case ApduTag::kInformationReport:
      return true;
    default:
      return false;
  }
}

bool is_high_service(std::uint8_t tag) {
  return tag >= 0xC0 && tag <= 0xC7 && tag != 0xC6;
}

template <class Header>
void write_header(ByteWriter& out, const Header& v) {
  for (ByteView field : {v.transaction_id, v.originator_system_title, v.recipient_system_title,
                         v.date_time, v.other_information}) {
    write_octet_string(out, field);
  }
}

void write(ByteWriter& out, const KeyInfo& v) {
  out.u8(static_cast<std::uint8_t>(v.kind));
  switch (v.kind) {
    case KeyInfo::Kind::kIdentified:
      out.u8(v.id);
      break;
    case KeyInfo::Kind::kWrapped:
      out.u8(v.id);
      write_octet_string(out, v.ciphered_data);
      break;
    case KeyInfo::Kind::kAgreed:
      write_octet_string(out, v.parameters);
      write_octet_string(out, v.ciphered_data);
      break;
  }
}

Result<KeyInfo> read_key_info(ByteReader& in) {
  KeyInfo v;
  AMITY_TRY(const std::uint8_t kind, in.u8());
  if (kind > 2) return unknown_choice(in, "key-info", kind);
  v.kind = static_cast<KeyInfo::Kind>(kind);
  if (v.kind == KeyInfo::Kind::kAgreed) {
    AMITY_TRY(v.parameters, read_octet_string(in));
  } else {
    AMITY_TRY(v.id, in.u8());
  }
  if (v.kind != KeyInfo::Kind::kIdentified) {
    AMITY_TRY(v.ciphered_data, read_octet_string(in));
  }
  return v;
}

template <class Header>
Status read_header(ByteReader& in, Header& v) {
  AMITY_TRY(v.transaction_id, read_octet_string(in));
  AMITY_TRY(v.originator_system_title, read_octet_string(in));
  AMITY_TRY(v.recipient_system_title, read_octet_string(in));
  AMITY_TRY(v.date_time, read_octet_string(in));
  AMITY_TRY(v.other_information, read_octet_string(in));
  return {};
}

Result<Apdu> read_general_ciphering(ByteReader& in) {
  GeneralCiphering v;
  const ByteView from = in.rest();
  const std::size_t start = in.position();
  AMITY_CHECK(read_header(in, v));
  v.authenticated_header = from.first(in.position() - start);
  AMITY_TRY(const bool has_key_info, read_bool(in));
  if (has_key_info) {
    AMITY_TRY(v.key_info, read_key_info(in));
  }
  AMITY_TRY(v.content, read_octet_string(in));
  return Apdu(v);
}

Result<Apdu> read_general_signing(ByteReader& in) {
  GeneralSigning v;
  const ByteView from = in.rest();
  const std::size_t start = in.position();
  AMITY_CHECK(read_header(in, v));
  AMITY_TRY(v.content, read_octet_string(in));
  v.signed_part = from.first(in.position() - start);
  AMITY_TRY(v.signature, read_octet_string(in));
  return Apdu(v);
}

}  // namespace

std::optional<std::uint8_t> glo_tag(std::uint8_t tag) {
  if (is_low_service(tag)) return static_cast<std::uint8_t>(tag + 0x20);
  if (is_high_service(tag)) return static_cast<std::uint8_t>(tag + 0x08);
  return std::nullopt;
}

std::optional<std::uint8_t> ded_tag(std::uint8_t tag) {
  if (is_low_service(tag)) return static_cast<std::uint8_t>(tag + 0x40);
  if (is_high_service(tag)) return static_cast<std::uint8_t>(tag + 0x10);
  return std::nullopt;
}

std::optional<PlainTag> plain_tag(std::uint8_t tag) {
  for (const bool dedicated : {false, true}) {
    const int low = dedicated ? 0x40 : 0x20, high = dedicated ? 0x10 : 0x08;
    if (tag >= low && is_low_service(static_cast<std::uint8_t>(tag - low))) {
      return PlainTag{static_cast<std::uint8_t>(tag - low), dedicated};
    }
    if (tag >= high && is_high_service(static_cast<std::uint8_t>(tag - high))) {
      return PlainTag{static_cast<std::uint8_t>(tag - high), dedicated};
    }
  }
  return std::nullopt;
}

void encode(const ServiceCiphered& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(v.tag);
  write_octet_string(w, v.content);
}

void encode(const GeneralGloDed& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(v.dedicated ? ApduTag::kGeneralDed : ApduTag::kGeneralGlo));
  write_octet_string(w, v.system_title);
  write_octet_string(w, v.content);
}

void encode(const GeneralCiphering& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kGeneralCiphering));
  write_header(w, v);
  w.u8(v.key_info ? 1 : 0);
  if (v.key_info) write(w, *v.key_info);
  write_octet_string(w, v.content);
}

void encode(const GeneralSigning& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kGeneralSigning));
  write_header(w, v);
  write_octet_string(w, v.content);
  write_octet_string(w, v.signature);
}

Bytes signed_part(const GeneralSigning& v) {
  Bytes part;
  ByteWriter w(part);
  write_header(w, v);
  write_octet_string(w, v.content);
  return part;
}

Bytes authenticated_header(const GeneralCiphering& v) {
  Bytes header;
  ByteWriter w(header);
  write_header(w, v);
  return header;
}

Result<Apdu> read_ciphered(std::uint8_t tag, ByteReader& in) {
  switch (static_cast<ApduTag>(tag)) {
    case ApduTag::kGeneralGlo:
    case ApduTag::kGeneralDed: {
      GeneralGloDed v;
      v.dedicated = tag == static_cast<std::uint8_t>(ApduTag::kGeneralDed);
      AMITY_TRY(v.system_title, read_octet_string(in));
      AMITY_TRY(v.content, read_octet_string(in));
      return Apdu(v);
    }
    case ApduTag::kGeneralCiphering:
      return read_general_ciphering(in);
    case ApduTag::kGeneralSigning:
      return read_general_signing(in);
    default:
      break;
  }
  ServiceCiphered v;
  v.tag = tag;
  v.dedicated = plain_tag(tag)->dedicated;
  AMITY_TRY(v.content, read_octet_string(in));
  return Apdu(v);
}

}  // namespace amity::dlms
