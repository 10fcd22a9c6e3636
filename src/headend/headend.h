// The head-end: reads and writes the meters of one shard, on one thread, over an injected runtime: real sockets or
// virtual time. N instances share a fleet by device id modulo N. A conversation with a meter is a coroutine; their
// number is bounded, and idle meters cost nothing but their place in the schedule.
//
// Everything it learns leaves through two doors: readings and events through Intake (acknowledged = durable), and
// ContactMade and CommandChanged facts through `emit`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/civil.h"
#include "base/runtime.h"
#include "driver/model_set.h"
#include "headend/key_ring.h"
#include "headend/limits.h"
#include "intake/intake.h"
#include "model/command.h"
#include "model/facts.h"
#include "session/dlms/push_receiver.h"
#include "store/events.h"
#include "store/readings.h"
#include "store/registry.h"

namespace amity::headend {

struct ClockPolicy {
  bool set = true;                       // may set clocks at all
  std::int32_t set_above_s = 10;         // |offset| above this is corrected ...
  std::int32_t set_below_s = 1'800;      // ... up to this; above it is an event for a person
  std::int32_t quarantine_above_s = 86'400;  // readings are not taken while the clock is so far off
};

struct SegmentPolicy {
  std::size_t conversations_max = kSegmentConversationsDefault;  // in flight
  double starts_per_s = 50;                                      // token bucket
  double burst = 50;
};

struct ReadPolicy {
  std::uint32_t interval_s = 3'600;  // a meter is read so often ...
  std::uint32_t offset_s = 120;      // ... this long after the turn of the interval ...
  std::uint32_t spread_s = 600;      // ... plus a share of this, by a hash of its id
  std::uint32_t catch_up_s = 60;     // after a start every meter is visited once within this
  std::uint32_t backfill_s = 40 * 86'400;  // of history, for a meter never read
  std::uint32_t rows_per_read = kProfileRowsPerRead;
  bool registers = true;
  bool daily = true;
  bool events = true;
};

struct PushPolicy {
  std::optional<Endpoint> tcp, udp;  // where to listen; nullopt: not at all
  std::size_t connections_max = kPushConnectionsMax;
};

struct HeadEndConfig {
  unsigned shard = 0, shards = 1;
  std::size_t conversations_max = kConversationsMaxDefault;
  SegmentPolicy segment;
  double starts_per_s = 5'000;  // all segments together
  ReadPolicy read;
  ClockPolicy clock;
  PushPolicy push;
  TimeZone zone = TimeZone::utc();  // of meters whose clock sends no deviation
  // Of meters that are not DLMS; null: all are read generically.
  std::shared_ptr<const driver::ModelSet> models;
  std::string tls_folder;  // whose files addresses may name; "": none
  bool scheduled = true;   // false: on-demand commands and push only
};

struct HeadEndStats {
  std::uint64_t devices = 0;
  std::uint64_t in_flight = 0, waiting_commands = 0, locked_out = 0;
  std::uint64_t contacts_ok = 0, contacts_failed = 0, security_failures = 0;
  std::uint64_t readings_accepted = 0, events_accepted = 0, commands_done = 0, commands_failed = 0;
  std::uint64_t pushes_accepted = 0, pushes_refused = 0, push_connections = 0;
  std::uint64_t connections_open = 0, bytes_sent = 0, bytes_received = 0;
};

class HeadEnd {
 public:
  using Emit = std::function<void(Fact)>;  // ContactMade and CommandChanged, on the loop's thread

  // All references outlive the head-end.
  HeadEnd(Runtime runtime, store::Registry& registry, store::Readings& readings, store::Events& events,
          intake::Intake& intake, KeyRing& keys, HeadEndConfig config, Emit emit);
  ~HeadEnd();  // ends every conversation where it stands

  // On the loop's thread. Loads the shard's devices, opens the push listeners, begins the schedule.
  Status start();
  void stop();

  // Any thread. Commands of devices of other shards are ignored, so a command may be given to every instance.
  void submit(const Command& command);
  // Any thread. A device was added or changed in the registry.
  void refresh(DeviceId device);

  // Where a push goes that this shard's listener heard for a device of another shard. Set before start().
  using Forward = std::function<void(const dlms::Pushed& pushed, const Endpoint& from)>;
  void set_forward(Forward forward);
  // Any thread. A push that another shard's listener heard; passed over when the device is not of this shard.
  void hear(const dlms::Pushed& pushed, const Endpoint& from);

  HeadEndStats stats() const;  // on the loop's thread
  std::optional<Endpoint> push_tcp() const;  // the port chosen, for port 0
  std::optional<Endpoint> push_udp() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace amity::headend
