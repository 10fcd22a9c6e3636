#include "mdm/estimate/series_window.h"

#include <algorithm>

#include "mdm/estimate/limits.h"
#include "mdm/profile/limits.h"

namespace amity::mdm {

void SeriesWindow::scale(std::span<const std::int64_t> factor) {
  for (std::size_t i = 0; i < value_.size() && i < factor.size(); ++i) {
    const __int128 wide = __int128{value_[i]} * factor[i];
    value_[i] =
        static_cast<std::int64_t>(std::clamp<__int128>(wide, -kMagnitudeMax, kMagnitudeMax));
  }
}

void SeriesWindow::clear() {
  interval_s_ = 0;
  days_.clear(), first_.clear(), whole_.clear(), value_.clear(), state_.clear(), day_of_.clear();
}

Status SeriesWindow::add(const DayGrid& grid, std::span<const std::uint8_t> open) {
  if (open.size() != grid.slots) return make_error(ErrorCode::kInvalid, "not one mark a slot");
  if (days_.size() >= kWindowDaysMax)
    return make_error(ErrorCode::kLimit, "too many days in a window");
  if (days_.empty()) {
    interval_s_ = grid.interval_s;
    start_ = grid.day.start;
  } else if (grid.interval_s != interval_s_ ||
             grid.day.start != days_.back().start + days_.back().length_s) {
    return make_error(ErrorCode::kInvalid,
                      "the day does not follow the one before with the same interval");
  }
  bool whole = grid.slots > 0 && !grid.day.part;
  first_.push_back(value_.size());
  for (std::size_t i = 0; i < grid.slots; ++i) {
    SlotState state = SlotState::kActual;
    if (open[i] != 0)
      state = SlotState::kOpen;
    else if (grid.quality_of(i).has(QualityFlag::kEstimated))
      state = SlotState::kEstimated;
    else if (grid.quality_of(i).has(QualityFlag::kPowerDown))
      state = SlotState::kOutage;
    whole = whole && state == SlotState::kActual;
    value_.push_back(state == SlotState::kOpen ? 0 : grid.value[i]);
    state_.push_back(state);
    day_of_.push_back(static_cast<std::uint32_t>(days_.size()));
  }
  days_.push_back(grid.day);
  whole_.push_back(whole ? 1 : 0);
  return {};
}

std::int32_t SeriesWindow::wall_of(std::size_t slot) const {
  const std::size_t d = day_of_[slot];
  return days_[d].wall_of(static_cast<std::int32_t>((slot - first_[d]) * interval_s_));
}

std::optional<std::size_t> SeriesWindow::slot_at(std::size_t d, std::int32_t wall_s) const {
  const auto offset = days_[d].offset_of(wall_s);
  if (!offset) return std::nullopt;
  const std::size_t slot = static_cast<std::size_t>(*offset) / interval_s_;
  return slot < slots_of(d) ? std::optional(first_[d] + slot) : std::nullopt;
}

std::optional<std::size_t> SeriesWindow::boundary(UtcSeconds time) const {
  const std::int64_t offset = time - start_;
  if (size() == 0 || offset < 0 || offset % interval_s_ != 0) return std::nullopt;
  const auto slot = static_cast<std::size_t>(offset / interval_s_);
  return slot <= size() ? std::optional(slot) : std::nullopt;
}

}  // namespace amity::mdm
