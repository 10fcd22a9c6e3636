#include "app/demo_grid.h"

#include <fmt/format.h>

#include <fstream>

namespace amity::app {

Status write_demo_grid(const world::Fleet& fleet, const std::string& path) {
  const world::GridPlan& plan = fleet.grid_plan();
  const store::MasterData& master = fleet.master_data();
  if (plan.meters.empty()) return {};
  std::string text = "version = 1\n", town;
  for (const world::GridMeter& m : plan.meters) {
    const std::string& name = m.feeder ? master.feeders[m.of].name : master.transformers[m.of].name;
    text += fmt::format("\n[[supply]]\n{} = \"{}\"\nserial = \"{}\"\n",
                        m.feeder ? "feeder" : "transformer", name, m.serial);
    if (m.feeder) town += fmt::format("  {{ serial = \"{}\" }},\n", m.serial);
  }
  text += "\n[[meter]]\nname = \"Town, at the substation\"\nterms = [\n" + town + "]\n";
  if (const auto& district = fleet.district()) {
    text += fmt::format("\n[[meter]]\nname = \"{}\"\nterms = [\n", district->name);
    for (const std::string& serial : district->beneath)
      text += fmt::format("  {{ serial = \"{}\" }},\n", serial);
    text += fmt::format("]\n\n[[supply]]\nsum = \"{}\"\nserial = \"{}\"\n", district->name,
                        district->serial);
  }
  std::ofstream out(path, std::ios::binary);
  if (!(out << text).flush()) return make_error(ErrorCode::kIo, path + " cannot be written");
  return {};
}

}  // namespace amity::app
