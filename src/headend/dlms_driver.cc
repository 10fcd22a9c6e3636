// The order of a reading.
#include "headend/dlms_driver.h"

#include <algorithm>
#include <cstdlib>

namespace amity::headend {

namespace {

constexpr std::uint16_t kClassClock = 8;
constexpr std::size_t kAsksPerRequest = 8;       // profiles in one request, one of them a load profile
constexpr std::size_t kReadingsPerDelivery = 5'000;  // then what was gathered is journalled before reading on

dlms::AttributeRequest clock_time() {
  dlms::AttributeRequest request;
  request.attribute = {kClassClock, kClockObis, 2};
  return request;
}

}  // namespace

DlmsDriver::DlmsDriver(DriverContext& context, Meter& meter) : c_(context), meter_(meter) {}

bool DlmsDriver::quarantined() const {
  return clock_offset_s_ && std::abs(*clock_offset_s_) > c_.config.clock.quarantine_above_s;
}

Task<Status> DlmsDriver::learn_layout() {
  if (meter_.layout) co_return Status{};
  const std::string key = LayoutCache::key(meter_.device.manufacturer, meter_.device.model, meter_.device.firmware);
  meter_.layout = c_.layouts.find(key);
  if (meter_.layout) co_return Status{};
  AMITY_CO_TRY(MeterLayout layout, co_await discover(*link_));
  meter_.layout = c_.layouts.keep(key, std::move(layout));
  co_return Status{};
}

Status DlmsDriver::take_clock(ByteView encoded) {
  dlms::DataTree tree;
  AMITY_CHECK(tree.parse(encoded));
  AMITY_TRY(const ByteView bytes, tree.root().as_bytes());
  AMITY_TRY(const dlms::DateTime stamp, dlms::date_time_from(bytes));
  const UtcSeconds reference = c_.runtime.clock.utc();
  MeterTime& time = meter_.time;
  time.deviation_min = stamp.deviation_min;
  AMITY_TRY(const auto standard, dlms::to_utc(stamp, dlms::DeviationSign::kStandard, &time.zone));
  AMITY_TRY(const auto inverted, dlms::to_utc(stamp, dlms::DeviationSign::kInverted, &time.zone));
  // The reading that is nearer to our own clock tells how this meter signs its deviation.
  const bool flip = std::abs(inverted.time - reference) < std::abs(standard.time - reference);
  time.sign = flip ? dlms::DeviationSign::kInverted : dlms::DeviationSign::kStandard;
  meter_now_ = flip ? inverted.time : standard.time;
  const std::int64_t offset = std::clamp<std::int64_t>(meter_now_ - reference, INT32_MIN, INT32_MAX);
  clock_offset_s_ = static_cast<std::int32_t>(offset);
  return {};
}

void DlmsDriver::take_register(const RegisterObject& object, ByteView encoded) {
  dlms::DataTree tree;
  if (!tree.parse(encoded).ok()) return;
  const auto value = tree.root().as_int();
  if (!value.ok()) return;
  Column column;
  column.role = ColumnRole::kValue;
  column.object.attribute = object.value;
  column.unit = object.unit;
  column.exponent = object.exponent;
  const auto channel = channel_for(column, Profile{});
  if (!channel.ok()) return;
  const bool trusted = clock_offset_s_ && std::abs(*clock_offset_s_) <= c_.config.clock.set_above_s;
  Reading reading{*channel, trusted ? meter_now_ : c_.runtime.clock.utc(), *value, {}};
  if (!trusted) reading.quality = reading.quality.with(QualityFlag::kClockInvalid);
  readings_.readings.push_back(reading);
  ++registers_read_;
}

Task<Status> DlmsDriver::read_clock_and_registers(bool registers) {
  std::vector<dlms::AttributeRequest> requests;
  requests.push_back(clock_time());
  if (registers) {
    for (const RegisterObject& r : meter_.layout->registers) {
      dlms::AttributeRequest request;
      request.attribute = r.value;
      requests.push_back(std::move(request));
    }
  }
  AMITY_CO_TRY(const auto items, co_await link_->get(std::move(requests)));
  if (items[0].ok()) {
    AMITY_CO_CHECK(take_clock(items[0].data));
  }
  if (quarantined()) {
    if (!meter_.clock_alarm) {
      meter_.clock_alarm = true;
      AMITY_CO_CHECK(co_await report(HeadEndEvent::kClockFarOff, std::to_string(*clock_offset_s_) + " s"));
    }
    co_return Status{};
  }
  if (clock_offset_s_ && std::abs(*clock_offset_s_) <= c_.config.clock.set_below_s) meter_.clock_alarm = false;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (items[i].ok()) take_register(meter_.layout->registers[i - 1], items[i].data);
  }
  co_return Status{};
}

std::uint32_t DlmsDriver::rows_per_read() const {
  const std::uint32_t fits = meter_.address.bearer.rows_per_read;
  const std::uint32_t wanted = c_.config.read.rows_per_read;
  return std::max(1u, fits == 0 ? wanted : std::min(fits, wanted));
}

// A broken connection costs at most one request: never more than rows_per_read rows of a load
// profile.
std::size_t DlmsDriver::asks_of_request(const std::vector<Ask>& asks, std::size_t from) {
  std::size_t count = 1;
  bool load = asks[from].kind == Ask::Kind::kLoad;
  while (from + count < asks.size() && count < kAsksPerRequest) {
    const bool next = asks[from + count].kind == Ask::Kind::kLoad;
    if (load && next) break;
    load |= next;
    ++count;
  }
  return count;
}

Task<Status> DlmsDriver::read_profiles(std::vector<Ask> asks, Progress progress) {
  std::vector<std::pair<Ask, UtcSeconds>> undelivered;
  for (std::size_t from = 0; from < asks.size();) {
    const std::size_t count = asks_of_request(asks, from);
    std::vector<dlms::AttributeRequest> requests;
    for (std::size_t i = from; i < from + count; ++i) {
      dlms::AttributeRequest request;
      request.attribute = {7, profile_of(asks[i]).obis, 2};
      request.selection = range_selection(asks[i].range.after, asks[i].range.until, meter_.time);
      requests.push_back(std::move(request));
    }
    auto items = co_await link_->get(std::move(requests));
    Status taken;
    for (std::size_t i = 0; items.ok() && taken.ok() && i < items->size(); ++i) {
      const dlms::ItemResult& item = (*items)[i];
      if (!item.ok()) continue;  // refused: asked for again next time
      const auto last = take_rows(asks[from + i], item.data);
      if (!last.ok()) taken = last.error();
      if (last.ok()) undelivered.emplace_back(asks[from + i], *last);
    }
    from += count;
    const bool stop = !items.ok() || !taken.ok();
    if (stop || from >= asks.size() || readings_.readings.size() >= kReadingsPerDelivery) {
      AMITY_CO_CHECK(co_await deliver());
      for (const auto& [ask, last] : undelivered) mark_answered(ask, last);
      undelivered.clear();
    }
    if (!items.ok()) co_return std::move(items).error();
    AMITY_CO_CHECK(taken);
    if (progress) progress("reading profiles " + std::to_string(from) + "/" + std::to_string(asks.size()));
  }
  co_return Status{};
}

Task<Status> DlmsDriver::read_scheduled(Progress progress) {
  AMITY_CO_CHECK(co_await learn_layout());
  AMITY_CO_CHECK(co_await read_clock_and_registers(c_.config.read.registers));
  if (quarantined()) co_return Status{};
  Status read = co_await read_profiles(plan(), std::move(progress));
  if (read.ok()) read = co_await read_mbus();
  AMITY_CO_CHECK(co_await deliver());  // registers of a meter without profiles, or before a failure
  if (rows_quarantined_ != 0) {
    AMITY_CO_CHECK(co_await report(HeadEndEvent::kRowsQuarantined, std::to_string(rows_quarantined_) + " rows"));
  }
  AMITY_CO_CHECK(read);
  const ClockPolicy& policy = c_.config.clock;
  if (policy.set && clock_offset_s_ && std::abs(*clock_offset_s_) > policy.set_above_s) {
    if (std::abs(*clock_offset_s_) <= policy.set_below_s) {
      AMITY_CO_CHECK(co_await set_clock());
    } else if (!meter_.clock_alarm) {
      meter_.clock_alarm = true;
      AMITY_CO_CHECK(co_await report(HeadEndEvent::kClockFarOff, std::to_string(*clock_offset_s_) + " s"));
    }
  }
  co_return Status{};
}

Task<Status> DlmsDriver::set_clock() {
  dlms::AttributeWrite write;
  write.attribute = {kClassClock, kClockObis, 2};
  dlms::DataWriter(write.data).octet_string(as_meter_writes(c_.runtime.clock.utc(), meter_.time));
  AMITY_CO_CHECK(co_await link_->set(std::move(write)));
  co_return co_await report(HeadEndEvent::kClockSet, "it was off by " + std::to_string(*clock_offset_s_) + " s");
}

}  // namespace amity::headend
