// Gas, water and heat meters behind an electricity meter (M-Bus client, class 72): which there are, taking one in,
// letting one go, giving it its key.
#pragma once

#include <vector>

#include "headend/device_link.h"
#include "headend/meter_layout.h"
#include "wire/dlms/mbus_client.h"

namespace amity::headend {

inline constexpr std::size_t kMbusChannelsMax = 16;

// Every M-Bus client of the object list, installed or not; one that does not say who it is, is left out.
Task<Result<std::vector<dlms::MbusSlave>>> read_mbus_slaves(DeviceLink& link, std::vector<CosemObject> objects);

// What was captured last of what the slave measures: 0-B:24.2.N.255, N from 1 on, extended registers.
dlms::Obis mbus_value(std::uint8_t channel, std::uint8_t number);

// On a link that may write. Address 0: the meter chooses. An error where the meter refuses; a slave is taken in once.
Task<Status> install_mbus_slave(DeviceLink& link, std::uint8_t channel, std::uint8_t primary_address);
Task<Status> deinstall_mbus_slave(DeviceLink& link, std::uint8_t channel);
// 16 bytes; travels under the protection of the APDU: refused on a link that does not encrypt.
Task<Status> set_mbus_key(DeviceLink& link, bool encrypted, std::uint8_t channel, Bytes key);

}  // namespace amity::headend
