#include "session/osgp/session.h"

#include <gtest/gtest.h>

namespace amity::osgp {
namespace {

struct Bench {
  c12::MemoryTables store;
  dlms::Secret key{Bytes(16, 0x01)};
  Server server;
  Client client;
  Instant now{0};
  double loss = 0;
  std::uint64_t state = 1;
  std::size_t to_meter = 0;

  explicit Bench(std::uint32_t client_sequence = 100, std::uint32_t server_sequence = 100)
      : server(key, server_sequence, &store), client(make(client_sequence)) {
    store.tables[23] = *from_hex("FB1304024D891A00");
    store.tables[64].resize(3000);
    for (std::size_t i = 0; i < 3000; ++i) store.tables[64][i] = static_cast<std::uint8_t>(i * 7);
  }
  Client make(std::uint32_t sequence) const {
    ClientConfig config;
    config.key = key;
    config.sequence = sequence;
    return *Client::make(config);
  }
  bool lost() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(state >> 11) * 0x1p-53 < loss;
  }
  Event event() {
    for (int i = 0; i < 10'000; ++i) {
      if (auto found = client.poll_event()) return *std::move(found);
      Bytes bytes;
      if (client.poll_output(bytes)) {
        ++to_meter;
        if (!lost()) server.on_message(bytes);
      } else if (server.poll_output(bytes)) {
        if (!lost()) client.on_message(bytes, now);
      } else if (const auto next = client.next_timeout()) {
        now = *next;
        client.on_timer(now);
      }
    }
    ADD_FAILURE() << "no event";
    return Failed{};
  }
};

TEST(OsgpSession, ReadsWholeAndInPartsAndWrites) {
  Bench bench;
  ASSERT_TRUE(bench.client.read(23, bench.now).ok());
  EXPECT_EQ(bench.client.read(23, bench.now).error().code, ErrorCode::kBusy);
  EXPECT_EQ(to_hex(std::get<TableRead>(bench.event()).data), "FB1304024D891A00");
  ASSERT_TRUE(bench.client.read_part(64, 10, 2500, bench.now).ok());
  EXPECT_EQ(std::get<TableRead>(bench.event()).data,
            Bytes(bench.store.tables[64].begin() + 10, bench.store.tables[64].begin() + 2510));
  ASSERT_TRUE(bench.client.write_part(23, 1, {9, 9}, bench.now).ok());
  EXPECT_TRUE(std::holds_alternative<Written>(bench.event()));
  EXPECT_EQ(to_hex(bench.store.tables[23]), "FB0909024D891A00");
  ASSERT_TRUE(bench.client.read(99, bench.now).ok());
  EXPECT_EQ(std::get<Failed>(bench.event()).refused, Code::kNotPossible);
  EXPECT_EQ(bench.client.sequence(), bench.server.sequence());
}

TEST(OsgpSession, FollowsTheMetersSequenceNumber) {
  Bench bench(0x01020303, 0x77635B90);
  ASSERT_TRUE(bench.client.read_part(23, 0, 8, bench.now).ok());
  EXPECT_TRUE(std::holds_alternative<TableRead>(bench.event()));
  EXPECT_EQ(bench.to_meter, 2u);
  EXPECT_EQ(bench.client.sequence(), 0x77635B91u);
}

TEST(OsgpSession, LossChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Bench bench;
    bench.loss = 0.2;
    bench.state = seed;
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(bench.client.read_part(64, 0, 2000, bench.now).ok());
      const Event event = bench.event();
      if (const auto* read = std::get_if<TableRead>(&event)) {
        ASSERT_EQ(read->data,
                  Bytes(bench.store.tables[64].begin(), bench.store.tables[64].begin() + 2000));
      } else {
        EXPECT_EQ(std::get<Failed>(event).error.code, ErrorCode::kTimeout);
      }
    }
  }
}

TEST(OsgpSession, AnotherKeyIsNotUnderstood) {
  Bench bench;
  ClientConfig config;
  config.key = dlms::Secret(Bytes(16, 0x02));
  bench.client = *Client::make(config);
  ASSERT_TRUE(bench.client.read(23, bench.now).ok());
  EXPECT_EQ(std::get<Failed>(bench.event()).error.code, ErrorCode::kTimeout);
  EXPECT_EQ(bench.server.sequence(), 100u);
}

TEST(OsgpSession, TheUnpublishedSuiteIsRefused) {
  ClientConfig config;
  config.suite = Suite::kAes128Psk;
  config.key = dlms::Secret(Bytes(16, 0x01));
  EXPECT_EQ(Client::make(config).error().code, ErrorCode::kUnsupported);
  config.suite = Suite::kDigest;
  config.key = dlms::Secret(Bytes(5));
  EXPECT_EQ(Client::make(config).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace amity::osgp
