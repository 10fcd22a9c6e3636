// Ciphered APDUs on the wire: service-specific glo-/ded- forms, general-glo, general-ded,
// general-ciphering, general-signing. Only the envelope; the cryptography is in security.h.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace amity::dlms {

// The tag of the ciphered form of a plain APDU, if there is one (there is none for ACCESS,
// DataNotification, ...: those travel in general-glo or general-ded).
std::optional<std::uint8_t> glo_tag(std::uint8_t plain_tag);
std::optional<std::uint8_t> ded_tag(std::uint8_t plain_tag);
struct PlainTag {
  std::uint8_t tag;
  bool dedicated;
};
std::optional<PlainTag> plain_tag(std::uint8_t ciphered_tag);

// glo-/ded- form: tag, length, content = security header, cipher text, tag.
struct ServiceCiphered {
  std::uint8_t tag = 0;
  bool dedicated = false;
  ByteView content;
};

struct GeneralGloDed {
  bool dedicated = false;
  ByteView system_title;  // may be empty
  ByteView content;
};

// Key-Info of general-ciphering.
struct KeyInfo {
  enum class Kind : std::uint8_t { kIdentified = 0, kWrapped = 1, kAgreed = 2 };
  Kind kind = Kind::kIdentified;
  std::uint8_t id =
      0;  // identified: 0 global unicast, 1 global broadcast; wrapped: KEK id (0 master key)
  ByteView parameters;     // agreed: key parameters (01 one-pass, 02 static)
  ByteView ciphered_data;  // wrapped: the wrapped key; agreed: ephemeral public key and signature
};

struct GeneralCiphering {
  ByteView transaction_id;
  ByteView originator_system_title;
  ByteView recipient_system_title;
  ByteView date_time;
  ByteView other_information;
  std::optional<KeyInfo> key_info;
  ByteView content;
  ByteView authenticated_header;  // transaction id .. other information as encoded; part of the
                                  // AAD. Set by decode.
};

struct GeneralSigning {  // made and verified by signing.h
  ByteView transaction_id;
  ByteView originator_system_title;
  ByteView recipient_system_title;
  ByteView date_time;
  ByteView other_information;
  ByteView content;
  ByteView signature;
  ByteView signed_part;  // transaction id .. content as encoded. Set by decode.
};

void encode(const ServiceCiphered& apdu, Bytes& out);  // writes apdu.tag
void encode(const GeneralGloDed& apdu, Bytes& out);
void encode(const GeneralCiphering& apdu, Bytes& out);
void encode(const GeneralSigning& apdu, Bytes& out);
// What encode() will write as the authenticated header, to build the AAD with before there is
// content.
Bytes authenticated_header(const GeneralCiphering& apdu);
// What encode() will write from the transaction id to the content: the message that is signed.
Bytes signed_part(const GeneralSigning& apdu);

}  // namespace amity::dlms
