// Virtual meters on real sockets: what `amity sim` serves.
#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/reactor.h"
#include "world/test_reader.h"
#include "world/test_replay.h"

namespace amity::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Served {
  explicit Served(world::FleetConfig config) {
    config.port = 0;
    auto made = world::Fleet::make(reactor.runtime(), config);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    fleet = std::move(made).value();
    const Status listening = fleet->listen();
    EXPECT_TRUE(listening.ok()) << to_string(listening.error());
    secrets = fleet->secrets();
  }
  dlms::Transport transport_of(std::uint32_t meter) const {
    const bool direct = fleet->grid().meters[meter].concentrator == world::kNoConcentrator;
    return direct && fleet->config().hdlc ? dlms::Transport::kHdlc : dlms::Transport::kWrapperStream;
  }
  // All meters at once, last day's rows, import register.
  std::vector<std::unique_ptr<world::TestReader>> read_all() {
    const UtcSeconds now = reactor.runtime().clock.utc();
    std::vector<std::unique_ptr<world::TestReader>> readers;
    for (std::uint32_t i = 0; i < fleet->size(); ++i) {
      readers.push_back(std::make_unique<world::TestReader>(
          reactor.runtime(), secrets[i], world::host_of(*fleet, i), fleet->port(), world::route_of(*fleet, i),
          std::deque<dlms::AttributeRequest>{world::rows_between(now - 86'400, now),
                                             world::whole(3, dlms::Obis(1, 0, 1, 8, 0, 255))},
          transport_of(i)));
    }
    const Instant end = reactor.runtime().clock.now() + seconds(60);
    const auto all_done = [&] { return std::ranges::all_of(readers, [](auto& r) { return r->done(); }); };
    while (!all_done() && reactor.runtime().clock.now() < end) reactor.run_for(milliseconds(20));
    return readers;
  }

  runtime::Reactor reactor;
  std::unique_ptr<world::Fleet> fleet;
  std::vector<world::DeviceSecrets> secrets;
};

TEST(Sim, ServesEveryMeterOnItsOwnLoopbackAddress) {
  world::FleetConfig config;
  config.meters = 150;
  config.history_days = 3;
  config.faults = world::FaultRates::none();
  Served served(config);
  EXPECT_GT(served.fleet->grid().concentrators, 0u);
  for (const auto& reader : served.read_all()) {
    ASSERT_TRUE(reader->done());
    EXPECT_EQ(reader->error(), "");
    EXPECT_EQ(reader->rows(0), 96u);
  }
  EXPECT_NE(served.fleet->master_data().devices[0].address.find(":" + std::to_string(served.fleet->port()) + "?"),
            std::string::npos);
}

TEST(Sim, DirectMetersSpeakHdlcWhereAsked) {
  world::FleetConfig config;
  config.meters = 150;
  config.history_days = 2;
  config.faults = world::FaultRates::none();
  config.hdlc = true;
  Served served(config);
  for (const auto& reader : served.read_all()) {
    EXPECT_EQ(reader->error(), "");
    EXPECT_EQ(reader->rows(0), 96u);
  }
  unsigned hdlc = 0;
  for (const Device& device : served.fleet->master_data().devices) {
    const bool behind = device.address.find("gateway=") != std::string::npos;
    EXPECT_TRUE(device.address.starts_with(behind ? "dlms+tcp://" : "dlms+hdlc://")) << device.address;
    hdlc += behind ? 0 : 1;
  }
  EXPECT_GT(hdlc, 10u);
  EXPECT_LT(hdlc, 150u);
}

TEST(Sim, ReplaysRealHomes) {
  AMITY_NEED_REAL_HOMES(homes);
  world::FleetConfig config;
  config.meters = 0;
  config.replay = homes;
  Served served(config);
  const auto readers = served.read_all();
  ASSERT_EQ(readers.size(), 50u);
  std::size_t rows = 0;
  for (const auto& reader : readers) {
    EXPECT_EQ(reader->error(), "");
    rows += reader->rows(0);
  }
  EXPECT_GT(rows, 50u * 48 * 8 / 10);  // some homes have gaps or have left
}

}  // namespace
}  // namespace amity::app
