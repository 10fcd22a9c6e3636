#include "app/simulation/finals_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "app/simulation/limits.h"
#include "roles/mdm_channel.h"

namespace amity::simulation {
namespace {

constexpr std::size_t kEntriesPerRead = 10'000;
constexpr std::uint16_t kSuspect = static_cast<std::uint16_t>(QualityFlag::kClockInvalid) |
                                   static_cast<std::uint16_t>(QualityFlag::kClockAdjusted) |
                                   static_cast<std::uint16_t>(QualityFlag::kDataInvalid) |
                                   static_cast<std::uint16_t>(QualityFlag::kPartial) |
                                   static_cast<std::uint16_t>(QualityFlag::kOverflow) |
                                   static_cast<std::uint16_t>(QualityFlag::kWatchdog);

class FinalsCheck {
 public:
  FinalsCheck(store::Store& store, const TimeZone& zone, UtcSeconds now, FinalsCounts& counts)
      : store_(store), zone_(zone), now_(now), counts_(counts) {}

  std::optional<Violation> run(UtcSeconds born) {
    journal();
    const auto channels = store_.registry().channels();
    if (!channels.ok()) return violation_;
    for (const Channel& channel : *channels) {
      if (violation_ || !roles::is_validated(channel)) continue;
      const auto total = std::ranges::find_if(*channels, [&](const Channel& t) {
        return t.device == channel.device && roles::is_total_of(t, channel);
      });
      days(channel, total == channels->end() ? nullptr : &*total, born);
    }
    return violation_;
  }

 private:
  void violated(DeviceId device, std::string rule, std::string what) {
    if (!violation_) violation_ = Violation{now_, device, std::move(rule), std::move(what)};
  }

  // Each decision is the next revision of its day, and says something new.
  void journal() {
    std::map<std::pair<std::uint32_t, std::int32_t>, VeeDay> last;
    store::Sequence at = 0;
    while (true) {
      const auto entries = store_.journal().read(at, kEntriesPerRead);
      if (!entries.ok() || entries->empty()) return;
      for (const auto& entry : *entries) {
        at = entry.sequence;
        const auto* fact = std::get_if<ReadingsFinal>(&entry.fact);
        if (fact == nullptr) continue;
        ++counts_.decisions;
        for (const FinalVersion& v : fact->versions) counts_.corrections += v.before.has_value();
        const VeeDay& day = fact->day;
        VeeDay& before = last[{day.channel.value, day.day}];
        const bool says_nothing = day.revision > 1 && fact->versions.empty() &&
                                  before.open == day.open && before.start == day.start &&
                                  before.closure == day.closure;
        if (day.revision != before.revision + 1 || says_nothing) {
          violated(DeviceId(), "no decision is made twice",
                   fmt::format("channel {}, day {}: revision {} after {}, {} new versions",
                               day.channel.value, day.day, day.revision, before.revision,
                               fact->versions.size()));
        }
        before = day;
      }
    }
  }

  void days(const Channel& channel, const Channel* total, UtcSeconds born) {
    const auto stored = store_.finals().days(channel.id, day_of_interval_end(born).value - 1,
                                             day_of_interval_end(now_).value + 1);
    if (!stored.ok())
      return violated(channel.device, "final values can be read", to_string(stored.error()));
    for (const auto& day : *stored) {
      if (!violation_) one_day(channel, total, day);
    }
    // The first whole local day after the meter's birth, and all that ended long ago.
    UtcSeconds start = zone_.start_of_day(born + 86'400 - 1);
    while (!violation_) {
      const UtcSeconds end = zone_.start_of_day(start + 36 * 3'600);
      if (end + kValidatedWithin_s > now_) return;
      const auto raw = store_.readings().read(channel.id, start, end);
      const bool there =
          std::ranges::any_of(*stored, [&](const auto& d) { return d.day.start == start; });
      if (!there && raw.ok() && !raw->empty()) {
        violated(
            channel.device, "every whole day is validated",
            fmt::format("channel {}: the day from {} is not", channel.id.value, to_iso(start)));
      }
      start = end;
    }
  }

  void one_day(const Channel& channel, const Channel* total, const store::FinalDay& stored) {
    const VeeDay& day = stored.day;
    ++counts_.days;
    const auto raw = store_.readings().read(channel.id, day.start, day.end());
    const auto final =
        store::final_series(store_.readings(), store_.finals(), channel.id, day.start, day.end());
    if (!raw.ok() || !final.ok()) return violated(channel.device, "final values can be read", "");
    std::int64_t sum = 0;
    std::map<std::int64_t, FinalValue> by_time;
    for (const auto& p : final->points) {
      by_time[p.reading.time.value] = p.final;
      sum += p.final.value;
      ++counts_.values;
      counts_.estimated += p.final.origin == FinalOrigin::kEstimated;
    }
    for (const Reading& r : *raw) {
      const bool outage = r.quality.has(QualityFlag::kPowerDown);
      const bool valid = (r.quality.bits & kSuspect) == 0 && (!outage || r.value == 0) &&
                         r.value >= 0 && (r.time - day.start) % day.interval_s == 0;
      if (!valid) continue;
      const auto at = by_time.find(r.time.value);
      if (at != by_time.end() && at->second.value == r.value &&
          at->second.origin == FinalOrigin::kActual) {
        continue;
      }
      return violated(
          channel.device, "final values are the raw ones where these are valid",
          fmt::format("channel {}, {}: raw {}, final {}", channel.id.value, to_iso(r.time), r.value,
                      at == by_time.end()
                          ? "none"
                          : code_of(at->second) + " " + std::to_string(at->second.value)));
    }
    if (total != nullptr) close(channel, *total, day, sum);
  }

  void close(const Channel& channel, const Channel& total, const VeeDay& day, std::int64_t sum) {
    const auto registers = store_.readings().read(total.id, day.start - 1, day.end());
    if (!registers.ok() || registers->size() < 2) return;
    if (registers->front().time != day.start || registers->back().time != day.end()) return;
    const std::int64_t advance = registers->back().value - registers->front().value;
    counts_.days_closed += sum == advance;
    const bool flagged = day.state == VeeState::kFailed || day.closure == DayClosure::kDiffers ||
                         day.closure == DayClosure::kOpen || day.closure == DayClosure::kTolerated;
    if (sum == advance || flagged || day.estimated == 0) return;
    violated(channel.device, "estimates close on the register",
             fmt::format("channel {}, day from {}: intervals {}, register {}, {}", channel.id.value,
                         to_iso(day.start), sum, advance, to_string(day.closure)));
  }

  store::Store& store_;
  const TimeZone& zone_;
  UtcSeconds now_;
  FinalsCounts& counts_;
  std::optional<Violation> violation_;
};

}  // namespace

std::optional<Violation> check_finals(store::Store& store, const TimeZone& zone, UtcSeconds born,
                                      UtcSeconds now, FinalsCounts& counts) {
  return FinalsCheck(store, zone, now, counts).run(born);
}

}  // namespace amity::simulation
