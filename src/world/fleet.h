// All virtual meters of a town on a network, and what a head-end must know to speak to them. Runs on the loop's
// thread of the
// runtime that it is given: real sockets or virtual time.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/runtime.h"
#include "world/collector.h"
#include "world/grid.h"
#include "world/grid_meters.h"
#include "world/meter_host.h"
#include "world/replay.h"
#include "world/side_meters.h"
#include "world/stg_concentrators.h"
#include "world/virtual_meter.h"

namespace amity::world {

struct FleetConfig {
  std::uint64_t seed = 1;
  // Of every protocol of the mix. With real homes: at most as many as there are homes; 0: all of them.
  std::uint32_t meters = 200;
  DeviceMix mix = DeviceMix::all_dlms();
  std::string zone = "Australia/Sydney";
  std::int32_t history_days = 40;      // how long before now the meters were installed
  double concentrator_share = 0.6;
  // Of the transformers, how many have a meter of their own (grid_meters.h); with any, feeders have
  // too.
  double grid_meter_share = 0;
  bool hdlc = false;                   // directly reached meters speak HDLC over the stream, not the wrapper
  Climate climate;
  FaultRates faults;
  LinkQuality link;
  // Real homes. Their stamps are moved by whole weeks so that `replay_now` falls into the week before now.
  std::shared_ptr<const Replay> replay;
  UtcSeconds replay_now{1'382'277'600};  // 2013-10-20T14:00:00Z: two weeks after the October clock change

  std::string bind = "0.0.0.0";
  std::uint16_t port = 4059;           // 0: the system chooses; see port()
  // A listener for each meter and concentrator instead of one for all: for networks without a common address
  // (virtual time).
  bool listen_on_each = false;
  std::optional<Endpoint> push;        // where meters push their last intervals and alarms; nullopt: not at all
  std::uint32_t push_spread_s = 120;   // a meter pushes this long after the turn of the interval at most
  std::optional<Endpoint> frames;      // where collectors forward radio telegrams; nullopt: not at all
  std::uint32_t telegram_every_s = 900;
  std::string stg_drop;                // folder that concentrators deliver STG reports to; "": nowhere
  std::uint32_t stg_every_s = 900;
};

// What a head-end needs beyond the master data.
struct DeviceSecrets {
  DeviceId device;
  MeterKeys keys;
  dlms::SystemTitle client_title{};
};

class PushSender;

class Fleet {
 public:
  static Result<std::unique_ptr<Fleet>> make(Runtime runtime, const FleetConfig& config);
  ~Fleet();

  // A connection from another machine is dropped.
  Status listen();
  void start_pushes();  // where the configuration has a target
  void start_pushes(const Endpoint& to);
  // Radio telegrams, through the collectors; where the configuration has a target.
  void start_frames();
  void start_frames(const Endpoint& to);
  // STG reports, where the configuration has a folder for them.
  void start_reports();
  void start_reports(const std::string& folder);
  // Meters reboot and clocks jump now and then, at the rates of the configuration: which and when is drawn from
  // the seed.
  void start_disturbances() { disturb_later(); }
  void stop();          // listener, connections, pushes

  // The homes, each with the truth of its electricity; the first dlms_meters() of them are DLMS meters.
  std::size_t size() const { return meters_.size(); }
  std::size_t dlms_meters() const { return dlms_meters_; }
  SideMeters& side() { return *side_; }
  const SideMeters& side() const { return *side_; }
  CollectorStats collector_stats() const { return collectors_ ? collectors_->stats() : CollectorStats(); }
  StgStats stg_stats() const { return stg_ ? stg_->stats() : StgStats(); }
  VirtualMeter& meter(std::uint32_t index) { return *meters_[index]; }
  const Grid& grid() const { return grid_; }
  // Addresses carry the port that is listened on.
  const store::MasterData& master_data() const { return grid_.master; }
  std::vector<DeviceSecrets> secrets() const;  // of the DLMS meters, then those of the grid
  // Transformers' and feeders' own meters: not among the homes, in the order of GridPlan::meters.
  const GridPlan& grid_plan() const { return grid_plan_; }
  VirtualMeter& grid_meter(std::size_t i) { return *grid_meters_[i]; }
  // With meters of the grid there is one of the water mains too, where it can be read (side_meters.h).
  const std::optional<DistrictMeter>& district() const { return district_; }
  std::vector<SideKey> side_keys() const { return side_->keys(); }
  std::uint16_t port() const { return port_; }
  const FleetConfig& config() const { return config_; }
  UtcSeconds born() const { return town_.born; }
  std::int64_t replay_shift_s() const { return replay_shift_s_; }
  EnergyBook& book() { return *book_; }

  // The power of one meter fails: its connections break. Meters behind concentrators just stop answering.
  void cut_connections(std::uint32_t meter);
  std::size_t connections() const { return hosts_.size(); }
  const HostStats& stats() const { return stats_; }
  std::uint64_t pushes_sent() const;
  std::uint64_t pushes_failed() const;
  // Computes what a first nightly read needs, so that a benchmark measures reading and not the homes of the past.
  void warm_up();

 private:
  friend class PushSender;

  Fleet(Runtime runtime, const FleetConfig& config, const TimeZone& zone);
  Status build(const TimeZone& zone);
  void accept(std::unique_ptr<Stream> stream);
  void adopt(std::unique_ptr<Host> host);
  void forget(Host* host);
  void add_grid(const GridConfig& grid);
  VirtualMeter* reached_at(std::uint32_t index);
  VirtualMeter* behind(std::uint32_t concentrator, ByteView device_address);
  void set_port(std::uint16_t port);
  void disturb_later();
  void disturb(std::int64_t minute);

  Runtime runtime_;
  FleetConfig config_;
  Grid grid_;
  std::unique_ptr<EnergyBook> book_;
  MeterTown town_;
  std::vector<std::unique_ptr<VirtualMeter>> meters_;
  std::size_t dlms_meters_ = 0;
  GridPlan grid_plan_;
  std::vector<std::unique_ptr<VirtualMeter>> grid_meters_;
  std::unique_ptr<SideMeters> side_;
  std::optional<DistrictMeter> district_;
  std::unique_ptr<Collectors> collectors_;
  std::unique_ptr<StgConcentrators> stg_;
  std::int64_t replay_shift_s_ = 0;
  std::uint16_t port_ = 0;
  HostStats stats_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<Host*, std::unique_ptr<Host>> hosts_;
  std::unique_ptr<PushSender> pushes_;
  TimerId disturbance_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// The master data and keys of a fleet as one JSON document (docs/formats/fleet.md). It holds every key of every meter:
// simulated ones only.
std::string fleet_to_json(const store::MasterData& master, std::span<const DeviceSecrets> secrets,
                          std::span<const SideKey> side_keys = {});

}  // namespace amity::world
