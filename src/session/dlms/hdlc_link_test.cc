// The HDLC procedure: opening, segments and windows, and what loss, damage and repetition do to it
// (nothing).
#include "session/dlms/test_pipe.h"
#include "wire/hdlc/splitter.h"

namespace amity::dlms {
namespace {

using namespace testing;

constexpr SecurityPolicy kAuthenticatedEncrypted{SecuritySuite::k0, true, true};

Bench hdlc_bench(hdlc::LinkParameters client, hdlc::LinkParameters server) {
  Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
  bench.client.link.transport = bench.server.link.transport = Transport::kHdlc;
  bench.client.link.hdlc.offer = client;
  bench.server.link.hdlc.offer = server;
  bench.client.link.hdlc.attempts = kHdlcAttemptsMax;
  bench.client.response_timeout = std::chrono::minutes(10);
  return bench;
}

// Connects, reads the whole profile, sets a long text, runs a method, releases. What went wrong, or
// nothing.
std::string converse(Bench& bench, Line line) {
  Client client = bench.make_client();
  Server server = bench.make_server();
  Pipe pipe(client, server, line);
  if (!client.connect(pipe.now).ok()) return "not connected";
  pipe.open();
  pipe.run();
  if (!client.connected()) return Pipe::failure_text(pipe.events.back());
  pipe.events.clear();

  (void)client.get(ask(7, kProfile, 2), pipe.now);
  pipe.run();
  if (pipe.events.size() != 1 || !std::holds_alternative<Response>(pipe.events[0]))
    return Pipe::failure_text(pipe.events.at(0));
  DataTree tree;
  const Bytes profile = std::get<Response>(pipe.events[0]).items.at(0).data;
  if (!tree.parse(profile).ok() || tree.root().size() != bench.objects.rows)
    return "the profile is not whole";
  std::uint32_t row = 0;
  for (const DataView entry : tree.root()) {
    if (entry.at(1)->number() != ++row * 1000) return "row " + std::to_string(row) + " is wrong";
  }
  pipe.events.clear();

  Bytes text(700);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::uint8_t>(i);
  AttributeWrite write{{1, kLogBook, 2}, {}, std::nullopt};
  DataWriter(write.data).octet_string(text);
  (void)client.set(std::span(&write, 1), pipe.now);
  pipe.run();
  if (pipe.events.size() != 1 || !std::holds_alternative<Response>(pipe.events[0]))
    return Pipe::failure_text(pipe.events.at(0));
  if (bench.objects.text != text) return "the text did not arrive";
  pipe.events.clear();

  const MethodCall call{{9, kScripts, 1}, *from_hex("120001")};
  (void)client.action(std::span(&call, 1), pipe.now);
  pipe.run();
  if (bench.objects.obeyed != 1) return "obeyed " + std::to_string(bench.objects.obeyed) + " times";
  pipe.events.clear();

  (void)client.release(pipe.now);
  pipe.run();
  if (pipe.events.size() != 1 || !std::holds_alternative<Released>(pipe.events[0]))
    return "not released";
  return client.closed() ? "" : "not closed";
}

TEST(DlmsHdlcLink, every_window_and_size) {
  for (const std::uint8_t window : {1, 2, 3, 7}) {
    for (const std::uint16_t size : {32, 128, 1024, 2030}) {
      Bench bench = hdlc_bench({size, size, window, window}, {size, size, window, window});
      EXPECT_EQ(converse(bench, {}), "") << int(window) << " x " << size;
    }
  }
}

TEST(DlmsHdlcLink, unequal_offers) {
  Bench bench = hdlc_bench({1024, 64, 7, 1}, {100, 300, 2, 3});
  EXPECT_EQ(converse(bench, {}), "");
}

TEST(DlmsHdlcLink, addresses_of_two_and_four_bytes) {
  for (const std::uint8_t size : {2, 4}) {
    Bench bench = hdlc_bench({}, {});
    bench.client.link.hdlc.server_address_size = size;
    bench.client.link.hdlc.physical_device = bench.server.link.hdlc.physical_device = 100;
    EXPECT_EQ(converse(bench, {}), "") << int(size);
  }
}

TEST(DlmsHdlcLink, bytes_in_pieces_of_any_size) {
  for (const std::size_t piece : {1u, 2u, 5u, 64u}) {
    Bench bench = hdlc_bench({128, 128, 3, 3}, {128, 128, 3, 3});
    EXPECT_EQ(converse(bench, {.piece_bytes = piece}), "") << piece;
  }
}

TEST(DlmsHdlcLink, loss_damage_and_repetition_change_nothing) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const std::uint8_t window = 1 + seed % 7;
    Bench bench = hdlc_bench({128, 128, window, window}, {128, 128, window, window});
    bench.server.receive_pdu_bytes_max = 300;
    const Line line{.piece_bytes = seed % 3 == 0 ? 11u : 0u,
                    .loss = 0.1,
                    .damage = 0.1,
                    .repeat = 0.1,
                    .seed = seed};
    EXPECT_EQ(converse(bench, line), "") << "seed " << seed;
  }
}

TEST(DlmsHdlcLink, a_repeated_request_carries_the_very_same_bytes) {
  Bench bench = hdlc_bench({512, 512, 1, 1}, {512, 512, 1, 1});
  Client client = bench.make_client();
  Server server = bench.make_server();
  Pipe pipe(client, server);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  pipe.open();
  pipe.expect<Connected>();
  std::vector<std::string> sent;
  pipe.to_meter = [&](Bytes& bytes) {
    hdlc::FrameSplitter splitter;
    splitter.feed(bytes);
    while (const auto frame = splitter.next()) sent.push_back(to_hex(frame->information));
    return sent.size() > 2;  // the first two are lost
  };
  ASSERT_TRUE(client.get(ask(3, kEnergy, 2), pipe.now).ok());
  pipe.expect<Response>();
  ASSERT_GE(sent.size(), 3u);
  EXPECT_EQ(sent[0], sent[1]);
  EXPECT_EQ(sent[1], sent[2]);
  EXPECT_EQ(client.statistics().hdlc_retransmissions >= 2, true);
}

TEST(DlmsHdlcLink, a_meter_that_is_silent) {
  Bench bench = hdlc_bench({}, {});
  bench.client.link.hdlc.attempts = 3;
  Client client = bench.make_client();
  Server server = bench.make_server();
  Pipe pipe(client, server, {.loss = 1.0});
  ASSERT_TRUE(client.connect(pipe.now).ok());
  pipe.open();
  EXPECT_EQ(to_string(pipe.expect<Failed>().error),
            "timeout: no HDLC frame came back after 3 sendings");
  EXPECT_EQ(pipe.transcript.size(), 3u);
  EXPECT_TRUE(client.closed());
}

TEST(DlmsHdlcLink, a_meter_that_restarted_says_so) {
  Bench bench = hdlc_bench({}, {});
  Client client = bench.make_client();
  Server server = bench.make_server();
  Pipe pipe(client, server);
  ASSERT_TRUE(client.connect(pipe.now).ok());
  pipe.open();
  pipe.expect<Connected>();
  server = bench.make_server();
  server.on_open(pipe.now);
  ASSERT_TRUE(client.get(ask(3, kEnergy, 2), pipe.now).ok());
  const Failed failed = pipe.expect<Failed>();
  EXPECT_EQ(to_string(failed.error),
            "closed: the meter has lost the HDLC link: it restarted or timed out");
  EXPECT_TRUE(failed.closed);
}

TEST(DlmsHdlcLink, through_a_gateway) {
  Bench bench = hdlc_bench({}, {});
  bench.client.link.gateway = bench.server.link.gateway = GatewayRoute{0, {1, 2, 3}};
  EXPECT_EQ(converse(bench, {}), "");
}

TEST(DlmsHdlcLink, general_blocks_in_windows) {
  Bench bench = hdlc_bench({128, 128, 2, 2}, {128, 128, 2, 2});
  bench.server.prefer_general_block_transfer = true;
  bench.server.general_block_window = 5;
  bench.client.receive_pdu_bytes_max = bench.server.receive_pdu_bytes_max = 300;
  EXPECT_EQ(converse(bench, {}), "");
  bench.objects.obeyed = 0;
  EXPECT_EQ(converse(bench, {.loss = 0.1, .damage = 0.1, .repeat = 0.1, .seed = 7}), "");
}

}  // namespace
}  // namespace amity::dlms
