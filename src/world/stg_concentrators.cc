#include "world/stg_concentrators.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "world/hash.h"
#include "world/limits.h"

namespace amity::world {
namespace {

// A row is in the meter's profile a moment after the turn of its interval.
constexpr std::int64_t kSettled_s = 2;

}  // namespace

StgConcentrators::StgConcentrators(Runtime runtime, const StgConfig& config, const MeterTown& town,
                                   const std::vector<std::unique_ptr<VirtualMeter>>& meters,
                                   const SideMeters& side)
    : runtime_(runtime), config_(config), zone_(town.book->zone()) {
  for (const SideDevice& device : side.devices()) {
    if (device.protocol != MeterProtocol::kStg) continue;
    if (device.carrier >= concentrators_.size()) concentrators_.resize(device.carrier + 1);
    concentrators_[device.carrier].id = stg_concentrator_id(device.carrier);
    concentrators_[device.carrier].meters.push_back({meters[device.meter].get(), town.born});
  }
  std::uint64_t number = 0;
  for (Concentrator& c : concentrators_) {
    const std::uint64_t spread =
        std::max<std::uint64_t>(1, std::uint64_t{config.first_s} * 1'000'000);
    arm(c, Duration(static_cast<std::int64_t>(mix(town.seed, 0x535447u, number++) % spread)));
  }
}

StgConcentrators::~StgConcentrators() {
  for (const Concentrator& c : concentrators_) runtime_.timers.cancel(c.timer);
}

void StgConcentrators::arm(Concentrator& concentrator, Duration after) {
  concentrator.timer = runtime_.timers.at(runtime_.clock.now() + after, [this, &concentrator] {
    report(concentrator);
    arm(concentrator, std::chrono::seconds(std::max<std::uint32_t>(1, config_.every_s)));
  });
}

// A report that cannot be written is not repeated by type: its meters stay where they were, and the
// head-end does not mind what comes twice.
void StgConcentrators::report(Concentrator& concentrator) {
  std::vector<UtcSeconds> until(concentrator.meters.size());
  for (std::size_t i = 0; i < until.size(); ++i) {
    const Behind& behind = concentrator.meters[i];
    const UtcSeconds settled =
        std::min(behind.meter->true_time(), behind.meter->meter_time()) - kSettled_s;
    until[i] = behind.meter->powered() ? std::max(behind.until, settled) : behind.until;
  }
  bool written = true;
  for (const StgType type : kStgTypes) {
    StgReport report(type, concentrator.id);
    for (std::size_t i = 0; i < until.size(); ++i) {
      const Behind& behind = concentrator.meters[i];
      if (until[i] <= behind.until) continue;
      report.add(*behind.meter, stg_elements(type, *behind.meter, zone_, behind.until, until[i]));
    }
    if (!report.empty()) written = write(concentrator, type, std::move(report).finish()) && written;
  }
  if (!written) return;
  for (std::size_t i = 0; i < until.size(); ++i) concentrator.meters[i].until = until[i];
}

// "PRX0000000001_0_S02_0_20260920111051"
bool StgConcentrators::write(const Concentrator& concentrator, StgType type,
                             const std::string& xml) {
  const std::string stamp = stg_time(zone_, runtime_.clock.utc()).substr(0, 14);
  const std::filesystem::path file =
      config_.folder / fmt::format("{}_0_{}_0_{}", concentrator.id, to_string(type), stamp);
  const std::filesystem::path unfinished = file.string() + ".tmp";
  std::error_code error;
  std::ofstream out(unfinished, std::ios::binary);
  out << xml;
  out.close();
  if (out) std::filesystem::rename(unfinished, file, error);
  const bool written = out && !error;
  ++(written ? stats_.files : stats_.failed);
  return written;
}

}  // namespace amity::world
