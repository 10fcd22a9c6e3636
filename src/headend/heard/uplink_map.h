// How JSON messages of devices and of LoRaWAN network servers become readings: data, in TOML
// (docs/formats/uplink_map.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/meter_model.h"

namespace amity::heard {

enum class UplinkKind : std::uint8_t { kJson, kTheThingsStack, kChirpStack };
enum class PayloadDecoder : std::uint8_t { kFields, kMbusRecords, kFrame };

// A number of the message itself.
struct UplinkValue {
  std::string path;  // JSON pointer (RFC 6901): "/energy/total"
  std::string quantity, unit, kind;
  int exponent = 0;  // the number times 10^exponent is in the unit
};

// The bytes that a network server carries.
struct UplinkPayload {
  std::optional<int> port;  // fPort; absent: any
  PayloadDecoder decoder = PayloadDecoder::kFields;
  driver::MeterModel fields;  // its fields alone
};

struct UplinkSource {
  std::string name;                 // POST /api/v1/uplinks/NAME
  std::vector<std::string> topics;  // of MQTT, with + and #
  UplinkKind kind = UplinkKind::kJson;
  std::string id;         // JSON pointer of the device's number; "": the topic says who it is
  std::string time;       // JSON pointer; "": as of its arrival
  std::string time_unit;  // "iso", "s", "ms"
  std::vector<UplinkValue> values;
  std::vector<UplinkPayload> payloads;
};

struct UplinkMap {
  std::vector<UplinkSource> sources;

  const UplinkSource* by_name(std::string_view name) const;
  const UplinkSource* by_topic(std::string_view topic) const;
};

// The error names file, line and column, the key and the reason; unknown keys are errors.
Result<UplinkMap> parse_uplink_map(std::string_view toml, std::string_view file);

// MQTT 3.1.1, 4.7: '+' is one level, '#' at the end all that follow.
bool topic_fits(std::string_view filter, std::string_view topic);

}  // namespace amity::heard
