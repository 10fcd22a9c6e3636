// What the rules cost: a channel's quarter hours laid out, judged by all fifteen rules, taken into
// the statistics, one core.
#include <algorithm>
#include <vector>

#include "app/bench.h"
#include "mdm/validate/rules_toml.h"
#include "mdm/validate/validate.h"
#include "runtime/system.h"
#include "world/virtual_random.h"

namespace amity::app {
namespace {

constexpr int kChannels = 1'000, kDays = 40, kRounds = 5;
constexpr std::uint32_t kInterval_s = 900;
constexpr std::int64_t kFirstDay = 20'440;  // days since 1970

struct ChannelDays {
  std::vector<Reading> readings;              // of all days
  std::vector<mdm::RegisterPoint> registers;  // at every midnight
};

ChannelDays channel_days(world::VirtualRandom& random, int days, std::size_t slots) {
  ChannelDays out;
  std::int64_t dial = static_cast<std::int64_t>(random.below(1'000'000));
  UtcSeconds end(kFirstDay * 86'400);
  out.registers.push_back({end, dial});
  for (int d = 0; d < days; ++d) {
    for (std::size_t i = 0; i < slots; ++i) {
      end = end + kInterval_s;
      const auto value = static_cast<std::int64_t>(50 + random.below(300));
      dial += value;
      out.readings.push_back({ChannelId(1), end, value, {}});
    }
    out.registers.push_back({end, dial});
  }
  return out;
}

}  // namespace

BenchResult bench_mdm_rules() {
  BenchResult result;
  result.name = "mdm-rules";
  result.unit = "ns/reading";
  result.lower_is_better = true;
  result.figure = -1;
  const auto book = mdm::rules_from_toml(mdm::default_rules_text());
  if (!book.ok()) return result;
  const mdm::RuleSet rules = *book->find("residential", Unit::kWattHour);
  const Channel channel{ChannelId(1),
                        DeviceId(1),
                        ChannelKind::kInterval,
                        "import",
                        "",
                        Unit::kWattHour,
                        0,
                        kInterval_s,
                        1};
  const mdm::DayCalendar calendar(TimeZone::utc());
  std::vector<mdm::LocalDay> days;
  for (int d = 0; d < kDays; ++d)
    days.push_back(calendar.day_at(UtcSeconds((kFirstDay + d) * 86'400 + 43'200)));
  const std::size_t slots = days[0].slots(kInterval_s);
  world::VirtualRandom random(1);
  std::vector<ChannelDays> channels;
  for (int c = 0; c < kChannels; ++c) channels.push_back(channel_days(random, kDays, slots));

  mdm::DayGrid grid;
  mdm::DayVerdict verdict;
  std::vector<std::uint8_t> open;
  mdm::DayInput in;
  in.grid = &grid;
  in.channel = &channel;
  in.point.rating_per_hour = 20'000;
  in.now = UtcSeconds((kFirstDay + kDays) * 86'400);
  std::size_t judged = 0, verified = 0;
  std::vector<double> rounds;
  const runtime::SystemClock clock;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<mdm::ChannelState> states(kChannels);
    const Instant start = clock.now();
    for (int d = 0; d < kDays;
         ++d) {  // as the nights bring them: every channel of a day, then the next day
      for (std::size_t c = 0; c < channels.size(); ++c) {
        const auto at = static_cast<std::size_t>(d);
        const auto readings = std::span(channels[c].readings).subspan(at * slots, slots);
        if (!mdm::lay_out(readings, days[at], kInterval_s, grid).ok()) return result;
        in.registers = std::span(channels[c].registers).subspan(at, 2);
        mdm::validate_day(rules, in, states[c], verdict);
        mdm::absorb_day(in, verdict, mdm::slots_to_estimate(rules, grid, verdict, open), states[c]);
        verified += verdict.verified;
        judged += slots;
      }
    }
    rounds.push_back(static_cast<double>((clock.now() - start).count()) * 1'000 * kRounds);
  }
  for (double& ns : rounds) ns /= static_cast<double>(judged);
  std::sort(rounds.begin(), rounds.end());
  result.figure = rounds[rounds.size() / 2];
  result.details = {{"best_round", rounds.front()},
                    {"readings_per_s", 1e9 / result.figure},
                    {"channel_days", static_cast<double>(judged / slots)},
                    {"verified_by_registers", static_cast<double>(verified)},
                    {"bytes_of_state_per_channel", sizeof(mdm::ChannelState)}};
  return result;
}

}  // namespace amity::app
