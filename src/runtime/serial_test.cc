// Serial ports over a real pseudo terminal: one end is the port, the other the meter. A pseudo
// terminal has a rate, but always 8 data bits and no parity: the parity of 7E1 is the eighth bit of
// what passes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/runtime_test_support.h"

namespace amity::runtime {
namespace {

using testing::Recorder;
using testing::serve_until;
using testing::text_bytes;

struct Terminal {
  Terminal() {
    master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    EXPECT_GE(master, 0);
    EXPECT_EQ(::grantpt(master), 0);
    EXPECT_EQ(::unlockpt(master), 0);
    path = ::ptsname(master);
  }
  ~Terminal() { hang_up(); }
  void hang_up() {
    if (master >= 0) ::close(master);
    master = -1;
  }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(master, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string read() const {
    char buffer[65536];
    const ssize_t got = ::read(master, buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : std::string();
  }
  // The line as the other side sees it: a pseudo terminal shares its settings.
  termios settings() const {
    termios t{};
    EXPECT_EQ(::tcgetattr(master, &t), 0);
    return t;
  }

  speed_t speed() const {
    const termios t = settings();
    return ::cfgetospeed(&t);
  }

  int master = -1;
  std::string path;
};

TEST(Serial, CarriesEveryByteBothWays) {
  Terminal terminal;
  Reactor reactor;
  auto port =
      reactor.runtime().network.open_serial(terminal.path, {9600, 8, SerialLine::Parity::kNone, 1});
  ASSERT_TRUE(port.ok()) << port.error().reason;
  Recorder recorder;
  (*port)->set_handler(&recorder);
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  terminal.write(all);
  EXPECT_TRUE(serve_until(reactor, [&] { return recorder.received.size() == all.size(); }));
  EXPECT_EQ(recorder.received, all);
  (*port)->send(text_bytes(all));
  std::string seen;
  EXPECT_TRUE(serve_until(reactor, [&] { return (seen += terminal.read()).size() == all.size(); }));
  EXPECT_EQ(seen, all);
}

TEST(Serial, TheRateChangesAfterWhatWasSentBefore) {
  Terminal terminal;
  Reactor reactor;
  auto port =
      reactor.runtime().network.open_serial(terminal.path, {300, 7, SerialLine::Parity::kEven, 1});
  ASSERT_TRUE(port.ok()) << port.error().reason;
  EXPECT_EQ(terminal.speed(), speed_t{B300});
  // More than the terminal holds: the rate must wait for the reader.
  const std::string much(40'000, 'x');  // 78 has even parity
  (*port)->send(text_bytes(much));
  ASSERT_TRUE((*port)->set_line({9600, 8, SerialLine::Parity::kNone, 1}).ok());
  (*port)->send(text_bytes("after"));
  reactor.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(terminal.speed(), speed_t{B300});
  std::string seen;
  EXPECT_TRUE(
      serve_until(reactor, [&] { return (seen += terminal.read()).size() == much.size() + 5; }));
  EXPECT_EQ(seen, much + "after");
  EXPECT_EQ(terminal.speed(), speed_t{B9600});
  EXPECT_EQ((*port)->set_line({1234, 8, SerialLine::Parity::kNone, 1}).error().reason,
            "1234 baud is no rate of a serial port");
}

TEST(Serial, SevenBitsWithParityOverAPortThatHasEight) {
  Terminal terminal;
  Reactor reactor;
  auto port =
      reactor.runtime().network.open_serial(terminal.path, {300, 7, SerialLine::Parity::kEven, 1});
  ASSERT_TRUE(port.ok()) << port.error().reason;
  Recorder recorder;
  (*port)->set_handler(&recorder);
  terminal.write("\xAF\xC9\xD3\x4B");  // 2F 49 53 4B: the third has wrong parity
  EXPECT_TRUE(serve_until(reactor, [&] { return recorder.received.size() == 4; }));
  EXPECT_EQ(recorder.received, std::string("/I\0K", 4));
  (*port)->send(text_bytes("/ISK"));
  std::string seen;
  EXPECT_TRUE(serve_until(reactor, [&] { return (seen += terminal.read()).size() == 4; }));
  EXPECT_EQ(seen, "\xAF\xC9\x53\x4B");
  // What the port has already is no refusal.
  EXPECT_TRUE((*port)->set_line({300, 7, SerialLine::Parity::kEven, 1}).ok());
  (*port)->send(text_bytes("S"));
  reactor.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(terminal.read(), "\x53");
  EXPECT_FALSE(recorder.closed);
}

TEST(Serial, AHangUpIsTold) {
  Terminal terminal;
  Reactor reactor;
  auto port = reactor.runtime().network.open_serial(terminal.path, {});
  ASSERT_TRUE(port.ok());
  Recorder recorder;
  (*port)->set_handler(&recorder);
  terminal.hang_up();
  EXPECT_TRUE(serve_until(reactor, [&] { return recorder.closed; }));
  EXPECT_EQ(recorder.error.reason, terminal.path + ": the line was hung up");
}

TEST(Serial, WhatIsQueuedIsSentBeforeItCloses) {
  Terminal terminal;
  Reactor reactor;
  const std::string much(40'000, 'y');
  {
    auto port = reactor.runtime().network.open_serial(terminal.path, {});
    ASSERT_TRUE(port.ok());
    (*port)->send(text_bytes(much));
    (*port)->close();
  }
  std::string seen;
  EXPECT_TRUE(
      serve_until(reactor, [&] { return (seen += terminal.read()).size() == much.size(); }));
}

TEST(Serial, OpeningSaysWhyNot) {
  Terminal terminal;
  Reactor reactor;
  Network& network = reactor.runtime().network;
  EXPECT_EQ(network.open_serial("/dev/no-such-port", {}).error().code, ErrorCode::kNotFound);
  const auto file = network.open_serial("/dev/null", {});
  ASSERT_FALSE(file.ok());
  EXPECT_NE(file.error().reason.find("/dev/null: not a serial port"), std::string::npos)
      << file.error().reason;
  auto first = network.open_serial(terminal.path, {});
  ASSERT_TRUE(first.ok());
  const auto second = network.open_serial(terminal.path, {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
}

TEST(Serial, LinesAreWrittenAsTheyAreSpoken) {
  for (const char* text : {"300 7E1", "9600 8N1", "2400 8E1", "115200 8O2"}) {
    const auto line = serial_line_from(text);
    ASSERT_TRUE(line.ok()) << text;
    EXPECT_EQ(to_string(*line), text);
  }
  for (const char* text : {"", "9600", "8N1", "9600 9N1", "9600 8X1", "9600 8N3", "0 8N1", "-1 8N1",
                           "99999999999 8N1"}) {
    EXPECT_FALSE(serial_line_from(text).ok()) << text;
  }
}

}  // namespace
}  // namespace amity::runtime
