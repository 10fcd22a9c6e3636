// Collectors of wireless M-Bus: each hears the meters of its neighbourhood and forwards every
// telegram, as it came off the air, over one connection to a head-end's frame listener. While that
// is gone it keeps a bounded number of them and connects again, ever more slowly; nobody
// acknowledges telegrams, so those that a lost connection may have taken with it are sent again.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "base/runtime.h"
#include "world/link_faults.h"
#include "world/side_meters.h"

namespace amity::world {

struct CollectorConfig {
  std::uint64_t seed = 1;
  Endpoint target;
  std::uint32_t every_s = 900;  // each meter is forwarded once in this time, at a moment of its own
  std::uint32_t first_s = 30;   // and a first time within this
  double loss = 0;              // share of telegrams that nobody hears
};

struct CollectorStats {
  std::uint64_t sent = 0, lost = 0, dropped = 0, connections = 0;
  std::uint64_t repeated = 0;  // of those sent: again, after a connection was lost
};

class Collectors {
 public:
  // All references outlive the object.
  Collectors(Runtime runtime, const CollectorConfig& config, SideMeters& side);
  ~Collectors();
  Collectors(const Collectors&) = delete;
  Collectors& operator=(const Collectors&) = delete;

  const CollectorStats& stats() const { return stats_; }

 private:
  struct Uplink;
  struct Turn {
    Instant due;
    std::uint32_t resource = 0, collector = 0;
    bool operator>(const Turn& other) const { return due > other.due; }
  };

  void arm();
  void on_timer();
  void hear(const Turn& turn);

  Runtime runtime_;
  CollectorConfig config_;
  SideMeters& side_;
  mbus::Encoder encoder_;
  std::vector<Turn> turns_;  // a heap, the soonest first
  std::vector<std::unique_ptr<Uplink>> uplinks_;
  CollectorStats stats_;
  TimerId timer_ = 0;
};

}  // namespace amity::world
