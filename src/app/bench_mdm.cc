// `amity bench mdm`: from arriving readings to determinants. A meter's day in one message, as a
// nightly read brings it; through the intake until durable (fsync on), stored in blocks, read back
// channel by channel; laid out, all rules, estimation closed on the day's register advance, energy
// by time of use and the highest demand. Two channels of a hundred lack two hours. The registers at
// midnight are the bench's own, not stored. The platform stands when the readings begin to arrive:
// its list of channels and what it remembers of each are in memory; what that took is told apart,
// as is what the store still does later, when nobody waits: flushing and compressing all of it.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>
#include <vector>

#include "app/bench.h"
#include "app/bench_store.h"
#include "intake/make_intake.h"
#include "mdm/determinants/demand.h"
#include "mdm/determinants/energy.h"
#include "mdm/estimate/estimate.h"
#include "mdm/validate/rules_toml.h"
#include "mdm/validate/validate.h"
#include "runtime/system.h"
#include "store/directory.h"
#include "store/kv_rocksdb.h"

namespace amity::app {
namespace {

constexpr std::uint32_t kChannelsPerMeter = 4, kInterval_s = 900, kSlots = 96;
struct Size {
  std::uint32_t channels;
  int rounds;  // the small ones are over too soon to be measured once
};
constexpr Size kSizes[] = {{10'000, 25}, {100'000, 5}, {1'000'000, 3}};
constexpr std::size_t kInFlight = 500;     // messages of a meter's day
constexpr UtcSeconds kDay(1'699'920'000);  // 2023-11-14

std::int64_t value_of(std::uint32_t channel, std::uint32_t slot) {
  std::uint32_t h = channel * 2'654'435'761u ^ (slot + 1) * 2'246'822'519u;
  h ^= h >> 15;
  return 40 + h % 300;
}

// Two hours from 03:00 are missing at two channels of a hundred.
bool is_there(std::uint32_t channel, std::uint32_t slot) {
  return channel % 50 != 7 || slot < 12 || slot >= 20;
}

std::int64_t advance_of(std::uint32_t channel) {
  std::int64_t sum = 0;
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) sum += value_of(channel, slot);
  return sum;
}

double cpu_s() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1'024;
}

std::size_t load(store::Store& store, intake::Intake& intake, std::uint32_t meters) {
  std::atomic<std::size_t> in_flight{0}, accepted{0};
  for (std::uint32_t m = 0; m < meters; ++m) {
    ReadingsArrived message{"headend", kDay + 90'000, {}};
    message.readings.reserve(std::size_t{kChannelsPerMeter} * kSlots);
    for (std::uint32_t c = m * kChannelsPerMeter + 1; c <= (m + 1) * kChannelsPerMeter; ++c) {
      for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
        if (!is_there(c, slot)) continue;
        const UtcSeconds end = kDay + std::int64_t{slot + 1} * kInterval_s;
        message.readings.push_back({ChannelId(c), end, value_of(c, slot), {}});
      }
    }
    while (in_flight.load(std::memory_order_relaxed) >= kInFlight)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    in_flight.fetch_add(1, std::memory_order_relaxed);
    intake.accept(std::move(message), [&](Result<intake::Receipt> receipt) {
      if (receipt.ok()) accepted.fetch_add(receipt->accepted, std::memory_order_relaxed);
      in_flight.fetch_sub(1, std::memory_order_release);
    });
  }
  while (in_flight.load(std::memory_order_acquire) > 0)
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  (void)must(store.readings().checkpoint(), "checkpoint");
  return accepted.load();
}

class Night {
 public:
  Night(const mdm::RuleSet& rules, std::uint32_t channels)
      : rules_(rules), calendar_(TimeZone::utc()), states_(channels + 1) {
    day_ = calendar_.day_at(kDay);
    const auto tou = mdm::Schedule::make({},
                                         {{-1, mdm::kWeekdaysMask, 36'000, 50'400, 0},
                                          {-1, mdm::kWeekdaysMask, 64'800, 79'200, 0},
                                          {-1, mdm::kWeekdaysMask, 28'800, 86'400, 1},
                                          {-1, 0xFF, 0, 86'400, 2}},
                                         3);
    map_ = must(mdm::map_period(must(mdm::bill_period(calendar_, kDay, kDay), "period"),
                                must(tou, "schedule"), kInterval_s),
                "map");
    channel_.interval_s = kInterval_s;
    channel_.unit = Unit::kWattHour;
    in_.grid = &grid_;
    in_.channel = &channel_;
    in_.point.rating_per_hour = 20'000;
    in_.now = kDay + 90'000;
    quality_.assign(kSlots, mdm::SlotQuality::kActual);
  }

  void judge(ChannelId id, std::span<const Reading> readings) {
    const mdm::RegisterPoint registers[] = {{kDay, 1'000},
                                            {kDay + 86'400, 1'000 + advance_of(id.value)}};
    must(mdm::lay_out(readings, day_, kInterval_s, grid_), "laying out");
    channel_.id = id;
    in_.registers = registers;
    mdm::ChannelState& state = states_[id.value];
    mdm::validate_day(rules_, in_, state, verdict_);
    const std::size_t open = mdm::slots_to_estimate(rules_, grid_, verdict_, open_);
    if (open > 0) fill(registers);
    mdm::absorb_day(in_, verdict_, open, state);
    const mdm::IntervalView view{id, kDay, kInterval_s, 0, grid_.value, quality_};
    mdm::energy_by_bucket(view, map_, use_);
    energy += use_.total;
    peaks += mdm::max_demand(view, map_, {}, true).power;
    if (open > 0) std::fill(quality_.begin(), quality_.end(), mdm::SlotQuality::kActual);
    readings_judged += readings.size();
  }

  std::int64_t energy = 0, peaks = 0;
  std::uint64_t readings_judged = 0, estimated = 0, closed = 0;

 private:
  void fill(std::span<const mdm::RegisterPoint> registers) {
    window_.clear();
    must(window_.add(grid_, open_), "window");
    mdm::EstimateInput input;
    input.window = &window_;
    input.registers = registers;
    mdm::estimate({}, input, estimates_);
    for (const mdm::SlotEstimate& e : estimates_.slots) {
      grid_.value[e.slot] = e.value;
      quality_[e.slot] = mdm::SlotQuality::kEstimated;
    }
    estimated += estimates_.slots.size();
    for (const mdm::SegmentReport& segment : estimates_.segments)
      closed += segment.closure == mdm::Closure::kExact;
  }

  const mdm::RuleSet& rules_;
  mdm::DayCalendar calendar_;
  mdm::LocalDay day_;
  mdm::PeriodMap map_;
  std::vector<mdm::ChannelState> states_;
  Channel channel_;
  mdm::DayInput in_;
  mdm::DayGrid grid_;
  mdm::DayVerdict verdict_;
  std::vector<std::uint8_t> open_;
  std::vector<mdm::SlotQuality> quality_;
  mdm::SeriesWindow window_;
  mdm::Estimates estimates_;
  mdm::EnergyUse use_;
};

using Details = std::vector<std::pair<std::string, double>>;

// CPU seconds of all threads at the ends of the parts, so that other work of the machine does not
// count.
struct Marks {
  double began = 0, stands = 0, loaded = 0, settled = 0, at_rest = 0;
};

Details details_of(const Marks& at, double readings, std::uint32_t channels, const Night& night) {
  const auto ns = [&](double from, double to) { return (to - from) * 1e9 / readings; };
  return {{"readings_per_cpu_s", readings / (at.settled - at.stands)},
          {"readings", readings},
          {"load_ns_per_reading", ns(at.stands, at.loaded)},
          {"read_rules_estimate_determinants_ns_per_reading", ns(at.loaded, at.settled)},
          {"starting_before_ns_per_reading", ns(at.began, at.stands)},
          {"compacting_after_ns_per_reading", ns(at.settled, at.at_rest)},
          {"readings_per_cpu_s_with_both", readings / (at.at_rest - at.began)},
          {"judged", static_cast<double>(night.readings_judged)},
          {"estimated", static_cast<double>(night.estimated)},
          {"gaps_closed_exactly", static_cast<double>(night.closed)},
          {"mean_kwh", static_cast<double>(night.energy) / 1'000 / channels},
          {"mean_peak_w", static_cast<double>(night.peaks) / channels}};
}

// Everything to its final place on disk.
void bring_to_rest(const std::string& directory) {
  const auto kv = must(store::open_rocksdb(store::kv_path(directory), {}), "opening the blocks");
  must(kv->compact(), "compacting");
}

// One round of one size, the speed first.
Details measure(std::uint32_t channels, const mdm::RuleSet& rules) {
  const ScratchDirectory scratch;
  runtime::SystemClock clock;
  auto store = must(store::open_embedded(scratch.path(), {}), "opening");
  add_bench_fleet(store->registry(), channels / kChannelsPerMeter, kChannelsPerMeter);
  Marks at{.began = cpu_s()};
  auto intake = must(intake::make_intake(*store, clock), "intake");
  Night night(rules, channels);
  at.stands = cpu_s();
  const Instant began = clock.now();
  const std::size_t accepted = load(*store, *intake, channels / kChannelsPerMeter);
  at.loaded = cpu_s();
  must(store->readings().scan_day(
           day_of_interval_end(kDay + kInterval_s),
           [&](ChannelId id, std::span<const Reading> readings) { night.judge(id, readings); }),
       "reading back");
  at.settled = cpu_s();
  const double wall_s = static_cast<double>((clock.now() - began).count()) / 1e6;
  const double mib = peak_mib();
  intake.reset();
  store.reset();
  bring_to_rest(scratch.path());
  at.at_rest = cpu_s();
  Details details = details_of(at, static_cast<double>(accepted), channels, night);
  details.emplace_back("wall_s", wall_s);
  details.emplace_back("peak_memory_mib", mib);
  return details;
}

// The round of the middle speed.
Details measure(const Size& size, const mdm::RuleSet& rules) {
  std::vector<Details> rounds;
  for (int i = 0; i < size.rounds; ++i) rounds.push_back(measure(size.channels, rules));
  std::ranges::sort(rounds, {}, [](const Details& d) { return d.front().second; });
  return rounds[rounds.size() / 2];
}

struct Spread {
  double slowest = 0, fastest = 0;
  void add(double speed) {
    slowest = slowest == 0 ? speed : std::min(slowest, speed);
    fastest = std::max(fastest, speed);
  }
};

}  // namespace

BenchResult bench_mdm() {
  BenchResult result{"mdm", -1, "readings/s/core", false, {}};
  const auto book = mdm::rules_from_toml(mdm::default_rules_text());
  if (!book.ok()) return result;
  const mdm::RuleSet rules = *book->find("residential", Unit::kWattHour);
  Spread night, with_both;
  for (const Size& size : kSizes) {
    const Details details = measure(size, rules);
    const std::string of = std::to_string(size.channels) + "_channels_";
    for (const auto& [name, value] : details) {
      result.details.emplace_back(of + name, value);
      if (name == "readings_per_cpu_s") night.add(value);
      if (name == "readings_per_cpu_s_with_both") with_both.add(value);
    }
  }
  result.figure = night.slowest;
  result.details.emplace_back("slowest_over_fastest_size", night.slowest / night.fastest);
  result.details.emplace_back("slowest_over_fastest_size_with_both",
                              with_both.slowest / with_both.fastest);
  result.details.emplace_back("bytes_of_state_per_channel", sizeof(mdm::ChannelState));
  return result;
}

}  // namespace amity::app
