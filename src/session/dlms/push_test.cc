// Pushes: encoded by a meter, received on a listener or by a client in the middle of a request.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "session/dlms/push_receiver.h"
#include "session/dlms/test_pipe.h"

namespace amity::dlms {
namespace {

using namespace testing;

constexpr SecurityPolicy kAuthenticatedEncrypted{SecuritySuite::k0, true, true};

Push sample_push(SecurityPolicy security) {
  Push push;
  push.destination_sap = 16;
  push.invoke_id = 42;
  push.date_time = *from_hex("07EA0B150600090000000000");
  push.body = *from_hex("020209060100010700FF0600001D3A");
  push.security = security;
  return push;
}

struct OneMeter : PushPeers {
  Bench bench;
  MemoryCounters counters;
  SecurityPolicy policy = kAuthenticatedEncrypted;
  std::optional<PushPeer> find(const SystemTitle& title) override {
    if (title != bench.server.title) return std::nullopt;
    return PushPeer{title, policy, &bench.server.keys, &counters};
  }
};

// "by meter MMM...: body", or why not.
std::string describe(const std::optional<PushEvent>& event) {
  if (!event) return "nothing";
  if (const auto* failed = std::get_if<Failed>(&*event)) return to_string(failed->error);
  const Pushed& pushed = std::get<Pushed>(*event);
  return (pushed.title ? to_string(*pushed.title) : std::string("anybody")) + " " +
         std::to_string(pushed.notification.invoke_id) + " " +
         to_hex(pushed.notification.date_time) + " " + text_of(pushed.notification.body);
}

TEST(DlmsPush, over_every_transport_in_pieces) {
  for (const Transport transport :
       {Transport::kWrapperStream, Transport::kWrapperDatagram, Transport::kHdlc}) {
    for (const std::size_t piece : {1u, 10u, 10'000u}) {
      if (transport == Transport::kWrapperDatagram && piece < 10'000) continue;
      OneMeter peers;
      peers.bench.server.link.transport = transport;
      peers.bench.server.link.hdlc.offer = {32, 32, 1, 1};  // several UI frames
      const Result<Bytes> bytes = encode_push(
          peers.bench.server, sample_push(kAuthenticatedEncrypted), &peers.bench.server_counters);
      ASSERT_TRUE(bytes.ok());
      PushReceiver receiver(transport, &peers);
      for (std::size_t at = 0; at < bytes->size(); at += piece) {
        receiver.on_bytes(ByteView(*bytes).subspan(at, std::min(piece, bytes->size() - at)),
                          Instant{});
      }
      EXPECT_EQ(
          describe(receiver.poll_event()),
          "MMM0000BC614E 42 07EA0B150600090000000000 {octet-string 0100010700FF, uint32 7482}");
      EXPECT_EQ(describe(receiver.poll_event()), "nothing");
      receiver.on_bytes(*bytes, Instant{});  // the same once more
      EXPECT_EQ(describe(receiver.poll_event()),
                "security: invocation counter 1 was used before (highest 1)");
    }
  }
}

TEST(DlmsPush, plain_pushes_are_from_anybody) {
  OneMeter peers;
  const Bytes bytes = *encode_push(peers.bench.server, sample_push({}), nullptr);
  PushReceiver receiver(Transport::kWrapperStream, &peers);
  receiver.on_bytes(bytes, Instant{});
  EXPECT_EQ(describe(receiver.poll_event()).substr(0, 10), "anybody 42");
}

TEST(DlmsPush, unknown_meter_wrong_key_weaker_protection) {
  OneMeter peers;
  Bench other;
  other.server.title = *system_title_from(*from_hex("4D4D4D0000000099"));
  PushReceiver receiver(Transport::kWrapperStream, &peers);
  receiver.on_bytes(
      *encode_push(other.server, sample_push(kAuthenticatedEncrypted), &other.server_counters),
      Instant{});
  EXPECT_EQ(describe(receiver.poll_event()),
            "not found: a push of meter MMM0000000099, whose keys are not known");
  other.server.title = peers.bench.server.title;
  other.server.keys.encryption = Secret(*from_hex("00112233445566778899AABBCCDDEEFF"));
  receiver.on_bytes(
      *encode_push(other.server, sample_push(kAuthenticatedEncrypted), &other.server_counters),
      Instant{});
  EXPECT_EQ(describe(receiver.poll_event()).substr(0, 9), "security:");
  receiver.on_bytes(*encode_push(peers.bench.server, sample_push({SecuritySuite::k0, false, true}),
                                 &peers.bench.server_counters),
                    Instant{});
  EXPECT_EQ(describe(receiver.poll_event()).substr(0, 9), "security:");
  EXPECT_EQ(describe(receiver.poll_event()), "nothing");
}

TEST(DlmsPush, framing_that_is_lost_ends_the_stream) {
  PushReceiver receiver(Transport::kWrapperStream, nullptr);
  receiver.on_bytes(*from_hex("FFFF0001001000050102030405"), Instant{});
  const auto event = receiver.poll_event();
  ASSERT_TRUE(event && std::holds_alternative<Failed>(*event));
  EXPECT_TRUE(std::get<Failed>(*event).closed);
}

const std::filesystem::path kCaptures = AMITY_SOURCE_DIR "/../shared/data/frames/dlms_push";

std::string read_text(const std::string& name) {
  std::ifstream in(kCaptures / name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Frames that real meters pushed over HDLC, segmented or ciphered; the values are those of the
// independent decode.
TEST(DlmsPush, captures_of_real_meters) {
  if (!std::filesystem::exists(kCaptures)) GTEST_SKIP() << kCaptures << " is not there";
  struct Capture {
    const char* file;
    std::size_t items;
    const char* contains;
    bool ciphered;
  };
  const Capture captures[] = {
      {"hdlc_iskra550", 16, "uint32 182", false},
      {"hdlc_kaifa_ma304h3e", 13, "uint32 948", false},
      {"hdlc_kamstrup_omnipower", 65, "uint32 6307498", true},
      {"hdlc_norway_han_1phase", 9, "uint32 1362", false},
  };
  struct Kamstrup : PushPeers {
    GlobalKeys keys;
    MemoryCounters counters;
    std::optional<PushPeer> find(const SystemTitle& title) override {
      return PushPeer{title, {SecuritySuite::k0, true, true}, &keys, &counters};
    }
  } peers;
  peers.keys = {Secret(*from_hex(read_text("hdlc_kamstrup_omnipower.key"))),
                Secret(*from_hex(read_text("hdlc_kamstrup_omnipower.gak")))};
  for (const Capture& capture : captures) {
    const Result<Bytes> bytes = from_hex(read_text(capture.file + std::string(".log")));
    ASSERT_TRUE(bytes.ok()) << capture.file;
    PushReceiver receiver(Transport::kHdlc, &peers);
    receiver.on_bytes(*bytes, Instant{});
    const auto event = receiver.poll_event();
    ASSERT_TRUE(event && std::holds_alternative<Pushed>(*event))
        << capture.file << " " << describe(event);
    const Pushed& pushed = std::get<Pushed>(*event);
    EXPECT_EQ(pushed.title.has_value(), capture.ciphered) << capture.file;
    DataTree tree;
    ASSERT_TRUE(tree.parse(pushed.notification.body).ok()) << capture.file;
    EXPECT_EQ(tree.root().size(), capture.items) << capture.file;
    EXPECT_NE(to_text(tree.root()).find(capture.contains), std::string::npos)
        << capture.file << to_text(tree.root());
  }
}

TEST(DlmsPush, in_the_middle_of_a_request) {
  for (const Transport transport : {Transport::kWrapperStream, Transport::kHdlc}) {
    Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
    bench.client.link.transport = bench.server.link.transport = transport;
    Client client = bench.make_client();
    Server server = bench.make_server();
    Pipe pipe(client, server);
    ASSERT_TRUE(client.connect(pipe.now).ok());
    pipe.open();
    pipe.expect<Connected>();
    ASSERT_TRUE(client.get(ask(3, kEnergy, 2), pipe.now).ok());
    ASSERT_TRUE(server.push(sample_push(kAuthenticatedEncrypted), pipe.now).ok());
    ASSERT_TRUE(server.push(sample_push({}), pipe.now).ok());  // unprotected: not given out
    pipe.run();
    ASSERT_EQ(pipe.events.size(), 2u);
    const auto& note = std::get<Notification>(pipe.events[0]);
    EXPECT_EQ(note.invoke_id, 42u);
    EXPECT_EQ(to_hex(note.body), "020209060100010700FF0600001D3A");
    EXPECT_TRUE(std::get<Response>(pipe.events[1]).items[0].ok());
    EXPECT_EQ(client.statistics().stray_apdus, 1u);
  }
}

}  // namespace
}  // namespace amity::dlms
