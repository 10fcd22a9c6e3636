#include "world/meter_objects.h"

#include <algorithm>
#include <array>

namespace amity::world {
namespace {

using dlms::Obis;
using K = ObjectKind;

constexpr std::uint8_t q(Quantity v) { return static_cast<std::uint8_t>(v); }
constexpr std::uint8_t i(Instant3 v) { return static_cast<std::uint8_t>(v); }
constexpr std::uint32_t bits(std::initializer_list<int> attributes) {
  std::uint32_t out = 0;
  for (const int a : attributes) out |= 1u << a;
  return out;
}

constexpr ObjectSpec mbus_client(std::uint8_t channel) {
  return {72, 0, mbus_client_obis(channel), K::kMbusClient, channel, 12, 0, 0, false};
}
constexpr ObjectSpec mbus_value(std::uint8_t channel) {
  return {4, 0, mbus_value_obis(channel), K::kMbusValue, channel, 5, 0, 0, false};
}
constexpr ObjectSpec mbus_profile(std::uint8_t channel) {
  return {7, 1, mbus_profile_obis(channel), K::kMbusProfile, channel, 8, 0, 0, false};
}

//                 class version logical name               kind           detail  attributes methods writable  public
constexpr std::array kObjects = {
    ObjectSpec{1, 0, Obis(0, 0, 42, 0, 0, 255), K::kDeviceName, 0, 2, 0, 0, true},
    ObjectSpec{1, 0, Obis(0, 0, 96, 1, 0, 255), K::kSerial, 0, 2, 0, 0, true},
    ObjectSpec{1, 0, Obis(1, 0, 0, 2, 0, 255), K::kFirmware, 0, 2, 0, 0, true},
    ObjectSpec{1, 0, Obis(0, 0, 43, 1, 0, 255), K::kInvocationCounter, 0, 2, 0, 0, true},
    ObjectSpec{1, 0, Obis(0, 0, 96, 10, 1, 255), K::kProfileStatus, 0, 2, 0, 0, false},
    ObjectSpec{1, 0, Obis(0, 0, 96, 11, 0, 255), K::kEventCode, 0, 2, 0, 0, false},
    ObjectSpec{1, 0, Obis(0, 0, 96, 11, 1, 255), K::kEventCode, 1, 2, 0, 0, false},
    ObjectSpec{1, 0, Obis(0, 0, 96, 11, 2, 255), K::kEventCode, 2, 2, 0, 0, false},
    ObjectSpec{1, 0, Obis(0, 0, 96, 11, 4, 255), K::kEventCode, 3, 2, 0, 0, false},
    ObjectSpec{1, 0, Obis(0, 0, 97, 98, 0, 255), K::kAlarmRegister, 0, 2, 0, bits({2}), false},
    ObjectSpec{3, 0, Obis(1, 0, 1, 8, 0, 255), K::kEnergy, q(Quantity::kImport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 2, 8, 0, 255), K::kEnergy, q(Quantity::kExport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 3, 8, 0, 255), K::kEnergy, q(Quantity::kReactiveImport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 4, 8, 0, 255), K::kEnergy, q(Quantity::kReactiveExport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 1, 29, 0, 255), K::kLastInterval, q(Quantity::kImport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 2, 29, 0, 255), K::kLastInterval, q(Quantity::kExport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 3, 29, 0, 255), K::kLastInterval, q(Quantity::kReactiveImport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 32, 27, 0, 255), K::kInstant, i(Instant3::kMeanVoltage), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 1, 7, 0, 255), K::kInstant, i(Instant3::kPowerImport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 2, 7, 0, 255), K::kInstant, i(Instant3::kPowerExport), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 32, 7, 0, 255), K::kInstant, i(Instant3::kVoltage), 3, 0, 0, false},
    ObjectSpec{3, 0, Obis(1, 0, 31, 7, 0, 255), K::kInstant, i(Instant3::kCurrent), 3, 0, 0, false},
    ObjectSpec{4, 0, Obis(1, 0, 1, 6, 0, 255), K::kMaximumDemand, 0, 5, 0, 0, false},
    ObjectSpec{5, 0, Obis(1, 0, 1, 4, 0, 255), K::kDemand, 0, 9, 0, 0, false},
    ObjectSpec{7, 1, kLoadProfileObis, K::kLoadProfile, 0, 8, 0, 0, false},
    ObjectSpec{7, 1, kDailyProfileObis, K::kDailyProfile, 0, 8, 0, 0, false},
    ObjectSpec{7, 1, Obis(0, 0, 99, 98, 0, 255), K::kEventLog, 0, 8, 0, 0, false},
    ObjectSpec{7, 1, Obis(0, 0, 99, 98, 1, 255), K::kEventLog, 1, 8, 0, 0, false},
    ObjectSpec{7, 1, Obis(0, 0, 99, 98, 2, 255), K::kEventLog, 2, 8, 0, 0, false},
    ObjectSpec{7, 1, Obis(0, 0, 99, 98, 4, 255), K::kEventLog, 3, 8, 0, 0, false},
    ObjectSpec{8, 0, Obis(0, 0, 1, 0, 0, 255), K::kClock, 0, 9, 6, bits({2}), true},
    ObjectSpec{17, 0, Obis(0, 0, 41, 0, 0, 255), K::kSapAssignment, 0, 2, 0, 0, true},
    ObjectSpec{18, 0, Obis(0, 0, 44, 0, 0, 255), K::kImageTransfer, 0, 7, 4, bits({5}), false},
    ObjectSpec{20, 0, Obis(0, 0, 13, 0, 0, 255), K::kActivityCalendar, 0, 10, 1, bits({6, 7, 8, 9, 10}), false},
    ObjectSpec{40, 0, kPushIntervalsObis, K::kPushSetup, 0, 7, 1, bits({3, 4, 5, 6, 7}), false},
    ObjectSpec{40, 0, kPushAlarmsObis, K::kPushSetup, 1, 7, 1, bits({3, 4, 5, 6, 7}), false},
    ObjectSpec{62, 1, kCompactDataObis, K::kCompactData, 0, 6, 0, 0, false},
    ObjectSpec{64, 0, Obis(0, 0, 43, 0, 0, 255), K::kSecuritySetup, 0, 5, 2, 0, false},
    ObjectSpec{70, 0, Obis(0, 0, 96, 3, 10, 255), K::kDisconnector, 0, 4, 2, bits({4}), false},
    ObjectSpec{71, 0, Obis(0, 0, 17, 0, 0, 255), K::kLimiter, 0, 11, 0, bits({4, 6, 7}), false},
    mbus_client(1), mbus_value(1), mbus_profile(1), mbus_client(2), mbus_value(2), mbus_profile(2),
    mbus_client(3), mbus_value(3), mbus_profile(3), mbus_client(4), mbus_value(4), mbus_profile(4),
};

}  // namespace

std::span<const ObjectSpec> meter_objects() { return kObjects; }

const ObjectSpec* find_object(std::uint16_t class_id, const dlms::Obis& obis, bool* same_name) {
  for (const ObjectSpec& spec : kObjects) {
    if (spec.obis != obis) continue;
    if (spec.class_id == class_id) return &spec;
    if (same_name != nullptr) *same_name = true;
  }
  return nullptr;
}

}  // namespace amity::world
