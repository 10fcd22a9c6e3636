#include "app/demo_grid.h"

#include <fmt/format.h>

#include <fstream>

namespace amity::app {

Status write_demo_grid(const world::GridPlan& plan, const store::MasterData& master,
                       const std::string& path) {
  if (plan.meters.empty()) return {};
  std::string text = "version = 1\n", town;
  for (const world::GridMeter& m : plan.meters) {
    const std::string& name = m.feeder ? master.feeders[m.of].name : master.transformers[m.of].name;
    text += fmt::format("\n[[supply]]\n{} = \"{}\"\nserial = \"{}\"\n",
                        m.feeder ? "feeder" : "transformer", name, m.serial);
    if (m.feeder) town += fmt::format("  {{ serial = \"{}\" }},\n", m.serial);
  }
  text += "\n[[meter]]\nname = \"Town, at the substation\"\nterms = [\n" + town + "]\n";
  std::ofstream out(path, std::ios::binary);
  if (!(out << text).flush()) return make_error(ErrorCode::kIo, path + " cannot be written");
  return {};
}

}  // namespace amity::app
