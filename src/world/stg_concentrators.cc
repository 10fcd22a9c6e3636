#include "world/stg_concentrators.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "world/hash.h"
#include "world/limits.h"

namespace amity::world {
namespace {

// A row is in the meter's profile a moment after the turn of its interval.
constexpr std::int64_t kSettled_s = 2;
constexpr std::int64_t kListEvery_s = 3'600;
constexpr std::size_t kIncidentsMax = 1'000;

}  // namespace

StgConcentrators::StgConcentrators(Runtime runtime, const StgConfig& config, const MeterTown& town,
                                   const std::vector<std::unique_ptr<VirtualMeter>>& meters,
                                   const SideMeters& side)
    : runtime_(runtime), config_(config), zone_(town.book->zone()) {
  for (const SideDevice& device : side.devices()) {
    if (device.protocol != MeterProtocol::kStg) continue;
    if (device.carrier >= concentrators_.size()) concentrators_.resize(device.carrier + 1);
    concentrators_[device.carrier].id = stg_concentrator_id(device.carrier);
    concentrators_[device.carrier].meters.push_back(
        {meters[device.meter].get(), town.born, town.born, true});
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
  look_who_is_there(concentrator);
  report_itself(concentrator);
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
    if (!report.empty()) {
      written = write(concentrator, to_string(type), std::move(report).finish()) && written;
    }
  }
  if (!written) return;
  for (std::size_t i = 0; i < until.size(); ++i) concentrator.meters[i].until = until[i];
}

void StgConcentrators::look_who_is_there(Concentrator& concentrator) {
  const UtcSeconds now = runtime_.clock.utc();
  std::vector<StgIncident> news;
  for (Behind& behind : concentrator.meters) {
    const bool present = behind.meter->powered();
    if (present) behind.heard = now;
    if (std::exchange(behind.present, present) != present)
      news.push_back({now, behind.meter->serial(), present});
  }
  if (news.empty()) return;
  write(concentrator, "S15", stg_incidents("S15", concentrator.id, zone_, news));
  for (StgIncident& incident : news) {
    if (concentrator.log.size() < kIncidentsMax) concentrator.log.push_back(std::move(incident));
  }
}

void StgConcentrators::report_itself(Concentrator& concentrator) {
  const UtcSeconds now = runtime_.clock.utc();
  if (now - concentrator.listed < kListEvery_s) return;
  concentrator.listed = now;
  std::vector<StgMember> members;
  for (const Behind& behind : concentrator.meters)
    members.push_back({behind.meter->serial(), behind.heard, behind.present});
  write(concentrator, "S24", stg_members(concentrator.id, zone_, now, members));
  if (concentrator.log.empty()) return;
  write(concentrator, "S17", stg_incidents("S17", concentrator.id, zone_, concentrator.log));
  concentrator.log.clear();
}

// "PRX0000000001_0_S02_0_20260920111051"
bool StgConcentrators::write(const Concentrator& concentrator, std::string_view type,
                             const std::string& xml) {
  const std::string stamp = stg_time(zone_, runtime_.clock.utc()).substr(0, 14);
  const std::filesystem::path file =
      config_.folder / fmt::format("{}_0_{}_0_{}", concentrator.id, type, stamp);
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
