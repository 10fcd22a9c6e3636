#include "base/task.h"

#include <gtest/gtest.h>

#include <vector>

namespace amity {
namespace {

Task<int> twice(OneShot<int>& source) {
  const int v = co_await source;
  co_return v * 2;
}

Task<void> record(OneShot<int>& source, std::vector<int>& out) {
  const int v = co_await twice(source);
  out.push_back(v);
}

TEST(Task, RunsToItsFirstSuspensionAndResumesItsAwaiter) {
  OneShot<int> source;
  std::vector<int> out;
  TaskScope scope;
  scope.spawn(record(source, out));
  EXPECT_EQ(scope.size(), 1u);
  EXPECT_TRUE(out.empty());
  source.set(21);
  EXPECT_EQ(out, std::vector<int>{42});
  EXPECT_EQ(scope.size(), 0u);
}

TEST(Task, AValueThatIsThereDoesNotSuspend) {
  OneShot<int> source;
  source.set(4);
  std::vector<int> out;
  TaskScope scope;
  scope.spawn(record(source, out));
  EXPECT_EQ(out, std::vector<int>{8});
}

TEST(Task, IsLazy) {
  bool ran = false;
  auto make = [](bool& flag) -> Task<void> {
    flag = true;
    co_return;
  };
  {
    Task<void> task = make(ran);
    EXPECT_TRUE(task.valid());
  }
  EXPECT_FALSE(ran);
}

TEST(Task, AValueForACancelledWaiterGoesNowhere) {
  OneShot<int> source;
  std::vector<int> out;
  {
    TaskScope scope;
    scope.spawn(record(source, out));
  }
  source.set(1);
  EXPECT_TRUE(out.empty());
}

struct Guard {
  int& count;
  ~Guard() { ++count; }
};

Task<int> guarded(OneShot<int>& source, int& destroyed) {
  Guard guard{destroyed};
  const int v = co_await source;
  co_return v;
}

Task<void> outer(OneShot<int>& source, int& destroyed) {
  Guard guard{destroyed};
  (void)co_await guarded(source, destroyed);
}

TEST(Task, DestroyingTheScopeDestroysTheWholeChain) {
  OneShot<int> source;
  int destroyed = 0;
  {
    TaskScope scope;
    scope.spawn(outer(source, destroyed));
    scope.spawn(outer(source, destroyed));
    EXPECT_EQ(scope.size(), 2u);
  }
  EXPECT_EQ(destroyed, 4);
}

Task<int> depth(int n) {
  if (n == 0) co_return 0;
  const int below = co_await depth(n - 1);
  co_return below + 1;
}

Task<void> loop(int rounds, std::int64_t& sum) {
  for (int i = 0; i < rounds; ++i) {
    const int v = co_await depth(1);
    sum += v;
  }
}

TEST(Task, AMillionAwaitsUseNoStack) {
  std::int64_t sum = 0;
  TaskScope scope;
  scope.spawn(loop(1'000'000, sum));
  EXPECT_EQ(sum, 1'000'000);
}

Task<Result<int>> fails() { co_return make_error(ErrorCode::kTimeout, "no answer"); }
Task<Result<int>> tries() {
  AMITY_CO_TRY(const int v, co_await fails());
  co_return v + 1;
}
Task<void> keep(std::string& reason) {
  auto result = co_await tries();
  reason = result.ok() ? "ok" : result.error().reason;
}

TEST(Task, ErrorsTravelUp) {
  std::string reason;
  TaskScope scope;
  scope.spawn(keep(reason));
  EXPECT_EQ(reason, "no answer");
}

}  // namespace
}  // namespace amity
