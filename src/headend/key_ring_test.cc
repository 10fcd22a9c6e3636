#include "headend/key_ring.h"

#include <gtest/gtest.h>

#include <set>

#include "headend/fakes.h"

namespace amity::headend {
namespace {

class CountingRandom : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& b : out) b = static_cast<std::uint8_t>(u64() >> 32);
  }
  std::uint64_t u64() override { return state_ = state_ * 6364136223846793005u + 1442695040888963407u; }

 private:
  std::uint64_t state_ = 7;
};

Bytes secret(std::uint8_t fill = 0x5A) { return Bytes(KeyRing::kSecretSize, fill); }

DeviceKeys sample() {
  DeviceKeys keys;
  keys.mechanism = dlms::Mechanism::kHighGmac;
  keys.policy = {dlms::SecuritySuite::k0, true, true};
  keys.client_title = {'A', 'M', 'Y', 0, 0, 0, 0, 1};
  keys.meter_title = dlms::SystemTitle{'A', 'M', 'T', 0, 0, 0, 1, 2};
  keys.current = {Bytes(16, 0x11), Bytes(16, 0xD1)};
  keys.master = Bytes(16, 0x77);
  return keys;
}

struct KeyRingTest : ::testing::Test {
  FakeRegistry registry;
  CountingRandom random;
  std::unique_ptr<KeyRing> open(bool thread = false) {
    auto ring = KeyRing::open(registry, secret(), random, thread);
    EXPECT_TRUE(ring.ok()) << to_string(ring.error());
    return std::move(ring).value();
  }
};

bool contains(const Bytes& haystack, const Bytes& needle) {
  return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) != haystack.end();
}

TEST_F(KeyRingTest, KeysSurviveAndAreNeverPlainInTheStore) {
  ASSERT_TRUE(open()->put(DeviceId(7), sample()).ok());
  for (const auto& [name, value] : registry.values) {
    EXPECT_FALSE(contains(value, Bytes(16, 0x11))) << name;
    EXPECT_FALSE(contains(value, Bytes(16, 0xD1))) << name;
  }
  auto ring = open();
  auto keys = ring->keys(DeviceId(7));
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->current.encryption, Bytes(16, 0x11));
  EXPECT_EQ(keys->mechanism, dlms::Mechanism::kHighGmac);
  EXPECT_TRUE(keys->policy.encrypt);
  EXPECT_EQ(ring->device_of(*sample().meter_title), DeviceId(7));
  EXPECT_EQ(ring->keys(DeviceId(8)).error().code, ErrorCode::kNotFound);
}

TEST_F(KeyRingTest, AnotherMasterSecretIsRefused) {
  ASSERT_TRUE(open()->put(DeviceId(7), sample()).ok());
  EXPECT_EQ(KeyRing::open(registry, secret(1), random, false).error().code, ErrorCode::kSecurity);
  EXPECT_EQ(KeyRing::open(registry, Bytes(16, 1), random, false).error().code, ErrorCode::kInvalid);
}

TEST_F(KeyRingTest, TheMasterSecretChangesWithoutTouchingTheDevices) {
  auto ring = open();
  ASSERT_TRUE(ring->put(DeviceId(7), sample()).ok());
  const Bytes before = registry.values["key/device/7"];
  ASSERT_TRUE(ring->change_master_secret(secret(9)).ok());
  EXPECT_EQ(registry.values["key/device/7"], before);
  EXPECT_FALSE(KeyRing::open(registry, secret(), random, false).ok());
  auto reopened = KeyRing::open(registry, secret(9), random, false);
  ASSERT_TRUE(reopened.ok());
  EXPECT_TRUE((*reopened)->keys(DeviceId(7)).ok());
}

TEST_F(KeyRingTest, ASealedValueUnderAnotherNameOrWithAFlippedBitDoesNotOpen) {
  ASSERT_TRUE(open()->put(DeviceId(7), sample()).ok());
  const auto good = registry.values;
  registry.values["key/device/8"] = registry.values["key/device/7"];
  EXPECT_EQ(KeyRing::open(registry, secret(), random, false).error().code, ErrorCode::kCorrupt);
  registry.values = good;
  registry.values["key/device/7"].back() ^= 1;
  EXPECT_EQ(KeyRing::open(registry, secret(), random, false).error().code, ErrorCode::kCorrupt);
}

TEST_F(KeyRingTest, RotationKeepsBothSetsUntilItIsFinished) {
  auto ring = open();
  ASSERT_TRUE(ring->put(DeviceId(7), sample()).ok());
  ASSERT_TRUE(ring->begin_rotation(DeviceId(7), {Bytes(16, 0x22), Bytes(16, 0xD2)}).ok());
  EXPECT_EQ(ring->begin_rotation(DeviceId(7), {Bytes(16, 3), Bytes(16, 3)}).error().code, ErrorCode::kConflict);
  auto keys = open()->keys(DeviceId(7));
  ASSERT_TRUE(keys.ok());
  EXPECT_EQ(keys->current.encryption, Bytes(16, 0x22));
  ASSERT_TRUE(keys->previous);
  EXPECT_EQ(keys->previous->encryption, Bytes(16, 0x11));
  EXPECT_EQ(keys->generation, 2u);
  ASSERT_TRUE(ring->finish_rotation(DeviceId(7)).ok());
  EXPECT_FALSE(open()->keys(DeviceId(7))->previous);
}

TEST_F(KeyRingTest, KeysThatDoNotFitTheirSuiteAreRefused) {
  auto ring = open();
  DeviceKeys keys = sample();
  keys.policy.suite = dlms::SecuritySuite::k2;
  EXPECT_EQ(ring->put(DeviceId(7), keys).error().code, ErrorCode::kInvalid);
}

TEST_F(KeyRingTest, LoadsAHundredThousand) {
  std::vector<std::pair<DeviceId, DeviceKeys>> all;
  for (std::uint32_t i = 1; i <= 100'000; ++i) {
    all.emplace_back(DeviceId(i), sample());
    all.back().second.meter_title = dlms::SystemTitle{'A', 'M', 'T', 0, 0, std::uint8_t(i >> 16), std::uint8_t(i >> 8),
                                                      std::uint8_t(i)};
  }
  ASSERT_TRUE(open()->put_all(all).ok());
  auto ring = open();
  EXPECT_EQ(ring->size(), 100'000u);
  EXPECT_EQ(ring->device_of(*all[99'998].second.meter_title), DeviceId(99'999));
}

// Every counter ever given out, over crashes at any point: never one twice.
TEST_F(KeyRingTest, OwnCountersAreNeverReusedAcrossCrashes) {
  std::set<std::uint32_t> used;
  const KeyName key{DeviceId(7), 1};
  for (int crash = 0; crash < 20; ++crash) {
    auto ring = open();
    CounterBook& book = ring->counters();
    registry.fail_puts = false;
    bool reserved = false;
    book.reserve(key, 10, [&](Status s) { reserved = s.ok(); });
    ASSERT_TRUE(reserved);
    for (int i = 0; i < 1 + crash * 53 % 1'000; ++i) {
      const auto counter = book.next_own(key);
      ASSERT_TRUE(counter.ok());
      EXPECT_TRUE(used.insert(counter->value).second) << counter->value << " was used twice";
    }
    registry.fail_puts = true;  // the crash: nothing more reaches the disk
  }
  registry.fail_puts = false;
}

TEST_F(KeyRingTest, NoCounterWithoutADurableReservation) {
  auto ring = open();
  CounterBook& book = ring->counters();
  const KeyName key{DeviceId(7), 1};
  EXPECT_EQ(book.next_own(key).error().code, ErrorCode::kBusy);
  registry.fail_puts = true;
  Status status;
  book.reserve(key, 10, [&](Status s) { status = std::move(s); });
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_EQ(book.next_own(key).error().code, ErrorCode::kBusy);
  registry.fail_puts = false;
  book.reserve(key, 10, [&](Status s) { status = std::move(s); });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(book.next_own(key)->value, 1u);
  EXPECT_EQ(book.reserved(key), kOwnCounterBatch - 1);
}

TEST_F(KeyRingTest, ARestoreFromBackupSkipsAhead) {
  const KeyName key{DeviceId(7), 1};
  {
    auto ring = open();
    ring->counters().reserve(key, 10, [](Status) {});
  }
  registry.values[store::kRestoredEpochName] = Bytes{1, 2, 3};
  {
    auto ring = open();
    ring->counters().reserve(key, 10, [](Status) {});
    EXPECT_EQ(ring->counters().next_own(key)->value, 1u + kOwnCounterBatch + kRestoreSkip);
  }
  auto ring = open();  // the same epoch: no second skip
  ring->counters().reserve(key, 10, [](Status) {});
  EXPECT_EQ(ring->counters().next_own(key)->value, 1u + 2 * kOwnCounterBatch + kRestoreSkip);
}

TEST_F(KeyRingTest, ExhaustionIsAnErrorBeforeTheCounterWraps) {
  auto ring = open();
  CounterBook& book = ring->counters();
  const KeyName key{DeviceId(7), 1};
  book.raise_own(key, kCounterLast - 2);
  book.reserve(key, 10, [](Status) {});
  EXPECT_TRUE(book.near_exhaustion(key));
  EXPECT_TRUE(book.next_own(key).ok());
  EXPECT_TRUE(book.next_own(key).ok());
  EXPECT_EQ(book.next_own(key).error().code, ErrorCode::kLimit);
  Status status;
  book.reserve(key, 10, [&](Status s) { status = std::move(s); });
  EXPECT_EQ(status.error().code, ErrorCode::kLimit);
  EXPECT_FALSE(book.near_exhaustion({DeviceId(7), 2})) << "a new key starts anew";
}

TEST_F(KeyRingTest, ReplaysAreRefusedAlsoAfterACrash) {
  const KeyName key{DeviceId(7), 1};
  {
    auto ring = open();
    CounterBook& book = ring->counters();
    EXPECT_TRUE(book.accept_peer(key, {0}).ok());
    EXPECT_TRUE(book.accept_peer(key, {41}).ok());
    EXPECT_EQ(book.accept_peer(key, {41}).error().code, ErrorCode::kSecurity);
    EXPECT_EQ(book.accept_peer(key, {40}).error().code, ErrorCode::kSecurity);
    bool durable = false;
    book.when_durable([&](Status s) { durable = s.ok(); });
    EXPECT_TRUE(durable);
    registry.fail_puts = true;
  }
  registry.fail_puts = false;
  auto ring = open();
  EXPECT_EQ(ring->counters().accept_peer(key, {41}).error().code, ErrorCode::kSecurity);
  EXPECT_TRUE(ring->counters().accept_peer(key, {42}).ok());
  EXPECT_TRUE(ring->counters().accept_peer({DeviceId(7), 2}, {1}).ok()) << "a new key starts anew";
}

TEST_F(KeyRingTest, AMarkThatCouldNotBeWrittenIsWrittenByTheNextTransaction) {
  const KeyName key{DeviceId(7), 1};
  auto ring = open();
  CounterBook& book = ring->counters();
  ASSERT_TRUE(book.accept_peer(key, {5}).ok());
  registry.fail_puts = true;
  Status status;
  book.when_durable([&](Status s) { status = std::move(s); });
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  registry.fail_puts = false;
  book.when_durable([&](Status s) { status = std::move(s); });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(registry.values["counter/peer/7/1"], (Bytes{0, 0, 0, 5}));
}

TEST_F(KeyRingTest, ManyDevicesShareTransactions) {
  auto ring = open(true);
  CounterBook& book = ring->counters();
  std::mutex mutex;
  std::condition_variable done;
  int left = 2'000;
  for (std::uint32_t i = 1; i <= 2'000; ++i) {
    book.reserve({DeviceId(i), 1}, 10, [&](Status s) {
      EXPECT_TRUE(s.ok());
      const std::lock_guard lock(mutex);
      if (--left == 0) done.notify_one();
    });
  }
  std::unique_lock lock(mutex);
  ASSERT_TRUE(done.wait_for(lock, std::chrono::seconds(20), [&] { return left == 0; }));
  EXPECT_EQ(book.stats().values_written, 2'000u);
  EXPECT_LT(book.stats().transactions, 2'000u);
}

}  // namespace
}  // namespace amity::headend
