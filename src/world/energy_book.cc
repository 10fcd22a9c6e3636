#include "world/energy_book.h"

#include <algorithm>

#include "world/hash.h"

namespace amity::world {

EnergyBook::EnergyBook(const BookConfig& config, const TimeZone& zone, std::vector<BookHome> homes,
                       std::vector<GridNode> grid)
    : config_(config),
      zone_(zone),
      weather_(config.seed, config.climate, zone),
      plan_(mix(config.seed, 0x504C414Eu), config.faults),
      homes_(std::move(homes)),
      grid_(std::move(grid)),
      slots_(std::min<std::size_t>(kDaysCached, std::max<std::size_t>(16, homes_.size() * 4))) {
  AMITY_ASSERT(config.interval_s == 900 || config.interval_s == 1'800);
  AMITY_ASSERT(config.replay_shift_s % 86'400 == 0);
}

const WeatherDay& EnergyBook::weather(TownDay day) {
  auto& kept = weather_days_[day.value];
  if (!kept) {
    if (weather_days_.size() > kWeatherDaysCached) {
      weather_days_.clear();
      return *(weather_days_[day.value] = std::make_unique<WeatherDay>(weather_.day(day)));
    }
    kept = std::make_unique<WeatherDay>(weather_.day(day));
  }
  return *kept;
}

const MeterDay& EnergyBook::day(std::uint32_t meter, TownDay day) {
  const std::uint64_t key = std::uint64_t{meter} << 32 | static_cast<std::uint32_t>(day.value);
  // Neighbouring days of one meter, and one day of neighbouring meters, fall into different slots.
  Slot& slot = slots_[(std::uint64_t{meter} * 61 + static_cast<std::uint32_t>(day.value)) % slots_.size()];
  if (slot.key == key) return slot.day;
  if (meter >= homes_.size()) {  // the days beneath pass through the same slots
    MeterDay made;
    pass_through(grid_[meter - homes_.size()], meter, day, made);
    slot.day = made;
  } else {
    compute(meter, day, slot.day);
  }
  slot.key = key;
  return slot.day;
}

void EnergyBook::compute(std::uint32_t meter, TownDay day, MeterDay& out) {
  if (const ReplayHome* real = homes_[meter].real) {
    replay(*real, day, out);
  } else {
    simulate(meter, day, out);
  }
  suffer(meter, day, out);
  out.total = {};
  for (std::size_t i = 0; i < intervals_per_day(); ++i) out.total.add(out.intervals[i]);
}

void EnergyBook::simulate(std::uint32_t meter, TownDay day, MeterDay& out) {
  HomeDay home;
  HomeModel(config_.seed, meter, home_traits(config_.seed, meter), homes_[meter].supply).day(day, weather(day), home);
  const std::size_t steps = config_.interval_s / kStepSeconds;
  for (std::size_t i = 0; i < intervals_per_day(); ++i) {
    Interval sum;
    std::uint32_t voltage = 0;
    for (std::size_t s = i * steps; s < (i + 1) * steps; ++s) {
      sum.import_wh += home.import_wh[s];
      sum.export_wh += home.export_wh[s];
      sum.reactive_import_varh += home.reactive_import_varh[s];
      sum.reactive_export_varh += home.reactive_export_varh[s];
      voltage += home.voltage_dv[s];
    }
    sum.voltage_dv = static_cast<std::uint16_t>(voltage / steps);
    out.intervals[i] = sum;
  }
}

// The real file has import only; the rest is 0, and the voltage the nominal one.
void EnergyBook::replay(const ReplayHome& home, TownDay day, MeterDay& out) const {
  for (std::size_t i = 0; i < intervals_per_day(); ++i) {
    out.intervals[i] = Interval{};
    out.intervals[i].voltage_dv = 2'300;
    out.intervals[i].present = false;
  }
  const UtcSeconds start = start_of(day);
  const UtcSeconds file_start = start - config_.replay_shift_s;
  for (const ReplayRow& row : home.between(file_start, file_start + 86'400)) {
    Interval& i = out.intervals[static_cast<std::size_t>((row.end - file_start - 1) / config_.interval_s)];
    i.import_wh += static_cast<std::uint32_t>(row.wh);
    i.present = true;
  }
}

void EnergyBook::suffer(std::uint32_t meter, TownDay day, MeterDay& out) const {
  const UtcSeconds start = start_of(day);
  const std::int64_t length = config_.interval_s;
  for (const Happening& h : happenings(meter, start - 86'400, start + 86'400)) {
    const auto first = std::max<std::int64_t>(0, (h.from - start) / length);
    for (auto i = first; i < static_cast<std::int64_t>(intervals_per_day()); ++i) {
      const UtcSeconds from = std::max(h.from, start + i * length), to = std::min(h.to, start + (i + 1) * length);
      if (to <= from) {
        if (h.to <= start + i * length) break;
        continue;
      }
      Interval& row = out.intervals[static_cast<std::size_t>(i)];
      if (h.kind == Happening::Kind::kOutage) {
        const std::int64_t left = length - (to - from);
        for (std::uint32_t* v : {&row.import_wh, &row.export_wh, &row.reactive_import_varh,
            &row.reactive_export_varh}) {
          *v = static_cast<std::uint32_t>(*v * left / length);
        }
        if (left == 0) row.voltage_dv = 0;
        row.status |= kStatusPowerDown;
      } else if (h.kind == Happening::Kind::kDip) {
        row.voltage_dv = static_cast<std::uint16_t>(row.voltage_dv * (1 - h.depth * static_cast<float>(to - from) /
                                                                               static_cast<float>(length)));
      } else if (h.kind == Happening::Kind::kLostRows && to == start + (i + 1) * length) {
        row.present = false;
      }
    }
  }
}

std::vector<Happening> EnergyBook::happenings(std::uint32_t meter, UtcSeconds after, UtcSeconds until) const {
  std::vector<Happening> out;
  if (until <= after) return out;
  const TownDay last = day_at(until + 1);
  for (TownDay day = day_at(after + 1); day <= last; ++day.value)
    plan_.append(path_of(meter), day, start_of(day), out);
  std::erase_if(out, [&](const Happening& h) { return h.from <= after || h.from > until; });
  std::ranges::stable_sort(out, {}, &Happening::from);
  return out;
}

bool EnergyBook::powered(std::uint32_t meter, UtcSeconds now) const {
  for (const Happening& h : happenings(meter, now - 86'400, now)) {
    if (h.kind == Happening::Kind::kOutage && h.from <= now && now < h.to) return false;
  }
  return true;
}

}  // namespace amity::world
