#include "world/device_mix.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "world/meter_objects.h"

namespace amity::world {
namespace {

constexpr std::array<std::string_view, kProtocols> kNames = {
    "dlms", "c1222", "iec62056", "sml", "p1", "modbus", "stg", "wmbus", "mbus", "dlms-mbus"};
constexpr std::uint32_t kShareMax = 1'000'000;

}  // namespace

std::string_view to_string(MeterProtocol protocol) {
  return kNames[static_cast<std::size_t>(protocol)];
}

DeviceMix DeviceMix::all_dlms() {
  DeviceMix mix;
  mix.share[0] = 1;
  return mix;
}

Result<DeviceMix> DeviceMix::parse(std::string_view text) {
  DeviceMix mix;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t equals = part.find('=');
    const auto name = std::ranges::find(kNames, part.substr(0, equals));
    if (equals == std::string_view::npos || name == kNames.end()) {
      return make_error(ErrorCode::kInvalid,
                        "\"" + std::string(part) +
                            "\" is not PROTOCOL=SHARE with one of dlms, c1222, iec62056, sml, "
                            "p1, modbus, stg, wmbus, mbus, dlms-mbus");
    }
    const std::string_view number = part.substr(equals + 1);
    std::uint32_t share = 0;
    const auto end = std::from_chars(number.data(), number.data() + number.size(), share);
    if (end.ec != std::errc{} || end.ptr != number.data() + number.size() || share > kShareMax) {
      return make_error(ErrorCode::kInvalid,
                        "\"" + std::string(part) + "\": the share is no number");
    }
    mix.share[static_cast<std::size_t>(name - kNames.begin())] = share;
  }
  if (std::ranges::all_of(mix.share, [](std::uint32_t s) { return s == 0; })) {
    return make_error(ErrorCode::kInvalid, "the mix has no meter in it");
  }
  if (mix[MeterProtocol::kDlmsMbus] > kMbusChannels * mix[MeterProtocol::kDlms]) {
    return make_error(ErrorCode::kInvalid, "dlms-mbus meters stand behind dlms meters, at most " +
                                               std::to_string(kMbusChannels) + " behind each");
  }
  return mix;
}

std::array<std::uint32_t, kProtocols> DeviceMix::counts(std::uint32_t total) const {
  const std::uint64_t sum = std::accumulate(share.begin(), share.end(), std::uint64_t{0});
  std::array<std::uint32_t, kProtocols> out{};
  std::array<std::size_t, kProtocols> order{};
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::uint32_t given = 0;
  for (std::size_t i = 0; i < kProtocols; ++i) {
    out[i] = static_cast<std::uint32_t>(std::uint64_t{share[i]} * total / sum);
    given += out[i];
  }
  std::ranges::stable_sort(order, std::greater{},
                           [&](std::size_t i) { return std::uint64_t{share[i]} * total % sum; });
  for (std::size_t i = 0; given < total; ++i, ++given) ++out[order[i]];
  return out;
}

}  // namespace amity::world
