// A utility in virtual time: the platform, its meters and the network between them on one thread,
// with faults drawn from a seed, and the rules that must hold whatever happens. One seed and one
// build give one history.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/simulation/finals_check.h"
#include "app/simulation/nonce_watch.h"
#include "app/simulation/platform.h"
#include "app/simulation/town.h"
#include "app/simulation/witness.h"

namespace amity::simulation {

struct Report {
  std::optional<Violation> violation;
  UtcSeconds start, end;
  std::int64_t settle_s =
      0;                     // from the end of the faults until the store was the meters' own truth
  std::uint64_t events = 0;  // of the virtual world
  std::uint64_t history_hash =
      0;  // of every byte on the wire, when it was sent, and what was stored in the end
  std::uint64_t crashes = 0, disk_faults = 0, platform_clock_jumps = 0, platform_cuts = 0,
                replayed_facts = 0;
  std::uint64_t readings_stored = 0, switchings = 0, nonces = 0;
  TownStats town;
  world::NetworkStats network;
  headend::HeadEndStats head_end;
  Counts checked;
  FinalsCounts finals;
  std::uint64_t rereads = 0;
};

class Simulation {
 public:
  explicit Simulation(const Config& config);
  ~Simulation();

  // The error is of the set-up; what goes wrong afterwards is a violation in the report.
  Result<Report> run();

 private:
  using Action = std::function<void()>;
  using RowField = std::function<std::int64_t(const world::Interval&)>;
  using Differs = std::function<bool(const std::string& what)>;  // tells, and is false

  Status build();
  // Recurs with this mean while faults last.
  void recur(std::int64_t mean_s, Action action);
  void plan_faults();
  void end_faults();
  void crash(bool silently);
  void maybe_crash_soon();
  void recover();
  void fill_disk();
  void fail_one_write(store::KvFault how);
  void command_somebody();
  void jump_platform_clock();

  void check_life();
  void check_commands();
  void check_tallies();
  void check_final_values();
  bool same_as_the_meters(bool report);
  bool same_as_meter(std::size_t index, UtcSeconds until, bool report);
  bool same_rows(ChannelId channel, const std::vector<world::ProfileRow>& rows,
                 const RowField& field, UtcSeconds until, const Differs& differs);
  bool same_as_c12(const world::SideDevice& side, UtcSeconds until, bool report);
  bool same_as_radio(const world::SideDevice& side, bool report);
  Differs differs_of(DeviceId device, bool report);
  std::uint64_t hours_with_registers(const std::vector<Channel>& channels, UtcSeconds from,
                                     UtcSeconds until);
  void settle();
  void finish(Report& report);

  void see(const world::TapRecord& record);
  void note(const std::string& what);
  Duration span(std::int64_t from_s, std::int64_t to_s);
  void violated(DeviceId device, std::string rule, std::string what);

  Config config_;
  world::VirtualWorld world_;
  world::VirtualProcess* process_ = nullptr;  // the platform's
  world::VirtualRandom random_;
  Witness witness_;
  NonceWatch nonces_;
  std::unique_ptr<Town> town_;
  std::unique_ptr<Platform> platform_;
  bool faults_ = true;
  bool recovering_ = false;
  Instant disk_full_until_;
  std::optional<store::KvFault> next_write_;
  Report report_;
};

}  // namespace amity::simulation
