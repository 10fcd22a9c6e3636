// What rating costs: account-months of quarter hours (2,976 intervals) in memory to a statement
// with its traces, one core: energy by time of use, tiers, maximum demand with ratchet, fixed, tax,
// gate.
#include <fmt/core.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "app/bench.h"
#include "mdm/rate/rate.h"
#include "mdm/rate/statement_text.h"
#include "mdm/rate/tariff_toml.h"
#include "world/virtual_random.h"

namespace amity::app {
namespace {

constexpr std::size_t kAccounts = 4'000;
constexpr int kRounds = 25;
constexpr std::string_view kTariff = R"(
version = 1
name = "Three periods, tiers and demand"
currency = "EUR"
zone = "Europe/Madrid"
buckets = ["peak", "flat", "valley"]
[[schedule]]
days = "weekdays"
from = "10:00"
to = "14:00"
bucket = "peak"
[[schedule]]
days = "weekdays"
from = "18:00"
to = "22:00"
bucket = "peak"
[[schedule]]
days = "weekdays"
from = "08:00"
to = "24:00"
bucket = "flat"
[[schedule]]
bucket = "valley"
[[energy]]
name = "Peak"
buckets = ["peak"]
tiers = [{upto = "100", price = "0.182"}, {upto = "200", price = "0.195"}, {price = "0.21"}]
[[energy]]
name = "Flat"
buckets = ["flat"]
tiers = [{upto = "150", price = "0.121"}, {price = "0.134"}]
[[energy]]
name = "Valley"
buckets = ["valley"]
price = "0.0915"
[[demand]]
name = "Demand"
price = "3.51"
ratchet_permille = 700
[[fixed]]
name = "Meter"
price = "0.81"
[[tax]]
name = "VAT"
percent = "21"
)";

double cpu_s() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

}  // namespace

BenchResult bench_rate() {
  BenchResult result{"rate", -1, "account-months/s", false, {}};
  const auto tariff = mdm::tariff_from_toml(kTariff);
  const auto zone = TimeZone::find("Europe/Madrid");
  if (!tariff.ok() || !zone.ok()) return result;
  const mdm::DayCalendar calendar(*zone);
  const auto period =
      mdm::bill_period(calendar, UtcSeconds(1'767'265'200), UtcSeconds(1'769'857'200));
  const auto plan = mdm::make_plan(*tariff, *period, 900, 0);  // January 2026
  if (!plan.ok()) return result;
  world::VirtualRandom random(1);
  const std::size_t slots = plan->map.slots;
  std::vector<std::int64_t> values(kAccounts * slots);
  for (std::int64_t& v : values) v = static_cast<std::int64_t>(random.below(400));
  std::vector<mdm::SlotQuality> quality(kAccounts * slots, mdm::SlotQuality::kActual);
  for (std::size_t i = 0; i < quality.size(); ++i)
    if (random.below(100) == 0) quality[i] = mdm::SlotQuality::kEstimated;
  const std::int64_t earlier[] = {2'000, 3'000, 2'500};
  mdm::Statement statement;
  std::int64_t total = 0;
  std::size_t held = 0, lines = 0;
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const double start = cpu_s();
    for (std::size_t a = 0; a < kAccounts; ++a) {
      mdm::AccountUse use{"A-1000001", {}, nullptr, nullptr, earlier, 0};
      use.import = {ChannelId(static_cast<std::uint32_t>(a + 1)),
                    plan->map.period.start,
                    900,
                    0,
                    std::span(values).subspan(a * slots, slots),
                    std::span(quality).subspan(a * slots, slots)};
      if (!mdm::rate(*plan, use, statement).ok()) return result;
      total += statement.total;
      held += !statement.holds.empty();
      lines += statement.lines.size();
    }
    rounds.push_back(static_cast<double>(kAccounts) / (cpu_s() - start));
  }
  std::sort(rounds.begin(), rounds.end());
  result.figure = rounds[rounds.size() / 2];
  const double text_start = cpu_s();
  std::size_t bytes = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto name = [](ChannelId id) { return std::to_string(id.value); };
    bytes += mdm::to_json(statement, *tariff, *zone, name).size();
  }
  const double rated = static_cast<double>(kRounds) * kAccounts;
  result.details = {{"intervals_per_account_month", static_cast<double>(slots)},
                    {"intervals_per_s", result.figure * static_cast<double>(slots)},
                    {"us_per_account_month", 1e6 / result.figure},
                    {"best_round", rounds.back()},
                    {"worst_round", rounds.front()},
                    {"lines_per_statement", static_cast<double>(lines) / rated},
                    {"held", static_cast<double>(held)},
                    {"mean_total", static_cast<double>(total) / 100 / rated},
                    {"estimated_share", 0.01},
                    {"json_us_per_statement", (cpu_s() - text_start) * 1e6 / 1'000},
                    {"json_bytes_per_statement", static_cast<double>(bytes) / 1'000}};
  return result;
}

}  // namespace amity::app
