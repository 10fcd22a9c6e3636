#include "headend/meter.h"

#include <algorithm>

namespace amity::headend {

namespace {

constexpr std::uint32_t kDay_s = 86'400;
constexpr std::size_t kHolesMax = 16;  // more are joined into one range

}  // namespace

Result<TimeRange> range_from(std::string_view argument) {
  const std::size_t slash = argument.find('/');
  if (slash == argument.npos) return make_error(ErrorCode::kInvalid, "the argument is not FROM/TO");
  const auto from = from_iso(argument.substr(0, slash)), to = from_iso(argument.substr(slash + 1));
  if (!from.ok() || !to.ok() || *to <= *from)
    return make_error(ErrorCode::kInvalid, "the argument is not FROM/TO in ISO time");
  return TimeRange{*from, *to};
}

CaptureGrid load_grid(const Profile& profile) { return {profile.period_s, true}; }
CaptureGrid daily_grid(const Profile& profile) { return {profile.period_s == 0 ? kDay_s : profile.period_s, false}; }

void ProfileProgress::learn(std::span<const UtcSeconds> stored, UtcSeconds from, UtcSeconds now, CaptureGrid grid) {
  known_ = true;
  holes_.clear();
  complete_ = grid.floor(from);
  for (const UtcSeconds time : stored) {
    if (time > now) break;
    if (time - complete_ > grid.step_max()) holes_.push_back({complete_, grid.floor(time - 1)});
    complete_ = std::max(complete_, grid.floor(time));
  }
  if (holes_.size() > kHolesMax) {
    holes_[kHolesMax - 1].until = holes_.back().until;
    holes_.resize(kHolesMax);
  }
}

std::vector<TimeRange> ProfileProgress::missing(UtcSeconds now, CaptureGrid grid) const {
  std::vector<TimeRange> out = holes_;
  const UtcSeconds newest = grid.floor(now);
  if (newest - complete_ >= grid.step_min()) out.push_back({complete_, newest});
  return out;
}

void ProfileProgress::answered(TimeRange range, UtcSeconds last, UtcSeconds now, CaptureGrid grid) {
  const bool old = now - range.until > 2 * grid.step_max();
  const UtcSeconds done = old ? range.until : grid.floor(last);
  if (done <= range.after) return;
  std::vector<TimeRange> left;
  for (const TimeRange& hole : holes_) {
    if (hole.until <= range.after || hole.after >= done) {
      left.push_back(hole);
      continue;
    }
    if (hole.after < range.after) left.push_back({hole.after, std::min(hole.until, range.after)});
    if (hole.until > done) left.push_back({std::max(hole.after, done), hole.until});
  }
  holes_ = std::move(left);
  if (range.after <= complete_) complete_ = std::max(complete_, done);
}

void ProfileProgress::pushed(UtcSeconds time, CaptureGrid grid) {
  const std::int64_t step = time - complete_;
  if (known_ && step >= grid.step_min() && step <= grid.step_max()) complete_ = time;
}

}  // namespace amity::headend
