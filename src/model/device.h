// Devices (meters and concentrators), service points, customers, and the grid that feeds them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "model/ids.h"

namespace amity {

enum class DeviceState : std::uint8_t { kPlanned = 0, kActive = 1, kInactive = 2, kRemoved = 3 };

// What is metered. kUnknown until the utility's data or the meter itself says it.
enum class Commodity : std::uint8_t { kUnknown = 0, kElectricity = 1, kWater = 2, kGas = 3, kHeat = 4, kOther = 5 };

struct Device {
  DeviceId id;
  std::string serial;        // as printed on the meter; unique
  std::string manufacturer;  // FLAG code where there is one
  std::string model;
  std::string firmware;
  std::string protocol;      // "dlms"
  std::string address;       // how to reach it, as a URL: "dlms+tcp://127.16.0.1:4059?client=1&server=1";
                             // behind a gateway (E6/E7): "...&gateway=0/514246", network id and physical address in hex
  std::string segment;       // shared medium for limits and statistics: a concentrator, a cell; "" = direct
  DeviceState state = DeviceState::kActive;
  ServicePointId service_point;
  std::uint32_t interval_s = 900;  // of its load profile
  UtcSeconds commissioned;
  Commodity commodity = Commodity::kUnknown;
};

// The meter's current or voltage transformers became others, or the multiplier that was kept was wrong. Only added
// to: of several told for the same instant the newest counts.
struct RatioChange {
  std::uint64_t number = 0;  // 1, 2, 3, ... as they were told
  DeviceId device;
  UtcSeconds at;  // in force from then on
  std::int64_t ct = 1, vt = 1;
  std::string reason, who;
  UtcSeconds told;
};
inline constexpr std::int64_t kRatioMax = 1'000'000;  // of either; their product is at most 10^9
inline constexpr std::size_t kRatioChangesMax = 1'000;  // of one meter

struct ServicePoint {
  ServicePointId id;
  std::string name;     // the utility's own number, unique
  std::string address;  // street address
  double latitude = 0, longitude = 0;
  TransformerId transformer;
  CustomerId customer;
};

struct Customer {
  CustomerId id;
  std::string name;
  std::string customer_class;  // "residential", "commercial", "industrial"
};

struct Transformer {
  TransformerId id;
  std::string name;
  FeederId feeder;
  double latitude = 0, longitude = 0;
  std::uint32_t rating_va = 0;
};

struct Feeder {
  FeederId id;
  std::string name;
};

std::string_view to_string(DeviceState state);
// "electricity", "water", "gas", "heat", "other"; "unknown".
std::string_view to_string(Commodity commodity);
// The same words back; nothing for another.
std::optional<Commodity> parse_commodity(std::string_view word);
// What a meter that calls its medium so measures ("warm water", "heat/cooling", ...); kUnknown for an empty text.
Commodity commodity_of_medium(std::string_view medium);

}  // namespace amity
