// One day while MdmSettler decides it. Not for others.
#pragma once

#include "roles/mdm_settler.h"

namespace amity::roles {

// Where a meter came or went, `own` is the part of the day that it hung there; grid, verdict and
// `open` are of it, the rest of the whole day, with nothing outside of it.
struct MdmSettler::Day {
  mdm::LocalDay local, own;
  std::size_t lead = 0;  // slots of the day before its own begin
  mdm::DayGrid grid;
  std::optional<mdm::DayGrid> reactive;
  std::optional<std::int64_t> tariff_advance;
  std::optional<mdm::Reported> reported;
  std::optional<store::FinalDay> stored;
  std::vector<std::optional<std::int64_t>> first_raw;
  std::vector<mdm::SlotFinal> before;
  std::vector<mdm::RegisterPoint> registers;  // within the day and at its ends
  mdm::DayVerdict verdict;
  std::vector<std::uint8_t> open;  // to be estimated, without what a person decided
  std::vector<std::optional<FinalValue>> after;
  VeeDay now;
  std::size_t missing = 0;
  bool estimate = false;
  // What was delivered is of intervals of another length: none of it is taken, nothing estimated.
  bool unlike = false;
  // Where the multiplier changed within an interval: what was counted, and how much more the final
  // values of all such are than that.
  std::vector<std::optional<std::int64_t>> counted;
  std::int64_t apportioned = 0;

  bool is_own(std::size_t slot) const { return slot >= lead && slot < lead + grid.slots; }
};

inline Quality quality_of(const FinalValue& v, std::uint16_t raw) {
  if (v.origin == FinalOrigin::kEstimated) return Quality{}.with(QualityFlag::kEstimated);
  if (v.origin == FinalOrigin::kEdited) return Quality{}.with(QualityFlag::kEdited);
  return Quality{raw};
}

// What the rules are told of a channel's day.
mdm::DayInput input_of(const MdmChannel& c, const mdm::DayGrid& grid,
                       std::span<const mdm::RegisterPoint> registers, const SettleRequest& request);

// Where the times of `readings` (ascending, one of each) show intervals that are not the channel's.
// Nothing where they are: that alone does not say that the rest of the meter's configuration is.
std::optional<mdm::Reported> reported_of(const Channel& channel, std::span<const Reading> readings,
                                         const mdm::LocalDay& own);

// All rules. Where the multiplier changes within the day, those that hold one value against another
// look at the values as the multiplier at the day's begin would have them.
void validate(const MdmChannel& c, const mdm::DayInput& in, const mdm::ChannelState& state,
              mdm::DayVerdict& verdict);
// Takes the day into the statistics and states them as the next day's multiplier has them.
void absorb(const MdmChannel& c, const mdm::DayInput& in, const mdm::DayVerdict& verdict,
            std::size_t open, UtcSeconds next_day, mdm::ChannelState& state);
// Each slot's multiplier, divided by what all have in common.
std::vector<std::int64_t> ratios_of(const Channel& channel, const mdm::SeriesWindow& window,
                                    std::int64_t unit);
// What all multipliers of a channel have in common.
std::int64_t common_ratio(const Channel& channel);

}  // namespace amity::roles
