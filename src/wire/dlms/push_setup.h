// Push setup (class 40, IEC 62056-6-2): what a meter sends by itself, to whom and when.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "wire/dlms/data.h"
#include "wire/dlms/types.h"

namespace amity::dlms {

inline constexpr std::uint16_t kPushSetupClass = 40;

enum class PushSetupAttribute : std::int8_t {
  kObjectList = 2,
  kDestination = 3,
  kWindows = 4,
  kRandomisation = 5,    // seconds, unsigned 16
  kRetries = 6,          // unsigned 8
  kRepetitionDelay = 7,  // seconds in version 0; a structure since
};

enum class PushTransport : std::uint8_t {
  kTcp = 0,
  kUdp = 1,
  kFtp = 2,
  kSmtp = 3,
  kSms = 4,
  kHdlc = 5,
  kMbus = 6,
  kZigbee = 7,
  kDlmsGateway = 8,
};
// "TCP", "UDP", ...; "transport N" for others.
std::string to_string(PushTransport transport);

enum class PushMessage : std::uint8_t { kAxdr = 0, kXml = 1 };  // 128 and above: the maker's own

// Attribute 3. `destination` in ASCII for TCP and UDP: "HOST:PORT"; empty: nothing is sent.
struct PushDestination {
  PushTransport transport = PushTransport::kTcp;
  std::string destination;
  PushMessage message = PushMessage::kAxdr;
  friend bool operator==(const PushDestination&, const PushDestination&) = default;
};
Result<PushDestination> decode_push_destination(ByteView encoded);
Bytes encode(const PushDestination& destination);

// One entry of attribute 2.
struct PushObject {
  std::uint16_t class_id = 0;
  Obis name;
  std::int8_t attribute = 0;
  std::uint16_t data_index = 0;  // 0: the whole attribute
  friend bool operator==(const PushObject&, const PushObject&) = default;
};
Result<std::vector<PushObject>> decode_push_objects(ByteView encoded);
Bytes encode(const std::vector<PushObject>& objects);

// Attribute 4: pairs of date-times of 12 octets each, with wildcards; none: always.
struct PushWindow {
  Bytes begin, end;
  friend bool operator==(const PushWindow&, const PushWindow&) = default;
};
Result<std::vector<PushWindow>> decode_push_windows(ByteView encoded);
Bytes encode(const std::vector<PushWindow>& windows);

// Attribute 7: the first wait, and by how much (in per cent of the one before) later ones grow.
struct PushRepetition {
  std::uint16_t min_s = 0, exponent_percent = 100, max_s = 0;  // version 0: min_s = max_s
  friend bool operator==(const PushRepetition&, const PushRepetition&) = default;
};
Result<PushRepetition> decode_push_repetition(ByteView encoded);

}  // namespace amity::dlms
