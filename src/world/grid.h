// A small town and its grid: feeders, transformers, service points on streets, customers, meters, concentrators.
// Deterministic by seed; the first meters of a larger town are not those of a smaller one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/registry.h"
#include "wire/dlms/obis.h"
#include "world/home.h"
#include "world/meter_model.h"

namespace amity::world {

struct GridConfig {
  std::uint64_t seed = 1;
  std::uint32_t meters = 200;
  std::uint32_t interval_s = 900;      // 1,800 where real homes are replayed
  double concentrator_share = 0.6;     // of the transformers whose meters are behind concentrators
  std::uint32_t concentrator_meters = 100;
  std::uint16_t port = 4059;
  bool hdlc = false;                   // directly reached meters speak HDLC, not the wrapper
  UtcSeconds commissioned;
  Climate climate;
};

inline constexpr std::uint32_t kNoConcentrator = UINT32_MAX;

// One meter's place; its index in Grid::meters is its home's number, device id - 1.
struct MeterPlace {
  std::uint8_t model = 0;                         // of meter_models()
  std::uint32_t concentrator = kNoConcentrator;   // index
  Supply supply;
};

struct Grid {
  store::MasterData master;
  std::vector<MeterPlace> meters;
  std::uint32_t concentrators = 0;
};

// Fails above kMetersMax.
Result<Grid> build_grid(const GridConfig& config);

// Loopback addresses, one per meter and per concentrator: 127.16.0.0/12.
std::string meter_host(std::uint32_t meter);                // 127.16.0.1, ...
std::string concentrator_host(std::uint32_t concentrator);  // 127.24.0.1, ...
std::string gateway_host(std::uint32_t gateway);            // 127.28.0.1, ...: of wired buses
// The physical address of a meter behind its concentrator (prefix E6/E7): its serial number in ASCII.
std::string meter_serial(const MeterModel& model, std::uint32_t meter);

// Who answers at an address: the inverse of meter_host() and concentrator_host().
struct Addressed {
  bool concentrator = false;
  std::uint32_t index = 0;
};
std::optional<Addressed> addressed(const std::string& host);

// The channels of a meter, in this order (ids are (device - 1) * kChannelsPerMeter + 1 + position).
inline constexpr std::uint32_t kChannelsPerMeter = 7;
struct ChannelSpec {
  const char* name;
  dlms::Obis obis;
  ChannelKind kind;
  Unit unit;
  std::int8_t exponent;
};
std::span<const ChannelSpec> channel_specs();
void append_channels(const Device& device, std::vector<Channel>& channels);

}  // namespace amity::world
