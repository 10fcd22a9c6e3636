// One meter whose use is known, for tests of the departments.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/runtime.h"
#include "model/reading.h"
#include "store/memory.h"

namespace amity::roles {

inline constexpr std::int32_t kFirst = 20'000;  // 2024-10-04, a Friday
inline const UtcSeconds kBegin(kFirst * 86'400LL);
inline const ChannelId kImport(1), kTotal(2);

class SetClock : public Clock {
 public:
  UtcSeconds utc() const override { return time; }
  std::int64_t utc_us() const override { return time.value * 1'000'000; }
  Instant now() const override { return Instant{time.value * 1'000'000}; }
  UtcSeconds time = kBegin;
};

inline store::MasterData one_meter() {
  store::MasterData data;
  data.customers = {{CustomerId(1), "Ana", "residential"}};
  ServicePoint point;
  point.id = ServicePointId(1);
  point.name = "SP1";
  point.customer = CustomerId(1);
  data.service_points = {point};
  Device device;
  device.id = DeviceId(1);
  device.serial = "M1";
  device.service_point = point.id;
  device.commissioned = kBegin;
  data.devices = {device};
  data.channels = {{kImport, device.id, ChannelKind::kInterval, "import", "1-0:1.29.0*255",
                    Unit::kWattHour, 0, 3'600, 1},
                   {kTotal, device.id, ChannelKind::kRegister, "import_total", "1-0:1.8.0*255",
                    Unit::kWattHour, 0, 0, 1}};
  return data;
}

inline std::int64_t use_of(std::int32_t day, int hour) {
  return 100 + 10 * hour + 7 * (day - kFirst) + hour * hour % 13;
}
inline std::int64_t register_at(std::int32_t day) {
  std::int64_t sum = 5'000;
  for (std::int32_t d = kFirst; d < day; ++d) {
    for (int h = 1; h <= 24; ++h) sum += use_of(d, h);
  }
  return sum;
}

// A day's hours but those `without`, and the register at its end.
inline std::vector<Reading> readings_of(std::int32_t day, const std::vector<int>& without = {}) {
  std::vector<Reading> readings;
  const UtcSeconds start = UtcDay(day).start();
  for (int h = 1; h <= 24; ++h) {
    if (std::ranges::find(without, h) != without.end()) continue;
    readings.push_back({kImport, start + h * 3'600, use_of(day, h), {}});
  }
  readings.push_back({kTotal, start + 86'400, register_at(day + 1), {}});
  return readings;
}

// A store over memory whose platform may die after any single thing that it does.
struct MortalPlatform {
  SetClock clock;
  std::shared_ptr<store::MemoryDisk> disk = std::make_shared<store::MemoryDisk>();
  std::unique_ptr<store::MemoryStore> store = std::move(store::open_memory(disk)).value();
  int crash_in = -1;  // things done until it dies

  virtual ~MortalPlatform() = default;
  virtual void start() = 0;
  virtual void forget() = 0;  // everything that lives in memory

  void crash() {
    forget();
    store.reset();
    disk->crash();
    store = std::move(store::open_memory(disk)).value();
    start();
  }
  // One thing that the platform does; it may die right after it.
  void did() {
    if (crash_in >= 0 && crash_in-- == 0) crash();
  }
  void arrive(std::vector<Reading> readings) {
    store->journal().append(ReadingsArrived{"headend", clock.time, std::move(readings)},
                            [](Result<store::Sequence> r) { EXPECT_TRUE(r.ok()); });
    store->pump();
  }
  void at(std::int32_t day, int hour) { clock.time = UtcDay(day).start() + hour * 3'600; }
};

}  // namespace amity::roles
