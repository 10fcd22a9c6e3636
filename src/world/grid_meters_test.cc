// Transformers' and feeders' own meters: what they count is what the meters beneath count, plus
// losses, plus what is drawn past a meter.
#include "world/grid_meters.h"

#include <gtest/gtest.h>

#include "world/test_reader.h"
#include "world/virtual_world.h"

namespace amity::world {
namespace {

struct Town {
  explicit Town(double share = 0.6, FaultRates faults = FaultRates::none(),
                std::uint32_t meters = 300)
      : world(1, from_iso("2026-03-20T10:07:00Z").value()),
        process(world.add_process("127.0.0.1")) {
    config.meters = meters;
    config.history_days = 6;
    config.faults = faults;
    config.grid_meter_share = share;
    config.listen_on_each = true;
    auto made = Fleet::make(process.runtime(), config);
    EXPECT_TRUE(made.ok());
    fleet = std::move(*made);
  }
  // Over the five whole days before today.
  std::int64_t net(const VirtualMeter& meter) const {
    const UtcSeconds end(world.utc().value / 86'400 * 86'400);
    const Totals a = meter.totals_at(end - 5 * 86'400), b = meter.totals_at(end);
    return b.import_wh - b.export_wh - a.import_wh + a.export_wh;
  }
  std::int64_t beneath(const GridMeter& m) const {
    const auto homes = static_cast<std::uint32_t>(fleet->size());
    std::int64_t sum = 0;
    const auto add = [&](const GridNode& t) {
      for (const std::uint32_t home : t.beneath) sum += net(fleet->meter(home));
    };
    const GridNode& node = fleet->grid_plan().nodes[m.number - homes];
    if (!m.feeder) add(node);
    if (m.feeder) {
      for (const std::uint32_t t : node.beneath) add(fleet->grid_plan().nodes[t - homes]);
    }
    return sum;
  }

  FleetConfig config;
  VirtualWorld world;
  VirtualProcess& process;
  std::unique_ptr<Fleet> fleet;
};

TEST(GridMeters, OfAShareOfTheTransformersAndOfEveryFeeder) {
  Town town;
  const GridPlan& plan = town.fleet->grid_plan();
  const store::MasterData& master = town.fleet->master_data();
  std::size_t transformers = 0, feeders = 0;
  for (const GridMeter& m : plan.meters) ++(m.feeder ? feeders : transformers);
  EXPECT_EQ(feeders, master.feeders.size());
  EXPECT_GE(transformers, master.transformers.size() / 2);
  EXPECT_LT(transformers, master.transformers.size());
  EXPECT_EQ(master.devices.size(), 300 + plan.meters.size());
  EXPECT_EQ(town.fleet->secrets().size(), 300 + plan.meters.size());
  EXPECT_EQ(town.fleet->size(), 300u) << "they are no homes";
  for (const GridMeter& m : plan.meters) {
    const Device& d = master.devices[m.device.value - 1];
    EXPECT_EQ(d.serial, m.serial);
    EXPECT_FALSE(master.service_points[d.service_point.value - 1].customer.valid());
  }
  EXPECT_TRUE(Town(0).fleet->grid_plan().meters.empty());
}

TEST(GridMeters, LossesAreTechnicalExceptWhereAHomeDrawsPastItsMeter) {
  Town town;
  const GridPlan& plan = town.fleet->grid_plan();
  ASSERT_EQ(plan.bypasses.size(), 2u);
  for (std::size_t i = 0; i < plan.meters.size(); ++i) {
    const GridMeter& m = plan.meters[i];
    const double supplied = static_cast<double>(town.net(town.fleet->grid_meter(i)));
    const double lost = 100 * (supplied - static_cast<double>(town.beneath(m))) / supplied;
    bool bypassed = false;
    for (const Bypass& b : plan.bypasses) bypassed |= !m.feeder && b.transformer == m.of;
    if (m.feeder) {
      EXPECT_GT(lost, 1.5) << m.serial;
      EXPECT_LT(lost, 12) << m.serial;
    } else if (!bypassed) {
      EXPECT_GT(lost, 1.5) << m.serial;
      EXPECT_LT(lost, 6.5) << m.serial;
    } else if (plan.bypasses[0].transformer == m.of) {
      EXPECT_GT(lost, 7) << m.serial;
    }
  }
}

TEST(GridMeters, AFeederCountsItsTransformersAndTheLineAbove) {
  Town town(1);
  const GridPlan& plan = town.fleet->grid_plan();
  for (std::size_t f = 0; f < plan.meters.size(); ++f) {
    if (!plan.meters[f].feeder) continue;
    std::int64_t sum = 0;
    for (std::size_t t = 0; t < plan.meters.size(); ++t) {
      const bool below = !plan.meters[t].feeder &&
                         town.fleet->master_data().transformers[plan.meters[t].of].feeder ==
                             town.fleet->master_data().feeders[plan.meters[f].of].id;
      if (below) sum += town.net(town.fleet->grid_meter(t));
    }
    const std::int64_t all = town.net(town.fleet->grid_meter(f));
    EXPECT_GE(all, sum);
    EXPECT_LT(all - sum, sum / 50) << "of the medium-voltage line alone";
  }
}

// A feeder's outage is that of all beneath; its own meter stays on, at the substation.
TEST(GridMeters, FailWithTheirPartOfTheGrid) {
  FaultRates faults = FaultRates::none();
  faults.transformer_outages = 0.5;
  Town town(1, faults);
  EnergyBook& book = town.fleet->book();
  const auto homes = static_cast<std::uint32_t>(town.fleet->size());
  const TownDay day = book.day_at(town.world.utc() - 2 * 86'400);
  int dark = 0;
  for (const GridMeter& m : town.fleet->grid_plan().meters) {
    const MeterDay of = book.day(m.number, day);
    const auto& beneath = town.fleet->grid_plan().nodes[m.number - homes].beneath;
    const MeterDay home = book.day(beneath.front(), day);
    for (std::size_t i = 0; i < book.intervals_per_day(); ++i) {
      if (m.feeder) {
        EXPECT_EQ(of.intervals[i].status & kStatusPowerDown, 0);
      } else {
        EXPECT_EQ(of.intervals[i].status & kStatusPowerDown,
                  home.intervals[i].status & kStatusPowerDown);
        if (home.intervals[i].voltage_dv != 0 || of.intervals[i].voltage_dv != 0) continue;
        EXPECT_EQ(of.intervals[i].import_wh, 0u) << "nothing passes it, no loss either";
        ++dark;
      }
    }
  }
  EXPECT_GT(dark, 0);
}

TEST(GridMeters, AreReadLikeOthersAndHaveNoRelay) {
  Town town;
  ASSERT_TRUE(town.fleet->listen().ok());
  const GridMeter& m = town.fleet->grid_plan().meters.front();
  const auto secrets = town.fleet->secrets();
  const auto own = std::ranges::find(secrets, m.device, &DeviceSecrets::device);
  ASSERT_NE(own, secrets.end());
  const UtcSeconds now = town.world.utc();
  TestReader reader(town.process.runtime(), *own, meter_host(m.number), town.fleet->port(),
                    std::nullopt,
                    {rows_between(now - 86'400, now), whole(70, dlms::Obis(0, 0, 96, 3, 10, 255))});
  for (int i = 0; i < 600 && !reader.done(); ++i)
    town.world.run_for(std::chrono::milliseconds(100));
  ASSERT_EQ(reader.error(), "");
  EXPECT_EQ(reader.rows(0), 96u);
  EXPECT_FALSE(reader.results()[1].ok());
}

}  // namespace
}  // namespace amity::world
