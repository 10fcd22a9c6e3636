// Losses of a transformer or feeder: what was fed in less what was delivered, over the intervals
// that every meter has; and how sure that is.
//
// Uncertainty (JCGM 100:2008, type B): a meter of class a per cent is within +-a E, evenly spread:
// u = a E / sqrt(3). Estimated energy likewise within +-e. Meters err independently of each other:
//
//     U = k sqrt( sum (a_i E_i)^2 / 3 + sum (e E_est,i)^2 / 3 ),  k = 2 (about 95 %)
//
// A fault that many meters share (one batch, one wrong ratio) is not in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "mdm/profile/interval_view.h"

namespace amity::mdm {

struct BalanceMeter {
  IntervalView view;
  std::int64_t class_permille = 10;  // accuracy class 1: 10
  bool feeds_in = false;             // else it takes out
};

struct LossBalance {
  std::int64_t supplied = 0, delivered = 0, loss = 0;  // raw integers
  std::int64_t loss_permyriad = 0;                     // of supplied, 0.01 %; half away from zero
  std::int64_t uncertainty = 0;                        // U, rounded up
  std::uint32_t slots = 0, left_out = 0;  // left out: missing or failed at one of the meters
  std::uint64_t estimated = 0;            // meter-intervals
  std::vector<std::int64_t> sums;         // of each meter, over the intervals that count

  // The loss cannot be explained by the meters' errors alone.
  bool significant() const { return loss > uncertainty || -loss > uncertainty; }
};

// All views over the same stretch and exponent, else kInvalid.
Result<LossBalance> loss_balance(std::span<const BalanceMeter> meters,
                                 std::int64_t estimate_error_permille = 300);

}  // namespace amity::mdm
