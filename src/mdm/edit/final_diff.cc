#include "mdm/edit/final_diff.h"

namespace amity::mdm {
namespace {

UtcSeconds end_of(const VeeDay& day, std::size_t slot) {
  return day.start + static_cast<std::int64_t>(slot + 1) * day.interval_s;
}

}  // namespace

std::vector<FinalVersion> final_changes(const VeeDay& day, std::span<const SlotFinal> before,
                                        std::span<const std::optional<FinalValue>> after,
                                        std::span<const std::optional<std::int64_t>> first_raw) {
  AMITY_ASSERT(before.size() == after.size() && before.size() == first_raw.size());
  std::vector<FinalVersion> versions;
  for (std::size_t i = 0; i < after.size(); ++i) {
    const SlotFinal& was = before[i];
    if (was.now == after[i]) continue;
    const bool first = was.version == 0;
    const FinalValue raw{first_raw[i].value_or(0), FinalOrigin::kActual, 0, false};
    if (first && first_raw[i] && after[i] == raw) continue;
    const FinalValue withdrawn{0, FinalOrigin::kWithdrawn, 0, false};
    FinalVersion v;
    v.time = end_of(day, i);
    v.version = was.version + 1;
    v.now = after[i].value_or(withdrawn);
    if (!first) v.before = was.now.value_or(withdrawn);
    versions.push_back(v);
  }
  return versions;
}

Status take_back(const VeeDay& day, std::span<const FinalVersion> versions,
                 std::span<const SlotFinal> before, std::span<std::optional<FinalValue>> after) {
  for (const FinalVersion& v : versions) {
    const auto slot = static_cast<std::size_t>((v.time - day.start) / day.interval_s) - 1;
    if (before[slot].version != v.version) {
      return make_error(ErrorCode::kConflict, "the interval that ends " + to_iso(v.time) +
                                                  " has a later version " +
                                                  std::to_string(before[slot].version));
    }
    after[slot].reset();
    if (v.before && v.before->origin != FinalOrigin::kWithdrawn) after[slot] = v.before;
  }
  return {};
}

}  // namespace amity::mdm
