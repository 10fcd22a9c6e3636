#include "world/virtual_world.h"

#include <gtest/gtest.h>

namespace amity::world {
namespace {

using std::chrono::seconds;

const UtcSeconds kStart(1'700'000'000);

Instant after_s(double s) {
  return Instant{static_cast<std::int64_t>(s * 1e6)};
}

struct Recorder : Stream::Handler {
  std::string log;
  std::unique_ptr<Stream> stream;
  void on_open() override { log += "open;"; }
  void on_bytes(ByteView bytes) override { log += std::string(as_text(bytes)); }
  void on_closed(const Error& why) override { log += ";" + std::string(to_string(why.code)); }
  void on_drained() override { log += "drained;"; }
};

Bytes text(std::string_view s) {
  return Bytes(s.begin(), s.end());
}

struct Pair {
  explicit Pair(std::uint64_t seed = 1)
      : world(seed, kStart), a(world.add_process("10.0.0.1")), b(world.add_process("10.0.0.2")) {
    a.link.delay_us = 50'000;
    listener =
        *b.runtime().network.listen(Endpoint{"10.0.0.2", 4059}, [this](std::unique_ptr<Stream> s) {
          server.stream = std::move(s);
          server.stream->set_handler(&server);
        });
  }
  void connect(int timeout_s = 5) {
    client.stream =
        a.runtime().network.connect(Endpoint{"10.0.0.2", 4059}, seconds(timeout_s), &client);
  }
  VirtualWorld world;
  VirtualProcess& a;
  VirtualProcess& b;
  Recorder client, server;
  std::unique_ptr<Listener> listener;
};

TEST(VirtualQueue, EarliestFirstAndOfEqualsTheFirstAdded) {
  VirtualQueue queue;
  std::string order;
  queue.add(Instant{20}, 1, [&] { order += "c"; });
  queue.add(Instant{10}, 1, [&] { order += "a"; });
  const TimerId cancelled = queue.add(Instant{10}, 1, [&] { order += "x"; });
  queue.add(Instant{10}, 1, [&] {
    order += "b";
    queue.add(Instant{5}, 1, [&] { order += "!"; });  // the past is now, and after what was there
  });
  queue.cancel(cancelled);
  queue.cancel(cancelled);
  while (queue.run_one(Instant{30})) {
  }
  EXPECT_EQ(order, "ab!c");
  EXPECT_EQ(queue.now(), Instant{30});
}

TEST(VirtualQueue, ManyTimersWithCancellationsFireOnceInOrder) {
  VirtualQueue queue;
  VirtualRandom random(7);
  std::vector<TimerId> ids;
  std::int64_t last = -1;
  int fired = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Instant when{static_cast<std::int64_t>(random.below(1'000'000))};
    ids.push_back(queue.add(when, 1, [&, when] {
      EXPECT_GE(when.us, last);
      last = when.us;
      ++fired;
    }));
  }
  for (int i = 0; i < 20'000; ++i) {
    if (i % 4 != 0) queue.cancel(ids[static_cast<std::size_t>(i)]);
  }
  while (queue.run_one(Instant{1'000'000})) {
  }
  EXPECT_EQ(fired, 5'000);
  EXPECT_EQ(queue.pending(), 0u);
}

TEST(VirtualRandom, SameSeedSameBytesAndBitsAreEven) {
  VirtualRandom a(5), b(5), c(6);
  EXPECT_EQ(a.u64(), b.u64());
  EXPECT_NE(a.u64(), c.u64());
  int ones = 0;
  for (int i = 0; i < 10'000; ++i) ones += __builtin_popcountll(a.u64());
  EXPECT_NEAR(ones, 320'000, 3'600);  // nine standard deviations
}

TEST(VirtualWorld, AStreamOpensCarriesBytesInOrderAndCloses) {
  Pair p;
  p.connect();
  EXPECT_EQ(p.client.log, "");  // nothing happens inside a call
  p.client.stream->send(text("hello "));
  p.client.stream->send(text("there"));
  p.world.run_for(seconds(1));
  EXPECT_EQ(p.client.log, "open;");
  EXPECT_EQ(p.server.log, "hello there");
  EXPECT_EQ(p.server.stream->local().to_string(), "10.0.0.2:4059");
  EXPECT_EQ(p.server.stream->peer(), p.client.stream->local());
  p.server.stream->send(text("bye"));
  p.server.stream->close();
  p.world.run_for(seconds(1));
  EXPECT_EQ(p.client.log, "open;bye;" + std::string(to_string(ErrorCode::kClosed)));
  EXPECT_EQ(p.server.log, "hello there");  // who closes hears nothing more
}

TEST(VirtualWorld, WithoutAHandlerBytesAndTheEndWait) {
  Pair p;
  p.connect();
  p.world.run_for(seconds(1));
  p.client.stream->set_handler(nullptr);
  p.server.stream->send(text("one"));
  p.server.stream->send(text("two"));
  p.server.stream->close();
  p.world.run_for(seconds(1));
  EXPECT_EQ(p.client.log, "open;");
  p.client.stream->set_handler(&p.client);
  EXPECT_EQ(p.client.log, "open;");
  p.world.run_for(seconds(1));
  EXPECT_EQ(p.client.log, "open;onetwo;" + std::string(to_string(ErrorCode::kClosed)));
}

TEST(VirtualWorld, RefusedAndUnreachable) {
  Pair p;
  p.listener.reset();
  p.connect();
  p.world.run_for(seconds(10));
  EXPECT_EQ(p.client.log, ";" + std::string(to_string(ErrorCode::kRefused)));
  p.client.log.clear();
  p.b.set_down(true);
  p.listener = *p.b.runtime().network.listen(Endpoint{"10.0.0.2", 4059},
                                             [](std::unique_ptr<Stream>) { FAIL(); });
  p.connect(5);
  p.world.run_for(seconds(4));
  EXPECT_EQ(p.client.log, "");
  p.world.run_for(seconds(2));
  EXPECT_EQ(p.client.log, ";" + std::string(to_string(ErrorCode::kTimeout)));
}

TEST(VirtualWorld, ACrashIsHeardByThePeerAndSilencesTheProcess) {
  Pair p;
  p.connect();
  p.world.run_for(seconds(1));
  bool fired = false;
  p.a.runtime().timers.at(p.world.now() + seconds(1), [&] { fired = true; });
  p.server.stream->send(text("lost"));
  p.a.crash(false);
  p.world.run_for(seconds(5));
  EXPECT_FALSE(fired);
  EXPECT_EQ(p.client.log, "open;");
  EXPECT_EQ(p.server.log, ";" + std::string(to_string(ErrorCode::kClosed)));
  p.client.stream.reset();  // destroying afterwards is harmless
}

TEST(VirtualWorld, ASilentCrashIsNoticedWhenThePeerSendsToTheRestartedHost) {
  Pair p;
  p.connect();
  p.world.run_for(seconds(1));
  p.a.crash(true);
  p.world.run_for(seconds(300));
  EXPECT_EQ(p.server.log, "");
  p.server.stream->send(text("anybody?"));
  p.world.run_for(seconds(1));
  EXPECT_EQ(p.server.log, ";" + std::string(to_string(ErrorCode::kClosed)));
}

TEST(VirtualWorld, APeerThatIsGoneIsGivenUpAsTcpDoes) {
  const std::string lost = ";" + std::string(to_string(ErrorCode::kTimeout));
  Pair idle;  // whoever only listens: the probes stay unanswered
  idle.connect();
  idle.world.run_for(seconds(1));
  idle.a.crash(true);
  idle.world.run_for(seconds(430));
  EXPECT_EQ(idle.server.log, lost);

  Pair half;  // half-open with the first thing sent: the sender hears nothing of it and gives up
  half.connect();
  half.world.run_for(seconds(1));
  half.a.link.half_open = 1;
  half.client.stream->send(text("telegram"));
  half.world.run_for(seconds(100));
  EXPECT_EQ(half.client.log, "open;");
  half.world.run_for(seconds(30));
  EXPECT_EQ(half.client.log, "open;" + lost);
  EXPECT_EQ(half.server.log, "");
  half.world.run_for(seconds(300));
  EXPECT_EQ(half.server.log, lost);
}

TEST(VirtualWorld, ABreakDeliversAtMostAPrefixAndBothHearOfIt) {
  int whole = 0, partly = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Pair p(seed);
    p.connect();
    p.world.run_for(seconds(1));
    p.a.link.stream_break = 1;
    p.client.stream->send(text("0123456789"));
    p.client.stream->send(text("never"));
    p.world.run_for(seconds(1));
    const std::string end = ";" + std::string(to_string(ErrorCode::kClosed));
    EXPECT_EQ(p.client.log, "open;" + end);
    const std::string got = p.server.log.substr(0, p.server.log.find(';'));
    EXPECT_EQ(std::string("0123456789").substr(0, got.size()), got);
    EXPECT_EQ(p.server.log, got + end);
    (got.size() == 10 ? whole : partly) += 1;
  }
  EXPECT_GT(whole, 0);
  EXPECT_GT(partly, 20);
}

TEST(VirtualWorld, ASlowLinkQueuesAndDrains) {
  Pair p;
  p.connect();
  p.world.run_for(seconds(1));
  p.a.link.bytes_per_s = 100;
  p.client.stream->send(Bytes(200, 'x'));
  EXPECT_EQ(p.client.stream->queued_bytes(), 200u);
  p.world.run_for(seconds(1));
  EXPECT_EQ(p.server.log, "");
  p.world.run_for(seconds(2));
  EXPECT_EQ(p.server.log.size(), 200u);
  EXPECT_EQ(p.client.log, "open;drained;");
  EXPECT_EQ(p.client.stream->queued_bytes(), 0u);
}

TEST(VirtualWorld, AClockJumpsWithoutMovingTime) {
  VirtualWorld world(1, kStart);
  VirtualProcess& a = world.add_process("10.0.0.1");
  world.run_for(seconds(10));
  a.clock().jump(seconds(-3'600));
  EXPECT_EQ(a.runtime().clock.utc(), kStart + 10 - 3'600);
  EXPECT_EQ(a.runtime().clock.now(), after_s(10));
  EXPECT_EQ(world.utc(), kStart + 10);
}

TEST(VirtualWorld, DatagramsAreLostDoubledAndOutOfOrder) {
  VirtualWorld world(3, kStart);
  VirtualProcess& a = world.add_process("10.0.0.1");
  VirtualProcess& b = world.add_process("10.0.0.2");
  std::vector<int> got;
  const auto to = *b.runtime().network.open_datagram(
      Endpoint{"0.0.0.0", 4059}, [&](const Endpoint&, ByteView bytes) { got.push_back(bytes[0]); });
  const auto from =
      *a.runtime().network.open_datagram(Endpoint{"", 0}, [](const Endpoint&, ByteView) {});
  a.link = LinkProfile{.delay_us = 1'000, .loss = 0.2, .duplicate = 0.2, .reorder = 0.3};
  for (int i = 0; i < 200; ++i) {
    from->send_to(to->local(), Bytes{static_cast<std::uint8_t>(i)});
    world.run_for(std::chrono::milliseconds(10));
  }
  world.run_for(seconds(10));
  const NetworkStats& stats = world.network().stats();
  EXPECT_GT(stats.datagrams_lost, 10u);
  EXPECT_GT(stats.datagrams_duplicated, 10u);
  EXPECT_FALSE(std::is_sorted(got.begin(), got.end()));
  EXPECT_EQ(got.size(), 200 - stats.datagrams_lost + stats.datagrams_duplicated);
}

// A conversation over a bad link, as text: the same for the same seed, another for another.
std::string history(std::uint64_t seed) {
  std::string out;  // outlives the pair, whose end is on the tap too
  Pair p(seed);
  p.a.link = LinkProfile{
      .delay_us = 10'000, .jitter_us = 90'000, .chunk_bytes_max = 3, .stream_break = 0.02};
  p.world.network().set_tap([&](const TapRecord& r) {
    out += std::to_string(r.at.us) + " " + r.from.to_string() + " " +
           std::string(as_text(r.bytes)) + "\n";
  });
  for (int i = 0; i < 20; ++i) {
    p.connect();
    p.world.run_for(seconds(1));
    for (int k = 0; k < 10; ++k) {
      p.client.stream->send(text("question"));
      if (p.server.stream) p.server.stream->send(text("answer"));
      p.world.run_for(std::chrono::milliseconds(300));
    }
  }
  return out + p.client.log + p.server.log;
}

TEST(VirtualWorld, OneSeedOneHistory) {
  EXPECT_EQ(history(11), history(11));
  EXPECT_NE(history(11), history(12));
}

}  // namespace
}  // namespace amity::world
