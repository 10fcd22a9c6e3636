#include "headend/impl.h"

#include <algorithm>

namespace amity::headend {

namespace {

DispatchLimits dispatch_limits(const HeadEndConfig& config) {
  DispatchLimits limits;
  limits.in_flight_max = config.conversations_max;
  limits.starts_per_s = config.starts_per_s;
  limits.segment_in_flight_max = config.segment.conversations_max;
  limits.segment_starts_per_s = config.segment.starts_per_s;
  limits.segment_burst = config.segment.burst;
  return limits;
}

SegmentLimits segment_limits(const HeadEndConfig& config, const Bearer& bearer) {
  SegmentLimits limits{config.segment.conversations_max, config.segment.starts_per_s,
                       config.segment.burst, 1'000};
  if (bearer.in_flight_max != 0)
    limits.in_flight_max = std::min<std::size_t>(limits.in_flight_max, bearer.in_flight_max);
  if (bearer.starts_per_s != 0)
    limits.starts_per_s = std::min(limits.starts_per_s, bearer.starts_per_s);
  limits.duty_permille = bearer.duty_permille;
  return limits;
}

// A bearer that costs much is used no more often than it bears; the spread stays as configured.
// `every=60` in an address: seconds between the readings of this meter.
ReadGrid read_grid(const ReadPolicy& read, const Address& address) {
  ReadGrid grid{read.interval_s, read.offset_s, read.spread_s};
  if (const auto every = address.number_option("every", 0, 86'400); every.ok() && *every != 0)
    grid = {*every, std::min(read.offset_s, *every / 4), std::min(read.spread_s, *every / 4)};
  grid.interval_s = std::max(grid.interval_s, address.bearer.visit_interval_s);
  return grid;
}

}  // namespace

HeadEnd::Impl::Impl(Runtime runtime, store::Registry& registry, store::Readings& readings, store::Events& events,
                    intake::Intake& intake, KeyRing& keys, HeadEndConfig config, Emit emit)
    : config_(std::move(config)),
      emit_(std::move(emit)),
      pool_(runtime),
      models_(config_.models ? config_.models : std::make_shared<const driver::ModelSet>()),
      reports_(registry, *models_, config_.zone, "headend"),
      context_{runtime, registry, readings, events, intake, keys, config_, layouts_, pool_, stats_, reports_},
      dispatcher_(dispatch_limits(config_)) {}

HeadEnd::Impl::~Impl() { stop(); }

Status HeadEnd::Impl::start() {
  AMITY_TRY(const auto devices, context_.registry.devices());
  for (const Device& device : devices) {
    if (ours(device.id)) add_meter(device);
  }
  AMITY_TRY(const auto channels, context_.registry.channels());
  for (const Channel& channel : channels) {
    if (Meter* meter = meter_of(channel.device)) meter->channels.push_back(channel);
  }
  running_ = true;
  PushSink& sink = *this;
  push_ = std::make_unique<PushListener>(context_, sink);
  AMITY_CHECK(push_->start(config_.push));
  for (const auto& [id, meter] : meters_) plan(*meter, true);
  pump();
  return {};
}

void HeadEnd::Impl::stop() {
  running_ = false;
  conversations_.cancel();
  push_.reset();
  pool_.clear();
  context_.runtime.timers.cancel(timer_);
  timer_ = 0;
}

// A concentrator is a segment also where nobody named one; a bus is one always.
std::uint32_t HeadEnd::Impl::segment_of(const Device& device, const Address& address) {
  const Bearer& bearer = address.bearer;
  SegmentLimits limits = segment_limits(config_, bearer);
  if (address.bus()) limits.in_flight_max = 1;
  const bool own = address.shared() || bearer.duty_permille < 1'000;
  const bool unnamed = address.bus() || (device.segment.empty() && own);
  return dispatcher_.segment(unnamed ? address.endpoint.to_string() : device.segment, limits);
}

Meter* HeadEnd::Impl::add_meter(const Device& device) {
  auto address = device.state == DeviceState::kActive
                     ? parse_address(device.address)
                     : Result<Address>(make_error(ErrorCode::kUnsupported, ""));
  if (!address.ok()) return nullptr;
  if (const Status files = keep_files_within(config_.tls_folder, *address); !files.ok()) {
    ContactMade contact;
    contact.device = device.id;
    contact.at = context_.runtime.clock.utc();
    contact.error = to_string(files.error());
    emit_(std::move(contact));
    return nullptr;
  }
  auto& slot = meters_[device.id];
  if (!slot) slot = std::make_unique<Meter>();
  slot->device = device;
  slot->address = std::move(address).value();
  slot->time.zone = slot->address.zone.value_or(config_.zone);
  slot->segment = segment_of(device, slot->address);
  const bool direct = slot->address.scheme == Scheme::kDlms && !slot->address.shared();
  if (direct) by_host_[slot->address.endpoint.host] = device.id;
  return slot.get();
}

void HeadEnd::Impl::refresh(DeviceId device) {
  context_.runtime.timers.post([weak = weak_from_this(), device] {
    if (const auto self = weak.lock(); self && self->running_) self->reload(device);
  });
}

void HeadEnd::Impl::reload(DeviceId id) {
  if (!ours(id)) return;
  const auto device = context_.registry.device(id);
  if (!device.ok()) return;
  Meter* const known = meter_of(id);
  if (known != nullptr && known->busy) {
    known->stale = true;  // looked at again after this conversation
    return;
  }
  const bool active = *device && (*device)->state == DeviceState::kActive;
  Meter* const meter = active ? add_meter(**device) : nullptr;
  if (meter == nullptr) {
    schedule_.erase(id);
    meters_.erase(id);
    return;
  }
  reports_.refresh(id);
  if (auto channels = context_.registry.channels_of(id); channels.ok()) meter->channels = std::move(channels).value();
  meter->layout.reset();
  meter->loads.clear();
  meter->daily.clear();
  meter->log_newest.clear();
  meter->mbus.clear();
  meter->backoff.succeeded();
  meter->tls_alarm = false;
  plan(*meter, true);
  pump();
}

// After a start every meter is visited soon, over a while, to catch up; then on the grid.
void HeadEnd::Impl::plan(Meter& meter, bool catch_up) {
  if (!config_.scheduled) return;
  const UtcSeconds now = context_.runtime.clock.utc();
  if (catch_up) {
    const std::uint64_t share =
        context_.runtime.random.below(std::uint64_t{config_.read.catch_up_s} + 1);
    plan_at(meter, now + static_cast<std::int64_t>(share));
  } else {
    plan_at(meter,
            next_on_grid(read_grid(config_.read, meter.address), meter.device.id, now));
  }
}

// A sleeping meter is visited when it wakes, the fleet spread over the first half of the window.
void HeadEnd::Impl::plan_at(Meter& meter, UtcSeconds due) {
  const WakeWindow& wake = meter.address.wake;
  const UtcSeconds reachable = wake.next(due);
  const std::uint64_t share =
      reachable == due ? 0 : context_.runtime.random.below(wake.length_s / 2 + 1);
  schedule_.put(meter.device.id, reachable + static_cast<std::int64_t>(share));
}

void HeadEnd::Impl::pump_later() {
  context_.runtime.timers.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->pump();
  });
}

// Starts whatever may start now, then sleeps until the next moment something may.
void HeadEnd::Impl::pump() {
  if (!running_ || pumping_) return;
  pumping_ = true;
  expire_commands();
  const UtcSeconds now = context_.runtime.clock.utc();
  while (const auto due = schedule_.pop_due(now)) {
    Meter* const meter = meter_of(*due);
    if (meter == nullptr || meter->offered) continue;
    if (!meter->address.wake.awake(now)) {
      plan_at(*meter, now);
      continue;
    }
    meter->offered = true;
    dispatcher_.offer(*due, Priority::kSchedule, meter->segment);
  }
  while (const auto job = dispatcher_.next(context_.runtime.clock.now())) start_visit(*job);
  pumping_ = false;
  arm();
}

void HeadEnd::Impl::arm() {
  const Instant now = context_.runtime.clock.now();
  std::optional<Instant> wanted = dispatcher_.wake_at();
  const auto earlier = [&](Instant at) {
    if (!wanted || at < *wanted) wanted = at;
  };
  const auto at_utc = [&](std::int64_t utc_s) {
    const std::int64_t wait_us = utc_s * 1'000'000 - context_.runtime.clock.utc_us();
    earlier(now + Duration(std::max<std::int64_t>(wait_us, 0)));
  };
  if (const auto due = schedule_.next()) at_utc(due->value);
  if (!deadlines_.empty()) at_utc(deadlines_.begin()->first + 1);
  if (!wanted || (timer_ != 0 && timer_at_ <= *wanted)) return;
  context_.runtime.timers.cancel(timer_);
  timer_at_ = *wanted;
  timer_ = context_.runtime.timers.at(*wanted, [this] {
    timer_ = 0;
    pump();
  });
}

void HeadEnd::Impl::start_visit(const Dispatcher::Job& job) {
  Meter* const meter = meter_of(job.device);
  const bool commands = commands_.contains(job.device);
  if (meter != nullptr && job.priority == Priority::kSchedule) meter->offered = false;
  // A busy meter looks at its commands before it hangs up; a command may have been served by then.
  const bool idle_call = job.priority == Priority::kOnDemand && !commands;
  if (meter == nullptr || meter->busy || idle_call) {
    if (meter != nullptr && meter->busy && job.priority != Priority::kOnDemand) plan(*meter, false);
    return dispatcher_.finished(job.segment);
  }
  meter->busy = true;
  conversations_.spawn(converse({meter, job.priority, job.segment}));
}

Task<void> HeadEnd::Impl::converse(Visit visit) {
  Meter& meter = *visit.meter;
  const Instant started = context_.runtime.clock.now();
  const std::unique_ptr<Driver> owned = make_driver(context_, meter);
  Driver& driver = *owned;
  struct Guard {
    Timers& timers;
    TimerId id;
    ~Guard() { timers.cancel(id); }
  };
  const Guard guard{
      context_.runtime.timers,
      context_.runtime.timers.at(
          started + std::chrono::milliseconds(meter.address.bearer.conversation_timeout_ms),
          [&driver] {
            driver.abort(make_error(ErrorCode::kTimeout, "the conversation lasted too long"));
          })};
  Status status = co_await driver.open();
  if (status.ok()) {
    Status commands = co_await run_commands(meter, driver);
    if (commands.ok() && visit.priority != Priority::kOnDemand) status = co_await driver.read_scheduled({});
    if (commands.ok() && status.ok()) commands = co_await run_commands(meter, driver);
    if (!commands.ok()) status = commands;
    if (status.ok()) co_await driver.close();
  } else {
    commands_unreachable(meter, status.error());
  }
  finish(visit, status, driver, started);
}

// How long the conversation was on the air, for bearers whose duty cycle is limited: every hop sends all of it again.
Duration HeadEnd::Impl::air_time(const Meter& meter, const Driver& driver) const {
  const Bearer& bearer = meter.address.bearer;
  if (bearer.bytes_per_s == 0) return Duration(0);
  const Traffic traffic = driver.traffic();
  return Duration(static_cast<std::int64_t>((traffic.bytes_sent + traffic.bytes_received) *
                                            bearer.hops * 1'000'000 / bearer.bytes_per_s));
}

void HeadEnd::Impl::finish(const Visit& visit, const Status& status, const Driver& driver,
                           Instant started) {
  Meter& meter = *visit.meter;
  ContactMade contact;
  contact.device = meter.device.id;
  contact.at = context_.runtime.clock.utc();
  contact.ok = status.ok();
  contact.duration_ms = static_cast<std::uint32_t>((context_.runtime.clock.now() - started).count() / 1'000);
  contact.clock_known = driver.clock_offset_s().has_value();
  contact.clock_offset_s = driver.clock_offset_s().value_or(0);
  if (!status.ok()) contact.error = to_string(status.error());
  ++(status.ok() ? stats_.contacts_ok : stats_.contacts_failed);
  const Traffic traffic = driver.traffic();
  stats_.bytes_sent += traffic.bytes_sent;
  stats_.bytes_received += traffic.bytes_received;
  for (const DeviceId behind : driver.also_read()) {
    ContactMade along;
    along.device = behind;
    along.at = contact.at;
    along.ok = true;
    emit_(std::move(along));
  }
  emit_(std::move(contact));
  reschedule(meter, status, driver);
  meter.busy = false;
  dispatcher_.finished(visit.segment, air_time(meter, driver));
  if (const auto left = commands_.find(meter.device.id); left != commands_.end()) {
    if (left->second.front().attempts == 0) dispatcher_.offer(meter.device.id, Priority::kOnDemand, meter.segment);
  }
  if (std::exchange(meter.stale, false)) refresh(meter.device.id);
  pump_later();
}

void HeadEnd::Impl::alarm(const Meter& meter, HeadEndEvent event, const std::string& detail) {
  EventsArrived alarm;
  alarm.source = "headend";
  alarm.received = context_.runtime.clock.utc();
  alarm.events.push_back(headend_event(meter.device.id, alarm.received, event, detail));
  context_.intake.accept(std::move(alarm), [](Result<intake::Receipt>) {});
}

// A wrong key is asked for kSecurityFailuresMax times and then left alone: no storm, one alarm. A certificate that is
// refused is tried on as a path that fails: no secret is at stake, and whoever renews it does not tell us. One alarm.
void HeadEnd::Impl::reschedule(Meter& meter, const Status& status, const Driver& driver) {
  if (status.ok()) {
    meter.tls_alarm = false;
    if (meter.backoff.locked_out()) --stats_.locked_out;
    meter.backoff.succeeded();
    // What a person asked for does not stand in for the reading that is due.
    if (!schedule_.due(meter.device.id)) plan(meter, false);
    return;
  }
  const UtcSeconds now = context_.runtime.clock.utc();
  std::int64_t pause_s = meter.backoff.failed(context_.runtime.random);
  if (driver.untrusted() && !std::exchange(meter.tls_alarm, true))
    alarm(meter, HeadEndEvent::kTlsFailed, status.error().reason);
  if (driver.security_failure()) {
    ++stats_.security_failures;
    if (meter.backoff.failed_security()) {
      ++stats_.locked_out;
      alarm(meter, HeadEndEvent::kSecurityLockout, status.error().reason);
    }
    if (meter.backoff.locked_out()) pause_s = kLockoutPause_s;
  }
  if (config_.scheduled) plan_at(meter, now + pause_s);
}

std::optional<DeviceId> HeadEnd::Impl::device_of(const dlms::SystemTitle& title) {
  return context_.keys.device_of(title);
}

std::optional<DeviceId> HeadEnd::Impl::device_at(const Endpoint& from, const dlms::Pushed& pushed) {
  if (!pushed.gateway) {
    const auto at = by_host_.find(from.host);
    return at == by_host_.end() ? std::nullopt : std::optional<DeviceId>(at->second);
  }
  for (const auto& [id, meter] : meters_) {
    if (meter->address.endpoint.host == from.host && meter->address.link.gateway == pushed.gateway) return id;
  }
  return std::nullopt;
}

bool HeadEnd::Impl::forward(const dlms::Pushed& pushed, const Endpoint& from) {
  if (!forward_) return false;
  forward_(pushed, from);
  return true;
}

void HeadEnd::Impl::hear(const dlms::Pushed& pushed, const Endpoint& from) {
  context_.runtime.timers.post([weak = weak_from_this(), pushed, from] {
    if (const auto self = weak.lock(); self && self->running_) self->push_->hear(pushed, from);
  });
}

Meter* HeadEnd::Impl::meter_of(DeviceId device) {
  const auto at = meters_.find(device);
  return at == meters_.end() ? nullptr : at->second.get();
}

void HeadEnd::Impl::wants_reading(DeviceId device) {
  Meter* const meter = meter_of(device);
  if (meter == nullptr || meter->backoff.locked_out()) return;
  dispatcher_.offer(device, Priority::kAlarm, meter->segment);
  pump_later();
}

HeadEndStats HeadEnd::Impl::stats() const {
  HeadEndStats out = stats_;
  out.devices = meters_.size();
  out.in_flight = dispatcher_.in_flight();
  out.waiting_commands = waiting_commands_;
  out.connections_open = dispatcher_.in_flight() + pool_.idle();
  if (push_) out.push_connections = push_->connections();
  return out;
}

}  // namespace amity::headend
