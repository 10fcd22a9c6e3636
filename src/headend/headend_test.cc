// The head-end against meters of the session server, in virtual time.
#include "headend/headend.h"

#include <gtest/gtest.h>

#include "headend/fakes.h"
#include "headend/test_meter.h"

namespace amity::headend {
namespace {

constexpr UtcSeconds kStart{1'790'000'000 / 3'600 * 3'600 + 960};

DeviceKeys device_keys(std::uint8_t n, std::uint8_t ek = 0x11) {
  DeviceKeys keys;
  keys.mechanism = dlms::Mechanism::kHighGmac;
  keys.policy = {dlms::SecuritySuite::k0, true, true};
  keys.client_title = {'A', 'M', 'Y', 0, 0, 0, 0, 1};
  keys.meter_title = dlms::SystemTitle{'A', 'M', 'T', 0, 0, 0, 0, n};
  keys.current = {Bytes(16, ek), Bytes(16, 0xD1)};
  return keys;
}

struct HeadEndTest : ::testing::Test {
  TestLoop loop{kStart};
  FakeRegistry registry;
  FakeReadings readings;
  FakeEvents events;
  FakeIntake intake{readings, events};
  std::unique_ptr<KeyRing> ring;
  std::vector<std::unique_ptr<TestMeter>> meters;
  std::vector<Fact> facts;
  HeadEndConfig config;
  std::unique_ptr<HeadEnd> headend;

  HeadEndTest() {
    config.read.backfill_s = 2 * 86'400;
    config.read.interval_s = 3'600;
    config.read.spread_s = 60;
    open_ring();
  }
  ~HeadEndTest() override { headend.reset(); }

  void open_ring() { ring = std::move(KeyRing::open(registry, Bytes(32, 0x5A), loop, false)).value(); }

  TestMeter& add(std::uint8_t n, bool secured = true) {
    const Endpoint at{"10.0.0." + std::to_string(n), 4059};
    DeviceKeys keys = device_keys(n);
    if (!secured) keys = DeviceKeys();
    meters.push_back(std::make_unique<TestMeter>(loop, at, keys));
    meters.back()->fill(kStart - 86'400, kStart);
    Device device;
    device.id = DeviceId(n);
    device.serial = "M" + std::to_string(n);
    device.manufacturer = "AMT";
    device.model = "Test 1";
    device.firmware = "1.0";
    device.protocol = "dlms";
    device.address = "dlms+tcp://" + at.to_string() + "?client=" + (secured ? "1" : "16") + "&server=1";
    registry.device_map[n] = device;
    if (secured) {
      EXPECT_TRUE(ring->put(device.id, keys).ok());
    }
    return *meters.back();
  }
  void start() {
    headend = std::make_unique<HeadEnd>(loop.runtime(), registry, readings, events, intake, *ring, config,
                                        [this](Fact fact) { facts.push_back(std::move(fact)); });
    ASSERT_TRUE(headend->start().ok());
  }
  std::vector<ContactMade> contacts() const {
    std::vector<ContactMade> out;
    for (const Fact& f : facts) {
      if (const auto* c = std::get_if<ContactMade>(&f)) out.push_back(*c);
    }
    return out;
  }
  std::vector<CommandChanged> changes() const {
    std::vector<CommandChanged> out;
    for (const Fact& f : facts) {
      if (const auto* c = std::get_if<CommandChanged>(&f)) out.push_back(*c);
    }
    return out;
  }
  Command command(std::uint8_t n, CommandKind kind, std::string argument = "") {
    Command c;
    c.id = CommandId(100 + n);
    c.device = DeviceId(n);
    c.kind = kind;
    c.argument = std::move(argument);
    c.requested = loop.utc();
    return c;
  }
  // Of the load profile's import channel.
  std::map<std::int64_t, Reading>& imports(std::uint8_t n) {
    for (const Channel& c : registry.channel_list) {
      if (c.device == DeviceId(n) && c.source == "1-0:1.29.0*255") return readings.kept[c.id.value];
    }
    return readings.kept[0];
  }
};

using namespace std::chrono_literals;

TEST_F(HeadEndTest, ReadsAMeterCompletely) {
  TestMeter& meter = add(1);
  meter.log = {{kStart - 5'000, 1}, {kStart - 4'900, 2}};
  start();
  loop.run_for(120s);
  ASSERT_EQ(contacts().size(), 1u);
  EXPECT_TRUE(contacts()[0].ok) << contacts()[0].error;
  EXPECT_TRUE(contacts()[0].clock_known);
  ASSERT_EQ(imports(1).size(), meter.rows.size());
  for (const TestRow& row : meter.rows) EXPECT_EQ(imports(1)[row.time.value].value, row.import_wh);
  EXPECT_EQ(events.count("power down"), 1u);
  EXPECT_EQ(events.count("power up"), 1u);
  const auto stats = headend->stats();
  EXPECT_EQ(stats.contacts_ok, 1u);
  EXPECT_EQ(meter.violations, 0u);
  ASSERT_EQ(registry.channel_list.size(), 2u);
  EXPECT_EQ(registry.channel_list[0].name, "import");
  EXPECT_EQ(registry.channel_list[0].unit, Unit::kWattHour);
}

TEST_F(HeadEndTest, ReadsWithoutSecurityToo) {
  TestMeter& meter = add(1, false);
  start();
  loop.run_for(120s);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
}

TEST_F(HeadEndTest, AsksOnlyForWhatIsMissing) {
  TestMeter& meter = add(1);
  start();
  loop.run_for(120s);
  const std::size_t before = meter.ranges_asked.size();
  const auto kept = intake.applied.added;
  meter.fill(kStart, kStart + 3'600);
  loop.run_for(3'600s + 300s);
  ASSERT_EQ(meter.ranges_asked.size(), before + 1);
  EXPECT_GE(meter.ranges_asked.back().first, meter.rows[95].time + 1);
  EXPECT_EQ(intake.applied.repeated, 0u) << "nothing was read twice";
  EXPECT_GT(intake.applied.added, kept);
}

TEST_F(HeadEndTest, ASleepingMeterIsCalledWhenItWakes) {
  TestMeter& meter = add(1);
  registry.device_map[1].address += "&wake=3600/1800/300";  // awake for five minutes from half past
  start();
  headend->submit(command(1, CommandKind::kPing));
  loop.run_for(830s);  // 16 minutes past to ten seconds before half past
  EXPECT_EQ(loop.connections_made, 0u);
  ASSERT_EQ(changes().size(), 1u);
  EXPECT_EQ(changes()[0].state, CommandState::kQueued);
  EXPECT_EQ(changes()[0].progress, "the meter sleeps; it is called when it wakes");
  loop.run_for(15s);
  ASSERT_FALSE(changes().empty());
  EXPECT_EQ(changes().back().state, CommandState::kDone) << changes().back().result;
  loop.run_for(295s);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
  const std::size_t visits = contacts().size();
  loop.run_for(3'295s);
  EXPECT_EQ(contacts().size(), visits) << "asleep until the next half past";
  loop.run_for(305s);
  EXPECT_EQ(contacts().size(), visits + 1);
  for (const ContactMade& contact : contacts())
    EXPECT_EQ(contact.at.value % 3'600 / 300, 6) << contact.at.value;
}

TEST_F(HeadEndTest, ANarrowBearerGetsSmallRequestsAndRareVisits) {
  TestMeter& meter = add(1);
  registry.device_map[1].address += "&bearer=rf-mesh";
  start();
  loop.run_for(3'000s);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
  for (const auto& [from, to] : meter.ranges_asked) EXPECT_LE(to - from, 12 * 900);
  const std::size_t visits = contacts().size();
  EXPECT_EQ(visits, 1u);
  EXPECT_GT(headend->stats().bytes_received, 0u);
  loop.run_for(2 * 3'600s);
  EXPECT_LE(contacts().size(), visits + 1) << "every four hours";
}

// Neither side sends an APDU that the path does not carry, however large the meter's own are: what is
// longer goes in blocks.
TEST_F(HeadEndTest, ThePathsLargestApduIsHonouredBothWays) {
  TestMeter& roomy = add(1);
  roomy.config().receive_pdu_bytes_max = 0xFFFF;
  config.read.rows_per_read = 96;
  start();
  loop.run_for(120s);
  EXPECT_EQ(imports(1).size(), roomy.rows.size());
  EXPECT_GT(roomy.largest_sent, 512u) << "without a bearer";
  headend.reset();

  TestMeter& narrow = add(2);
  narrow.config().receive_pdu_bytes_max = 0xFFFF;
  registry.device_map[2].address += "&bearer=prime";
  start();
  loop.run_for(120s);
  EXPECT_EQ(imports(2).size(), narrow.rows.size());
  for (const TestRow& row : narrow.rows) EXPECT_EQ(imports(2)[row.time.value].value, row.import_wh);
  EXPECT_GT(narrow.largest_sent, 256u) << "blocks as large as they may be";
  EXPECT_LE(narrow.largest_sent, 512u);
  // 24 rows of a load profile are three blocks.
  EXPECT_GT(narrow.apdus_sent, 2 * narrow.ranges_asked.size());

  const std::string target(900, 'x');
  const std::size_t before = narrow.apdus_sent;
  headend->submit(command(2, CommandKind::kSetPush, target + ".example:4059"));
  loop.run_for(60s);
  ASSERT_FALSE(changes().empty());
  EXPECT_EQ(changes().back().state, CommandState::kDone) << changes().back().result;
  EXPECT_GT(narrow.push_destination.size(), 900u);
  EXPECT_GT(narrow.largest_heard, 256u);
  EXPECT_LE(narrow.largest_heard, 512u);
  EXPECT_GT(narrow.apdus_sent, before + 2);
}

// A meter that answers later than one hop would need, and sooner than four do.
TEST_F(HeadEndTest, EachHopIsWaitedFor) {
  loop.delay = 25s;  // a question and its answer: 50 s
  add(1);
  add(2);
  registry.device_map[1].address += "&bearer=g3-plc";         // 45 s
  registry.device_map[2].address += "&bearer=g3-plc&hops=4";  // and 18 s
  config.read.registers = false;
  start();
  loop.run_for(1'700s);
  std::map<std::uint32_t, std::string> first;
  for (const ContactMade& c : contacts()) first.emplace(c.device.value, c.ok ? "ok" : c.error);
  EXPECT_NE(first[1].find("timeout"), std::string::npos) << first[1];
  EXPECT_EQ(first[2], "ok");
  EXPECT_FALSE(imports(2).empty());
}

// Every hop sends a frame again: from far away a reading takes so many times the segment's time on
// the air, and who has not begun by then waits until that is made up.
TEST_F(HeadEndTest, EveryHopIsOnTheAir) {
  constexpr std::uint8_t kMeters = 8;
  const auto begin = [this](const char* path) {
    headend.reset();
    meters.clear();
    facts.clear();
    readings.kept.clear();
    registry.channel_list.clear();
    for (std::uint8_t n = 1; n <= kMeters; ++n) {
      add(n, false).fill(loop.utc() - 86'400, loop.utc());
      registry.device_map[n].segment = "air";
      registry.device_map[n].address += path;
    }
    start();
    loop.run_for(1h);
    std::set<std::uint32_t> read;
    for (const ContactMade& c : contacts()) {
      EXPECT_TRUE(c.ok) << c.error;
      read.insert(c.device.value);
    }
    return read.size();
  };
  EXPECT_EQ(begin("&bearer=rf-mesh"), kMeters);
  EXPECT_LE(begin("&bearer=rf-mesh&hops=64"), 4u) << "as many as may be on the way at once";
  loop.run_for(72h);
  std::set<std::uint32_t> read;
  for (const ContactMade& c : contacts()) read.insert(c.device.value);
  EXPECT_EQ(read.size(), kMeters) << "each has its turn";
  // One percent of the time, and what the first four could not know of each other.
  const std::uint64_t bytes = headend->stats().bytes_sent + headend->stats().bytes_received;
  EXPECT_LE(bytes * 64 / 2'000, (73 + 1) * 36 + bytes / contacts().size() * 64 / 2'000 * 4);
}

TEST_F(HeadEndTest, AfterARestartOnlyTheHolesAreRead) {
  TestMeter& meter = add(1);
  start();
  loop.run_for(120s);
  const std::size_t all = imports(1).size();
  // Two holes: a single interval and three in a row.
  imports(1).erase(meter.rows[20].time.value);
  for (std::size_t i = 50; i < 53; ++i) imports(1).erase(meter.rows[i].time.value);
  headend.reset();
  meter.ranges_asked.clear();
  start();
  loop.run_for(120s);
  EXPECT_EQ(imports(1).size(), all);
  std::int64_t asked_s = 0;
  for (const auto& [from, to] : meter.ranges_asked) {
    if (from > meter.rows[0].time) asked_s += to - from + 1;
  }
  EXPECT_LE(asked_s, 4 * 900) << "only the four missing intervals after the first row";
}

TEST_F(HeadEndTest, ADroppedConnectionKeepsWholeAnswersAndResumes) {
  TestMeter& meter = add(1);
  config.read.rows_per_read = 12;  // eight answers for a day
  config.read.registers = false;
  meter.config().receive_pdu_bytes_max = 256;
  meter.cut_after_bytes = 1'500;
  start();
  while (contacts().empty()) loop.run_for(1s);
  const std::size_t first = imports(1).size();
  ASSERT_FALSE(contacts().empty());
  EXPECT_FALSE(contacts()[0].ok);
  EXPECT_LT(first, meter.rows.size());
  EXPECT_EQ(first % 12, 0u) << "never half an answer";
  loop.run_for(20min);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
  EXPECT_EQ(intake.applied.corrected, 0u);
}

TEST_F(HeadEndTest, AMeterThatIsOffIsTriedLessAndLess) {
  TestMeter& meter = add(1);
  meter.power_off();
  config.read.interval_s = 86'400;
  start();
  loop.run_for(4h);
  const auto made = contacts();
  ASSERT_GE(made.size(), 5u);
  EXPECT_LE(made.size(), 20u);
  const auto first = made[2].at - made[1].at;
  const auto last = made.back().at - made[made.size() - 2].at;
  EXPECT_GT(last, 3 * first);
  EXPECT_LE(last, kBackoffMax_s + 60);
}

TEST_F(HeadEndTest, AWrongKeyIsNoStormButOneAlarm) {
  TestMeter& meter = add(1);
  ASSERT_TRUE(ring->put(DeviceId(1), device_keys(1, 0x99)).ok());
  start();
  loop.run_for(5h);
  EXPECT_EQ(imports(1).size(), 0u);
  EXPECT_EQ(contacts().size(), kSecurityFailuresMax) << contacts()[0].error;
  EXPECT_EQ(events.count("locked out"), 1u);
  EXPECT_EQ(headend->stats().locked_out, 1u);
  EXPECT_EQ(meter.associations, 0);
}

TEST_F(HeadEndTest, DuringARotationThePreviousKeyStillReads) {
  TestMeter& meter = add(1);
  ASSERT_TRUE(ring->begin_rotation(DeviceId(1), {Bytes(16, 0x33), Bytes(16, 0xD3)}).ok());
  start();
  loop.run_for(120s);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
  EXPECT_EQ(events.count("previous key"), 1u);
  EXPECT_TRUE(ring->keys(DeviceId(1))->previous);
  // The meter takes the new key: the old one is forgotten.
  meter.config().keys = {dlms::Secret(Bytes(16, 0x33)), dlms::Secret(Bytes(16, 0xD3))};
  meter.counters.set_peer_mark(-1);
  loop.run_for(2h);
  EXPECT_FALSE(ring->keys(DeviceId(1))->previous);
}

TEST_F(HeadEndTest, CountersGoOnAfterACrash) {
  TestMeter& meter = add(1);
  start();
  loop.run_for(120s);
  const auto mark = meter.counters.peer_mark();
  EXPECT_GT(mark, 0);
  headend.reset();
  open_ring();
  start();
  meter.fill(kStart, kStart + 3'600);
  loop.run_for(2h);
  EXPECT_EQ(meter.violations, 0u);
  EXPECT_GT(meter.counters.peer_mark(), mark);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
}

TEST_F(HeadEndTest, AMeterThatExpectsAHigherCounterIsFollowedForward) {
  TestMeter& meter = add(1);
  meter.counters.set_peer_mark(50'000);  // another head-end spoke with it
  start();
  loop.run_for(30min);
  EXPECT_EQ(imports(1).size(), meter.rows.size()) << contacts()[0].error;
  EXPECT_EQ(events.count("invocation counter raised"), 1u);
}

TEST_F(HeadEndTest, ASmallClockOffsetIsCorrected) {
  TestMeter& meter = add(1);
  meter.clock_offset_s = 120;
  start();
  loop.run_for(120s);
  EXPECT_EQ(meter.clock_sets, 1);
  EXPECT_LE(std::abs(meter.clock_offset_s), 1);
  EXPECT_EQ(contacts()[0].clock_offset_s, 120);
  EXPECT_EQ(events.count("clock set"), 1u);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
}

TEST_F(HeadEndTest, ALargeClockOffsetIsForAPerson) {
  TestMeter& meter = add(1);
  meter.clock_offset_s = 7'200;
  start();
  loop.run_for(3h);
  EXPECT_EQ(meter.clock_sets, 0);
  EXPECT_EQ(events.count("clock far off"), 1u) << "once, not at every contact";
}

TEST_F(HeadEndTest, AWrongYearIsQuarantined) {
  TestMeter& meter = add(1);
  meter.clock_offset_s = -20ll * 365 * 86'400;
  start();
  loop.run_for(120s);
  EXPECT_EQ(meter.profile_reads, 0);
  EXPECT_EQ(imports(1).size(), 0u);
  EXPECT_EQ(events.count("clock far off"), 1u);
  EXPECT_TRUE(contacts()[0].ok);
  EXPECT_LT(contacts()[0].clock_offset_s, -86'400);
}

TEST_F(HeadEndTest, StatusBitsBecomeQuality) {
  TestMeter& meter = add(1);
  meter.rows[10].status = 0x80;
  meter.rows[11].status = 0x02 | 0x20;
  start();
  loop.run_for(120s);
  EXPECT_TRUE(imports(1)[meter.rows[10].time.value].quality.has(QualityFlag::kPowerDown));
  EXPECT_TRUE(imports(1)[meter.rows[11].time.value].quality.has(QualityFlag::kClockInvalid));
  EXPECT_TRUE(imports(1)[meter.rows[11].time.value].quality.has(QualityFlag::kClockAdjusted));
  EXPECT_EQ(imports(1)[meter.rows[12].time.value].quality.bits, 0);
}

TEST_F(HeadEndTest, NothingIsMarkedReadThatCouldNotBeKept) {
  TestMeter& meter = add(1);
  intake.fail = true;
  start();
  loop.run_for(120s);
  EXPECT_EQ(imports(1).size(), 0u);
  intake.fail = false;
  loop.run_for(30min);
  EXPECT_EQ(imports(1).size(), meter.rows.size());
}

TEST_F(HeadEndTest, ReadNowReportsItsProgress) {
  TestMeter& meter = add(1);
  config.scheduled = false;
  start();
  headend->submit(command(1, CommandKind::kReadNow));
  loop.run_for(30s);
  ASSERT_GE(changes().size(), 3u);
  EXPECT_EQ(changes().front().state, CommandState::kRunning);
  EXPECT_EQ(changes().back().state, CommandState::kDone) << changes().back().result;
  EXPECT_EQ(imports(1).size(), meter.rows.size());
}

TEST_F(HeadEndTest, ReadProfileOfARange) {
  TestMeter& meter = add(1);
  config.scheduled = false;
  start();
  headend->submit(command(1, CommandKind::kReadProfile,
                          to_iso(meter.rows[9].time) + "/" + to_iso(meter.rows[19].time)));
  loop.run_for(30s);
  EXPECT_EQ(changes().back().state, CommandState::kDone) << changes().back().result;
  EXPECT_EQ(imports(1).size(), 10u);
}

TEST_F(HeadEndTest, DisconnectAndConnectAreReadBack) {
  TestMeter& meter = add(1);
  config.scheduled = false;
  start();
  headend->submit(command(1, CommandKind::kDisconnect));
  loop.run_for(30s);
  EXPECT_EQ(changes().back().state, CommandState::kDone) << changes().back().result;
  EXPECT_FALSE(meter.relay_closed);
  Command again = command(1, CommandKind::kDisconnect);
  again.id = CommandId(200);
  headend->submit(again);
  loop.run_for(30s);
  EXPECT_EQ(changes().back().result, "was already disconnected");
  EXPECT_EQ(meter.switched, 1);
}

TEST_F(HeadEndTest, WhereAMeterPushesIsWrittenAndReadBack) {
  TestMeter& meter = add(1);
  config.scheduled = false;
  start();
  const auto ask = [&](std::uint64_t id, std::string argument) {
    Command c = command(1, CommandKind::kSetPush);
    c.id = CommandId(id);
    c.argument = std::move(argument);
    headend->submit(c);
    loop.run_for(30s);
    return changes().back().result;
  };
  EXPECT_EQ(ask(201, "10.0.0.7:4059"), "pushes go to 10.0.0.7:4059 over TCP, went nowhere");
  EXPECT_EQ(to_hex(meter.push_destination), "02031600090D31302E302E302E373A343035391600");
  EXPECT_EQ(ask(202, "0-0:25.9.0.255=10.0.0.7:4059"), "was already so");
  EXPECT_EQ(ask(203, "off"), "pushes go nowhere, went to 10.0.0.7:4059 over TCP");
  EXPECT_EQ(ask(204, "10.0.0.7"), "'10.0.0.7' is no destination: HOST:PORT or off");
  EXPECT_EQ(changes().back().state, CommandState::kFailed);
}

TEST_F(HeadEndTest, ALostReplyIsReadBackAndNeverSentAgain) {
  TestMeter& meter = add(1);
  config.scheduled = false;
  meter.lose_next_switch_reply = true;
  start();
  headend->submit(command(1, CommandKind::kDisconnect));
  loop.run_for(2min);
  EXPECT_EQ(meter.switched, 1);
  EXPECT_EQ(changes().back().state, CommandState::kDone) << changes().back().result;
}

TEST_F(HeadEndTest, AfterACrashAStartedSwitchIsOnlyReadBack) {
  TestMeter& meter = add(1);
  config.scheduled = false;
  start();
  Command c = command(1, CommandKind::kDisconnect);
  c.state = CommandState::kRunning;
  headend->submit(c);
  loop.run_for(2min);
  EXPECT_EQ(meter.switched, 0);
  EXPECT_EQ(changes().back().state, CommandState::kFailed);
}

TEST_F(HeadEndTest, AnUnreachableMeterExpiresItsCommands) {
  TestMeter& meter = add(1);
  meter.power_off();
  config.scheduled = false;
  start();
  Command c = command(1, CommandKind::kPing);
  c.deadline = loop.utc() + 3;
  headend->submit(c);
  headend->submit(c);  // given twice: is one
  loop.run_for(2min);
  EXPECT_EQ(changes().back().state, CommandState::kExpired);
  EXPECT_EQ(headend->stats().waiting_commands, 0u);
}

TEST_F(HeadEndTest, ASegmentIsNeverAskedByMoreThanItsLimit) {
  for (std::uint8_t n = 1; n <= 20; ++n) {
    add(n, false);
    registry.device_map[n].segment = "concentrator 7";
  }
  config.segment.conversations_max = 3;
  config.read.catch_up_s = 0;
  start();
  loop.run_for(5min);
  EXPECT_EQ(headend->stats().contacts_ok, 20u);
  EXPECT_LE(loop.open_max, 3u);
}

TEST_F(HeadEndTest, ShardsShareTheFleet) {
  for (std::uint8_t n = 1; n <= 6; ++n) add(n, false);
  config.shards = 2;
  config.shard = 1;
  start();
  EXPECT_EQ(headend->stats().devices, 3u);
  loop.run_for(5min);
  for (const ContactMade& c : contacts()) EXPECT_EQ(c.device.value % 2, 1u);
}

}  // namespace
}  // namespace amity::headend
