#include <fmt/format.h>
#include <gtest/gtest.h>

#include "session/iec62056_21/client.h"
#include "session/iec62056_21/server.h"

namespace amity::iec62056_21 {
namespace {

class Meter : public Contents {
 public:
  std::string readout() override { return "0.0.0(4711)\r\n1.8.0(000012.5*kWh)\r\n"; }
  std::optional<std::string> read(char type, std::string_view request) override {
    if (request == "1.8.0()") return "1.8.0(000012.5*kWh)\r\n";
    if (type == '5' && request.starts_with("P.01("))
      return "P.01(2611201415)(00)(15)(1)(1.5)(kW)\r\n(0.1)\r\n";
    return std::nullopt;
  }
  bool write(char, std::string_view request) override {
    written.emplace_back(request);
    return request.starts_with("0.9.1(");
  }
  std::vector<std::string> written;
};

// A client and a meter on one line; `damage` may change what the n-th transmission of either
// carries.
class Line {
 public:
  Line(ClientConfig client, ServerConfig server)
      : client_(std::move(client)), server_(std::move(server), &meter_) {}

  template <class Damage>
  void run(Damage damage) {
    for (int step = 0; step < 1'000; ++step) {
      Bytes bytes;
      const bool from_client = client_.poll_output(bytes);
      if (from_client || server_.poll_output(bytes)) {
        damage(transmissions_++, from_client, bytes);
        // In pieces: what arrives is never cut at messages.
        for (std::size_t at = 0; at < bytes.size(); at += 3) {
          const ByteView piece =
              ByteView(bytes).subspan(at, std::min<std::size_t>(3, bytes.size() - at));
          from_client ? server_.on_bytes(piece, now_) : client_.on_bytes(piece, now_);
        }
        note();
        continue;
      }
      if (!client_.next_timeout()) return;
      now_ = *client_.next_timeout();
      client_.on_timer(now_);
      note();
    }
  }
  void run() {
    run([](int, bool, Bytes&) {});
  }
  void note() {
    while (const auto event = client_.poll_event()) {
      using Kind = ClientEvent::Kind;
      switch (event->kind) {
        case Kind::kSpeed:
          log += fmt::format("speed {}\n", event->baud);
          break;
        case Kind::kIdentified:
          log += "identified " + event->identification.text + "\n";
          break;
        case Kind::kData:
          log += "data " + event->text;
          break;
        case Kind::kReady:
          log += "ready " + event->text + "\n";
          break;
        case Kind::kAnswer:
          log += "answer " + event->text + "\n";
          break;
        case Kind::kWritten:
          log += "written\n";
          break;
        case Kind::kHdlc:
          log += "hdlc\n";
          break;
        case Kind::kClosed:
          log += "closed\n";
          break;
        case Kind::kFailed:
          log += "failed: " + to_string(event->error) + "\n";
          break;
      }
    }
  }

  Meter meter_;
  Client client_;
  Server server_;
  Instant now_{1'000'000};
  int transmissions_ = 0;
  std::string log;
};

ServerConfig meter(char baud, std::string options = "", std::string password = "") {
  return {"4711", {"ISK", baud, std::move(options), "MT382"}, "0815", std::move(password)};
}

constexpr const char* kReadout = "data 0.0.0(4711)\r\n1.8.0(000012.5*kWh)\r\n!\r\nclosed\n";

TEST(Iec62056Session, ReadoutInModesAToC) {
  for (const auto& [baud, speeds] :
       {std::pair{' ', ""}, {'C', "speed 2400\n"}, {'5', "speed 9600\n"}}) {
    Line line({}, meter(baud));
    line.client_.start(line.now_);
    line.run();
    EXPECT_EQ(line.log, std::string("speed 300\nidentified MT382\n") + speeds + kReadout);
  }
}

TEST(Iec62056Session, TheSlowerOfBothSpeedsIsTaken) {
  ClientConfig config;
  config.baud_max = '3';
  Line line(config, meter('5'));
  line.client_.start(line.now_);
  line.run();
  EXPECT_EQ(line.log, std::string("speed 300\nidentified MT382\nspeed 2400\n") + kReadout);
  EXPECT_EQ(line.server_.poll_speed(), 2'400);
}

TEST(Iec62056Session, AnotherMetersAddressIsNotAnswered) {
  ClientConfig config;
  config.address = "1234";
  Line line(config, meter('5'));
  line.client_.start(line.now_);
  line.run();
  EXPECT_EQ(line.log, "speed 300\nfailed: timeout: the meter does not answer\n");
  EXPECT_EQ(line.client_.repetitions(), 2u);
}

TEST(Iec62056Session, ADamagedBlockIsAskedForAgain) {
  Line line({}, meter('5'));
  line.client_.start(line.now_);
  line.run([](int n, bool from_client, Bytes& bytes) {
    if (!from_client && n == 3) bytes[4] ^= 1;
  });
  EXPECT_EQ(line.log, std::string("speed 300\nidentified MT382\nspeed 9600\n") + kReadout);
  EXPECT_EQ(line.client_.repetitions(), 1u);

  Line hopeless({}, meter('5'));
  hopeless.client_.start(hopeless.now_);
  hopeless.run([](int n, bool from_client, Bytes& bytes) {
    if (!from_client && n >= 3) bytes[4] ^= 1;
  });
  EXPECT_NE(hopeless.log.find("failed: malformed at byte 39: the BCC is"), std::string::npos)
      << hopeless.log;
}

// It is told at the first rate alone: repeated at the new one, a meter that missed it hears nothing.
TEST(Iec62056Session, ALostOptionSelectOpensAnewAtTheFirstRate) {
  Line line({}, meter('5'));
  line.client_.start(line.now_);
  std::string sent;
  line.run([&](int n, bool from_client, Bytes& bytes) {
    if (from_client) sent += fmt::format("{}: {}\n", n, to_hex(bytes));
    if (n == 2) bytes.clear();
  });
  EXPECT_EQ(sent,
            "0: 2F3F210D0A\n"    // /?!
            "2: 063035300D0A\n"  // ACK 050, lost
            "3: 0142300371\n"    // B0
            "4: 2F3F210D0A\n"
            "6: 063035300D0A\n");
  EXPECT_EQ(line.log,
            std::string("speed 300\nidentified MT382\nspeed 9600\n"
                        "speed 300\nidentified MT382\nspeed 9600\n") +
                kReadout);
  EXPECT_EQ(line.client_.repetitions(), 1u);

  Line deaf({}, meter('5'));
  deaf.client_.start(deaf.now_);
  deaf.run([](int, bool from_client, Bytes& bytes) {
    if (from_client && bytes[0] == 0x06) bytes.clear();
  });
  EXPECT_TRUE(deaf.log.ends_with("speed 9600\nfailed: timeout: the meter does not answer\n"))
      << deaf.log;
  EXPECT_EQ(deaf.client_.repetitions(), 2u);
}

TEST(Iec62056Session, AfterAReadoutTheMeterIsLeftInPeaceForAWhile) {
  Client client({});
  client.start(Instant{0}, kReadoutRest);
  Bytes out;
  EXPECT_EQ(client.poll_event()->baud, 300);
  client.on_bytes(as_bytes("late"), Instant{1});
  EXPECT_FALSE(client.poll_output(out));
  ASSERT_EQ(client.next_timeout(), Instant{0} + kReadoutRest);
  client.on_timer(*client.next_timeout());
  ASSERT_TRUE(client.poll_output(out));
  EXPECT_EQ(as_text(out), "/?!\r\n");
}

TEST(Iec62056Session, ProgrammingModeReadsAndWrites) {
  ClientConfig config;
  config.goal = Goal::kProgramming;
  config.password = "00000000";
  Line line(config, meter('5', "", "00000000"));
  line.client_.start(line.now_);
  line.run();
  ASSERT_TRUE(line.client_.ready());
  line.log.clear();
  ASSERT_TRUE(line.client_.read("1.8.0", '1', line.now_).ok());
  EXPECT_FALSE(line.client_.read("1.8.0", '1', line.now_).ok()) << "one at a time";
  line.run();
  ASSERT_TRUE(line.client_.read_profile("P.01", "2611200000", "2611210000", '5', line.now_).ok());
  line.run([first = true](int, bool from_client, Bytes& bytes) mutable {
    if (from_client && first) bytes[5] ^= 1;  // the meter answers NAK
    if (from_client) first = false;
  });
  ASSERT_TRUE(line.client_.write("0.9.1", "141500", '1', line.now_).ok());
  line.run();
  ASSERT_TRUE(line.client_.read("9.9.9", '1', line.now_).ok());
  line.run();
  line.client_.close(line.now_);
  line.run();
  EXPECT_EQ(line.log,
            "answer 1.8.0(000012.5*kWh)\r\n\n"
            "answer P.01(2611201415)(00)(15)(1)(1.5)(kW)\r\n(0.1)\r\n\n"
            "written\n"
            "answer (ER01)\n"
            "closed\n");
  EXPECT_EQ(line.client_.repetitions(), 1u);
  EXPECT_EQ(line.meter_.written, std::vector<std::string>{"0.9.1(141500)"});
  EXPECT_FALSE(line.server_.programming());
}

TEST(Iec62056Session, AWrongPasswordOpensNothing) {
  ClientConfig config;
  config.goal = Goal::kProgramming;
  config.password = "11111111";
  Line line(config, meter('5', "", "00000000"));
  line.client_.start(line.now_);
  line.run();
  EXPECT_NE(line.log.find("failed: refused: password: (ER02)"), std::string::npos)
      << line.log;
}

TEST(Iec62056Session, ModeEHandsTheLineToHdlc) {
  ClientConfig config;
  config.goal = Goal::kHdlc;
  Line line(config, meter('5', "2"));
  line.client_.start(line.now_);
  line.run();
  EXPECT_EQ(line.log, "speed 300\nidentified MT382\nspeed 9600\nhdlc\n");
  Line without(config, meter('5'));
  without.client_.start(without.now_);
  without.run();
  EXPECT_NE(without.log.find("failed: unsupported"), std::string::npos);
}

TEST(Iec62056Session, ModeDIsListenedTo) {
  Client client({});
  client.listen(Instant{0});
  client.on_bytes(as_bytes("/ABC5x\r\n\r\n1.8.0(1*kWh)\r\n!\r"), Instant{1});
  client.on_bytes(as_bytes("\n"), Instant{2});
  EXPECT_EQ(client.poll_event()->baud, 2'400);
  EXPECT_EQ(client.poll_event()->text, "/ABC5x\r\n\r\n1.8.0(1*kWh)\r\n!\r\n");
}

}  // namespace
}  // namespace amity::iec62056_21
