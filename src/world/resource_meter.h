// A water, gas or heat meter: what has passed it, and the telegrams it sends (EN 13757-3, OMS).
// Water and gas meters count litres (0.001 m3), heat meters Wh.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/mbus/encoder.h"
#include "world/meter_clock.h"
#include "world/resource.h"
#include "world/virtual_meter.h"

namespace amity::world {

struct ResourceMake {
  std::string_view flag;  // three letters of the manufacturer
  std::string_view name;
  std::uint8_t version = 1;
  std::uint8_t type = 7;  // device type of EN 13757-3: 7 water, 3 gas, 4 heat
  mbus::SecurityMode mode = mbus::SecurityMode::kNone;
};
// Water is sent in mode 7, gas in mode 5; what is read over a wire is not encrypted.
const ResourceMake& resource_make(Commodity commodity, bool wired);

// A part of the water mains that one meter feeds.
struct WaterDistrict {
  std::vector<std::uint32_t> homes;
  std::uint32_t leak_l_per_step = 0;  // lost between that meter and theirs, every kStepSeconds
};

class ResourceMeter {
 public:
  // What feeds a district: all that its homes draw, and what leaks. Read over a wire.
  ResourceMeter(const MeterTown* town, std::uint32_t number, WaterDistrict district);
  // `number`: of all resource meters of the town, from 0 on.
  ResourceMeter(const MeterTown* town, Commodity commodity, std::uint32_t home,
                std::uint32_t number, bool wired);

  Commodity commodity() const { return commodity_; }
  const std::optional<WaterDistrict>& district() const { return district_; }
  const ResourceMake& make() const { return *make_; }
  std::uint32_t home() const { return home_; }  // nobody's: that of a district's meter
  std::uint32_t number() const { return number_; }
  std::string serial()
      const;  // "LQF31000001": the letters, then the eight digits of the identification number
  mbus::Address address() const;
  Bytes key() const;  // empty where nothing is encrypted

  UtcSeconds meter_time() const { return clock_.read(town_->clock->utc()); }
  // Register at a true instant, litres or Wh, with what it showed when it was installed.
  std::int64_t register_at(UtcSeconds time) const;
  // The register at the last due date before `time`: the start of the town's month.
  UtcSeconds due_date(UtcSeconds time) const;

  // The data records of now: register, clock, and the register at the due date.
  Bytes records() const;
  // What goes over the air, with the CRCs of frame format A.
  Result<Bytes> telegram(mbus::Encoder& encoder);
  // CI 72 and what follows: the user data of a wired long frame.
  Result<Bytes> wired_data(mbus::Encoder& encoder, std::uint8_t access_number) const;

 private:
  void day_of(TownDay day, ResourceDay& out) const;
  std::int64_t before(TownDay day) const;
  std::int64_t passed_by(UtcSeconds time) const;

  const MeterTown* town_;
  Commodity commodity_;
  const ResourceMake* make_;
  std::uint32_t home_, number_;
  MeterClock clock_;
  std::optional<WaterDistrict> district_;
  std::uint8_t access_number_ = 0;
  std::uint32_t counter_ = 0;                     // of the last telegram of mode 7
  mutable std::vector<std::int64_t> day_starts_;  // since installation, by day
};

}  // namespace amity::world
