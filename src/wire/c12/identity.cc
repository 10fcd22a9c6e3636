#include <fmt/format.h>

#include "wire/c12/service.h"

namespace amity::c12 {
namespace {

enum Feature : std::uint8_t {
  kEnd = 0,
  kAuthentication = 1,
  kTicket = 2,
  kMechanism = 4,
  kSession = 5,
  kDeviceClass = 6,
  kIdentification = 7,
};

Status read_feature(std::uint8_t feature, ByteReader& reader, Identity& identity) {
  switch (feature) {
    case kAuthentication: {
      AMITY_TRY(identity.authentication_type, reader.u8());
      return {};
    }
    case kTicket: {
      AMITY_TRY(identity.authentication_type, reader.u8());
      AMITY_TRY(const std::uint8_t size, reader.u8());
      AMITY_TRY(const ByteView ticket, reader.take(size));
      identity.ticket.assign(ticket.begin(), ticket.end());
      return {};
    }
    case kMechanism: {
      AMITY_TRY(identity.security_mechanism, read_ap_title(reader));
      return {};
    }
    case kSession: {
      AMITY_TRY(identity.session_control, reader.u8());
      return {};
    }
    case kDeviceClass: {
      AMITY_TRY(identity.device_class, read_ap_title(reader));
      return {};
    }
    case kIdentification: {
      AMITY_TRY(const std::uint8_t size, reader.u8());
      AMITY_TRY(const ByteView id, reader.take(size));
      identity.identification.assign(id.begin(), id.end());
      return {};
    }
    default:
      return make_error(ErrorCode::kUnsupported, fmt::format("identity feature {:02X}", feature),
                        reader.offset() - 1);
  }
}

}  // namespace

Result<Identity> parse_identity(ByteView body) {
  ByteReader reader(body);
  Identity identity;
  AMITY_TRY(identity.standard, reader.u8());
  AMITY_TRY(identity.version, reader.u8());
  AMITY_TRY(identity.revision, reader.u8());
  for (;;) {
    AMITY_TRY(const std::uint8_t feature, reader.u8());
    if (feature == kEnd) break;
    AMITY_CHECK(read_feature(feature, reader, identity));
  }
  if (!reader.empty()) return reader.malformed("bytes after the end of the features");
  return identity;
}

void encode(const Identity& identity, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(0);
  writer.u8(identity.standard);
  writer.u8(identity.version);
  writer.u8(identity.revision);
  if (!identity.ticket.empty()) {
    AMITY_ASSERT(identity.ticket.size() <= 0xFF);
    writer.u8(kTicket);
    writer.u8(identity.authentication_type.value_or(0));
    writer.u8(static_cast<std::uint8_t>(identity.ticket.size()));
    writer.bytes(identity.ticket);
  } else if (identity.authentication_type) {
    writer.u8(kAuthentication);
    writer.u8(*identity.authentication_type);
  }
  if (identity.security_mechanism) {
    writer.u8(kMechanism);
    encode(*identity.security_mechanism, out);
  }
  if (identity.session_control) {
    writer.u8(kSession);
    writer.u8(*identity.session_control);
  }
  if (identity.device_class) {
    writer.u8(kDeviceClass);
    encode(*identity.device_class, out);
  }
  if (!identity.identification.empty()) {
    AMITY_ASSERT(identity.identification.size() <= 0xFF);
    writer.u8(kIdentification);
    writer.u8(static_cast<std::uint8_t>(identity.identification.size()));
    writer.bytes(identity.identification);
  }
  writer.u8(kEnd);
}

}  // namespace amity::c12
