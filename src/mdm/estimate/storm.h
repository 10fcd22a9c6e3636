// Storm mode: where an area's read rate has fallen far below what it was, the network is down, not
// the meters; estimates made now would all be replaced tomorrow. One guard an area; fed once a day
// with what was expected and what came.
#pragma once

#include <array>
#include <cstdint>

namespace amity::mdm {

struct StormPolicy {
  std::int32_t enter_drop_permille = 300;  // below the norm by this
  std::int32_t leave_drop_permille = 50;   // back within this
  std::uint32_t devices_min = 100;
};

class StormGuard {
 public:
  explicit StormGuard(StormPolicy policy = {}) : policy_(policy) {}

  // The state after this day. Days of storm do not count in the norm.
  bool add_day(std::uint32_t devices, std::uint64_t expected, std::uint64_t received);
  bool suspended() const { return suspended_; }
  // Mean read rate of the latest 7 days that were no storm, per mille; 0 when none is known.
  std::int32_t norm_permille() const;

 private:
  StormPolicy policy_;
  std::array<std::int32_t, 7> rates_{};  // ring
  std::uint32_t days_ = 0;
  bool suspended_ = false;
};

}  // namespace amity::mdm
