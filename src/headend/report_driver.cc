#include "headend/report_driver.h"

#include <algorithm>
#include <cstdlib>

#include "headend/delivery.h"

namespace amity::headend {

namespace {

constexpr std::size_t kSameSecondEventsMax = 100;

CommandOutcome failed(const Error& error) {
  return {CommandState::kFailed, to_string(error)};
}
CommandOutcome refused(std::string why) {
  return {CommandState::kFailed, std::move(why)};
}
std::string signed_seconds(std::int32_t s) {
  return (s >= 0 ? "+" : "") + std::to_string(s) + " s";
}

}  // namespace

TakeOptions ReportDriver::options() const {
  TakeOptions options;
  options.zone = zone();
  return options;
}

bool ReportDriver::quarantined() const {
  return clock_offset_s_ && std::abs(*clock_offset_s_) > c_.config.clock.quarantine_above_s;
}

Error ReportDriver::note(Error error) {
  if (error.code == ErrorCode::kSecurity) security_failure_ = true;
  return error;
}

Status ReportDriver::take(const wire::Report& report, const TakeOptions& options,
                          const TimeRange* only) {
  auto taken = c_.reports.take_report(meter_.device.id, report, utc(), options);
  for (Event& event : c_.reports.refusals()) events_.events.push_back(std::move(event));
  if (!taken.ok()) return note(std::move(taken).error());
  if (taken->clock_offset_s) {
    clock_offset_s_ = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(*taken->clock_offset_s, INT32_MIN, INT32_MAX));
  }
  if (quarantined()) return {};  // neither its times nor its intervals can be right
  for (const Reading& reading : taken->readings.readings) {
    const bool asked =
        only == nullptr || (only->after < reading.time && reading.time <= only->until);
    if (!asked) continue;
    readings_.readings.push_back(reading);
    if (only != nullptr) newest_row_ = std::max(newest_row_, reading.time);
  }
  keep_new_events(taken->events.events);
  return {};
}

// A log is read whole: what is stored already is not told again.
void ReportDriver::keep_new_events(std::vector<Event>& events) {
  for (Event& event : events) {
    auto known = newest_event_.find(event.source);
    if (known == newest_event_.end()) {
      const auto stored = c_.events.newest(meter_.device.id, event.source);
      known = newest_event_.emplace(event.source, stored.ok() ? *stored : UtcSeconds()).first;
    }
    if (event.time < known->second) continue;
    if (event.time == known->second) {
      const auto same =
          c_.events.of_device(meter_.device.id, event.time - 1, event.time, kSameSecondEventsMax);
      if (same.ok() && std::find(same->begin(), same->end(), event) != same->end()) continue;
    }
    events_.events.push_back(std::move(event));
  }
}

Task<Status> ReportDriver::deliver() {
  AMITY_CO_TRY(const std::size_t accepted, co_await hand_over(c_, readings_, events_));
  readings_accepted_ += accepted;
  co_return Status{};
}

Task<Result<UtcSeconds>> ReportDriver::deliver_rows() {
  AMITY_CO_CHECK(co_await deliver());
  co_return std::exchange(newest_row_, UtcSeconds());
}

Task<Status> ReportDriver::report(HeadEndEvent event, std::string detail) {
  events_.events.push_back(headend_event(meter_.device.id, utc(), event, std::move(detail)));
  co_return co_await deliver();
}

// What is stored says what is missing; the channel with the fewest readings decides.
void ReportDriver::learn(ProfileProgress& progress, const CaptureGrid& grid) {
  const UtcSeconds now = utc();
  const UtcSeconds from = std::max(now - c_.config.read.backfill_s, meter_.device.commissioned);
  std::optional<std::vector<UtcSeconds>> fewest;
  const auto channels = c_.reports.channels_of(meter_.device.id);
  if (channels.ok()) {
    for (const Channel& channel : **channels) {
      if (channel.kind != ChannelKind::kInterval || channel.interval_s != grid.period_s) continue;
      const auto stored = c_.readings.read(channel.id, from, now);
      if (!stored.ok()) continue;
      std::vector<UtcSeconds> times;
      for (const Reading& r : *stored) times.push_back(r.time);
      if (!fewest || times.size() < fewest->size()) fewest = std::move(times);
    }
  }
  progress.learn(fewest.value_or(std::vector<UtcSeconds>{}), from, now, grid);
}

std::vector<TimeRange> ReportDriver::missing(std::uint32_t period_s) {
  const CaptureGrid grid{period_s, true};
  meter_.loads.resize(1);
  if (!meter_.loads[0].known()) learn(meter_.loads[0], grid);
  if (wanted_) return {*wanted_};
  return meter_.loads[0].missing(utc(), grid);
}

void ReportDriver::answered(TimeRange range, UtcSeconds last, std::uint32_t period_s) {
  meter_.loads[0].answered(range, last, utc(), {period_s, true});
}

// Off by little: set. Off by much: for a person, and by very much nothing is taken.
Task<Status> ReportDriver::check_clock() {
  const ClockPolicy& policy = c_.config.clock;
  if (!clock_offset_s_) co_return Status{};
  const std::int32_t off = std::abs(*clock_offset_s_);
  if (off > policy.set_below_s) {
    if (std::exchange(meter_.clock_alarm, true)) co_return Status{};
    co_return co_await report(HeadEndEvent::kClockFarOff, std::to_string(*clock_offset_s_) + " s");
  }
  meter_.clock_alarm = false;
  if (!policy.set || off <= policy.set_above_s || !sets_clock()) co_return Status{};
  AMITY_CO_CHECK(co_await write_clock());
  co_return co_await report(HeadEndEvent::kClockSet,
                            "it was off by " + std::to_string(*clock_offset_s_) + " s");
}

Task<Status> ReportDriver::read_scheduled(Progress progress) {
  Status status = co_await read_clock();
  if (status.ok() && !quarantined()) {
    if (c_.config.read.registers) status = co_await read_registers(progress);
    if (status.ok()) status = co_await read_profile(progress);
    if (status.ok() && c_.config.read.events) status = co_await read_events();
  }
  AMITY_CO_CHECK(co_await deliver());  // what came before a failure is kept
  if (!status.ok()) co_return note(status.error());
  co_return co_await check_clock();
}

Task<CommandOutcome> ReportDriver::run_read(bool profile_only, Progress progress) {
  const std::size_t before = readings_accepted_;
  progress(profile_only ? "reading the load profile" : "reading clock and registers");
  Status status;
  if (profile_only) {
    status = co_await read_clock();
    if (status.ok() && !quarantined()) status = co_await read_profile(progress);
    const Status kept = co_await deliver();
    if (status.ok()) status = kept;
  } else {
    status = co_await read_scheduled(progress);
  }
  if (!status.ok()) co_return failed(note(status.error()));
  if (quarantined()) {
    co_return refused("the clock is off by " + signed_seconds(*clock_offset_s_) +
                      ": readings are not taken");
  }
  co_return CommandOutcome{CommandState::kDone,
                           std::to_string(readings_accepted_ - before) + " readings"};
}

Task<CommandOutcome> ReportDriver::run_set_clock() {
  if (!sets_clock()) co_return refused("this meter's clock cannot be set from here");
  Status status = co_await read_clock();
  if (status.ok() && !clock_offset_s_) co_return refused("the meter shows no clock");
  const std::int32_t before = clock_offset_s_.value_or(0);
  if (status.ok()) status = co_await write_clock();
  if (status.ok()) status = co_await read_clock();
  if (status.ok()) status = co_await deliver();
  if (!status.ok()) co_return failed(note(status.error()));
  const bool right = std::abs(*clock_offset_s_) <= c_.config.clock.set_above_s;
  co_return CommandOutcome{
      right ? CommandState::kDone : CommandState::kFailed,
      "clock was " + signed_seconds(before) + ", is " + signed_seconds(*clock_offset_s_)};
}

Task<CommandOutcome> ReportDriver::run_switch(bool, bool) {
  co_return refused("not implemented: no public text here says how meters of this protocol switch");
}

Task<CommandOutcome> ReportDriver::run(const Command& command, bool sent_before,
                                       Progress progress) {
  const Command c = command;
  switch (c.kind) {
    case CommandKind::kReadNow:
      co_return co_await run_read(false, std::move(progress));
    case CommandKind::kPing: {
      Status status = co_await read_clock();
      const Status kept = co_await deliver();
      if (status.ok()) status = kept;
      if (!status.ok()) co_return failed(note(status.error()));
      std::string text = "reachable";
      if (clock_offset_s_) text += ", clock " + signed_seconds(*clock_offset_s_);
      co_return CommandOutcome{CommandState::kDone, std::move(text)};
    }
    case CommandKind::kReadProfile: {
      if (!has_profile()) co_return refused("no load profile is read from meters of this protocol");
      const auto range = range_from(c.argument);
      if (!range.ok()) co_return refused(range.error().reason);
      wanted_ = *range;
      CommandOutcome outcome = co_await run_read(true, std::move(progress));
      wanted_.reset();
      co_return outcome;
    }
    case CommandKind::kSetClock:
      co_return co_await run_set_clock();
    case CommandKind::kDisconnect:
    case CommandKind::kConnect:
      co_return co_await run_switch(c.kind == CommandKind::kConnect, sent_before);
    case CommandKind::kSetPush:
      co_return refused("meters of this protocol have no push setup to write");
  }
  co_return refused("no such command");
}

}  // namespace amity::headend
