// The makes of meters that the town has. Makers and codes are invented; what differs is what differs between real ones:
// how rows are stamped, which APDU sizes they take, whether they repeat what has not changed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace amity::world {

enum class RowStamps : std::uint8_t {
  kUtc,           // every row stamped, deviation 0
  kLocal,         // every row stamped in local time with deviation and summer time bit
  kFirstRowOnly,  // local; later rows carry null: previous stamp + capture period
};

struct MeterModel {
  std::string_view flag;      // three letters, first bytes of the system title
  std::string_view name;
  std::string_view firmware;
  RowStamps stamps = RowStamps::kUtc;
  std::uint16_t pdu_bytes_max = 1024;
  bool general_block_transfer = false;
  double share = 1;           // of the town's meters
  bool relay = true;          // it can switch off and limit what it measures
};

std::span<const MeterModel> meter_models();
// At transformers and the heads of feeders: behind current transformers, values are those of the
// primary side.
const MeterModel& grid_meter_model();

}  // namespace amity::world
