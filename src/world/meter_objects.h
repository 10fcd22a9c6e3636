// The COSEM objects of a virtual meter: one static table, the same for all models.
#pragma once

#include <cstdint>
#include <span>

#include "wire/dlms/obis.h"

namespace amity::world {

enum class ObjectKind : std::uint8_t {
  kDeviceName,      // 1: octet string
  kSerial,
  kFirmware,
  kInvocationCounter,
  kProfileStatus,
  kEventCode,       // of the log `detail`
  kAlarmRegister,
  kEnergy,          // 3: total; detail: Quantity
  kLastInterval,    // 3: of the last whole interval
  kInstant,         // 3: detail: Instant
  kMaximumDemand,   // 4: highest mean power of an interval since midnight
  kDemand,          // 5: mean power of the interval under way and of the last one
  kLoadProfile,     // 7
  kDailyProfile,
  kEventLog,        // detail: index of kLogs
  kClock,           // 8
  kSapAssignment,   // 17
  kImageTransfer,   // 18
  kActivityCalendar,  // 20
  kPushSetup,       // 40; detail 0: intervals, 1: alarms
  kCompactData,     // 62
  kSecuritySetup,   // 64
  kDisconnector,    // 70
  kLimiter,         // 71
  // Of meters with M-Bus clients alone; detail: the channel.
  kMbusClient,      // 72
  kMbusValue,       // 4: what was captured last
  kMbusProfile,     // 7: once an hour
};
constexpr bool is_mbus(ObjectKind kind) { return kind >= ObjectKind::kMbusClient; }

enum class Quantity : std::uint8_t { kImport, kExport, kReactiveImport, kReactiveExport };
enum class Instant3 : std::uint8_t { kPowerImport, kPowerExport, kVoltage, kCurrent, kMeanVoltage };

struct ObjectSpec {
  std::uint16_t class_id;
  std::uint8_t version;
  dlms::Obis obis;
  ObjectKind kind;
  std::uint8_t detail;
  std::uint8_t attributes, methods;
  std::uint32_t writable;  // bit n: attribute n, management association only
  bool is_public;          // the public client may read it
};

std::span<const ObjectSpec> meter_objects();
// nullptr where the meter has no such object. `same_name`: an object of another class has that name.
const ObjectSpec* find_object(std::uint16_t class_id, const dlms::Obis& obis, bool* same_name = nullptr);

// E of 0-0:99.98.E: standard, tamper, disconnector, power quality
inline constexpr std::uint8_t kLogs[] = {0, 1, 2, 4};
inline constexpr std::uint8_t kLogCount = 4;

inline constexpr std::uint8_t kMbusChannels = 4;
inline constexpr std::uint32_t kMbusCaptureSeconds = 3'600;
constexpr dlms::Obis mbus_client_obis(std::uint8_t channel) { return {0, channel, 24, 1, 0, 255}; }
constexpr dlms::Obis mbus_value_obis(std::uint8_t channel) { return {0, channel, 24, 2, 1, 255}; }
constexpr dlms::Obis mbus_profile_obis(std::uint8_t channel) { return {0, channel, 24, 3, 0, 255}; }

inline constexpr dlms::Obis kLoadProfileObis{1, 0, 99, 1, 0, 255};
inline constexpr dlms::Obis kDailyProfileObis{1, 0, 98, 2, 0, 255};
inline constexpr dlms::Obis kCompactDataObis{0, 0, 66, 0, 0, 255};
inline constexpr dlms::Obis kPushIntervalsObis{0, 0, 25, 9, 0, 255};
inline constexpr dlms::Obis kPushAlarmsObis{0, 4, 25, 9, 0, 255};

}  // namespace amity::world
