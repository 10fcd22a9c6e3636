// What is simulated: how many meters, how long, which faults, and, to try the checks, which rule is
// broken on purpose.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"

namespace amity::simulation {

enum class Fault : std::uint8_t {
  kLinks = 0,   // delay, jitter, odd chunks, breaks, half-open streams, refused and unanswered
                // connects, lost datagrams
  kPartitions,  // a link, or the platform's, is cut for a while
  kReboots,     // a meter or concentrator loses power for seconds or minutes
  kClocks,      // meters' clocks jump; the platform's own clock is wrong for a while
  kCrashes,     // the platform dies at any point and comes back over what was durable
  kDisk,        // full for a while, a torn write, a failed sync
  kPushes,      // meters push over TCP and UDP, repeat themselves, and send the same frame twice
  kCommands,    // operators read, ping, set clocks, disconnect and connect
};
inline constexpr int kFaults = 8;
std::string_view to_string(Fault fault);
std::string_view describe(Fault fault);
Result<Fault> fault_from(std::string_view name);

// A rule that a stand-in for one of the platform's parts breaks, so that it is seen whether the
// checks would notice.
enum class Break : std::uint8_t {
  kNone = 0,
  kAckBeforeDurable,  // the journal answers before the sync
  kReuseCounters,     // invocation counters are forgotten in a crash
  kNoDedupe,          // a department counts what comes again
  kRepeatCommands,    // after a crash every switching command that was under way is sent again
};
std::string_view to_string(Break rule);
Result<Break> break_from(std::string_view name);

struct Config {
  std::uint64_t seed = 1;
  std::uint32_t meters = 20;       // that speak DLMS
  std::uint32_t c12_meters = 0;    // beside them, that speak C12.22
  std::uint32_t radio_meters = 0;  // and water and gas on the air, heard by collectors
  std::uint32_t days = 1;
  std::uint32_t faults = (1u << kFaults) - 1;  // bit per Fault
  Break rule_broken = Break::kNone;
  std::function<void(std::string_view line)> trace;  // what happens, a line each; may be empty

  bool has(Fault fault) const { return (faults >> static_cast<int>(fault) & 1) != 0; }
};

struct Violation {
  UtcSeconds at;
  DeviceId device;
  std::string rule;
  std::string what;
};

}  // namespace amity::simulation
