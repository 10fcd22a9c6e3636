#include "world/meter_model.h"

#include <array>

namespace amity::world {
namespace {

constexpr std::array<MeterModel, 4> kModels = {{
    {"AMY", "Amity Reference E1", "1.4.2", RowStamps::kUtc, 4096, false, 0.40},
    {"QXB", "Quillbourne Q20", "7.03", RowStamps::kLocal, 1024, false, 0.30},
    {"ZVD", "Zephyrdale Trio", "2.11.0", RowStamps::kFirstRowOnly, 2048, true, 0.20},
    {"QXB", "Quillbourne Q20s", "8.01", RowStamps::kUtc, 640, true, 0.10},
}};

}  // namespace

std::span<const MeterModel> meter_models() { return kModels; }

const MeterModel& grid_meter_model() {
  static constexpr MeterModel kGrid{
      "AMY", "Amity Reference G5", "1.4.2", RowStamps::kUtc, 4096, true, 0, false};
  return kGrid;
}

}  // namespace amity::world
