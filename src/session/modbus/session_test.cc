#include <gtest/gtest.h>

#include <map>

#include "session/modbus/client.h"
#include "session/modbus/server.h"

namespace amity::modbus {
namespace {

class Meter : public Registers {
 public:
  std::optional<std::uint16_t> read(Function, std::uint16_t address) override {
    const auto found = values.find(address);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  Exception write(std::uint16_t address, std::uint16_t value) override {
    if (!values.contains(address)) return Exception::kIllegalAddress;
    values[address] = value;
    return Exception::kNone;
  }
  std::map<std::uint16_t, std::uint16_t> values = {{0, 17}, {1, 4'711}, {2, 0}};
};

struct Line {
  explicit Line(Transport transport)
      : client({transport, 5, std::chrono::seconds(1), 3}), server(transport, 5, &meter) {}
  // Everything that is under way; `damage` may change the n-th transmission.
  template <class Damage>
  void run(Damage damage) {
    for (int n = 0; !client.idle();) {
      Bytes bytes;
      if (client.poll_output(bytes)) {
        damage(n++, bytes);
        for (const std::uint8_t byte : bytes) server.on_bytes({&byte, 1});
      } else if (server.poll_output(bytes)) {
        damage(n++, bytes);
        for (const std::uint8_t byte : bytes) client.on_bytes({&byte, 1}, now);
      } else {
        now = client.next_timeout().value();
        client.on_timer(now);
      }
    }
  }
  void run() {
    run([](int, Bytes&) {});
  }
  Meter meter;
  Client client;
  Server server;
  Instant now{0};
};

TEST(ModbusSession, ReadsWritesAndRefusalsOverBothTransports) {
  for (const Transport transport : {Transport::kRtu, Transport::kTcp}) {
    Line line(transport);
    ASSERT_TRUE(line.client.submit({Function::kReadInput, 0, 3, {}}, line.now).ok());
    ASSERT_TRUE(line.client.submit({Function::kWriteSingle, 2, 1, {99}}, line.now).ok());
    ASSERT_TRUE(line.client.submit({Function::kWriteMultiple, 0, 1, {1, 2}}, line.now).ok());
    ASSERT_TRUE(line.client.submit({Function::kReadHolding, 2, 2, {}}, line.now).ok());
    line.run();
    auto answer = line.client.poll_answer();
    ASSERT_TRUE(answer && answer->response.ok());
    EXPECT_EQ(answer->response->values, (std::vector<std::uint16_t>{17, 4'711, 0}));
    EXPECT_TRUE(line.client.poll_answer()->response.ok());
    EXPECT_TRUE(line.client.poll_answer()->response.ok());
    EXPECT_EQ(line.meter.values.at(2), 99);
    EXPECT_EQ(line.meter.values.at(1), 2);
    answer = line.client.poll_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->response.error().code, ErrorCode::kRefused);
    EXPECT_EQ(line.client.repetitions(), 0u);
  }
}

TEST(ModbusSession, ADamagedOrLostAnswerIsAskedForAgain) {
  for (const Transport transport : {Transport::kRtu, Transport::kTcp}) {
    Line line(transport);
    ASSERT_TRUE(line.client.submit({Function::kReadInput, 1, 1, {}}, line.now).ok());
    line.run([&](int n, Bytes& bytes) {
      if (n == 1 && transport == Transport::kRtu) bytes[3] ^= 4;
      if (n == 1 && transport == Transport::kTcp) bytes.clear();
      if (n == 3) bytes.insert(bytes.begin(), {0xFF, 0x00});  // noise in front
    });
    const auto answer = line.client.poll_answer();
    ASSERT_TRUE(answer && answer->response.ok());
    EXPECT_EQ(answer->response->values, std::vector<std::uint16_t>{4'711});
    EXPECT_GE(line.client.repetitions(), 1u);
  }
  Line silent(Transport::kTcp);
  ASSERT_TRUE(silent.client.submit({Function::kReadInput, 1, 1, {}}, silent.now).ok());
  silent.run([](int, Bytes& bytes) { bytes.clear(); });
  EXPECT_EQ(silent.client.poll_answer()->response.error().code, ErrorCode::kTimeout);
  EXPECT_EQ(silent.now.us, 3'000'000);
}

TEST(ModbusSession, AnotherUnitIsNotAnswered) {
  Meter meter;
  Server server(Transport::kRtu, 6, &meter);
  Bytes pdu, bytes, out;
  ASSERT_TRUE(encode_request({Function::kReadInput, 0, 1, {}}, pdu).ok());
  encode_frame(Transport::kRtu, {0, 5, pdu}, bytes);
  server.on_bytes(bytes);
  EXPECT_FALSE(server.poll_output(out));
  bytes.clear();
  encode_frame(Transport::kRtu, {0, 6, {0x2B, 0x0E}}, bytes);
  server.on_bytes(bytes);
  EXPECT_FALSE(server.poll_output(out)) << "a length that is not known is not guessed";
}

}  // namespace
}  // namespace amity::modbus
