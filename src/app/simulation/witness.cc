#include "app/simulation/witness.h"

#include <fmt/format.h>

#include <algorithm>

namespace amity::simulation {

void Witness::violated(UtcSeconds at, DeviceId device, std::string rule, std::string what) {
  if (!violation_) violation_ = Violation{at, device, std::move(rule), std::move(what)};
}

void Witness::acknowledged(const ReadingsArrived& delivery, const intake::Receipt& receipt) {
  for (const Reading& r : delivery.readings) {
    const bool rejected =
        std::ranges::any_of(receipt.rejected, [&](const auto& x) { return x.reading == r; });
    if (rejected) continue;
    readings_new_[r.channel.value][r.time.value] = Kept{r.value, r.quality.bits};
    ++counts.readings_acknowledged;
  }
}

void Witness::acknowledged(const EventsArrived& delivery) {
  counts.events_acknowledged += delivery.events.size();
  events_new_.insert(events_new_.end(), delivery.events.begin(), delivery.events.end());
}

void Witness::accepted(const Command& command) {
  ++counts.commands_accepted;
  commands_[command.id.value] = command;
}

void Witness::check(store::Store& store, UtcSeconds now, bool everything) {
  check_readings(store, now, readings_new_);
  check_events(store, now, events_new_);
  check_commands(store, now);
  for (auto& [channel, by_time] : readings_new_) {
    for (auto& [time, kept] : by_time) readings_[channel][time] = kept;
  }
  events_.insert(events_.end(), events_new_.begin(), events_new_.end());
  readings_new_.clear();
  events_new_.clear();
  if (!everything) return;
  check_readings(store, now, readings_);
  check_events(store, now, events_);
}

void Witness::check_readings(store::Store& store, UtcSeconds now, const ByChannel& promised) {
  for (const auto& [channel, by_time] : promised)
    check_channel(store, now, ChannelId(channel), by_time);
}

void Witness::check_channel(store::Store& store, UtcSeconds now, ChannelId channel,
                            const ByTime& promised) {
  const auto lost = [&](std::int64_t time, const std::string& how) {
    violated(
        now, DeviceId(), "nothing acknowledged is lost",
        fmt::format("channel {}, reading of {}: {}", channel.value, to_iso(UtcSeconds(time)), how));
  };
  const auto stored = store.readings().read(channel, UtcSeconds(promised.begin()->first - 1),
                                            UtcSeconds(promised.rbegin()->first));
  if (!stored.ok()) return lost(promised.begin()->first, to_string(stored.error()));
  auto at = stored->begin();
  for (std::size_t i = 1; i < stored->size(); ++i) {
    if ((*stored)[i].time > (*stored)[i - 1].time) continue;
    violated(now, DeviceId(), "nothing is counted twice",
             fmt::format("channel {} holds {} twice", channel.value, to_iso((*stored)[i].time)));
  }
  for (const auto& [time, kept] : promised) {
    ++counts.readings_checked;
    while (at != stored->end() && at->time.value < time) ++at;
    if (at == stored->end() || at->time.value != time)
      return lost(time, "acknowledged, and not there any more");
    if (at->value == kept.value && at->quality.bits == kept.quality) continue;
    if (!was_a_version(store, channel, UtcSeconds(time), kept)) {
      return lost(time, fmt::format("acknowledged as {}, now {}", kept.value, at->value));
    }
  }
}

// A later value may have become durable without having been acknowledged; the acknowledged one is
// an earlier version then.
bool Witness::was_a_version(store::Store& store, ChannelId channel, UtcSeconds time,
                            const Kept& kept) const {
  const auto versions = store.readings().versions(channel, time);
  return versions.ok() && std::ranges::any_of(*versions, [&](const Reading& r) {
           return r.value == kept.value && r.quality.bits == kept.quality;
         });
}

void Witness::check_events(store::Store& store, UtcSeconds now,
                           const std::vector<Event>& promised) {
  constexpr std::size_t kAtOneTimeMax = 10'000;
  for (const Event& e : promised) {
    ++counts.events_checked;
    const auto kept = store.events().of_device(e.device, e.time - 1, e.time, kAtOneTimeMax);
    const bool there = kept.ok() && std::ranges::any_of(*kept, [&](const Event& k) {
                         return k.source == e.source && k.code == e.code;
                       });
    if (there) continue;
    violated(now, e.device, "nothing acknowledged is lost",
             fmt::format("event {} of {} at {} ({})", e.code, e.source, to_iso(e.time), e.text));
    return;
  }
}

void Witness::check_commands(store::Store& store, UtcSeconds now) {
  for (const auto& [id, command] : commands_) {
    ++counts.commands_checked;
    const auto kept = store.registry().command(CommandId(id));
    if (kept.ok() && *kept) continue;
    violated(now, command.device, "nothing acknowledged is lost",
             fmt::format("command {} is gone", id));
    return;
  }
}

void WitnessedIntake::accept(ReadingsArrived delivery, OnDone on_done) {
  ReadingsArrived copy = delivery;
  intake_.accept(std::move(delivery), [this, copy = std::move(copy),
                                       done = std::move(on_done)](Result<intake::Receipt> receipt) {
    if (receipt.ok()) witness_.acknowledged(copy, *receipt);
    if (done) done(std::move(receipt));
  });
}

void WitnessedIntake::accept(EventsArrived delivery, OnDone on_done) {
  EventsArrived copy = delivery;
  intake_.accept(std::move(delivery), [this, copy = std::move(copy),
                                       done = std::move(on_done)](Result<intake::Receipt> receipt) {
    if (receipt.ok()) witness_.acknowledged(copy);
    if (done) done(std::move(receipt));
  });
}

}  // namespace amity::simulation
