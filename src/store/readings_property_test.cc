// Readings against the simplest model there is: a map. Random late, repeated and corrected readings, checkpoints,
// crashes and reopenings; at every step what is acknowledged must be there, exactly.
#include <gtest/gtest.h>

#include <map>

#include "store/memory.h"
#include "store/test_random.h"

namespace amity::store {
namespace {

constexpr std::int64_t kStart = 1'699'920'000;  // 2023-11-14T00:00:00Z
constexpr std::uint32_t kChannels = 70;         // more than one group

struct Model {
  std::map<std::pair<ChannelId, UtcSeconds>, std::vector<Reading>> versions;  // oldest first

  void apply(const std::vector<Reading>& readings) {
    for (const Reading& r : readings) {
      auto& known = versions[{r.channel, r.time}];
      if (std::find(known.begin(), known.end(), r) == known.end()) known.push_back(r);
    }
  }
  std::vector<Reading> read(ChannelId channel, UtcSeconds after, UtcSeconds until) const {
    std::vector<Reading> found;
    for (auto it = versions.upper_bound({channel, after}); it != versions.end(); ++it) {
      if (it->first.first != channel || it->first.second > until) break;
      found.push_back(it->second.back());
    }
    return found;
  }
};

Reading random_reading(TestRandom& random) {
  Reading r;
  r.channel = ChannelId(static_cast<std::uint32_t>(1 + random.below(kChannels)));
  const std::int64_t day = static_cast<std::int64_t>(random.below(4));
  const std::int64_t offset = random.below(10) == 0 ? static_cast<std::int64_t>(1 + random.below(86'400))
                                                    : 900 * static_cast<std::int64_t>(1 + random.below(96));
  r.time = UtcSeconds(kStart + day * 86'400 + offset);
  constexpr std::int64_t kBeyond32Bits[] = {INT32_MAX, std::int64_t{INT32_MAX} + 1, std::int64_t{INT32_MIN} - 1,
                                            std::int64_t{1} << 50};
  r.value = random.below(40) == 0 ? kBeyond32Bits[random.below(4)] : static_cast<std::int64_t>(random.below(5));
  r.quality = Quality{random.below(6) == 0 ? std::uint16_t{1} : std::uint16_t{0}};
  return r;
}

class Trial {
 public:
  explicit Trial(std::uint64_t seed) : random_(seed), disk_(std::make_shared<MemoryDisk>()) { open(); }

  void step() {
    switch (random_.below(12)) {
      case 0: crash(); break;
      case 1: ASSERT_TRUE(store_->readings().checkpoint().ok()); break;
      case 2: reopen(); break;
      case 3: compare(); break;
      case 4: trim(); break;
      case 5: fail_in_a_checkpoint(); break;
      default: deliver();
    }
  }
  void compare() {
    for (std::uint32_t c = 1; c <= kChannels; ++c) {
      const UtcSeconds after(kStart + static_cast<std::int64_t>(random_.below(4 * 86'400)) - 100);
      const UtcSeconds until = after + static_cast<std::int64_t>(random_.below(3 * 86'400));
      ASSERT_EQ(store_->readings().read(ChannelId(c), after, until).value(), model_.read(ChannelId(c), after, until));
    }
    for (const auto& [key, versions] : model_.versions) {
      if (random_.below(20) != 0) continue;
      ASSERT_EQ(store_->readings().versions(key.first, key.second).value(), versions);
    }
    compare_day(UtcDay(static_cast<std::int32_t>(kStart / 86'400 + static_cast<std::int64_t>(random_.below(4)))));
  }

 private:
  void open() {
    auto opened = open_memory(disk_);
    ASSERT_TRUE(opened.ok()) << to_string(opened.error());
    store_ = std::move(*opened);
  }
  void crash() {
    queue();  // never acknowledged
    store_.reset();
    disk_->crash();
    open();
    compare();
  }
  void reopen() {
    store_.reset();
    open();
    compare();
  }
  // The disk fills up anywhere in a checkpoint, and the process ends there: part of the blocks is written.
  void fail_in_a_checkpoint() {
    std::uint64_t writes_left = random_.below(6);
    disk_->kv().set_fault([&](const KvBatch&, Sync) {
      if (writes_left == 0) return KvFault::kDiskFull;
      --writes_left;
      return KvFault::kNone;
    });
    const bool sealed = store_->readings().checkpoint().ok();
    disk_->kv().set_fault({});
    if (!sealed && random_.below(2) == 0) compare();
    reopen();
  }
  void trim() { (void)store_->journal().trim(random_.below(store_->journal().last() + 1)); }
  std::vector<Reading> queue() {
    std::vector<Reading> readings;
    for (std::uint64_t n = random_.below(30); n > 0; --n) readings.push_back(random_reading(random_));
    store_->journal().append(ReadingsArrived{"test", UtcSeconds(kStart), readings}, {});
    return readings;
  }
  void deliver() {
    std::vector<std::vector<Reading>> deliveries;
    for (std::uint64_t n = random_.below(4) + 1; n > 0; --n) deliveries.push_back(queue());
    store_->pump();
    for (const auto& readings : deliveries) model_.apply(readings);
  }
  void compare_day(UtcDay day) {
    std::vector<Reading> scanned, expected;
    ASSERT_TRUE(store_->readings().scan_day(day, [&](ChannelId, std::span<const Reading> readings) {
      scanned.insert(scanned.end(), readings.begin(), readings.end());
    }).ok());
    for (std::uint32_t c = 1; c <= kChannels; ++c) {
      const auto of_channel = model_.read(ChannelId(c), day.start(), day.start() + 86'400);
      expected.insert(expected.end(), of_channel.begin(), of_channel.end());
      const auto span = store_->readings().span(ChannelId(c)).value();
      const auto all = model_.read(ChannelId(c), UtcSeconds(0), UtcSeconds(INT64_MAX));
      ASSERT_EQ(span.first, all.empty() ? UtcSeconds(0) : all.front().time);
      ASSERT_EQ(span.last, all.empty() ? UtcSeconds(0) : all.back().time);
    }
    ASSERT_EQ(scanned, expected);
  }

  TestRandom random_;
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<MemoryStore> store_;
  Model model_;
};

TEST(ReadingsProperty, AgreeWithAMapThroughCrashesCorrectionsAndLateData) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Trial run(seed);
    for (int i = 0; i < 60; ++i) {
      ASSERT_NO_FATAL_FAILURE(run.step());
    }
    ASSERT_NO_FATAL_FAILURE(run.compare());
  }
}

}  // namespace
}  // namespace amity::store
