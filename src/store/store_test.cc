// The walk of a fact through a store, the same for both: queued, durable, applied, acknowledged; then reopened.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "store/memory.h"
#include "store/store.h"
#include "store/test_directory.h"

namespace amity::store {
namespace {

constexpr UtcSeconds kNoon(1'700'049'600);  // 2023-11-15T12:00:00Z

ReadingsArrived delivery(std::uint32_t channel, std::int64_t value, UtcSeconds time = kNoon) {
  return {"test", time + 5, {{ChannelId(channel), time, value, {}}, {ChannelId(channel + 1), time, -value, {}}}};
}

struct Ack {
  int runs = 0;
  Sequence sequence = 0;
  std::string error;
  Journal::OnDurable callback() {
    return [this](Result<Sequence> r) {
      ++runs;
      if (r.ok()) {
        sequence = *r;
      } else {
        error = to_string(r.error());
      }
    };
  }
};

TEST(MemoryStore, NothingIsDurableBeforeThePump) {
  auto disk = std::make_shared<MemoryDisk>();
  auto store = open_memory(disk).value();
  Ack ack;
  store->journal().append(delivery(1, 100), ack.callback());
  EXPECT_EQ(ack.runs, 0);
  EXPECT_TRUE(store->readings().read(ChannelId(1), UtcSeconds(0), kNoon).value().empty());
  EXPECT_EQ(store->pump(), 1u);
  EXPECT_EQ(ack.runs, 1);
  EXPECT_EQ(ack.sequence, 1u);
  const auto read = store->readings().read(ChannelId(2), kNoon - 1, kNoon).value();
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].value, -100);
}

TEST(MemoryStore, ACrashLosesWhatWasNotPumpedAndNothingElse) {
  auto disk = std::make_shared<MemoryDisk>();
  auto store = open_memory(disk).value();
  Ack first, second;
  store->journal().append(delivery(1, 100), first.callback());
  store->pump();
  store->journal().append(delivery(1, 200, kNoon + 900), second.callback());
  store.reset();
  EXPECT_EQ(second.runs, 1);  // told that it is not durable
  EXPECT_NE(second.error, "");
  disk->crash();
  store = open_memory(disk).value();
  EXPECT_EQ(store->journal().last(), 1u);
  EXPECT_EQ(store->stats().replayed_facts, 1u);
  EXPECT_EQ(store->readings().read(ChannelId(1), UtcSeconds(0), kNoon + 900).value().size(), 1u);
}

TEST(MemoryStore, ADiskThatIsFullIsToldAndTheSequenceGoesOn) {
  auto disk = std::make_shared<MemoryDisk>();
  auto store = open_memory(disk).value();
  disk->kv().set_fault([](const KvBatch&, Sync) { return KvFault::kDiskFull; });
  Ack refused, kept;
  store->journal().append(delivery(1, 100), refused.callback());
  store->pump();
  EXPECT_EQ(refused.error.find("disk full") == std::string::npos, false) << refused.error;
  EXPECT_EQ(store->journal().last(), 0u);
  disk->kv().set_fault({});
  store->journal().append(delivery(1, 200), kept.callback());
  store->pump();
  EXPECT_EQ(kept.sequence, 1u);
  EXPECT_EQ(store->readings().read(ChannelId(1), UtcSeconds(0), kNoon).value().at(0).value, 200);
}

TEST(MemoryStore, AFailedSyncClosesTheStoreAndTheCrashLosesWhatItHeld) {
  auto disk = std::make_shared<MemoryDisk>();
  auto store = open_memory(disk).value();
  disk->kv().set_fault([](const KvBatch&, Sync) { return KvFault::kSyncFails; });
  Ack lost, late;
  store->journal().append(delivery(1, 100), lost.callback());
  store->pump();
  EXPECT_NE(lost.error, "");
  store->journal().append(delivery(1, 100), late.callback());
  EXPECT_NE(late.error, "");
  store.reset();
  disk->crash();
  disk->kv().set_fault({});
  store = open_memory(disk).value();
  EXPECT_EQ(store->journal().last(), 0u);
}

TEST(MemoryStore, EventsAreAppliedOnceAndFoundByDeviceTimeAndSource) {
  auto disk = std::make_shared<MemoryDisk>();
  auto store = open_memory(disk).value();
  EventsArrived arrived{"headend", kNoon + 60, {}};
  for (int i = 0; i < 3; ++i) {
    arrived.events.push_back(
        {DeviceId(7), kNoon + i, EventCategory::kPower, Severity::kLow, 1, "0-0:99.98.0*255", "down"});
  }
  store->journal().append(arrived, {});
  store->journal().append(arrived, {});
  store->pump();
  const auto events = store->events().of_device(DeviceId(7), UtcSeconds(0), kNoon + 9, 10).value();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].time, kNoon + 2);
  EXPECT_EQ(store->events().latest(2).value().size(), 2u);
  EXPECT_EQ(store->events().newest(DeviceId(7), "0-0:99.98.0*255").value(), kNoon + 2);
  EXPECT_EQ(store->events().newest(DeviceId(7), "other").value(), UtcSeconds(0));
}

Sequence append_and_wait(Store& store, const Fact& fact) {
  std::mutex mutex;
  std::condition_variable done;
  Sequence sequence = 0;
  bool finished = false;
  store.journal().append(fact, [&](Result<Sequence> r) {
    const std::lock_guard lock(mutex);
    if (r.ok()) sequence = *r;
    finished = true;
    done.notify_one();
  });
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return finished; });
  return sequence;
}

TEST(EmbeddedStore, KeepsEverythingOverAReopen) {
  const TestDirectory directory;
  {
    auto store = open_embedded(directory.path(), {}).value();
    EXPECT_EQ(append_and_wait(*store, delivery(1, 100)), 1u);
    EXPECT_EQ(store->readings().read(ChannelId(1), UtcSeconds(0), kNoon).value().size(), 1u);
    EXPECT_EQ(append_and_wait(*store, delivery(1, 101)), 2u);  // a correction
    ASSERT_TRUE(store->journal().save_cursor("billing", 1).ok());
    EXPECT_FALSE(open_embedded(directory.path(), {}).ok());  // held
  }
  auto store = open_embedded(directory.path(), {.create = false}).value();
  EXPECT_EQ(store->journal().last(), 2u);
  EXPECT_EQ(store->journal().cursor("billing").value(), 1u);
  EXPECT_EQ(store->stats().replayed_facts, 0u);  // closed in order: a checkpoint was made
  const auto versions = store->readings().versions(ChannelId(1), kNoon).value();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].value, 100);
  EXPECT_EQ(versions[1].value, 101);
  const auto facts = store->journal().read(0, 10).value();
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(std::get<ReadingsArrived>(facts[1].fact).readings[0].value, 101);
}

TEST(EmbeddedStore, AnEmptyJournalKnowsHowFarItCameThoughAskedToForgetLessLater) {
  const TestDirectory directory;
  {
    auto store = open_embedded(directory.path(), {}).value();
    for (int i = 1; i <= 3; ++i) (void)append_and_wait(*store, delivery(1, i, kNoon + i * 900));
    ASSERT_EQ(store->readings().checkpoint().value(), 3u);
    ASSERT_TRUE(store->journal().trim(3).ok());
    ASSERT_TRUE(store->journal().trim(1).ok());  // nothing is left of it
  }
  auto opened = open_embedded(directory.path(), {.create = false});
  ASSERT_TRUE(opened.ok()) << to_string(opened.error());
  EXPECT_EQ((*opened)->journal().last(), 3u);
  EXPECT_EQ(append_and_wait(**opened, delivery(1, 4, kNoon + 4 * 900)), 4u);
}

TEST(EmbeddedStore, RefusesADirectoryThatIsNotThere) {
  const auto opened = open_embedded("/nonexistent/amity", {.create = false});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace amity::store
