// Days and windows of a channel whose multiplier is not the same all over. Registers and intervals
// are held against each other as the meter counts, where a multiplier plays no part; what was used
// in one stretch is compared with another's by its multiplier.
#include <algorithm>
#include <numeric>

#include "roles/mdm_settler_day.h"

namespace amity::roles {
namespace {

using mdm::Rule;

constexpr Rule kOfUse[] = {Rule::kCeiling, Rule::kSpike, Rule::kJump, Rule::kHighLow, Rule::kPeak};

// As the multiplier at the day's begin would have counted; nothing where it holds all day.
std::optional<mdm::DayGrid> evened(const Channel& channel, const mdm::DayGrid& grid) {
  const std::int64_t reference = channel.multiplier_at(grid.day.start);
  if (channel.steps.empty() || grid.slots == 0 ||
      channel.multiplier_of(grid.end_of(grid.slots - 1)) == reference)
    return std::nullopt;
  mdm::DayGrid even = grid;
  for (std::size_t i = 0; i < even.slots; ++i) {
    const Ratio ratio{channel.multiplier_of(even.end_of(i)), reference};
    even.value[i] = ratio.of(even.value[i]);
  }
  return even;
}

mdm::DayInput without_registers(const mdm::DayInput& in, const mdm::DayGrid& grid) {
  mdm::DayInput out = in;
  out.grid = &grid;
  out.registers = {};
  out.tariff_advance.reset();
  out.reactive = nullptr;
  return out;
}

}  // namespace

void validate(const MdmChannel& c, const mdm::DayInput& in, const mdm::ChannelState& state,
              mdm::DayVerdict& verdict) {
  mdm::validate_day(*c.rules, in, state, verdict);
  const auto even = evened(c.channel, *in.grid);
  if (!even) return;
  mdm::DayVerdict of_use;
  mdm::validate_day(*c.rules, without_registers(in, *even), state, of_use);
  for (const Rule rule : kOfUse) {
    if (rule == Rule::kSpike && verdict.verified) continue;
    const auto r = static_cast<std::size_t>(rule);
    const auto bit = static_cast<std::uint16_t>(1u << r);
    verdict.findings[r] = of_use.findings[r];
    const auto take = [bit](std::vector<std::uint16_t>& into, const auto& from) {
      for (std::size_t i = 0; i < into.size(); ++i)
        into[i] = static_cast<std::uint16_t>((into[i] & ~bit) | (from[i] & bit));
    };
    take(verdict.failed, of_use.failed);
    take(verdict.warned, of_use.warned);
  }
  verdict.worst = mdm::Outcome::kPass;
  for (const mdm::Finding& f : verdict.findings) verdict.worst = std::max(verdict.worst, f.outcome);
}

void absorb(const MdmChannel& c, const mdm::DayInput& in, const mdm::DayVerdict& verdict,
            std::size_t open, UtcSeconds next_day, mdm::ChannelState& state) {
  if (const auto even = evened(c.channel, *in.grid)) {
    const mdm::DayInput of_use = without_registers(in, *even);
    mdm::DayVerdict again;
    mdm::validate_day(*c.rules, of_use, state, again);
    again.worst = verdict.worst;
    mdm::absorb_day(of_use, again, open, state);
  } else {
    mdm::absorb_day(in, verdict, open, state);
  }
  const Ratio step{c.channel.multiplier_at(in.grid->day.start), c.channel.multiplier_at(next_day)};
  if (step.num != step.den) state = restated(state, [step](UtcSeconds) { return step; });
}

std::int64_t common_ratio(const Channel& channel) {
  std::int64_t common = channel.multiplier;
  for (const MultiplierStep& step : channel.steps) common = std::gcd(common, step.multiplier);
  return std::max<std::int64_t>(common, 1);
}

std::vector<std::int64_t> ratios_of(const Channel& channel, const mdm::SeriesWindow& window,
                                    std::int64_t unit) {
  std::vector<std::int64_t> ratios(window.size());
  for (std::size_t i = 0; i < ratios.size(); ++i)
    ratios[i] = channel.multiplier_of(window.end_of(i)) / unit;
  return ratios;
}

}  // namespace amity::roles
