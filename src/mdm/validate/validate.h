// Validation of one channel's local day. What is not known is left empty: the rules that need it
// are skipped and say so.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mdm/profile/channel_state.h"
#include "mdm/profile/day_grid.h"
#include "mdm/profile/register_track.h"
#include "mdm/validate/finding.h"
#include "mdm/validate/rules.h"
#include "model/channel.h"

namespace amity::mdm {

// What the delivery says of itself, to be held against master data.
struct Reported {
  DeviceId device;
  std::int64_t multiplier = 1;
  Unit unit = Unit::kNone;
  std::uint32_t interval_s = 0;
};

// What is known of the point that the channel measures.
struct PointFacts {
  bool delivered_only = true;  // a negative value cannot be
  bool active = true;          // a contract: use is expected
  bool deenergised = false;    // zero is right
  std::int64_t rating_per_hour =
      0;  // fuse or CT rating in the channel's raw unit per hour; 0: not known
  std::int64_t register_resolution =
      0;  // smallest step of the register, in the channel's raw unit; 0: not known
  UtcSeconds commissioned;
};

struct DayInput {
  const DayGrid* grid = nullptr;
  const Channel* channel = nullptr;
  PointFacts point;
  UtcSeconds now;
  std::optional<Reported> reported;
  std::optional<std::int32_t> clock_offset_s;  // meter minus reference
  // The register at both ends of the day and wherever it was read, exchanged or given a multiplier
  // within.
  std::span<const RegisterPoint> registers;
  RegisterFace face;
  // Advance of all tariff registers together over the same span, in the channel's raw unit.
  std::optional<std::int64_t> tariff_advance;
  const DayGrid* reactive = nullptr;  // kvarh of the same intervals and exponent
};

struct DayVerdict {
  std::array<Finding, kRules> findings;
  Outcome worst = Outcome::kPass;
  bool verified = false;              // interval sum and register agree
  std::vector<std::uint16_t> failed;  // [slot], bit = rule
  std::vector<std::uint16_t> warned;  // [slot]
  std::int64_t total = 0, peak = 0;   // of what is present and not failed
  std::uint32_t usable = 0;           // slots present and not failed
  Advance advance;                    // of the day, where registers bound it

  const Finding& of(Rule rule) const { return findings[static_cast<std::size_t>(rule)]; }
};

// All fifteen rules in order. `verdict` is a buffer to be reused.
void validate_day(const RuleSet& rules, const DayInput& input, const ChannelState& state,
                  DayVerdict& verdict);

// Slots that estimation is to fill: missing, or failed by a rule that asks for it. Returns how
// many; `out` has a byte a slot.
std::size_t slots_to_estimate(const RuleSet& rules, const DayGrid& grid, const DayVerdict& verdict,
                              std::vector<std::uint8_t>& out);

// Takes the day into the statistics, once: false when this day or a later one was taken in before.
bool absorb_day(const DayInput& input, const DayVerdict& verdict, std::size_t estimated_slots,
                ChannelState& state);

}  // namespace amity::mdm
