#include "app/vee_run.h"

#include <algorithm>

namespace amity::app {
namespace {

constexpr std::uint32_t kIntervalMax_s = 6 * 3'600;  // rows farther apart are a register's

// As Amity and its imports name them: "import_total", "import_11_register".
bool names_a_register(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_register");
}

}  // namespace

void VeeRun::add(const exchange::ParsedRow& row) {
  ++summary_.readings;
  rows_[{row.serial, row.name, row.unit, row.channel}].push_back(
      {row.time, row.value, row.quality});
}

std::uint32_t VeeRun::interval_of(const SeriesKey& key, const std::vector<Row>& rows) const {
  if (names_a_register(key.name)) return 0;
  std::map<std::int64_t, std::size_t> counts;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].time > rows[i - 1].time) ++counts[rows[i].time - rows[i - 1].time];
  }
  const auto commonest =
      std::max_element(counts.begin(), counts.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (commonest == counts.end() || commonest->first > kIntervalMax_s) return 0;
  return options_.interval_s != 0 ? options_.interval_s
                                  : static_cast<std::uint32_t>(commonest->first);
}

Result<Series> VeeRun::series_of(const SeriesKey& key, const std::vector<Row>& rows,
                                 std::uint32_t interval_s) {
  Series series;
  Channel& c = series.channel;
  c.id = ChannelId(key.channel);
  c.kind = interval_s == 0 ? ChannelKind::kRegister : ChannelKind::kInterval;
  c.name = key.name;
  c.unit = key.unit;
  c.interval_s = interval_s;
  int exponent = rows.front().value.exponent;
  for (const Row& row : rows) exponent = std::min(exponent, row.value.exponent);
  c.exponent = static_cast<std::int8_t>(exponent);
  for (const Row& row : rows) {
    AMITY_TRY(const std::int64_t value, rescale(row.value, exponent));
    series.readings.push_back({c.id, row.time, value, row.quality});
  }
  if (interval_s == 0) std::ranges::stable_sort(series.readings, {}, &Reading::time);
  return series;
}

BesideIt VeeRun::beside(const SeriesKey& key, const Series& series, const AllSeries& intervals,
                        const AllSeries& registers) const {
  BesideIt found;
  for (const auto& [other, candidate] : registers) {
    const bool of_it = other.name == key.name || other.name == key.name + "_total";
    if (other.serial == key.serial && of_it && other.unit == key.unit) found.registers = &candidate;
  }
  const auto check = options_.facts.checks.find({key.serial, key.name});
  for (const auto& [other, candidate] : intervals) {
    if (candidate.channel.interval_s != series.channel.interval_s) continue;
    if (check != options_.facts.checks.end() && other.unit == key.unit &&
        other.serial == check->second.meter && other.name == check->second.channel)
      found.check = &candidate;
    if (other.serial == key.serial && key.name == "import" && other.name == "reactive_import" &&
        other.unit == Unit::kVarHour)
      found.reactive = &candidate;
  }
  return found;
}

Status VeeRun::run(const PrintRecord& print) {
  AllSeries intervals, registers;
  for (const auto& [key, rows] : rows_) {
    const std::uint32_t interval_s = interval_of(key, rows);
    AMITY_TRY(Series series, series_of(key, rows, interval_s));
    (interval_s == 0 ? registers : intervals).emplace(key, std::move(series));
  }
  summary_.channels = intervals.size();
  summary_.registers = registers.size();
  for (const auto& [key, series] : intervals) {
    const BesideIt with = beside(key, series, intervals, registers);
    if (const Status done = vee_channel(options_, key, series, with, summary_, print); !done.ok())
      summary_.refused.push_back(key.serial + " " + key.name + ": " + done.error().reason);
  }
  return {};
}

}  // namespace amity::app
