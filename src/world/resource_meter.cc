#include "world/resource_meter.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "world/hash.h"
#include "world/limits.h"

namespace amity::world {
namespace {

using mbus::DataField;
using mbus::SecurityMode;

constexpr ResourceMake kRadio[] = {{"LQF", "Liquifer W4", 0x21, 7, SecurityMode::kMode7},
                                   {"GVX", "Gasvale G10", 0x14, 3, SecurityMode::kMode5}};
constexpr ResourceMake kWired[] = {{"LQF", "Liquifer W4b", 0x22, 7, SecurityMode::kNone},
                                   {"GVX", "Gasvale G10b", 0x15, 3, SecurityMode::kNone},
                                   {"THQ", "Thermiq H2", 0x03, 4, SecurityMode::kNone}};
constexpr ResourceMake kDistrict = {"LQF", "Liquifer B80", 0x31, 7, SecurityMode::kNone};

std::uint32_t to_bcd(std::uint32_t number) {
  std::uint32_t out = 0;
  for (int shift = 0; shift < 32; shift += 4, number /= 10) out |= (number % 10) << shift;
  return out;
}

wire::MeterTime wall_time(const CivilTime& civil, wire::MeterTime::Precision precision) {
  wire::MeterTime time;
  time.year = static_cast<std::int16_t>(civil.year);
  time.month = static_cast<std::uint8_t>(civil.month);
  time.day = static_cast<std::uint8_t>(civil.day);
  time.precision = precision;
  if (precision == wire::MeterTime::Precision::kDay) return time;
  time.hour = static_cast<std::uint8_t>(civil.hour);
  time.minute = static_cast<std::uint8_t>(civil.minute);
  time.second = static_cast<std::uint8_t>(civil.second);
  time.daylight_saving = civil.daylight_saving;
  return time;
}

// Water 1, gas 2, heat 3: as the makes stand in their tables and as numbers are given out.
std::uint32_t place_of(Commodity commodity) {
  return static_cast<std::uint32_t>(commodity) -
         static_cast<std::uint32_t>(Commodity::kElectricity);
}

}  // namespace

const ResourceMake& resource_make(Commodity commodity, bool wired) {
  AMITY_ASSERT(commodity == Commodity::kWater || commodity == Commodity::kGas ||
               (wired && commodity == Commodity::kHeat));
  return (wired ? kWired : kRadio)[place_of(commodity) - 1];
}

ResourceMeter::ResourceMeter(const MeterTown* town, Commodity commodity, std::uint32_t home,
                             std::uint32_t number, bool wired)
    : town_(town),
      commodity_(commodity),
      make_(&resource_make(commodity, wired)),
      home_(home),
      number_(number),
      clock_(town->born, town->book->plan().drift_ppm(mix(0x524D4554u, number) % 1'000'000),
             town->book->interval_s()) {}

ResourceMeter::ResourceMeter(const MeterTown* town, std::uint32_t number, WaterDistrict district)
    : ResourceMeter(town, Commodity::kWater, UINT32_MAX, number, true) {
  make_ = &kDistrict;
  district_ = std::move(district);
}

std::string ResourceMeter::serial() const {
  return fmt::format("{}3{}{:06}", make_->flag, place_of(commodity_), number_ + 1);
}

mbus::Address ResourceMeter::address() const {
  const std::uint32_t digits = 30'000'000 + place_of(commodity_) * 1'000'000 + number_ + 1;
  return {mbus::manufacturer_code(make_->flag), to_bcd(digits), make_->version, make_->type};
}

Bytes ResourceMeter::key() const {
  return make_->mode == SecurityMode::kNone ? Bytes() : device_key(town_->seed, "wM-Bus", number_);
}

void ResourceMeter::day_of(TownDay day, ResourceDay& out) const {
  const WeatherDay& weather = town_->book->weather(day);
  if (!district_) return resource_day(town_->seed, commodity_, home_, day, weather, out);
  out.fill(district_->leak_l_per_step);
  ResourceDay one;
  for (const std::uint32_t home : district_->homes) {
    resource_day(town_->seed, commodity_, home, day, weather, one);
    std::ranges::transform(out, one, out.begin(), std::plus{});
  }
}

std::int64_t ResourceMeter::before(TownDay day) const {
  EnergyBook& book = *town_->book;
  const TownDay first = book.day_at(town_->born + 1);
  if (day_starts_.empty()) day_starts_.push_back(0);
  const auto wanted = static_cast<std::size_t>(std::max(0, day.value - first.value));
  ResourceDay of;
  while (day_starts_.size() <= wanted) {
    const TownDay next{first.value + static_cast<std::int32_t>(day_starts_.size()) - 1};
    day_of(next, of);
    day_starts_.push_back(std::accumulate(of.begin(), of.end(), day_starts_.back()));
  }
  return day_starts_[wanted];
}

// Since the start of the town's day of the installation; within a quarter of an hour it flows
// evenly.
std::int64_t ResourceMeter::passed_by(UtcSeconds time) const {
  EnergyBook& book = *town_->book;
  const TownDay day = book.day_at(time);
  std::int64_t sum = before(day);
  ResourceDay of;
  day_of(day, of);
  std::int64_t left = time - book.start_of(day);
  for (std::size_t i = 0; left > 0; ++i, left -= kStepSeconds) {
    sum += of[i] * std::min<std::int64_t>(left, kStepSeconds) / kStepSeconds;
  }
  return sum;
}

std::int64_t ResourceMeter::register_at(UtcSeconds time) const {
  const std::uint64_t range = commodity_ == Commodity::kHeat ? 40'000'000 : 900'000;
  const auto shown_at_first =
      static_cast<std::int64_t>(mix(town_->seed, 0x464952u, number_) % range);
  if (time <= town_->born) return shown_at_first;
  return shown_at_first + passed_by(time) - passed_by(town_->born);
}

UtcSeconds ResourceMeter::due_date(UtcSeconds time) const {
  const TimeZone& zone = town_->book->zone();
  const CivilTime now = zone.local(time);
  const auto start = zone.instants(now.year, now.month, 1, 0, 0, 0);
  return start.empty() ? time : start.front();
}

Bytes ResourceMeter::records() const {
  const UtcSeconds now = town_->clock->utc(), due = due_date(now);
  const bool heat = commodity_ == Commodity::kHeat;
  const std::string_view quantity = heat ? "energy" : "volume", unit = heat ? "Wh" : "m3";
  Bytes out;
  const auto add = [&](UtcSeconds at, std::uint64_t storage) {
    const Decimal value{register_at(at), heat ? 0 : -3};
    AMITY_ASSERT(
        mbus::append_number(quantity, unit, value, DataField::kInt32, {.storage = storage}, out)
            .ok());
  };
  const TimeZone& zone = town_->book->zone();
  using Precision = wire::MeterTime::Precision;
  add(now, 0);
  AMITY_ASSERT(
      mbus::append_time(wall_time(zone.local(meter_time()), Precision::kSecond), {}, out).ok());
  add(due, 1);
  // A due date names the day that ends with it.
  AMITY_ASSERT(
      mbus::append_time(wall_time(zone.local(due - 1), Precision::kDay), {.storage = 1}, out).ok());
  return out;
}

Result<Bytes> ResourceMeter::telegram(mbus::Encoder& encoder) {
  const Bytes secret = key();
  // Seconds of the meter's clock: one telegram each second at most, and none twice.
  counter_ = std::max(counter_ + 1, static_cast<std::uint32_t>(meter_time().value));
  mbus::TelegramSpec spec;
  spec.meter = address();
  spec.access_number = ++access_number_;
  spec.mode = make_->mode;
  spec.key = secret;
  spec.counter = counter_;
  spec.format = mbus::FrameFormat::kA;
  return encoder.wireless(spec, records());
}

Result<Bytes> ResourceMeter::wired_data(mbus::Encoder& encoder, std::uint8_t access_number) const {
  mbus::TelegramSpec spec;
  spec.meter = address();
  spec.access_number = access_number;
  return encoder.wired_user_data(spec, records());
}

}  // namespace amity::world
