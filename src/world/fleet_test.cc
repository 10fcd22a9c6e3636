#include "world/fleet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "session/dlms/push_receiver.h"
#include "world/hash.h"
#include "world/test_reader.h"
#include "world/test_replay.h"
#include "world/virtual_world.h"

namespace amity::world {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const UtcSeconds kStart = from_iso("2026-03-20T10:07:00Z").value();

FleetConfig config_of(std::uint32_t meters) {
  FleetConfig c;
  c.meters = meters;
  c.history_days = 5;
  c.faults = FaultRates::none();
  return c;
}

struct Served {
  explicit Served(FleetConfig config, std::uint64_t seed = 1)
      : world(seed, kStart), process(world.add_process("127.0.0.1")) {
    process.link.delay_us = 700;
    config.listen_on_each = true;
    world.network().set_tap([this](const TapRecord& record) {
      history = mix(history, static_cast<std::uint64_t>(record.at.us), record.connection, record.bytes.size());
      for (const std::uint8_t b : record.bytes) history = history * 31 + b;
    });
    auto made = Fleet::make(runtime(), config);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    fleet = std::move(made).value();
    const Status listening = fleet->listen();
    EXPECT_TRUE(listening.ok());
    secrets = fleet->secrets();
  }
  Runtime runtime() { return process.runtime(); }
  bool run_until(const std::function<bool()>& done, Duration limit) {
    const Instant end = world.now() + limit;
    while (!done() && world.now() < end) world.run_for(std::chrono::milliseconds(100));
    return done();
  }
  std::unique_ptr<TestReader> read(std::uint32_t meter, std::deque<dlms::AttributeRequest> requests) {
    return std::make_unique<TestReader>(runtime(), secrets[meter], host_of(*fleet, meter), fleet->port(),
                                        route_of(*fleet, meter), std::move(requests));
  }
  std::uint32_t find(bool concentrated) const {
    for (std::uint32_t i = 0; i < fleet->size(); ++i) {
      if ((fleet->grid().meters[i].concentrator != kNoConcentrator) == concentrated) return i;
    }
    ADD_FAILURE() << "no such meter";
    return 0;
  }

  VirtualWorld world;
  VirtualProcess& process;
  std::uint64_t history = 0;
  std::unique_ptr<Fleet> fleet;
  std::vector<DeviceSecrets> secrets;
};

TEST(Fleet, EveryMeterAnswersDirectlyOrBehindItsConcentrator) {
  Served served(config_of(150));
  EXPECT_GT(served.fleet->grid().concentrators, 0u);
  std::vector<std::unique_ptr<TestReader>> readers;
  for (std::uint32_t i = 0; i < 150; ++i) {
    readers.push_back(served.read(i, {rows_between(kStart - 86'400, kStart), whole(3, dlms::Obis(1, 0, 1, 8, 0, 255)),
                                      whole(1, dlms::Obis(0, 0, 96, 1, 0, 255))}));
  }
  const auto all_done = [&] { return std::ranges::all_of(readers, [](auto& r) { return r->done(); }); };
  ASSERT_TRUE(served.run_until(all_done, seconds(60)));
  for (std::uint32_t i = 0; i < 150; ++i) {
    ASSERT_EQ(readers[i]->error(), "") << i;
    EXPECT_EQ(readers[i]->rows(0), 96u) << i;
    dlms::DataTree tree;
    ASSERT_TRUE(tree.parse(readers[i]->results()[2].data).ok());
    EXPECT_EQ(tree.root().text(), served.fleet->meter(i).serial());
  }
  readers.clear();
  served.world.run_for(minutes(5));
  EXPECT_EQ(served.fleet->connections(), 0u);
}

TEST(Fleet, AMeterBehindAConcentratorIsNotReachedPastIt) {
  Served served(config_of(150));
  const std::uint32_t behind = served.find(true), direct = served.find(false);
  TestReader past(served.runtime(), served.secrets[behind], meter_host(behind), served.fleet->port(), std::nullopt, {});
  TestReader wrong(served.runtime(), served.secrets[direct],
                   concentrator_host(served.fleet->grid().meters[behind].concentrator), served.fleet->port(),
                   dlms::GatewayRoute{0, Bytes(11, '0')}, {});
  ASSERT_TRUE(served.run_until([&] { return past.done() && wrong.done(); }, seconds(60)));
  EXPECT_NE(past.error(), "");
  EXPECT_NE(wrong.error().find("timeout"), std::string::npos) << wrong.error();
}

TEST(Fleet, AWrongKeyIsRefusedAndNoted) {
  Served served(config_of(150));
  const std::uint32_t meter = served.find(false);
  served.secrets[meter].keys.encryption[3] ^= 1;
  const auto reader = served.read(meter, {whole(3, dlms::Obis(1, 0, 1, 8, 0, 255))});
  ASSERT_TRUE(served.run_until([&] { return reader->done(); }, seconds(60)));
  EXPECT_NE(reader->error(), "");
  EXPECT_TRUE(reader->results().empty());
  const auto log = served.fleet->meter(meter).log(1, UtcSeconds(0), UtcSeconds(INT64_MAX / 4));
  ASSERT_FALSE(log.empty());
  EXPECT_EQ(log.back().code, kEventDecryptionFailed);
}

TEST(Fleet, BadLinksDelayLoseAndBreakAnswers) {
  FleetConfig config = config_of(60);
  config.concentrator_share = 0;
  config.link = {200, 0.15, 0.15, 9'600};
  Served served(config);
  std::vector<std::unique_ptr<TestReader>> readers;
  for (std::uint32_t i = 0; i < 60; ++i) readers.push_back(served.read(i, {rows_between(kStart - 86'400, kStart)}));
  const Instant begun = served.world.now();
  const auto all_done = [&] { return std::ranges::all_of(readers, [](auto& r) { return r->done(); }); };
  ASSERT_TRUE(served.run_until(all_done, seconds(300)));
  EXPECT_GT(served.world.now() - begun, seconds(1));
  const auto good = std::ranges::count(readers, std::string(), [](auto& r) { return r->error(); });
  EXPECT_GT(good, 3);
  EXPECT_LT(good, 50);
  for (const auto& reader : readers) {
    if (reader->error().empty()) {
      EXPECT_EQ(reader->rows(0), 96u);  // what is complete is right
    }
  }
}

TEST(Fleet, AMeterWithoutPowerIsSilent) {
  FleetConfig config = config_of(40);
  config.concentrator_share = 0;
  config.faults.service_outages = 1;
  config.history_days = 2;
  Served served(config);
  std::uint32_t dark = 40;
  const bool found = served.run_until([&] {
    for (std::uint32_t i = 0; i < 40; ++i) {
      if (!served.fleet->meter(i).powered()) dark = i;
    }
    if (dark == 40) served.world.run_for(minutes(5));
    return dark != 40;
  }, hours(48));
  ASSERT_TRUE(found);
  const auto reader = served.read(dark, {});
  ASSERT_TRUE(served.run_until([&] { return reader->done(); }, seconds(60)));
  EXPECT_NE(reader->error(), "");
}

struct Keys : dlms::PushPeers {
  std::optional<dlms::PushPeer> find(const dlms::SystemTitle& title) override {
    const auto s = std::ranges::find(secrets, title, [](const DeviceSecrets& d) { return d.keys.title; });
    if (s == secrets.end()) return std::nullopt;
    auto& kept = keys[s->device.value];
    kept.encryption = dlms::Secret(ByteView(s->keys.encryption));
    kept.authentication = dlms::Secret(ByteView(s->keys.authentication));
    return dlms::PushPeer{title, {dlms::SecuritySuite::k0, true, true}, &kept, &counters[s->device.value]};
  }
  std::vector<DeviceSecrets> secrets;
  std::map<std::uint32_t, dlms::GlobalKeys> keys;
  std::map<std::uint32_t, dlms::MemoryCounters> counters;
};

struct PushConnection : Stream::Handler {
  PushConnection(Clock& clock_, std::unique_ptr<Stream> stream_, Keys* keys)
      : clock(clock_), stream(std::move(stream_)), receiver(dlms::Transport::kWrapperStream, keys) {
    stream->set_handler(this);
  }
  void on_open() override {}
  void on_bytes(ByteView bytes) override {
    receiver.on_bytes(bytes, clock.now());
    while (auto event = receiver.poll_event()) events.push_back(std::move(*event));
  }
  void on_closed(const Error&) override {}
  Clock& clock;
  std::unique_ptr<Stream> stream;
  dlms::PushReceiver receiver;
  std::vector<dlms::PushEvent> events;
};

TEST(Fleet, MetersPushTheirLastIntervalProtected) {
  FleetConfig config = config_of(60);
  config.push = Endpoint{"127.0.0.1", 4060};
  Served served(config);
  Keys keys;
  keys.secrets = served.secrets;
  std::vector<std::unique_ptr<PushConnection>> connections;
  const auto listener = served.runtime().network.listen({"127.0.0.1", 4060}, [&](std::unique_ptr<Stream> stream) {
    connections.push_back(std::make_unique<PushConnection>(served.runtime().clock, std::move(stream), &keys));
  });
  served.world.run_for(seconds(1));
  served.fleet->start_pushes();
  served.world.run_for(minutes(30));
  std::map<std::string, std::size_t> rows_of;
  for (const auto& connection : connections) {
    for (const dlms::PushEvent& event : connection->events) {
      const auto* pushed = std::get_if<dlms::Pushed>(&event);
      ASSERT_NE(pushed, nullptr) << to_string(std::get<dlms::Failed>(event).error);
      ASSERT_TRUE(pushed->title);
      dlms::DataTree tree;
      ASSERT_TRUE(tree.parse(pushed->notification.body).ok());
      ASSERT_EQ(tree.root().size(), 3u);
      rows_of[std::string(tree.root().at(1)->text())] += tree.root().at(2)->size();
    }
  }
  EXPECT_EQ(rows_of.size(), 60u);
  for (const auto& [serial, rows] : rows_of) EXPECT_EQ(rows, 3u) << serial;  // 10:00, 10:15, 10:30
  EXPECT_EQ(served.fleet->pushes_sent(), 180u);
  EXPECT_EQ(served.fleet->pushes_failed(), 0u);
}

TEST(Fleet, TwoRunsOfOneSeedAreOneHistory) {
  const auto run = [](std::uint64_t seed) {
    FleetConfig config = config_of(30);
    config.faults = FaultRates{};
    config.link.loss = 0.05;
    Served served(config, seed);
    served.process.link.stream_break = 0.02;
    std::vector<std::unique_ptr<TestReader>> readers;
    for (std::uint32_t i = 0; i < 30; ++i) readers.push_back(served.read(i, {rows_between(kStart - 7'200, kStart)}));
    served.world.run_for(seconds(120));
    return served.history;
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

TEST(Fleet, MetersRebootAndClocksJumpWhileItRuns) {
  FleetConfig config = config_of(100);
  config.faults.reboots = 2;
  config.faults.clock_jumps = 1;
  Served served(config);
  served.fleet->start_disturbances();
  served.world.run_for(hours(24));
  int reboots = 0, wrong = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    for (const LogEntry& e : served.fleet->meter(i).log(0, UtcSeconds(0), UtcSeconds(INT64_MAX / 4))) {
      reboots += e.code == kEventWatchdog ? 1 : 0;
    }
    wrong += std::abs(served.fleet->meter(i).clock_offset_ms()) > 1'000 ? 1 : 0;
  }
  EXPECT_NEAR(reboots, 200, 60);
  EXPECT_GT(wrong, 30);
}

// ACTION push(0) of the push setup.
TEST(Fleet, APushCanBeAskedFor) {
  Served served(config_of(150));
  const std::uint32_t index = served.find(false);
  VirtualMeter& meter = served.fleet->meter(index);
  MeterSession session(meter, std::nullopt, served.runtime().random, served.world.now());
  const Bytes parameter = dlms::Data::int8(0).encoded();
  Bytes out;
  const dlms::AssociationContext management{kManagementClient, dlms::Mechanism::kHighGmac,
                                            dlms::Referencing::kLogicalName, {}};
  ASSERT_EQ(meter.action(management, {40, kPushIntervalsObis, 1}, ByteView(parameter), out),
      dlms::ActionResult::kSuccess);
  session.push_if_asked(served.world.now());
  ASSERT_TRUE(session.server().poll_output(out));
  Keys keys;
  keys.secrets = served.secrets;
  dlms::PushReceiver receiver(dlms::Transport::kWrapperStream, &keys);
  receiver.on_bytes(out, served.world.now());
  const auto event = receiver.poll_event();
  ASSERT_TRUE(event && std::holds_alternative<dlms::Pushed>(*event));
  EXPECT_EQ(std::get<dlms::Pushed>(*event).title, served.secrets[index].keys.title);
  session.push_if_asked(served.world.now());
  EXPECT_FALSE(session.server().poll_output(out));
}

TEST(Fleet, MasterDataAndKeysAreWrittenAsJson) {
  Served served(config_of(20));
  const std::string json = fleet_to_json(served.fleet->master_data(), served.secrets);
  EXPECT_TRUE(json.starts_with("{\"format\":\"amity-fleet\",\"version\":1"));
  EXPECT_NE(json.find("\"serial\":\"" + served.fleet->meter(19).serial()), std::string::npos);
  EXPECT_NE(json.find(to_hex(served.secrets[19].keys.encryption)), std::string::npos);
  EXPECT_EQ(std::ranges::count(json, '{'), std::ranges::count(json, '}'));
}

TEST(Fleet, RealHomesAreReplayedExactly) {
  AMITY_NEED_REAL_HOMES(homes);
  FleetConfig config = config_of(0);
  config.replay = homes;
  config.history_days = 40;
  Served served(config);
  ASSERT_EQ(served.fleet->size(), 50u);
  const std::int64_t shift = served.fleet->replay_shift_s();
  EXPECT_EQ(shift % (7 * 86'400), 0);
  const UtcSeconds until = UtcSeconds(kStart.value / 1'800 * 1'800);
  std::vector<std::vector<ProfileRow>> rows;
  std::size_t served_rows = 0, compared = 0;
  for (std::uint32_t i = 0; i < 50; ++i) {
    rows.push_back(served.fleet->meter(i).rows(served.fleet->born(), until));
    served_rows += rows.back().size();
  }
  std::vector<std::size_t> next(50, 0);
  for (const ExpectedInterval& e : expected_intervals(*config.replay, served.fleet->born() - shift, until - shift)) {
    ASSERT_LT(next[e.home], rows[e.home].size());
    const ProfileRow& row = rows[e.home][next[e.home]++];
    ASSERT_EQ(row.stamp, e.end + shift) << e.home;
    ASSERT_EQ(row.interval.import_wh, static_cast<std::uint32_t>(e.wh)) << e.home << " " << to_iso(e.end);
    ++compared;
  }
  EXPECT_GT(compared, 50u * 48 * 35);
  EXPECT_EQ(served_rows, compared);  // and nothing besides
  // The October clock change is within.
  EXPECT_LT(served.fleet->born() - shift, from_iso("2013-10-05T00:00:00Z").value());
}

}  // namespace
}  // namespace amity::world
