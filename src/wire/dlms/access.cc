#include "wire/dlms/access.h"

#include "wire/dlms/data.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

bool is_selective(AccessKind kind) {
  return kind == AccessKind::kGetSelective || kind == AccessKind::kSetSelective;
}

void write_specifications(ByteWriter& out, const std::vector<AccessSpecification>& specifications) {
  write_length(out, specifications.size());
  for (const AccessSpecification& s : specifications) {
    out.u8(static_cast<std::uint8_t>(s.kind));
    write(out, s.target);
    if (!is_selective(s.kind)) continue;
    out.u8(s.access.selector);
    out.bytes(s.access.parameters);
  }
}

Result<std::vector<AccessSpecification>> read_specifications(ByteReader& in) {
  AMITY_TRY(const std::size_t count, read_list_count(in));
  std::vector<AccessSpecification> specifications(count);
  for (AccessSpecification& s : specifications) {
    AMITY_TRY(const std::uint8_t kind, in.u8());
    if (kind < 1 || kind > 5) return unknown_choice(in, "access-request-specification", kind);
    s.kind = static_cast<AccessKind>(kind);
    AMITY_TRY(s.target, read_attribute_ref(in));
    if (!is_selective(s.kind)) continue;
    AMITY_TRY(s.access.selector, in.u8());
    AMITY_TRY(s.access.parameters, take_data(in));
  }
  return specifications;
}

ByteWriter begin_long(Bytes& out, ApduTag tag, LongInvokeId invoke, ByteView date_time) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(tag));
  w.u32(invoke.raw);
  write_octet_string(w, date_time);
  return w;
}

}  // namespace

void encode(const AccessRequest& v, Bytes& out) {
  ByteWriter w = begin_long(out, ApduTag::kAccessRequest, v.invoke, v.date_time);
  write_specifications(w, v.specifications);
  write(w, v.values);
}

void encode(const AccessResponse& v, Bytes& out) {
  ByteWriter w = begin_long(out, ApduTag::kAccessResponse, v.invoke, v.date_time);
  w.u8(v.specifications ? 1 : 0);
  if (v.specifications) write_specifications(w, *v.specifications);
  write(w, v.values);
  write_length(w, v.results.size());
  for (const AccessResult& result : v.results) {
    w.u8(static_cast<std::uint8_t>(result.kind));
    w.u8(result.result);
  }
}

Result<Apdu> read_access_request(ByteReader& in) {
  AccessRequest v;
  AMITY_TRY(v.invoke.raw, in.u32());
  AMITY_TRY(v.date_time, read_octet_string(in));
  AMITY_TRY(v.specifications, read_specifications(in));
  AMITY_TRY(v.values, read_value_list(in));
  if (v.specifications.size() != v.values.size()) {
    return in.malformed(std::to_string(v.values.size()) + " values for " +
                        std::to_string(v.specifications.size()) + " specifications");
  }
  return Apdu(std::move(v));
}

Result<Apdu> read_access_response(ByteReader& in) {
  AccessResponse v;
  AMITY_TRY(v.invoke.raw, in.u32());
  AMITY_TRY(v.date_time, read_octet_string(in));
  AMITY_TRY(const bool has_specifications, read_bool(in));
  if (has_specifications) {
    AMITY_TRY(v.specifications, read_specifications(in));
  }
  AMITY_TRY(v.values, read_value_list(in));
  AMITY_TRY(const std::size_t count, read_list_count(in));
  v.results.resize(count);
  for (AccessResult& result : v.results) {
    AMITY_TRY(const std::uint8_t kind, in.u8());
    if (kind < 1 || kind > 3) return unknown_choice(in, "access-response-specification", kind);
    result.kind = static_cast<AccessKind>(kind);
    AMITY_TRY(result.result, in.u8());
  }
  return Apdu(std::move(v));
}

}  // namespace amity::dlms
