#include "app/import_ratios.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/import_run.h"

namespace amity::app {
namespace {

using exchange::MultiplierChange;
using exchange::SeriesSummary;
using exchange::SeriesValue;

// Behind `after`, not behind `from`; `read`: a register was.
struct Within {
  MultiplierChange change;
  std::optional<UtcSeconds> read;
};

void add(std::vector<Within>& all, const MultiplierChange& change, bool is_register) {
  for (Within& known : all) {
    const bool meets = known.change.multiplier == change.multiplier &&
                       known.change.after <= change.from && change.after <= known.change.from;
    if (!meets) continue;
    if (is_register && change.after > known.change.after) known.read = change.after;
    known.change.after = std::max(known.change.after, change.after);
    known.change.from = std::min(known.change.from, change.from);
    return;
  }
  all.push_back({change, is_register ? std::optional(change.after) : std::nullopt});
}

}  // namespace

std::vector<FileRatio> ratios_in(const std::vector<SeriesSummary>& series) {
  std::vector<Within> all;
  for (const bool registers : {false, true}) {
    for (const SeriesSummary& s : series) {
      if ((s.series.kind == ChannelKind::kRegister) != registers) continue;
      for (const MultiplierChange& change : s.multipliers) add(all, change, registers);
    }
  }
  std::vector<FileRatio> out;
  for (const Within& w : all)
    out.push_back({w.read.value_or(w.change.from), w.change.multiplier, w.change.line});
  std::ranges::sort(out, {}, &FileRatio::at);
  return out;
}

std::int64_t multiplier_known(const Channel& channel, const SeriesValue& value, std::int64_t told) {
  const UtcSeconds begin = value.time - value.duration_s;
  const std::int64_t known = channel.multiplier_at(begin);
  if (told == 0) return 0;
  const bool at_change = value.duration_s == 0 && channel.multiplier_at(begin - 1) == told;
  return at_change ? told : known;
}

std::string other_multiplier(const Channel& channel, const SeriesValue& value, std::int64_t told) {
  return fmt::format("{} has the multiplier {} at {}, the file {}: left out", channel.name,
                     channel.multiplier_at(value.time - value.duration_s),
                     to_iso(value.time - value.duration_s), told);
}

std::string unlike_multipliers(const Channel& channel, const SeriesSummary& series) {
  if (series.series.multiplier == 0) return "";
  const std::uint32_t length = series.series.interval_s;
  std::int64_t told = series.series.multiplier;
  UtcSeconds first = series.first;
  const auto check = [&](UtcSeconds last_begin) -> std::string {
    std::vector<UtcSeconds> ends{first, last_begin + length};
    for (const MultiplierStep& step : channel.steps) {
      if (step.from > first - length && step.from < last_begin) ends.push_back(step.from + length);
    }
    for (const UtcSeconds end : ends) {
      const SeriesValue value{end, length, {}, {}, 0};
      if (multiplier_known(channel, value, told) != told)
        return other_multiplier(channel, value, told);
    }
    return "";
  };
  for (const MultiplierChange& change : series.multipliers) {
    if (std::string why = check(change.after); !why.empty()) return why;
    told = change.multiplier;
    first = change.from + length;
  }
  return check(series.last - length);
}

Status ImportDirectory::learn_ratios(const exchange::SeriesCheck& file, const std::string& name,
                                     ImportCounts& counts) {
  if (!options_.add) return {};
  std::map<std::pair<std::string, std::string>, std::vector<SeriesSummary>> meters;
  file.each([&](const SeriesSummary& s) {
    if (!s.multipliers.empty()) meters[{s.series.serial, s.series.point}].push_back(s);
  });
  for (const auto& [who, series] : meters) {
    const auto found =
        device(who.first, who.second, series.front().series.interval_s, true, counts);
    if (!found.ok() || !added_.contains(*found)) continue;  // told with its values
    std::size_t learned = 0;
    for (const FileRatio& ratio : ratios_in(series)) {
      if (ratio.multiplier > kRatioMax || ++learned > kRatioChangesMax) continue;
      RatioChange change;
      change.device = *found;
      change.at = ratio.at;
      change.ct = ratio.multiplier;
      change.reason = fmt::format("the multiplier of {}:{}", name, ratio.line);
      change.who = "import";
      change.told = now_;
      AMITY_CHECK(registry_.add_ratio_change(change));
    }
  }
  return {};
}

}  // namespace amity::app
