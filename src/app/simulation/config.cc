#include "app/simulation/config.h"

#include <array>

namespace amity::simulation {
namespace {

struct FaultName {
  std::string_view name, what;
};
constexpr std::array<FaultName, kFaults> kFaultNames = {{
    {"links", "delay, odd chunks, breaks, half-open streams, refused connects, lost datagrams"},
    {"partitions", "a meter's link or the platform's is cut for a while"},
    {"reboots", "a meter or concentrator loses power for seconds or minutes"},
    {"clocks", "meters' clocks jump, the platform's is wrong for a while"},
    {"crashes", "the platform dies at any point and comes back over what was durable"},
    {"disk", "full for a while, a torn write, a failed sync"},
    {"pushes", "meters push over TCP and UDP, repeat rows, send the same frame twice"},
    {"commands", "operators read, ping, set clocks, disconnect and connect"},
}};
constexpr std::array<std::string_view, 5> kBreakNames = {
    "none", "ack-before-durable", "reuse-counters", "no-dedupe", "repeat-commands"};

template <class Names, class Of>
std::string listing(const Names& names, Of of) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + std::string(of(name));
  return out;
}

}  // namespace

std::string_view to_string(Fault fault) {
  return kFaultNames[static_cast<std::size_t>(fault)].name;
}
std::string_view describe(Fault fault) {
  return kFaultNames[static_cast<std::size_t>(fault)].what;
}
std::string_view to_string(Break rule) {
  return kBreakNames[static_cast<std::size_t>(rule)];
}

Result<Fault> fault_from(std::string_view name) {
  for (std::size_t i = 0; i < kFaultNames.size(); ++i) {
    if (kFaultNames[i].name == name) return static_cast<Fault>(i);
  }
  return make_error(ErrorCode::kInvalid,
                    "no fault is named '" + std::string(name) + "'; there are " +
                        listing(kFaultNames, [](const FaultName& f) { return f.name; }));
}

Result<Break> break_from(std::string_view name) {
  for (std::size_t i = 1; i < kBreakNames.size(); ++i) {
    if (kBreakNames[i] == name) return static_cast<Break>(i);
  }
  return make_error(ErrorCode::kInvalid,
                    "no rule is named '" + std::string(name) + "'; there are " +
                        listing(kBreakNames, [](std::string_view n) { return n; }));
}

}  // namespace amity::simulation
