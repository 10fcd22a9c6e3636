#include "mdm/registers/point_history.h"

#include "mdm/profile/limits.h"
#include "mdm/registers/limits.h"

namespace amity::mdm {
namespace {

Error wrong(const Installation& i, const std::string& why) {
  return make_error(ErrorCode::kInvalid, "device " + std::to_string(i.device.value) +
                                             " installed at " + to_iso(i.from) + ": " + why);
}

Status check_ratios(const Installation& i) {
  if (i.ratios.size() > kMultiplierChangesMax) return wrong(i, "too many changes of its ratio");
  for (std::size_t r = 0; r < i.ratios.size(); ++r) {
    const RatioChange& ratio = i.ratios[r];
    if (ratio.ct < 1 || ratio.vt < 1 || ratio.ct > kMultiplierMax / ratio.vt)
      return wrong(i, "its CT or VT ratio is no ratio");
    if (r == 0 ? ratio.from > i.from : ratio.from <= i.ratios[r - 1].from)
      return wrong(i, "its ratios do not ascend from its installation");
  }
  return {};
}

}  // namespace

std::int64_t Installation::multiplier_at(UtcSeconds time) const {
  std::int64_t multiplier = 1;
  for (const RatioChange& ratio : ratios) {
    if (ratio.from > time) break;
    multiplier = ratio.ct * ratio.vt;
  }
  return multiplier;
}

Status check(const PointHistory& history) {
  if (history.installations.size() > kInstallationsMax)
    return make_error(ErrorCode::kLimit, "more meters than a service point has");
  const Installation* before = nullptr;
  for (const Installation& i : history.installations) {
    if (i.to && *i.to <= i.from) return wrong(i, "it was removed before it was installed");
    if (i.to && !i.last) return wrong(i, "its last reading is missing");
    if (i.digits < 0 || i.digits > kDialDigitsMax) return wrong(i, "its dial has too many digits");
    if (before != nullptr && (!before->to || *before->to > i.from))
      return wrong(i, "the meter before it still hung there");
    AMITY_CHECK(check_ratios(i));
    before = &i;
  }
  const Occupancy* last = nullptr;
  for (const Occupancy& o : history.occupancies) {
    if ((o.to && *o.to < o.from) || (last != nullptr && (!last->to || *last->to > o.from)))
      return make_error(ErrorCode::kInvalid, "customer " + std::to_string(o.customer.value) +
                                                 ": occupancies overlap or end before they begin");
    last = &o;
  }
  return {};
}

}  // namespace amity::mdm
