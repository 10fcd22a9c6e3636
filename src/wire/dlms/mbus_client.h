// M-Bus client (class 72, IEC 62056-6-2): a gas, water or heat meter that an electricity meter
// reads for us. Its channel is B of the logical name, 0-B:24.1.0.255.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "wire/dlms/data.h"
#include "wire/dlms/types.h"

namespace amity::dlms {

inline constexpr std::uint16_t kMbusClientClass = 72;

enum class MbusClientAttribute : std::int8_t {
  kPortReference = 2,
  kCaptureDefinition = 3,
  kCapturePeriod = 4,
  kPrimaryAddress = 5,
  kIdentificationNumber = 6,
  kManufacturerId = 7,
  kVersion = 8,
  kDeviceType = 9,
  kAccessNumber = 10,
  kStatus = 11,
  kAlarm = 12,
};

enum class MbusClientMethod : std::int8_t {
  kSlaveInstall = 1,
  kSlaveDeinstall = 2,
  kCapture = 3,
  kResetAlarm = 4,
  kSynchronizeClock = 5,
  kDataSend = 6,
  kSetEncryptionKey = 7,
  kTransferKey = 8,
};

// Which values are captured: the blocks of EN 13757-3 as they stand in a telegram.
struct MbusCapture {
  Bytes data_information;
  Bytes value_information;
  friend bool operator==(const MbusCapture&, const MbusCapture&) = default;
};
Result<std::vector<MbusCapture>> decode_captures(ByteView encoded);
Bytes encode_captures(const std::vector<MbusCapture>& captures);

// The attributes that name a device, in this order: what a head-end asks for at once.
inline constexpr std::array kMbusIdentityAttributes = {
    MbusClientAttribute::kPrimaryAddress, MbusClientAttribute::kIdentificationNumber,
    MbusClientAttribute::kManufacturerId, MbusClientAttribute::kVersion,
    MbusClientAttribute::kDeviceType,     MbusClientAttribute::kStatus,
    MbusClientAttribute::kAlarm};

struct MbusSlave {
  std::uint8_t channel = 0;
  std::uint8_t primary_address = 0;
  std::uint32_t identification =
      0;                     // the eight digits, as a number; of no use where installed() is false
  std::string manufacturer;  // three letters; empty where the id is none
  std::uint8_t version = 0;
  std::uint8_t device_type = 0;  // EN 13757-7: 3 gas, 4 heat, 7 water, ...
  std::uint8_t status = 0;
  std::uint8_t alarm = 0;

  bool installed() const { return primary_address != 0 || identification != 0; }
};
// The values of kMbusIdentityAttributes, encoded. The identification number is the BCD of EN
// 13757-3 in an unsigned (12345678h is 12345678); digits above 9 are kMalformed.
Result<MbusSlave> decode_slave(const Obis& object, const std::vector<Bytes>& values);

// Parameters of the methods. slave_install with 0 takes the first free address.
Bytes encode_install(std::uint8_t primary_address);
// set_encryption_key: the key itself, under the protection of the APDU; empty: none.
// transfer_key: the key wrapped for the device, as its maker says.
Bytes encode_mbus_key(ByteView key);

// "KAM" of 2C2Dh, and so on (EN 13757-3); empty where the number is no three letters.
std::string mbus_manufacturer(std::uint16_t id);

}  // namespace amity::dlms
