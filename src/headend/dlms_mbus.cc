// Gas, water and heat meters behind the meter: who is there, and what is missing of what was
// captured of them.
#include <algorithm>

#include "headend/dlms_driver.h"
#include "headend/mbus_behind.h"
#include "headend/mbus_devices.h"

namespace amity::headend {

namespace {

constexpr std::size_t kMbusAsksPerRequest = 4;
constexpr std::int8_t kScalerUnit = 3, kCaptureTime = 5;
constexpr std::uint16_t kClassExtended = 4, kClassProfile = 7;

dlms::AttributeRequest attribute(const CosemObject& object, std::int8_t index) {
  dlms::AttributeRequest request;
  request.attribute = {object.class_id, object.obis, index};
  return request;
}

CaptureGrid grid_of(const MbusLayout& layout) {
  return {layout.profile->period_s, true};
}

// The newest that is stored of a device, whatever it is.
UtcSeconds newest_of(DriverContext& c, DeviceId device, UtcSeconds from, UtcSeconds now) {
  UtcSeconds newest;
  const auto channels = c.reports.channels_of(device);
  for (std::size_t i = 0; channels.ok() && i < (*channels)->size(); ++i) {
    const auto stored = c.readings.read((**channels)[i].id, from, now);
    if (stored.ok() && !stored->empty()) newest = std::max(newest, stored->back().time);
  }
  return newest;
}

}  // namespace

Status DlmsDriver::settle_mbus(const dlms::MbusSlave& slave) {
  const UtcSeconds now = c_.runtime.clock.utc();
  MbusRegister known(c_.registry, meter_);
  AMITY_TRY(const auto before, known.last(slave.channel));
  // What was captured after the last reading of the device before is of the new one.
  const UtcSeconds since = before ? newest_of(c_, *before, now - c_.config.read.backfill_s, now)
                                  : meter_.device.commissioned;
  AMITY_TRY(MbusRegister::Settled settled, known.settle(slave, since, now));
  for (Event& event : settled.events) events_.events.push_back(std::move(event));
  if (settled.before) c_.reports.refresh(*settled.before);
  if (!settled.device) {
    meter_.mbus.erase(slave.channel);
    return {};
  }
  if (settled.changed) c_.reports.refresh(*settled.device);
  MbusBehind& behind = meter_.mbus[slave.channel];
  if (behind.device == *settled.device) return {};
  behind = {};
  behind.device = *settled.device;
  AMITY_TRY(const auto device, c_.registry.device(behind.device));
  if (device) behind.since = std::max(device->commissioned, meter_.device.commissioned);
  if (settled.changed && settled.before) behind.since = std::max(behind.since, since);
  return {};
}

// Scalers and units, and the channels that the values go to.
Task<Status> DlmsDriver::learn_mbus_values(const MbusLayout& layout) {
  MbusBehind& behind = meter_.mbus.at(layout.channel());
  if (!behind.values.empty() || layout.values.empty()) co_return Status{};
  std::vector<dlms::AttributeRequest> requests;
  for (const CosemObject& object : layout.values)
    requests.push_back(attribute(object, kScalerUnit));
  AMITY_CO_TRY(const auto items, co_await link_->get(std::move(requests)));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < layout.values.size(); ++i) {
    MbusBehind::Value& value = behind.values.emplace_back();
    value.obis = layout.values[i].obis;
    const auto scale = items[i].ok() ? parse_scaler(items[i].data)
                                     : Result<ScalerUnit>(make_error(ErrorCode::kRefused, ""));
    if (!scale.ok() || scale->unit == Unit::kNone) continue;  // nothing is captured here
    value.scale = *scale;
    Channel wanted;
    wanted.kind = ChannelKind::kRegister;
    wanted.source = dlms::to_reduced(value.obis);
    wanted.name = mbus_quantity(scale->unit, value.obis);
    if (std::ranges::find(names, wanted.name) != names.end()) wanted.name = wanted.source;
    wanted.unit = scale->unit;
    wanted.exponent = scale->exponent;
    const auto channel = c_.reports.channel_for(behind.device, wanted);
    if (!channel.ok()) {
      events_.events.push_back(headend_event(behind.device, c_.runtime.clock.utc(),
                                             HeadEndEvent::kLayoutConflict,
                                             wanted.source + ": " + channel.error().reason));
      continue;
    }
    names.push_back(wanted.name);
    value.channel = (*channel)->id;
    value.exponent = (*channel)->exponent;
  }
  if (names.empty()) behind.values.clear();  // a device that has just come: again next time
  co_return Status{};
}

// What is stored says what is missing; the channel with the fewest readings decides.
void DlmsDriver::plan_mbus(const MbusLayout& layout, std::vector<MbusAsk>& asks) {
  MbusBehind& behind = meter_.mbus.at(layout.channel());
  const UtcSeconds now = c_.runtime.clock.utc();
  const CaptureGrid grid = grid_of(layout);
  if (!behind.progress.known()) {
    const UtcSeconds from = std::max(now - c_.config.read.backfill_s, behind.since);
    std::optional<std::vector<UtcSeconds>> fewest;
    for (const MbusBehind::Value& value : behind.values) {
      if (!value.channel.valid()) continue;
      const auto stored = c_.readings.read(value.channel, from, now);
      std::vector<UtcSeconds> times;
      for (std::size_t i = 0; stored.ok() && i < stored->size(); ++i) {
        if ((*stored)[i].time == grid.floor((*stored)[i].time)) times.push_back((*stored)[i].time);
      }
      if (!fewest || times.size() < fewest->size()) fewest = std::move(times);
    }
    if (!fewest) return;  // nothing of it goes anywhere
    behind.progress.learn(*fewest, from, now, grid);
  }
  const std::int64_t chunk_s = std::int64_t{grid.period_s} * rows_per_read();
  for (const TimeRange& range : behind.progress.missing(now, grid)) {
    for (UtcSeconds after = range.after; after < range.until; after = after + chunk_s)
      asks.push_back({&layout, {after, std::min(after + chunk_s, range.until)}});
  }
}

void DlmsDriver::take_mbus_value(const MbusBehind::Value& value, UtcSeconds time,
                                 std::int64_t number, Quality quality) {
  const auto scaled = rescale(Decimal{number, value.scale.exponent}, value.exponent);
  if (scaled.ok()) readings_.readings.push_back({value.channel, time, *scaled, quality});
}

Result<UtcSeconds> DlmsDriver::take_mbus_rows(const MbusAsk& ask, ByteView encoded) {
  const Profile& profile = *ask.layout->profile;
  const MbusBehind& behind = meter_.mbus.at(ask.layout->channel());
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  AMITY_TRY(const ProfileRows rows,
            parse_profile(tree.root(), profile, meter_.time, kProfileRowsMax));
  rows_quarantined_ += rows.refused;
  std::vector<const MbusBehind::Value*> columns;  // of the value columns; null: goes nowhere
  for (const Column& column : profile.columns) {
    if (column.role != ColumnRole::kValue) continue;
    const auto found = std::ranges::find(behind.values, column.object.attribute.instance,
                                         &MbusBehind::Value::obis);
    const bool used = found != behind.values.end() && found->channel.valid();
    columns.push_back(used ? &*found : nullptr);
  }
  UtcSeconds last;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const ProfileRow& row = rows.rows[i];
    if (row.time <= ask.range.after || row.time > ask.range.until) {
      ++rows_quarantined_;
      continue;
    }
    last = std::max(last, row.time);
    for (std::size_t at = 0; at < columns.size(); ++at) {
      if (columns[at] != nullptr && rows.has(i, at))
        take_mbus_value(*columns[at], row.time, rows.value(i, at), row.quality);
    }
  }
  return last;
}

Task<Status> DlmsDriver::read_mbus_profiles(std::vector<MbusAsk> asks) {
  for (std::size_t from = 0; from < asks.size(); from += kMbusAsksPerRequest) {
    const std::size_t count = std::min(kMbusAsksPerRequest, asks.size() - from);
    std::vector<dlms::AttributeRequest> requests;
    for (std::size_t i = from; i < from + count; ++i) {
      requests.push_back(attribute({kClassProfile, asks[i].layout->profile->obis}, 2));
      requests.back().selection =
          range_selection(asks[i].range.after, asks[i].range.until, meter_.time);
    }
    AMITY_CO_TRY(const auto items, co_await link_->get(std::move(requests)));
    std::vector<std::pair<MbusAsk, UtcSeconds>> answered;
    Status taken;
    for (std::size_t i = 0; i < count && taken.ok(); ++i) {
      if (!items[i].ok()) continue;  // refused: asked for again next time
      const auto last = take_mbus_rows(asks[from + i], items[i].data);
      if (!last.ok()) taken = last.error();
      if (last.ok()) answered.emplace_back(asks[from + i], *last);
    }
    AMITY_CO_CHECK(co_await deliver());
    for (const auto& [ask, last] : answered) {
      meter_.mbus.at(ask.layout->channel())
          .progress.answered(ask.range, last, c_.runtime.clock.utc(), grid_of(*ask.layout));
    }
    AMITY_CO_CHECK(taken);
  }
  co_return Status{};
}

// Without a profile: the last captured values, each at the time at which it was captured.
Task<Status> DlmsDriver::read_mbus_values(const MbusLayout& layout) {
  std::vector<dlms::AttributeRequest> requests;
  for (const CosemObject& object : layout.values) {
    if (object.class_id != kClassExtended) continue;  // one that does not say when
    requests.push_back(attribute(object, 2));
    requests.push_back(attribute(object, kCaptureTime));
  }
  const MbusBehind& behind = meter_.mbus.at(layout.channel());
  if (requests.empty() || behind.values.empty()) co_return Status{};
  AMITY_CO_TRY(const auto items, co_await link_->get(std::move(requests)));
  std::size_t at = 0;
  for (std::size_t i = 0; i < layout.values.size(); ++i) {
    if (layout.values[i].class_id != kClassExtended) continue;
    const dlms::ItemResult &value = items[at], &time = items[at + 1];
    at += 2;
    dlms::DataTree number, stamp;
    if (!value.ok() || !time.ok() || !number.parse(value.data).ok() || !stamp.parse(time.data).ok())
      continue;
    const auto read = number.root().as_int();
    const auto bytes = stamp.root().as_bytes();
    if (!read.ok() || !bytes.ok() || !behind.values[i].channel.valid()) continue;
    const auto shown = dlms::date_time_from(*bytes);
    if (!shown.ok()) continue;
    const auto utc = dlms::to_utc(*shown, meter_.time.sign, &meter_.time.zone);
    if (!utc.ok() || utc->time <= behind.since) continue;
    take_mbus_value(behind.values[i], utc->time, *read, {});
  }
  co_return Status{};
}

Task<Status> DlmsDriver::read_mbus() {
  const std::vector<MbusLayout>& layouts = meter_.layout->mbus;
  if (layouts.empty()) co_return Status{};
  std::vector<CosemObject> clients;
  for (const MbusLayout& layout : layouts) clients.push_back(layout.client);
  AMITY_CO_TRY(const auto slaves, co_await read_mbus_slaves(*link_, std::move(clients)));
  for (const dlms::MbusSlave& slave : slaves) {
    AMITY_CO_CHECK(settle_mbus(slave));
  }
  std::vector<MbusAsk> asks;
  for (const MbusLayout& layout : layouts) {
    if (!meter_.mbus.contains(layout.channel())) continue;
    AMITY_CO_CHECK(co_await learn_mbus_values(layout));
    if (layout.profile) {
      plan_mbus(layout, asks);
    } else {
      AMITY_CO_CHECK(co_await read_mbus_values(layout));
    }
  }
  AMITY_CO_CHECK(co_await read_mbus_profiles(std::move(asks)));
  AMITY_CO_CHECK(co_await deliver());
  for (const auto& [channel, behind] : meter_.mbus) also_read_.push_back(behind.device);
  co_return Status{};
}

}  // namespace amity::headend
