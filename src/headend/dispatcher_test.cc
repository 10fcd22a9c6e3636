#include "headend/dispatcher.h"

#include <gtest/gtest.h>

#include "headend/backoff.h"
#include "headend/bearer.h"
#include "headend/schedule.h"
#include "headend/test_loop.h"

namespace amity::headend {
namespace {

constexpr Instant kNow{1'000'000};

DispatchLimits roomy() { return {100, 1e9, 2, 1e9, 1e9}; }

TEST(Dispatcher, HigherPriorityGoesFirstThenWhoWaitedLongest) {
  DispatchLimits limits = roomy();
  limits.in_flight_max = 1;
  Dispatcher d(limits);
  d.offer(DeviceId(9), Priority::kSchedule, 0);
  ASSERT_EQ(d.next(kNow)->device, DeviceId(9));
  d.offer(DeviceId(1), Priority::kSchedule, 0);
  d.offer(DeviceId(2), Priority::kBackfill, 0);
  d.offer(DeviceId(3), Priority::kSchedule, d.segment("a"));
  d.offer(DeviceId(4), Priority::kOnDemand, d.segment("b"));
  d.offer(DeviceId(5), Priority::kAlarm, 0);
  EXPECT_FALSE(d.next(kNow)) << "one conversation at a time";
  std::vector<std::uint32_t> order;
  d.finished(0);
  while (const auto job = d.next(kNow)) {
    order.push_back(job->device.value);
    d.finished(job->segment);
  }
  EXPECT_EQ(order, (std::vector<std::uint32_t>{4, 5, 1, 3, 2}));
}

TEST(Dispatcher, AFullSegmentHoldsUpNobodyElse) {
  Dispatcher d(roomy());
  const auto a = d.segment("a"), b = d.segment("b");
  for (std::uint32_t i = 1; i <= 4; ++i) d.offer(DeviceId(i), Priority::kOnDemand, a);
  d.offer(DeviceId(10), Priority::kBackfill, b);
  EXPECT_EQ(d.next(kNow)->device, DeviceId(1));
  EXPECT_EQ(d.next(kNow)->device, DeviceId(2));
  EXPECT_EQ(d.next(kNow)->device, DeviceId(10)) << "segment a has its two";
  EXPECT_FALSE(d.next(kNow));
  EXPECT_EQ(d.in_flight(a), 2u);
  d.finished(a);
  EXPECT_EQ(d.next(kNow)->device, DeviceId(3));
}

TEST(AirTime, IsRegainedHoweverOftenOneLooks) {
  AirTime air(1);  // a thousandth: a microsecond on the air for each millisecond
  EXPECT_EQ(air.next(kNow), kNow);
  air.spend(std::chrono::milliseconds(kDutyWindow_s + 1));  // all of it, and a millisecond more
  Instant now = kNow;
  while (air.next(now) > now) now = now + std::chrono::microseconds(10);
  EXPECT_NEAR(static_cast<double>((now - kNow).count()), 1e6, 2'000);
}

TEST(Dispatcher, TokensLimitTheRateOfASegment) {
  DispatchLimits limits = roomy();
  limits.segment_in_flight_max = 100;
  limits.segment_starts_per_s = 2;
  limits.segment_burst = 3;
  Dispatcher d(limits);
  const auto a = d.segment("a");
  for (std::uint32_t i = 1; i <= 10; ++i) d.offer(DeviceId(i), Priority::kSchedule, a);
  int started = 0;
  while (d.next(kNow)) ++started;
  EXPECT_EQ(started, 3) << "the burst";
  ASSERT_TRUE(d.wake_at());
  EXPECT_NEAR(static_cast<double>((*d.wake_at() - kNow).count()), 500'000, 10);
  EXPECT_FALSE(d.next(kNow + std::chrono::milliseconds(400)));
  EXPECT_TRUE(d.next(kNow + std::chrono::milliseconds(501)));
  EXPECT_FALSE(d.next(kNow + std::chrono::milliseconds(502)));
}

TEST(Dispatcher, ADutyCycleIsMadeUpBeforeTheNextStart) {
  Dispatcher d(roomy());
  const auto radio = d.segment("radio", SegmentLimits{8, 1e9, 1e9, 10});  // 1 %: 36 s in an hour
  for (std::uint32_t i = 1; i <= 3; ++i) d.offer(DeviceId(i), Priority::kSchedule, radio);
  ASSERT_TRUE(d.next(kNow));
  d.finished(radio, std::chrono::seconds(30));
  ASSERT_TRUE(d.next(kNow)) << "six seconds are left";
  d.finished(radio, std::chrono::seconds(16));
  EXPECT_FALSE(d.next(kNow)) << "overdrawn by ten";
  ASSERT_TRUE(d.wake_at());
  EXPECT_NEAR(static_cast<double>((*d.wake_at() - kNow).count()) * 1e-6, 1'000, 1)
      << "ten seconds at 1 %";
  EXPECT_FALSE(d.next(kNow + std::chrono::seconds(999)));
  EXPECT_TRUE(d.next(*d.wake_at()));
  d.offer(DeviceId(9), Priority::kSchedule, 0);
  EXPECT_TRUE(d.next(kNow + std::chrono::seconds(1))) << "others go on";
}

TEST(Bearer, EveryProfileIsComplete) {
  EXPECT_EQ(bearers().front().name, "ip");
  for (const Bearer& bearer : bearers()) {
    EXPECT_EQ(find_bearer(bearer.name), &bearer) << bearer.name;
    EXPECT_GT(bearer.connect_timeout_ms, 0) << bearer.name;
    EXPECT_GT(bearer.reply_timeout_ms, 0) << bearer.name;
    EXPECT_GT(bearer.conversation_timeout_ms, bearer.reply_timeout_ms) << bearer.name;
    EXPECT_GT(bearer.duty_permille, 0) << bearer.name;
    EXPECT_EQ(bearer.duty_permille < 1'000, bearer.bytes_per_s != 0)
        << bearer.name << ": air time needs a rate";
    EXPECT_EQ(bearer.hops, 1u) << bearer.name;
    EXPECT_EQ(bearer.over(2).ok(), bearer.hop_ms != 0) << bearer.name;
  }
  EXPECT_EQ(find_bearer("pigeon"), nullptr);
}

TEST(Bearer, ASleeperIsReachableInItsWindowsAlone) {
  const WakeWindow wake{86'400, 7'200, 600};  // ten minutes from 02:00
  const UtcSeconds midnight{1'790'035'200};
  EXPECT_EQ(midnight.value % 86'400, 0);
  EXPECT_EQ(wake.next(midnight), midnight + 7'200);
  EXPECT_EQ(wake.next(midnight + 7'200), midnight + 7'200);
  EXPECT_TRUE(wake.awake(midnight + 7'799));
  EXPECT_FALSE(wake.awake(midnight + 7'800));
  EXPECT_EQ(wake.next(midnight + 7'800), midnight + 86'400 + 7'200);
  EXPECT_TRUE(WakeWindow().awake(midnight));
}

TEST(Schedule, PopsInOrderAndForgetsWhatWasReplanned) {
  Schedule s;
  s.put(DeviceId(1), UtcSeconds(300));
  s.put(DeviceId(2), UtcSeconds(100));
  s.put(DeviceId(1), UtcSeconds(50));
  s.put(DeviceId(3), UtcSeconds(60));
  s.erase(DeviceId(3));
  EXPECT_EQ(s.next(), UtcSeconds(50));
  EXPECT_FALSE(s.pop_due(UtcSeconds(49)));
  EXPECT_EQ(s.pop_due(UtcSeconds(500)), DeviceId(1));
  EXPECT_EQ(s.pop_due(UtcSeconds(500)), DeviceId(2));
  EXPECT_FALSE(s.pop_due(UtcSeconds(500)));
  EXPECT_EQ(s.size(), 0u);
}

TEST(Schedule, TheGridSpreadsAFleetEvenlyAndIsTheSameEachTime) {
  const ReadGrid grid{3'600, 120, 600};
  std::vector<int> per_minute(60);
  for (std::uint32_t i = 1; i <= 60'000; ++i) {
    const UtcSeconds due = next_on_grid(grid, DeviceId(i), UtcSeconds(1'790'000'000));
    EXPECT_GT(due, UtcSeconds(1'790'000'000));
    EXPECT_LE(due - UtcSeconds(1'790'000'000), 3'600);
    EXPECT_EQ(next_on_grid(grid, DeviceId(i), due) - due, 3'600);
    ++per_minute[static_cast<std::size_t>(due.value % 3'600 / 60)];
  }
  for (int minute = 2; minute < 12; ++minute) EXPECT_NEAR(per_minute[static_cast<std::size_t>(minute)], 6'000, 300);
  EXPECT_EQ(per_minute[20], 0);
}

TEST(Schedule, AHundredThousandDevices) {
  Schedule s;
  for (std::uint32_t i = 1; i <= 100'000; ++i) s.put(DeviceId(i), UtcSeconds(i * 7'919 % 100'003));
  UtcSeconds last;
  std::size_t count = 0;
  while (const auto next = s.next()) {
    EXPECT_GE(*next, last);
    last = *next;
    ASSERT_TRUE(s.pop_due(*next));
    ++count;
  }
  EXPECT_EQ(count, 100'000u);
}

TEST(Backoff, DoublesWithJitterUpToItsMaximum) {
  TestLoop loop{UtcSeconds(0)};
  Backoff b;
  for (int n = 0; n < 20; ++n) {
    const std::int64_t full = std::min<std::int64_t>(kBackoffFirst_s << std::min(n, 10), kBackoffMax_s);
    const std::int64_t wait = b.failed(loop);
    EXPECT_GE(wait, full / 2);
    EXPECT_LE(wait, full);
  }
  b.succeeded();
  EXPECT_LE(b.failed(loop), kBackoffFirst_s);
}

TEST(Backoff, LocksOutOnceAfterRepeatedSecurityFailures) {
  Backoff b;
  EXPECT_FALSE(b.failed_security());
  EXPECT_FALSE(b.failed_security());
  EXPECT_TRUE(b.failed_security()) << "the alarm";
  EXPECT_FALSE(b.failed_security()) << "once";
  EXPECT_TRUE(b.locked_out());
  b.succeeded();
  EXPECT_FALSE(b.locked_out());
}

}  // namespace
}  // namespace amity::headend
