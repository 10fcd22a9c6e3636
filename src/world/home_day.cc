#include <algorithm>
#include <cmath>

#include "world/hash.h"
#include "world/home.h"

namespace amity::world {
namespace {

constexpr double kMinutes = 15;  // of a step

// Reactive per active power of each kind of load (tan phi); negative where it is capacitive.
constexpr float kTanFridge = 0.55f, kTanMotor = 0.45f, kTanElectronics = -0.22f, kTanSolar = 0.03f;

// Where the loads of a day add up, Wh and varh per step.
class Load {
 public:
  explicit Load(int shift_min) : shift_min_(shift_min) {}

  // `start_min` on the wall clock; what falls outside the day is not drawn.
  void run(double start_min, double minutes, double watts, float tan_phi = 0) {
    run_standard(start_min - shift_min_, minutes, watts, tan_phi);
  }
  void run_standard(double start_min, double minutes, double watts, float tan_phi = 0) {
    const double from = std::max(0.0, start_min), until = std::min(1'440.0, start_min + minutes);
    for (int step = static_cast<int>(from / kMinutes); step < kStepsPerDay && step * kMinutes < until; ++step) {
      const double a = std::max(from, step * kMinutes), b = std::min(until, (step + 1) * kMinutes);
      add(step, watts * (b - a) / kMinutes, tan_phi);
    }
  }
  // Mean power of a whole step.
  void add(int step, double watts, float tan_phi) {
    const float energy = static_cast<float>(watts) * 0.25f;
    wh[step] += energy;
    varh[step] += energy * tan_phi;
  }

  std::array<float, kStepsPerDay> wh{}, varh{};

 private:
  int shift_min_;
};

// How much of the household is in and awake, by step of standard time: 0..1.
struct Presence {
  std::array<float, kStepsPerDay> awake{};
  double wake_min = 0, bed_min = 0, leave_min = 0, back_min = 0;  // wall clock
  bool out = false;      // leaves and comes back within the day
  bool holiday = false;  // nobody all day
};

Presence presence_of(const HomeTraits& t, const WeatherDay& weather, std::uint64_t seed, std::uint32_t home,
                     TownDay day) {
  Draw draw(seed, 0x50524553u, home, day.value);
  Presence p;
  // Absence comes in weeks, not in days.
  const auto week = static_cast<std::uint64_t>((day.value + 3 + static_cast<int>(home % 7)) / 7);
  p.holiday = unit_of(mix(seed, 0x484F4Cu, home, week)) < 0.045;
  p.wake_min = t.wake_min + (weather.weekend ? 65 : 0) + 16 * draw.normal();
  p.bed_min = t.bed_min + 45 * draw.normal();
  p.out = draw.chance(weather.weekend ? 0.45 : t.away_weekdays ? 0.9 : 0.35);
  if (weather.weekend || !t.away_weekdays) {
    p.leave_min = draw.between(540, 840);
    p.back_min = p.leave_min + draw.between(60, 270);
  } else {
    p.leave_min = p.wake_min + 75 + 15 * draw.normal();
    p.back_min = 990 + 90 * draw.normal();
  }
  if (p.holiday) return p;
  for (int step = 0; step < kStepsPerDay; ++step) {
    const double minute = step * kMinutes + 7.5 + weather.daylight_saving_minutes;
    if (minute < p.wake_min || minute > p.bed_min) continue;
    const bool gone = p.out && minute > p.leave_min && minute < p.back_min;
    p.awake[step] = gone ? 0.06f : minute > 1'050 ? 0.9f : 0.75f;
  }
  return p;
}

void add_base(const HomeTraits& t, const WeatherDay& weather, Draw draw, Load& load) {
  // The compressor's share of time grows with the warmth of the house.
  const double duty = std::clamp(0.34 + 0.012 * (weather.mean_c - 17), 0.22, 0.6);
  const double on_min = t.fridge_period_min * duty;
  for (double start = -draw.between(0, t.fridge_period_min); start < 1'440; start += t.fridge_period_min) {
    load.run_standard(start, on_min, t.fridge_w, kTanFridge);
  }
  for (int step = 0; step < kStepsPerDay; ++step) load.add(step, t.standby_w, kTanElectronics);
}

void add_presence(const HomeTraits& t, const WeatherDay& weather, const Presence& p, Draw draw, Load& load) {
  for (int step = 0; step < kStepsPerDay; ++step) {
    const double awake = p.awake[step];
    if (awake <= 0) continue;
    const double mood = 0.5 + draw.unit();
    load.add(step, t.lighting_w * awake * (0.12 + 0.88 * weather.darkness[step]) * mood, 0.1f);
    load.add(step, t.leisure_w * awake * mood, kTanElectronics);
  }
}

void add_kitchen(const HomeTraits& t, const WeatherDay& weather, const Presence& p, Draw draw, Load& load) {
  const double keen = std::sqrt(t.size);
  if (draw.chance(0.85)) load.run(p.wake_min + 15 + 14 * draw.normal(), draw.between(5, 13), 2'300);
  const bool home_at_noon = !p.out || p.leave_min > 800 || p.back_min < 740;
  if (home_at_noon && draw.chance(0.6)) load.run(760 + 60 * draw.normal(), draw.between(6, 26), 1'600);
  if (!p.out && draw.chance(0.45)) load.run(draw.between(560, 1'000), draw.between(10, 35), draw.between(1'500, 3'600));
  if (draw.chance(0.84)) {
    const double start = std::max(p.out ? p.back_min + 10 : 0.0, 1'120 + 95 * draw.normal());
    load.run(start, draw.between(6, 21) * keen, draw.between(1'600, 5'400));
    if (t.dishwasher && draw.chance(0.5)) {
      load.run(start + draw.between(60, 110), 18, 2'000);
      load.run(start + draw.between(130, 160), 14, 1'800);
    }
  }
  const int kettles = static_cast<int>(draw.below(9) * keen + 0.5);
  for (int i = 0; i < kettles; ++i) {
    const double at = draw.between(p.wake_min, p.bed_min);
    if (!p.out || at < p.leave_min || at > p.back_min) load.run(at, draw.between(2.5, 9), 2'300 * keen);
  }
  if (draw.chance(weather.weekend ? 0.65 : 0.45)) {
    const double at = p.out && !weather.weekend ? (draw.chance(0.5) ? p.wake_min + 20 : p.back_min + 20)
                                                : draw.between(510, 1'020);
    load.run(at, 20, 1'700 * keen);
    load.run(at + 16, 50, 220, kTanMotor);
    if (t.dryer && draw.chance(0.45)) load.run(at + 75, draw.between(35, 70), 2'100, 0.1f);
  }
}

void add_water(const HomeTraits& t, const WeatherDay& weather, const Presence& p, Draw draw, Load& load) {
  if (t.hot_water_w <= 0) return;
  const double cold = 1 + 0.018 * (17 - weather.mean_c);
  const double hours = 3'600 / t.hot_water_w;
  load.run_standard(draw.between(60, 300), 10 * hours, t.hot_water_w);  // what the tank lost overnight
  if (p.holiday) return;
  load.run(p.wake_min + draw.between(15, 45), draw.between(12, 32) * cold * hours * std::sqrt(t.size), t.hot_water_w);
  if (draw.chance(0.75)) {
    load.run(draw.between(960, 1'320), draw.between(10, 34) * cold * hours * std::sqrt(t.size), t.hot_water_w);
  }
}

// Thermostats: as much as the difference asks for, in pulses of the machine's power.
void add_climate(const HomeTraits& t, const WeatherDay& weather, const Presence& p, Draw draw, Load& load) {
  const bool morning = draw.chance(0.33), evening = draw.chance(0.4);  // often nobody bothers
  const double comfort = draw.lognormal(1, 0.7);
  double carried = 0;
  for (int step = 0; step < kStepsPerDay; ++step) {
    const double awake = p.awake[step];
    if (awake < 0.3 || !(step < 52 ? morning : evening)) {
      carried = 0;
      continue;
    }
    const double cold = t.heat_below_c - weather.temperature_c[step];
    const double warm = weather.temperature_c[step] - t.cool_above_c;
    const double wanted = cold > 0 ? cold * t.heating_w_per_k : warm > 0 ? warm * t.cooling_w_per_k : 0;
    if (wanted <= 0) continue;
    const double machine = 2'000 + 1'000 * t.size;
    carried = std::min(carried + std::min(wanted * comfort, machine) * (0.6 + 0.8 * draw.unit()), 2.6 * machine);
    if (carried < machine * 1.0) continue;
    const double run = std::min(carried, machine);
    load.add(step, run, kTanMotor * 0.5f);
    carried -= run;
  }
}

struct Charge {
  double start_min = 0, minutes = 0;  // wall clock of the day it starts
};

Charge charge_of(std::uint64_t seed, std::uint32_t home, std::int32_t day, double watts) {
  Draw draw(seed, 0x4556u, home, day);
  if (!draw.chance(0.55)) return {};
  const double start = draw.chance(0.7) ? 1'060 + 60 * draw.normal() : 1'410 + 15 * draw.normal();
  return {start, draw.between(4'000, 15'000) / watts * 60};
}

void add_vehicle(const HomeTraits& t, std::uint64_t seed, std::uint32_t home, TownDay day, Load& load) {
  if (t.ev_w <= 0) return;
  const Charge yesterday = charge_of(seed, home, day.value - 1, t.ev_w);
  const Charge today = charge_of(seed, home, day.value, t.ev_w);
  load.run(yesterday.start_min - 1'440, yesterday.minutes, t.ev_w);
  load.run(today.start_min, today.minutes, t.ev_w);
}

std::uint16_t rounded(float value) {
  return static_cast<std::uint16_t>(std::clamp(value + 0.5f, 0.0f, 65'535.0f));
}

// What a mean home of the neighbourhood draws, kW: the town's own mean day, weather and sun included.
float neighbour_kw(const WeatherDay& w, int step) {
  const float wall_h = (static_cast<float>(step) + 0.5f) / 4 + static_cast<float>(w.daylight_saving_minutes) / 60;
  const float morning = std::exp(-0.5f * (wall_h - 7.6f) * (wall_h - 7.6f) / 1.6f);
  const float evening = std::exp(-0.5f * (wall_h - 19.3f) * (wall_h - 19.3f) / 6.0f);
  const float cold = std::max(0.0f, 15 - w.temperature_c[step]), hot = std::max(0.0f, w.temperature_c[step] - 26);
  return 0.22f + 0.22f * morning + 0.36f * evening + (0.018f * cold + 0.03f * hot) * (0.3f + evening) -
         0.45f * w.sun[step];
}

}  // namespace

void HomeModel::day(TownDay day, const WeatherDay& weather, HomeDay& out) const {
  const HomeTraits& t = traits_;
  const auto stream = [&](std::uint64_t tag) { return Draw(seed_, tag, home_, day.value); };
  Load load(weather.daylight_saving_minutes);
  const Presence p = presence_of(t, weather, seed_, home_, day);
  add_base(t, weather, stream(1), load);
  if (!p.holiday) {
    add_presence(t, weather, p, stream(2), load);
    add_kitchen(t, weather, p, stream(3), load);
    add_climate(t, weather, p, stream(4), load);
    add_vehicle(t, seed_, home_, day, load);
  }
  add_water(t, weather, p, stream(5), load);
  if (t.pool_w > 0) load.run(600, weather.mean_c > 19 ? 330 : 180, t.pool_w, kTanMotor);

  const int panels_late = static_cast<int>(std::lround(t.solar_azimuth_h * 4));
  for (int step = 0; step < kStepsPerDay; ++step) {
    const int sun_step = std::clamp(step - panels_late, 0, kStepsPerDay - 1);
    const float seen = 0.5f * (weather.sun[step] + weather.sun[sun_step]);
    const float solar = t.solar_kw * 0.86f * seen * 250;  // Wh of the quarter
    const float net = load.wh[step] - solar;
    const float reactive = load.varh[step] + solar * kTanSolar;
    out.import_wh[step] = rounded(std::max(0.0f, net));
    out.export_wh[step] = rounded(std::max(0.0f, -net));
    out.reactive_import_varh[step] = rounded(std::max(0.0f, reactive));
    out.reactive_export_varh[step] = rounded(std::max(0.0f, -reactive));
    const float others_a = neighbour_kw(weather, step) * 1'000 / supply_.source_v * supply_.neighbours;
    const float own_a = net * 4 / supply_.source_v;
    const float ripple = 1.2f * static_cast<float>(unit_of(mix(seed_, 6, day.value * 96LL + step)) - 0.5);
    out.voltage_dv[step] = rounded(
        10 * (supply_.source_v + ripple - supply_.shared_ohm * others_a - (supply_.service_ohm + 0.01f) * own_a));
  }
}

}  // namespace amity::world
