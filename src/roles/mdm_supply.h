// When a meter's supply was switched off and on, from commands that were done and from the meters'
// own events. docs/formats/vee_facts.md.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "model/event.h"

namespace amity::roles {

inline constexpr std::size_t kSwitchesMax = 1'000;  // of one meter; the oldest are forgotten

class SupplyHistory {
 public:
  // False: known already.
  bool add(UtcSeconds at, bool on);
  // Off all the time of (from, to].
  bool off(UtcSeconds from, UtcSeconds to) const;
  bool off_at_all(UtcSeconds from, UtcSeconds to) const;
  // The next switching behind `at`; none: none is known.
  std::optional<UtcSeconds> next(UtcSeconds at) const;

  void encode(Bytes& out) const;
  static Result<SupplyHistory> decode(ByteView bytes);

 private:
  struct Switch {
    UtcSeconds at;
    bool on = false;
  };
  std::vector<Switch> switches_;  // ascending
};

// Whether the event says, by its code, that supply was switched; true: on.
std::optional<bool> switched(const Event& event);

}  // namespace amity::roles
