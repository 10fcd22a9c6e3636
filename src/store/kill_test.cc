// A real process, killed at any moment under load, many times over one data directory. What it was told is durable is
// there, once, in order; what is there was sent. The process is this program again, running one disabled test.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <sstream>
#include <thread>

#include "store/store.h"
#include "store/test_directory.h"
#include "store/test_random.h"

namespace amity::store {
namespace {

constexpr int kKills = 25;
constexpr const char* kArguments = "AMITY_KILL_TEST";
constexpr std::int64_t kStart = 1'699'920'000;
constexpr std::uint32_t kChannelsPerMessage = 4;

struct Acknowledged {
  std::uint64_t number;    // of the message, unique over all lives
  std::uint64_t sequence;  // in the journal
};

// Message N: four channels, one time; everything follows from N.
ReadingsArrived message(std::uint64_t n) {
  const auto meter = static_cast<std::uint32_t>(n % 50);
  ReadingsArrived delivery{"push", UtcSeconds(kStart + static_cast<std::int64_t>(n)), {}};
  for (std::uint32_t c = 0; c < kChannelsPerMessage; ++c) {
    delivery.readings.push_back({ChannelId(1 + meter * kChannelsPerMessage + c),
                                 UtcSeconds(kStart + 60 * static_cast<std::int64_t>(n / 50 + 1)),
                                 static_cast<std::int64_t>(n * 10 + c), {}});
  }
  return delivery;
}

// The process that is killed: sends without end, tells the parent what was acknowledged. Never returns.
[[noreturn]] void live(const std::string& directory, int pipe, std::uint64_t first, bool checkpoints) {
  auto store = open_embedded(directory, {});
  if (!store.ok()) ::_exit(3);
  std::thread sealer([&] {
    while (checkpoints) {
      std::this_thread::sleep_for(std::chrono::milliseconds(15));
      if (!(*store)->readings().checkpoint().ok()) ::_exit(4);
    }
  });
  for (std::uint64_t n = first;; ++n) {
    (*store)->journal().append(message(n), [n, pipe](Result<Sequence> durable) {
      if (!durable.ok()) return;
      const Acknowledged told{n, *durable};
      if (::write(pipe, &told, sizeof(told)) != sizeof(told)) ::_exit(5);
    });
    if (n % 64 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
}

// Runs one life and kills it, at a random time (recovery included) or after a random number of acknowledgements,
// which a slow machine reaches too; returns what it was told.
std::vector<Acknowledged> one_life(const std::string& directory, std::uint64_t first, bool by_count,
                                   TestRandom& random) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const std::string arguments = directory + " " + std::to_string(ends[1]) + " " + std::to_string(first) + " " +
                                std::to_string(random.below(2));
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    ::setenv(kArguments, arguments.c_str(), 1);
    ::execl("/proc/self/exe", "store_test", "--gtest_also_run_disabled_tests", "--gtest_filter=Kill.DISABLED_Child",
            nullptr);
    ::_exit(6);
  }
  ::close(ends[1]);
  const std::size_t count = by_count ? 1 + random.below(500) : 0;
  const auto delay = std::chrono::milliseconds(60 + random.below(250));
  std::thread killer([&] {
    if (by_count) return;
    std::this_thread::sleep_for(delay);
    ::kill(child, SIGKILL);
  });
  std::vector<Acknowledged> told;
  Acknowledged one;
  while (::read(ends[0], &one, sizeof(one)) == sizeof(one)) {
    told.push_back(one);
    if (by_count && told.size() == count) ::kill(child, SIGKILL);
  }
  killer.join();
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself: " << status;
  ::close(ends[0]);
  return told;
}

struct Kept {
  std::map<std::uint64_t, Sequence> sequence_of;  // by the number of the message
};

// Reads the whole journal: no gap, nothing twice, nothing that was never sent.
Kept read_journal(Store& store, std::uint64_t sent) {
  Kept kept;
  Sequence at = 0;
  while (true) {
    const auto entries = store.journal().read(at, 5'000).value();
    if (entries.empty()) return kept;
    for (const JournalEntry& e : entries) {
      EXPECT_EQ(e.sequence, ++at);
      const auto& delivery = std::get<ReadingsArrived>(e.fact);
      const auto n = static_cast<std::uint64_t>(delivery.received.value - kStart);
      EXPECT_LT(n, sent);
      EXPECT_EQ(delivery.readings, message(n).readings);
      EXPECT_TRUE(kept.sequence_of.emplace(n, e.sequence).second) << "message " << n << " is there twice";
    }
  }
}

void expect_readings_of(Store& store, const Kept& kept) {
  std::map<ChannelId, std::map<UtcSeconds, Reading>> expected;
  for (const auto& [n, sequence] : kept.sequence_of) {
    for (const Reading& r : message(n).readings) expected[r.channel][r.time] = r;
  }
  for (const auto& [channel, by_time] : expected) {
    std::vector<Reading> of_channel;
    for (const auto& [time, r] : by_time) of_channel.push_back(r);
    const auto stored = store.readings().read(channel, UtcSeconds(0), UtcSeconds(kStart + 1'000'000'000));
    ASSERT_TRUE(stored.ok()) << to_string(stored.error());
    ASSERT_TRUE(*stored == of_channel) << "channel " << channel.value << ": " << stored->size() << " stored, "
                                       << of_channel.size() << " expected";
  }
}

TEST(Kill, DISABLED_Child) {
  const char* arguments = ::getenv(kArguments);
  ASSERT_NE(arguments, nullptr) << "this is the process that another test kills";
  std::istringstream in(arguments);
  std::string directory;
  int pipe = -1;
  std::uint64_t first = 0;
  bool checkpoints = false;
  in >> directory >> pipe >> first >> checkpoints;
  live(directory, pipe, first, checkpoints);
}

TEST(Kill, NothingAcknowledgedIsLostAndNothingRepeated) {
  const TestDirectory directory;
  TestRandom random(2026);
  std::map<std::uint64_t, Sequence> told;
  std::uint64_t next = 0;
  std::size_t lives_with_acknowledgements = 0;
  for (int life = 0; life < kKills; ++life) {
    const auto acknowledged = one_life(directory.path(), next, life % 2 == 0, random);
    lives_with_acknowledgements += acknowledged.empty() ? 0 : 1;
    for (const Acknowledged& a : acknowledged) ASSERT_TRUE(told.emplace(a.number, a.sequence).second);
    next += 1'000'000;  // the next life's numbers are its own
    auto store = open_embedded(directory.path(), {.create = true});
    ASSERT_TRUE(store.ok()) << to_string(store.error());
    if (life % 6 != 5 && life + 1 != kKills) continue;
    const Kept kept = read_journal(**store, next);
    for (const auto& [n, sequence] : told) {
      const auto found = kept.sequence_of.find(n);
      ASSERT_NE(found, kept.sequence_of.end()) << "acknowledged message " << n << " is lost";
      ASSERT_EQ(found->second, sequence);
    }
    expect_readings_of(**store, kept);
  }
  EXPECT_GE(lives_with_acknowledgements, static_cast<std::size_t>(kKills) / 2);
  std::printf("%d kills, %zu messages acknowledged\n", kKills, told.size());
}

}  // namespace
}  // namespace amity::store
