#include "world/virtual_meter.h"

#include <algorithm>

#include "world/hash.h"
#include "world/meter_profiles.h"

namespace amity::world {
namespace {

// Of `length` seconds that end at `end`, how many lie in [from, to).
std::int64_t overlap(UtcSeconds end, std::int64_t length, UtcSeconds from, UtcSeconds to) {
  return std::max<std::int64_t>(0, std::min(end, to) - std::max(end - length, from));
}

}  // namespace

VirtualMeter::VirtualMeter(const MeterTown* town, std::uint32_t index, const MeterModel* model)
    : town_(town),
      model_(model),
      index_(index),
      clock_(town->born, town->book->plan().drift_ppm(index), town->book->interval_s()) {}

std::string VirtualMeter::serial() const {
  // As meter_serial() of grid.h: kept here so that a meter needs no grid.
  std::string number = std::to_string(index_ + 1);
  return std::string(model_->flag) + "2" + std::string(number.size() < 7 ? 7 - number.size() : 0, '0') + number;
}

MeterKeys VirtualMeter::keys() const {
  return extras_ && extras_->keys ? *extras_->keys : meter_keys(town_->seed, model_->flag, index_);
}

Totals VirtualMeter::register_offset() const {
  Draw draw(town_->seed, 0x4F464653u, index_);
  Totals t;
  t.import_wh = static_cast<std::int64_t>(draw.below(30'000'000));
  t.export_wh = static_cast<std::int64_t>(draw.below(2'000'000));
  t.reactive_import_varh = static_cast<std::int64_t>(draw.below(9'000'000));
  t.reactive_export_varh = static_cast<std::int64_t>(draw.below(4'000'000));
  return t;
}

bool VirtualMeter::curbed() const {
  return !curbs_.empty() ||
         std::ranges::any_of(beneath_, [](const VirtualMeter* m) { return m->curbed(); });
}

// `natural` by value: the day that it comes from is gone when the homes' days are asked for.
Interval VirtualMeter::curbed_beneath(Interval natural, UtcSeconds end) const {
  EnergyBook& book = *town_->book;
  const TownDay day = book.day_at(end);
  const auto index = static_cast<std::size_t>((end - book.start_of(day) - 1) / book.interval_s());
  std::int64_t less = 0;
  for (const VirtualMeter* home : beneath_) {
    if (!home->curbed()) continue;
    const Interval whole = book.day(home->index_, day).intervals[index],
                   kept = home->measured(whole, end);
    less += std::int64_t{whole.import_wh} - whole.export_wh - kept.import_wh + kept.export_wh;
  }
  const std::int64_t net = std::int64_t{natural.import_wh} - natural.export_wh - less;
  natural.import_wh = static_cast<std::uint32_t>(std::max<std::int64_t>(net, 0));
  natural.export_wh = static_cast<std::uint32_t>(std::max<std::int64_t>(-net, 0));
  return natural;
}

Interval VirtualMeter::measured(const Interval& natural, UtcSeconds end) const {
  if (!curbed()) return natural;
  if (!beneath_.empty()) return curbed_beneath(natural, end);
  Interval out = natural;
  const std::int64_t length = town_->book->interval_s();
  for (const Curb& curb : curbs_) {
    const std::int64_t curbed = overlap(end, length, curb.from, curb.to);
    if (curbed == 0) continue;
    const auto keep = [&](std::uint32_t v) { return static_cast<std::uint32_t>(v * (length - curbed) / length); };
    if (curb.limit_w == 0) {
      out.import_wh = keep(out.import_wh);
      out.export_wh = keep(out.export_wh);
      out.reactive_import_varh = keep(out.reactive_import_varh);
      out.reactive_export_varh = keep(out.reactive_export_varh);
    } else {
      const auto cap = static_cast<std::uint32_t>(std::int64_t{curb.limit_w} * curbed / 3'600);
      const std::uint32_t within = out.import_wh - keep(out.import_wh);
      out.import_wh -= within - std::min(within, cap);
    }
  }
  return out;
}

Interval VirtualMeter::interval_ending(UtcSeconds end) const {
  EnergyBook& book = *town_->book;
  const TownDay day = book.day_at(end);
  const auto index = static_cast<std::size_t>((end - book.start_of(day) - 1) / book.interval_s());
  return measured(book.day(index_, day).intervals[index], end);
}

Interval VirtualMeter::under_way() const {
  const std::int64_t length = town_->book->interval_s();
  return interval_ending(UtcSeconds((true_now().value / length + 1) * length));
}

void VirtualMeter::attach(std::uint8_t channel, const ResourceMeter* device, UtcSeconds since) {
  AMITY_ASSERT(channel >= 1 && channel <= kMbusChannels);
  if (!mbus_) mbus_ = std::make_unique<std::array<MbusChannel, kMbusChannels>>();
  (*mbus_)[channel - 1u] = {device, since};
}

const ResourceMeter* VirtualMeter::mbus_device(std::uint8_t channel) const {
  return mbus_ ? (*mbus_)[channel - 1u].device : nullptr;
}

Totals VirtualMeter::before(TownDay day) const {
  EnergyBook& book = *town_->book;
  const TownDay born = book.day_at(town_->born + 1);
  if (checkpoints_.empty()) checkpoints_.push_back({});
  if (day <= born) return {};
  const auto known = std::min<std::int32_t>((day.value - born.value) / kCheckpointDays,
                                            static_cast<std::int32_t>(checkpoints_.size()) - 1);
  TownDay at{born.value + known * kCheckpointDays};
  Totals sum = checkpoints_[known];
  if (recent_day_ <= day && recent_day_ > at) {
    at = recent_day_;
    sum = recent_;
  }
  while (at < day) {
    const MeterDay of = book.day(index_, at);
    if (!curbed() && at != born) {
      sum.import_wh += of.total.import_wh;
      sum.export_wh += of.total.export_wh;
      sum.reactive_import_varh += of.total.reactive_import_varh;
      sum.reactive_export_varh += of.total.reactive_export_varh;
    } else {
      for (std::size_t i = 0; i < book.intervals_per_day(); ++i) {
        const UtcSeconds end = book.start_of(at) + static_cast<std::int64_t>(i + 1) * book.interval_s();
        if (end > town_->born) sum.add(measured(of.intervals[i], end));
      }
    }
    ++at.value;
    // Days that are over do not change any more: only those are remembered.
    const bool over = book.start_of(at) <= true_now();
    const std::int32_t age = at.value - born.value;
    if (over && age % kCheckpointDays == 0 && age / kCheckpointDays == static_cast<std::int32_t>(checkpoints_.size())) {
      checkpoints_.push_back(sum);
    }
    if (over && at > recent_day_) {
      recent_ = sum;
      recent_day_ = at;
    }
  }
  return sum;
}

Totals VirtualMeter::totals_at(UtcSeconds time) const {
  if (time <= town_->born) return {};
  EnergyBook& book = *town_->book;
  const TownDay day = book.day_at(time);
  Totals sum = before(day);
  const MeterDay of = book.day(index_, day);
  const std::int64_t length = book.interval_s();
  UtcSeconds end = book.start_of(day) + length;
  std::size_t i = 0;
  for (; end <= time; ++i, end = end + length) {
    if (end > town_->born) sum.add(measured(of.intervals[i], end));
  }
  const std::int64_t part = length - (end - time);
  if (part > 0 && i < book.intervals_per_day() && end > town_->born) {
    const Interval whole = measured(of.intervals[i], end);
    sum.import_wh += whole.import_wh * part / length;
    sum.export_wh += whole.export_wh * part / length;
    sum.reactive_import_varh += whole.reactive_import_varh * part / length;
    sum.reactive_export_varh += whole.reactive_export_varh * part / length;
  }
  return sum;
}

std::vector<ProfileRow> VirtualMeter::rows(UtcSeconds after, UtcSeconds until) const {
  std::vector<ProfileRow> out;
  MeterProfiles(*this).each_row(after, until, [&](UtcSeconds stamp, const Interval& interval) {
    out.push_back({stamp, interval});
  });
  return out;
}

std::vector<LogEntry> VirtualMeter::log(std::uint8_t log, UtcSeconds after, UtcSeconds until) const {
  const UtcSeconds now = true_now();
  after = std::max({after, now - kLogDays * 86'400, town_->born});
  until = std::min(until, std::max(now, meter_time()));
  std::vector<LogEntry> out;
  const auto add = [&](std::uint8_t of, std::uint8_t code, UtcSeconds at) {
    if (of == log && at > after && at <= until && at <= now) out.push_back({at, code, of});
  };
  for (const Happening& h : town_->book->happenings(index_, after - 86'400, until)) {
    switch (h.kind) {
      case Happening::Kind::kOutage:
        add(0, kEventPowerDown, h.from);
        add(0, kEventPowerUp, h.to);
        break;
      case Happening::Kind::kCover:
        add(1, kEventCoverRemoved, h.from);
        add(1, kEventCoverClosed, h.to);
        break;
      case Happening::Kind::kDip:
        add(3, kEventUndervoltage, h.from);
        add(3, kEventVoltageNormal, h.to);
        break;
      case Happening::Kind::kLostRows: break;
    }
  }
  for (const LogEntry& e : own_events_) {
    if (e.log == log && e.time > after && e.time <= until) out.push_back(e);
  }
  std::ranges::stable_sort(out, {}, &LogEntry::time);
  if (out.size() > kLogEntriesMax) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(kLogEntriesMax));
  return out;
}

void VirtualMeter::note(std::uint8_t log, std::uint8_t code) {
  if (own_events_.size() >= kOwnEventsMax) own_events_.erase(own_events_.begin());
  own_events_.push_back({meter_time(), code, log});
}

bool VirtualMeter::jump_clock(std::int64_t by_s) {
  const UtcSeconds now = true_now();
  return clock_.set(now, clock_.read(now) + by_s);
}

void VirtualMeter::reboot() {
  if (extras_) {
    extras_->image.clear();
    extras_->image_blocks.clear();
    extras_->image_status = 0;
    extras_->alarms = 0;
  }
  push_requested_ = false;
  note(0, kEventWatchdog);
}

bool VirtualMeter::begin_curb(std::uint32_t limit_w) {
  if (curbs_.size() >= kCurbsMax) return false;
  curbs_.push_back({true_now(), UtcSeconds(INT64_MAX / 2), limit_w});
  return true;
}

void VirtualMeter::end_curb() {
  if (!curbs_.empty()) curbs_.back().to = std::min(curbs_.back().to, true_now());
}

bool VirtualMeter::take_push_request() { return std::exchange(push_requested_, false); }

Bytes VirtualMeter::interval_push(UtcSeconds after, UtcSeconds until) const {
  return MeterProfiles(*this).interval_push(after, until);
}

Bytes VirtualMeter::alarm_push(UtcSeconds after, UtcSeconds until) const {
  return MeterProfiles(*this).alarm_push(after, until);
}

std::size_t VirtualMeter::heap_bytes() const {
  return curbs_.capacity() * sizeof(Curb) + own_events_.capacity() * sizeof(LogEntry) +
         checkpoints_.capacity() * sizeof(Totals) + (extras_ ? sizeof(Extras) + extras_->image.capacity() : 0);
}

}  // namespace amity::world
