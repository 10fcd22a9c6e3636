// What both ends of a DLMS conversation are told: how they are connected, who they are, how they
// protect what they say.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "session/dlms/limits.h"
#include "session/dlms/secret.h"
#include "wire/dlms/acse.h"
#include "wire/dlms/key_agreement.h"
#include "wire/dlms/security.h"
#include "wire/dlms/types.h"
#include "wire/hdlc/parameters.h"

namespace amity::dlms {

enum class Transport : std::uint8_t {
  kWrapperStream,    // IEC 62056-47 over TCP
  kWrapperDatagram,  // IEC 62056-47 over UDP: one frame a datagram, both in on_bytes() and in
                     // poll_output()
  kHdlc,             // IEC 62056-46 over serial, optical, or a TCP stream
};

enum class Referencing : std::uint8_t { kLogicalName, kShortName };

// A device behind a gateway or concentrator (prefix E6/E7).
struct GatewayRoute {
  std::uint8_t network_id = 0;
  Bytes device_address;  // physical device address, up to 255 bytes
  friend bool operator==(const GatewayRoute&, const GatewayRoute&) = default;
};

struct HdlcOptions {
  std::uint16_t physical_device = 17;  // lower server address; ignored with an address of one byte
  std::uint8_t server_address_size = 1;  // 1, 2 or 4 bytes
  hdlc::LinkParameters offer{512, 512, 1, 1};
  Duration reply_timeout =
      std::chrono::milliseconds(1500);  // then the frame goes out again, the same bytes
  unsigned attempts = 3;                // sendings of one frame before the link has failed
};

struct LinkOptions {
  Transport transport = Transport::kWrapperStream;
  std::uint16_t client_sap = 16;  // source wPort; HDLC client address (7 bits)
  std::uint16_t server_sap = 1;   // destination wPort; HDLC logical device
  std::optional<GatewayRoute> gateway;
  HdlcOptions hdlc;
};

// How protected APDUs are wrapped.
enum class CipherForm : std::uint8_t {
  kGlobal,            // glo-get-request ..., the global unicast key
  kDedicated,         // ded-get-request ..., a key of this association, sent in a ciphered AARQ
  kGeneralGlobal,     // general-glo-ciphering
  kGeneralDedicated,  // general-ded-ciphering
  kGeneralCiphering,  // general-ciphering with the identified global unicast key
  kAgreedOnePass,  // general-ciphering, a key agreed for each APDU: ours ephemeral, theirs static
  kAgreedStatic,   // general-ciphering, a key agreed from both static keys and the transaction
};

struct GlobalKeys {
  Secret encryption;      // 16 bytes (suites 0 and 1) or 32 (suite 2)
  Secret authentication;  // the same size

  bool empty() const { return encryption.empty(); }
};

// Of suites 1 and 2, raw (wire/dlms/ecdsa.h): our private scalars, the peer's public points.
// Whether the peer's are its own (certificates) is judged by who configures them.
struct AsymmetricKeys {
  Secret signing;    // HLS ECDSA, general-signing, one-pass agreement
  Secret agreement;  // one-pass (as recipient) and static agreement
  Bytes peer_signing;
  Bytes peer_agreement;

  EcKeysView view() const {
    return {signing.view(), agreement.view(), peer_signing, peer_agreement};
  }
};

}  // namespace amity::dlms
