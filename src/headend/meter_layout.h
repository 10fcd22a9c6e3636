// What one model of meter has and how its profiles look: learnt from the meter itself, the same for every meter of
// the model and firmware, so discovered once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "base/units.h"
#include "headend/device_link.h"
#include "model/channel.h"
#include "wire/dlms/selective_access.h"

namespace amity::headend {

enum class ColumnRole : std::uint8_t { kClock, kStatus, kEventCode, kValue, kIgnored };

struct Column {
  ColumnRole role = ColumnRole::kIgnored;
  dlms::CaptureObject object;
  Unit unit = Unit::kNone;
  std::int8_t exponent = 0;
};

struct Profile {
  dlms::Obis obis;
  std::uint32_t period_s = 0;  // 0: captured on an event
  std::vector<Column> columns;
};

struct RegisterObject {
  dlms::AttributeRef value;
  Unit unit = Unit::kNone;
  std::int8_t exponent = 0;
};

// What one push set-up sends, in order.
struct PushLayout {
  dlms::Obis obis;
  std::vector<dlms::CaptureObject> objects;
};

struct CosemObject {
  std::uint16_t class_id = 0;
  dlms::Obis obis;
};

// A channel of the meter's M-Bus (class 72): a gas, water or heat meter is there or not. What it
// measures in which unit is the device's, not the model's.
struct MbusLayout {
  CosemObject client;                // 0-B:24.1.0
  std::vector<CosemObject> values;   // 0-B:24.2.E: what was captured last
  std::optional<Profile> profile;    // 0-B:24.3.E, captured every so often; columns without units
  std::uint8_t channel() const { return client.obis.b(); }
};

struct MeterLayout {
  std::vector<Profile> loads;  // captured every so many minutes
  std::vector<Profile> daily;  // once a day or billing period
  std::vector<Profile> logs;   // clock, event code
  std::vector<RegisterObject> registers;  // cumulative energies
  std::vector<PushLayout> pushes;
  std::vector<MbusLayout> mbus;
  bool has_disconnector = false;
};

inline constexpr dlms::Obis kClockObis{0, 0, 1, 0, 0, 255};
inline constexpr dlms::Obis kAssociationObis{0, 0, 40, 0, 0, 255};
inline constexpr dlms::Obis kDisconnectorObis{0, 0, 96, 3, 10, 255};

struct ScalerUnit {
  std::int8_t exponent = 0;
  Unit unit = Unit::kNone;
};

Task<Result<std::vector<CosemObject>>> read_object_list(DeviceLink& link);
// Columns, period, scalers and units of one profile.
Task<Result<Profile>> read_profile_layout(DeviceLink& link, dlms::Obis obis);
Result<ScalerUnit> parse_scaler(ByteView encoded);

// Asks the meter: object list, capture objects, periods, scalers and units.
Task<Result<MeterLayout>> discover(DeviceLink& link);

// "import", "reactive_export", "voltage_l1", "import_t2"; the OBIS code itself where there is no common word.
std::string quantity_name(const dlms::Obis& obis);
// Cumulative registers (D = 8, 9) are registers also where a load profile captures them.
ChannelKind kind_of(const dlms::Obis& obis);

// By manufacturer, model and firmware; devices that say none of these share nothing.
class LayoutCache {
 public:
  static std::string key(const std::string& manufacturer, const std::string& model, const std::string& firmware);
  std::shared_ptr<const MeterLayout> find(const std::string& key) const;
  std::shared_ptr<const MeterLayout> keep(const std::string& key, MeterLayout layout);

 private:
  std::map<std::string, std::shared_ptr<const MeterLayout>> layouts_;
};

}  // namespace amity::headend
