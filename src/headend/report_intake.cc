#include "headend/report_intake.h"

#include <algorithm>

#include "headend/event_codes.h"
#include "headend/limits.h"
#include "headend/local_time.h"

namespace amity::headend {

namespace {

using Precision = wire::MeterTime::Precision;

// What of a value was read when: by the value's own time, the frame's, or when it came.
struct Stamp {
  UtcSeconds time;
  bool trusted = true;
};

Stamp stamp_of(const wire::Report& report, const TimeZone& zone, UtcSeconds received) {
  const auto shown = utc_of(report.time, zone, received);
  if (!shown) return {received, true};
  const bool plausible = std::abs(*shown - received) <= kFrameTimeApartMax_s;
  return plausible ? Stamp{*shown, true} : Stamp{received, false};
}

struct DatedRow {
  std::size_t index;                // among the readings
  std::optional<UtcSeconds> other;  // the same wall clock an hour earlier
};

// A repeated hour without its flag: of two rows of one channel with the same wall clock the one
// that is older in the order of the rows is the earlier hour.
void keep_hours_apart(const std::vector<DatedRow>& rows, std::vector<Reading>& readings) {
  const bool descending = readings[rows.back().index].time < readings[rows.front().index].time;
  std::map<UtcSeconds, std::size_t> seen;
  for (const DatedRow& row : rows) {
    Reading& now = readings[row.index];
    const auto [twin, first] = seen.emplace(now.time, row.index);
    if (first || !row.other) continue;
    (descending ? now : readings[twin->second]).time = *row.other;
  }
}

}  // namespace

ReportIntake::ReportIntake(store::Registry& registry, const driver::ModelSet& models, TimeZone zone,
                           std::string source)
    : registry_(registry),
      models_(models),
      zone_(std::move(zone)),
      source_(std::move(source)),
      known_(registry, models) {}

Result<Found> ReportIntake::find_device(std::string_view protocol, const wire::MeterIdentity& meter,
                                        UtcSeconds now) {
  return known_.find(protocol, meter, now);
}

Result<Found> ReportIntake::find_device(std::string_view protocol, std::string_view manufacturer,
                                        std::string_view id, UtcSeconds now) {
  wire::MeterIdentity meter;
  meter.manufacturer = std::string(manufacturer);
  meter.id = std::string(id);
  return known_.find(protocol, meter, now);
}

void ReportIntake::refresh(DeviceId device) {
  known_.refresh(device);
  const auto at = states_.find(device);
  if (at == states_.end()) return;
  const auto now = registry_.device(device);
  auto channels = registry_.channels_of(device);
  if (!now.ok() || !*now || !channels.ok()) {
    states_.erase(at);
    return;
  }
  at->second.device = **now;
  at->second.channels = std::move(channels).value();
}

Result<ReportIntake::State*> ReportIntake::state_of(DeviceId id) {
  if (const auto at = states_.find(id); at != states_.end()) return &at->second;
  AMITY_TRY(const auto device, registry_.device(id));
  if (!device) {
    return make_error(ErrorCode::kNotFound, "no device " + std::to_string(id.value));
  }
  AMITY_TRY(auto channels, registry_.channels_of(id));
  State& state = states_[id];
  state.device = *device;
  state.channels = std::move(channels);
  return &state;
}

Result<const std::vector<Channel>*> ReportIntake::channels_of(DeviceId device) {
  AMITY_TRY(State* const state, state_of(device));
  return &std::as_const(state->channels);
}

Result<const Channel*> ReportIntake::channel_for(DeviceId device, const Channel& wanted) {
  AMITY_TRY(State* const state, state_of(device));
  for (const Channel& channel : state->channels) {
    if (channel.kind != wanted.kind || channel.name != wanted.name) continue;
    if (channel.unit != wanted.unit) {
      return make_error(ErrorCode::kConflict, "the channel is in \"" +
                                                  std::string(symbol(channel.unit)) + "\", not \"" +
                                                  std::string(symbol(wanted.unit)) + "\"");
    }
    return &channel;
  }
  if (state->channels.size() >= kChannelsPerDeviceMax) {
    return make_error(ErrorCode::kLimit, "the device has " + std::to_string(kChannelsPerDeviceMax) +
                                             " channels already");
  }
  Channel channel = wanted;
  channel.device = device;
  AMITY_TRY(channel.id, registry_.add_channel(channel));
  state->channels.push_back(std::move(channel));
  return &std::as_const(state->channels).back();
}

// Whether anything of the report may be believed at all.
Status ReportIntake::admit(State& state, const wire::Report& report, UtcSeconds now,
                           const TakeOptions& options) {
  const DeviceId device = state.device.id;
  if (!report.security.ok) {
    return make_error(ErrorCode::kSecurity, report.security.reason.empty()
                                                ? "the frame could not be opened"
                                                : report.security.reason);
  }
  if (options.require_security && report.security.mode == "none") {
    if (!std::exchange(state.downgrade, true))
      refusals_.push_back(
          headend_event(device, now, HeadEndEvent::kPushDowngraded, std::string(report.protocol)));
    return make_error(ErrorCode::kSecurity, "the meter has a key and the frame is not protected");
  }
  const std::string& given = report.meter.id;
  const std::string& printed = state.device.serial;  // none: whoever answers
  if (!options.check_identity || given.empty() || printed.empty() || same_number(printed, given)) {
    if (options.check_identity && !given.empty()) state.mismatch = false;
    return {};
  }
  const std::string why = "meter " + given + " answers in place of " + printed;
  if (!std::exchange(state.mismatch, true))
    refusals_.push_back(headend_event(device, now, HeadEndEvent::kMeterReplaced, why));
  return make_error(ErrorCode::kConflict, why);
}

void ReportIntake::conflict(State& state, const std::string& channel, const std::string& reason,
                            Taken& taken) {
  taken.left.push_back(channel + ": " + reason);
  if (!state.conflicts.insert(channel).second) return;
  taken.events.events.push_back(headend_event(state.device.id, taken.events.received,
                                              HeadEndEvent::kLayoutConflict,
                                              channel + ": " + reason));
}

void ReportIntake::take_readings(State& state, const driver::Mapped& mapped,
                                 const wire::Report& report, const TimeZone& zone,
                                 const TakeOptions& options, Taken& taken) {
  const UtcSeconds received = taken.readings.received;
  const Stamp frame = stamp_of(report, zone, received);
  std::map<ChannelId, std::vector<DatedRow>> repeated;
  for (const driver::MappedReading& m : mapped.readings) {
    const bool interval = m.kind == ChannelKind::kInterval;
    const bool dated = m.time.precision != Precision::kNone;
    std::optional<UtcSeconds> at = dated ? utc_of(m.time, zone, received) : frame.time;
    if (!at || (interval && !dated)) {
      taken.left.push_back(m.channel + ": no such time " + to_string(m.time));
      continue;
    }
    if (m.time.precision == Precision::kDay) at = std::min(*at, received);
    Channel wanted;
    wanted.kind = m.kind;
    wanted.name = m.channel;
    wanted.source = std::string(report.protocol) + ':' + m.channel;
    wanted.unit = m.unit;
    wanted.exponent = m.exponent;
    if (interval)
      wanted.interval_s = options.interval_s != 0 ? options.interval_s : state.device.interval_s;
    const auto channel = channel_for(state.device.id, wanted);
    if (!channel.ok()) {
      conflict(state, m.channel, channel.error().reason, taken);
      continue;
    }
    const auto value = rescale(Decimal{m.value, m.exponent}, (*channel)->exponent);
    if (!value.ok()) {
      conflict(state, m.channel, value.error().reason, taken);
      continue;
    }
    Reading reading{(*channel)->id, *at, *value, {}};
    if (!dated && !frame.trusted)
      reading.quality = reading.quality.with(QualityFlag::kClockInvalid);
    if (m.time.daylight_saving)
      reading.quality = reading.quality.with(QualityFlag::kDaylightSaving);
    if (dated)
      repeated[reading.channel].push_back(
          {taken.readings.readings.size(), other_hour(m.time, zone)});
    taken.readings.readings.push_back(reading);
  }
  for (const auto& [channel, rows] : repeated) keep_hours_apart(rows, taken.readings.readings);
}

// What has a time of its own is an event of its own. What has none is a condition that holds: it is
// an event when it begins.
void ReportIntake::take_events(State& state, const driver::Mapped& mapped,
                               const wire::Report& report, const TimeZone& zone, Taken& taken) {
  const UtcSeconds received = taken.events.received;
  std::set<std::string> standing;
  for (const driver::MappedEvent& m : mapped.events) {
    const std::string text = m.text.empty() ? "event " + std::to_string(m.code) : m.text;
    UtcSeconds at = received;
    if (m.time.precision == Precision::kNone) {
      if (!standing.insert(text).second || state.standing.contains(text)) continue;
    } else {
      at = utc_of(m.time, zone, received).value_or(received);
      if (state.dated.size() >= kEventsRememberedMax) state.dated.erase(state.dated.begin());
      if (!state.dated.emplace(at.value, text).second) continue;
    }
    taken.events.events.push_back(Event{state.device.id, at, m.category, m.severity,
                                        static_cast<std::uint32_t>(m.code),
                                        std::string(report.protocol), text});
  }
  state.standing = std::move(standing);
}

Result<Taken> ReportIntake::take_report(DeviceId device, const wire::Report& report,
                                        UtcSeconds received, const TakeOptions& options) {
  AMITY_TRY(State* const state, state_of(device));
  AMITY_CHECK(admit(*state, report, received, options));
  const driver::MeterModel* const model = models_.find(report);
  wire::Report completed;
  if (model != nullptr) {
    completed = report;
    driver::complete(*model, completed);
  }
  const wire::Report& whole = model != nullptr ? completed : report;
  driver::Mapped mapped = driver::map_to_channels(model, whole);
  Taken taken;
  taken.readings.source = taken.events.source = source_;
  taken.readings.received = taken.events.received = received;
  taken.left = std::move(mapped.left);
  const TimeZone& zone = options.zone ? *options.zone : zone_;
  if (const auto clock = utc_of(whole.time, zone, received);
      clock && whole.time.precision != Precision::kDay)
    taken.clock_offset_s = *clock - received;
  take_readings(*state, mapped, whole, zone, options, taken);
  take_events(*state, mapped, whole, zone, taken);
  return taken;
}

}  // namespace amity::headend
