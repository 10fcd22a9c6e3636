#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "runtime/runtime_test_support.h"
#include "runtime/system.h"
#include "runtime/timer_queue.h"

namespace amity::runtime {
namespace {

using namespace testing;

// A listener that keeps what it accepts and a client that has connected to it.
class Loopback : public ::testing::Test {
 protected:
  void SetUp() override {
    auto listening = net.listen(
        {"127.0.0.1", 0}, [this](std::unique_ptr<Stream> s) { accepted.push_back(std::move(s)); });
    ASSERT_TRUE(listening.ok()) << to_string(listening.error());
    listener = std::move(*listening);
  }
  void connect() {
    stream = net.connect(listener->local(), 1s, &client);
    ASSERT_TRUE(serve_until(reactor, [&] { return client.opened && accepted.size() == 1; }));
    accepted[0]->set_handler(&server);
  }

  Reactor reactor;
  Network& net = reactor.runtime().network;
  std::unique_ptr<Listener> listener;
  std::vector<std::unique_ptr<Stream>> accepted;
  Recorder client, server;
  std::unique_ptr<Stream> stream;
};

TEST_F(Loopback, BytesTravelBothWays) {
  connect();
  stream->send(text_bytes("question"));
  ASSERT_TRUE(serve_until(reactor, [&] { return server.received == "question"; }));
  accepted[0]->send(text_bytes("answer"));
  ASSERT_TRUE(serve_until(reactor, [&] { return client.received == "answer"; }));
  EXPECT_EQ(stream->peer(), listener->local());
  EXPECT_EQ(accepted[0]->peer(), stream->local());
}

TEST_F(Loopback, ConnectsByName) {
  stream = net.connect({"ip6-localhost-is-not-here.invalid", 1}, 3s, &client);
  ASSERT_TRUE(serve_until(reactor, [&] { return client.closed; }));
  EXPECT_FALSE(client.opened);
  client = {};
  stream = net.connect({"localhost", listener->local().port}, 1s, &client);
  EXPECT_TRUE(serve_until(reactor, [&] { return client.opened; }));
}

TEST_F(Loopback, ConnectionRefused) {
  const Endpoint gone = listener->local();
  listener.reset();
  stream = net.connect(gone, 1s, &client);
  EXPECT_FALSE(client.closed) << "no callback inside connect()";
  ASSERT_TRUE(serve_until(reactor, [&] { return client.closed; }));
  EXPECT_EQ(client.error.code, ErrorCode::kRefused);
  EXPECT_FALSE(client.opened);
}

TEST_F(Loopback, ConnectionTimesOut) {
  // A listener that never accepts: once its backlog is full the kernel ignores whoever knocks.
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::listen(fd, 0), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size), 0);
  const Endpoint deaf{"127.0.0.1", ntohs(at.sin_port)};
  Recorder queued[4];
  std::vector<std::unique_ptr<Stream>> knocking;
  for (auto& recorder : queued) knocking.push_back(net.connect(deaf, 5s, &recorder));
  reactor.run_for(20ms);
  const Instant begin = reactor.runtime().clock.now();
  stream = net.connect(deaf, 50ms, &client);
  ASSERT_TRUE(serve_until(reactor, [&] { return client.closed; }));
  EXPECT_EQ(client.error.code, ErrorCode::kTimeout) << to_string(client.error);
  EXPECT_LT(reactor.runtime().clock.now() - begin, 1s);
  ::close(fd);
}

TEST_F(Loopback, WhatWasSentBeforeCloseArrivesAndThenTheEnd) {
  connect();
  const std::string large(8 << 20, 'x');  // more than the kernel buffers: it must wait in our queue
  stream->send(text_bytes(large));
  EXPECT_GT(stream->queued_bytes(), 0u);
  stream->close();
  stream.reset();
  ASSERT_TRUE(serve_until(reactor, [&] { return server.closed; }));
  EXPECT_EQ(server.received.size(), large.size());
  EXPECT_EQ(server.error.code, ErrorCode::kClosed);
  EXPECT_FALSE(client.closed) << "no callback after close()";
}

TEST_F(Loopback, SlowReaderFillsTheQueueAndDrainsIt) {
  connect();
  accepted[0]->set_handler(nullptr);  // the reader does not read
  reactor.run_for(5ms);
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(1 + static_cast<std::size_t>(i) * 37 % 30'000,
                            static_cast<char>('a' + i % 26));
    expected += piece;
    stream->send(text_bytes(piece));
  }
  reactor.run_for(20ms);
  EXPECT_GT(stream->queued_bytes(), 1u << 20);
  EXPECT_FALSE(client.drained);
  accepted[0]->set_handler(&server);
  ASSERT_TRUE(serve_until(reactor, [&] { return server.received.size() == expected.size(); }));
  EXPECT_TRUE(server.received == expected);
  EXPECT_TRUE(serve_until(reactor, [&] { return client.drained; }));
  EXPECT_EQ(stream->queued_bytes(), 0u);
}

TEST_F(Loopback, StreamDestroyedInsideItsOwnCallback) {
  connect();
  server.when_bytes = [&] { accepted.clear(); };
  stream->send(text_bytes("first"));
  stream->send(text_bytes("second"));
  ASSERT_TRUE(serve_until(reactor, [&] { return client.closed; }));
  EXPECT_FALSE(server.closed);
  client.when_open = [&] { stream.reset(); };
  client.opened = client.closed = false;
  stream = net.connect(listener->local(), 1s, &client);
  ASSERT_TRUE(serve_until(reactor, [&] { return client.opened; }));
  EXPECT_EQ(stream, nullptr);
  reactor.run_for(10ms);
  EXPECT_FALSE(client.closed);
}

TEST_F(Loopback, StreamDestroyedWhileConnecting) {
  stream = net.connect(listener->local(), 1s, &client);
  stream.reset();
  reactor.run_for(20ms);
  EXPECT_FALSE(client.opened);
  EXPECT_FALSE(client.closed);
}

TEST_F(Loopback, ListenerDestroyedInsideAccept) {
  std::unique_ptr<Stream> kept;
  std::unique_ptr<Listener> once;
  auto listening = net.listen({"127.0.0.1", 0}, [&](std::unique_ptr<Stream> s) {
    kept = std::move(s);
    once.reset();
  });
  ASSERT_TRUE(listening.ok());
  once = std::move(*listening);
  stream = net.connect(once->local(), 1s, &client);
  EXPECT_TRUE(serve_until(reactor, [&] { return kept != nullptr && once == nullptr; }));
}

TEST_F(Loopback, PortInUseIsAnError) {
  auto second = net.listen(listener->local(), [](std::unique_ptr<Stream>) {});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().reason.find("in use"), std::string::npos) << second.error().reason;
}

TEST_F(Loopback, SendToAPeerThatIsGoneEndsInOnClosed) {
  connect();
  accepted.clear();
  reactor.run_for(5ms);
  client.closed = false;
  stream = net.connect(listener->local(), 1s, &client);
  ASSERT_TRUE(serve_until(reactor, [&] { return accepted.size() == 1; }));
  accepted.clear();
  for (int i = 0; i < 50 && !client.closed; ++i) {
    stream->send(text_bytes("into the void"));
    reactor.run_for(1ms);
  }
  EXPECT_TRUE(client.closed);
}

TEST(Reactor, Datagrams) {
  Reactor reactor;
  Network& net = reactor.runtime().network;
  std::string got;
  Endpoint from;
  auto a = net.open_datagram({"127.0.0.1", 0}, [&](const Endpoint& sender, ByteView bytes) {
    from = sender;
    got += as_text(bytes);
  });
  auto b = net.open_datagram({"127.0.0.1", 0}, [](const Endpoint&, ByteView) {});
  ASSERT_TRUE(a.ok() && b.ok());
  (*b)->send_to((*a)->local(), as_bytes("push"));
  ASSERT_TRUE(serve_until(reactor, [&] { return got == "push"; }));
  EXPECT_EQ(from, (*b)->local());
}

TEST(Reactor, TimersRunInOrderAndPostedWorkComesFromAnyThread) {
  Reactor reactor;
  Runtime rt = reactor.runtime();
  std::string order;
  const Instant now = rt.clock.now();
  rt.timers.at(now + 20ms, [&] { order += 'c'; });
  rt.timers.at(now + 5ms, [&] { order += 'a'; });
  const TimerId cancelled = rt.timers.at(now + 10ms, [&] { order += 'x'; });
  rt.timers.at(now + 10ms, [&] { order += 'b'; });
  rt.timers.cancel(cancelled);
  rt.timers.cancel(cancelled);
  EXPECT_EQ(order, "");
  std::thread other([&] { rt.timers.post([&] { order += 'p'; }); });
  other.join();
  ASSERT_TRUE(serve_until(reactor, [&] { return order.size() == 4; }));
  EXPECT_EQ(order, "pabc");
}

TEST(Reactor, StopEndsRun) {
  Reactor reactor;
  std::thread other([&] { reactor.stop(); });
  reactor.run();
  other.join();
  reactor.restart();
  EXPECT_FALSE(reactor.run_for(1ms));
}

TEST(TimerQueue, RandomisedAgainstASortedList) {
  TimerQueue queue;
  SystemRandom random;
  std::multimap<std::int64_t, int> expected;
  std::vector<std::pair<TimerId, std::multimap<std::int64_t, int>::iterator>> live;
  std::vector<int> fired;
  for (int i = 0; i < 2000; ++i) {
    const auto when = static_cast<std::int64_t>(random.below(500));
    live.emplace_back(queue.add(Instant{when}, [&fired, i] { fired.push_back(i); }),
                      expected.emplace(when, i));
    if (random.below(3) == 0) {
      const std::size_t victim = random.below(live.size());
      EXPECT_TRUE(queue.cancel(live[victim].first));
      EXPECT_FALSE(queue.cancel(live[victim].first));
      expected.erase(live[victim].second);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
    }
  }
  std::function<void()> callback;
  while (queue.pop_due(Instant{500}, callback)) callback();
  std::vector<int> wanted;
  for (const auto& [when, i] : expected) wanted.push_back(i);
  EXPECT_EQ(fired, wanted);
  EXPECT_TRUE(queue.empty());
}

TEST(System, RandomBytesDiffer) {
  SystemRandom random;
  std::array<std::uint8_t, 32> a{}, b{};
  random.fill(a);
  random.fill(b);
  EXPECT_NE(a, b);
  Bytes large(100'000);
  random.fill(large);
  std::size_t ones = 0;
  for (const auto byte : large) ones += static_cast<std::size_t>(__builtin_popcount(byte));
  EXPECT_NEAR(static_cast<double>(ones), 400'000.0, 4'000.0);  // nine standard deviations
}

}  // namespace
}  // namespace amity::runtime
