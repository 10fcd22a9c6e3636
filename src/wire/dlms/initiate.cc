#include "wire/dlms/initiate.h"

#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

// [APPLICATION 31], 4 bytes, no unused bits, then the 24 bits.
constexpr std::uint8_t kConformanceHeader[] = {0x5F, 0x1F, 0x04, 0x00};

void write_conformance(ByteWriter& out, Conformance v) {
  out.bytes(kConformanceHeader);
  out.u8(static_cast<std::uint8_t>(v.bits >> 16));
  out.u16(static_cast<std::uint16_t>(v.bits));
}

Result<Conformance> read_conformance(ByteReader& in) {
  const Error bad = in.malformed("conformance block expected");
  AMITY_TRY(const std::uint8_t tag, in.u8());
  if (tag != kConformanceHeader[0]) return bad;
  AMITY_TRY(std::uint8_t next, in.u8());
  if (next == kConformanceHeader[1]) {  // early devices leave this byte out
    AMITY_TRY(next, in.u8());
  }
  if (next != 4) return bad;
  AMITY_TRY(const std::uint32_t unused_and_bits, in.u32());
  if (unused_and_bits >> 24 != 0) return bad;
  return Conformance{unused_and_bits};
}

Result<std::optional<std::uint8_t>> read_optional_u8(ByteReader& in) {
  AMITY_TRY(const bool present, read_bool(in));
  if (!present) return std::optional<std::uint8_t>();
  AMITY_TRY(const std::uint8_t v, in.u8());
  return std::optional(v);
}

void write(ByteWriter& out, std::optional<std::uint8_t> v) {
  out.u8(v ? 1 : 0);
  if (v) out.u8(*v);
}

}  // namespace

void encode(const InitiateRequest& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kInitiateRequest));
  w.u8(v.dedicated_key.empty() ? 0 : 1);
  if (!v.dedicated_key.empty()) write_octet_string(w, v.dedicated_key);
  w.u8(v.response_allowed ? 0 : 1);  // TRUE is the default and left out
  if (!v.response_allowed) w.u8(0);
  write(w, v.quality_of_service);
  w.u8(v.dlms_version);
  write_conformance(w, v.conformance);
  w.u16(v.pdu_size_max);
}

void encode(const InitiateResponse& v, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kInitiateResponse));
  write(w, v.quality_of_service);
  w.u8(v.dlms_version);
  write_conformance(w, v.conformance);
  w.u16(v.pdu_size_max);
  w.u16(v.vaa_name);
}

Result<Apdu> read_initiate_request(ByteReader& in) {
  InitiateRequest v;
  AMITY_TRY(const bool has_key, read_bool(in));
  if (has_key) {
    AMITY_TRY(v.dedicated_key, read_octet_string(in));
  }
  AMITY_TRY(const bool has_response_allowed, read_bool(in));
  if (has_response_allowed) {
    AMITY_TRY(v.response_allowed, read_bool(in));
  }
  AMITY_TRY(v.quality_of_service, read_optional_u8(in));
  AMITY_TRY(v.dlms_version, in.u8());
  AMITY_TRY(v.conformance, read_conformance(in));
  AMITY_TRY(v.pdu_size_max, in.u16());
  return Apdu(v);
}

Result<Apdu> read_initiate_response(ByteReader& in) {
  InitiateResponse v;
  AMITY_TRY(v.quality_of_service, read_optional_u8(in));
  AMITY_TRY(v.dlms_version, in.u8());
  AMITY_TRY(v.conformance, read_conformance(in));
  AMITY_TRY(v.pdu_size_max, in.u16());
  AMITY_TRY(v.vaa_name, in.u16());
  return Apdu(v);
}

}  // namespace amity::dlms
