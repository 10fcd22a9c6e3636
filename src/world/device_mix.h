// Which protocols a fleet speaks, and how many meters each: "dlms=80,c1222=5,wmbus=10".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace amity::world {

// Electricity first, in the order in which homes are given out; then what stands beside it.
enum class MeterProtocol : std::uint8_t {
  kDlms,
  kC1222,     // C12.22 over TCP
  kIec62056,  // IEC 62056-21 mode C behind a line-to-TCP gateway
  kSml,       // SML pushed on a connection that the head-end opens
  kP1,        // the same, with P1 telegrams
  kModbus,    // Modbus TCP
  kStg,       // behind a PRIME concentrator that delivers STG reports
  kWmbus,     // water and gas by radio, through collectors
  kMbus,      // heat on wired buses behind TCP gateways
  kDlmsMbus,  // water and gas behind a DLMS electricity meter
};
inline constexpr std::size_t kProtocols = 10;
constexpr bool is_electricity(MeterProtocol p) {
  return p < MeterProtocol::kWmbus;
}
std::string_view to_string(
    MeterProtocol protocol);  // as the mix is written, and as Device::protocol

// How many of each.
struct DeviceMix {
  std::array<std::uint32_t, kProtocols> share{};  // relative weights

  static DeviceMix all_dlms();
  // Weights of any sum; kInvalid: an unknown name, no number, nothing at all.
  static Result<DeviceMix> parse(std::string_view text);

  std::uint32_t operator[](MeterProtocol p) const { return share[static_cast<std::size_t>(p)]; }
  // Counts that sum to `total`, by largest remainder.
  std::array<std::uint32_t, kProtocols> counts(std::uint32_t total) const;
};

}  // namespace amity::world
