// The other side: every meter and concentrator in a process of its own, with power, a clock and a
// link that fail. Keeps the truth that the platform's store is held against.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "app/simulation/config.h"
#include "headend/key_ring.h"
#include "world/collector.h"
#include "world/grid.h"
#include "world/meter_host.h"
#include "world/side_meters.h"
#include "world/virtual_world.h"

namespace amity::simulation {

struct TownStats {
  std::uint64_t reboots = 0, clock_jumps = 0, cuts = 0, pushes_tcp = 0, pushes_udp = 0,
                pushes_doubled = 0;
};

class Town {
 public:
  // `platform`: where meters push to and collectors forward telegrams to.
  static Result<std::unique_ptr<Town>> make(world::VirtualWorld& world, const Config& config,
                                            const std::string& platform);
  ~Town();

  const store::MasterData& master() const { return grid_.master; }
  std::vector<std::pair<DeviceId, headend::DeviceKeys>> keys() const;
  std::size_t size() const { return config_.meters; }  // DLMS meters; the others are in side()
  std::size_t hosts() const { return hosts_.size(); }
  world::VirtualMeter& meter(std::size_t index) { return *meters_[index]; }
  const world::MeterPlace& place(std::size_t index) const { return grid_.meters[index]; }
  UtcSeconds born() const { return town_.born; }
  world::SideMeters& side() { return *side_; }

  Status power_up();
  void set_links(const world::LinkProfile& link);
  void start_pushes();
  void stop_pushes() { pushing_ = false; }

  // Faults, by index of host or meter.
  void reboot(std::size_t host, Duration off, bool silently);
  void cut(std::size_t host, Duration length);
  void jump_clock(std::size_t meter, std::int64_t by_s);

  TownStats stats;

 private:
  struct House;  // a process: one meter, a concentrator with its meters, or the collectors
  struct OutgoingPush;

  Town(world::VirtualWorld& world, const Config& config, const std::string& platform);
  Status build();
  void build_houses();
  House& add_house(const std::string& host);
  Status boot(House& house);
  void accept(House& house, std::unique_ptr<Stream> stream);
  void plan_push(std::uint32_t meter);
  void push(std::uint32_t meter);
  void send_push(House& house, Bytes frame, bool datagram);
  Result<Bytes> push_frame(world::VirtualMeter& meter);

  world::VirtualWorld& world_;
  const Config& config_;
  Endpoint push_target_, frames_target_;
  world::VirtualRandom random_;
  world::VirtualClock true_time_;
  world::Grid grid_;
  std::unique_ptr<world::EnergyBook> book_;
  world::MeterTown town_;
  std::vector<std::unique_ptr<world::VirtualMeter>> meters_;
  std::unique_ptr<world::SideMeters> side_;
  std::vector<std::unique_ptr<House>> hosts_;
  std::vector<std::size_t> host_of_;  // by meter
  std::vector<UtcSeconds> pushed_until_;
  bool pushing_ = false;
  std::uint32_t invoke_id_ = 0;
};

}  // namespace amity::simulation
