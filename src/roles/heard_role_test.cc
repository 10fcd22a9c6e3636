// What comes by itself, over real sockets on loopback, down to the store.
#include "roles/test_heard_role.h"
#include "runtime/runtime_test_support.h"

namespace amity::roles {
namespace {

using namespace std::chrono_literals;
using runtime::testing::Recorder;
using runtime::testing::serve_until;

// A water meter without encryption: 850.427 m3.
constexpr const char* kWater = "14442D2C010000001B167A2A0000000C1327048500";

struct HeardRoleTest : HeardRoleFixture {
  runtime::Reactor sender;

  void SetUp() override { prepare("00000001", "wmbus", "wmbus:"); }
  void TearDown() override { role->stop(); }
};

TEST_F(HeardRoleTest, FramesOverTcpAndUdp) {
  HeardOptions options;
  options.frames_tcp = {{"127.0.0.1", 0}};
  options.frames_udp = {{"127.0.0.1", 0}};
  ASSERT_TRUE(role->start(options).ok());
  ASSERT_EQ(role->frames().size(), 2u);
  Network& network = sender.runtime().network;
  Recorder recorder;
  auto stream = network.connect(role->frames()[0], 2s, &recorder);
  ASSERT_TRUE(serve_until(sender, [&] { return recorder.opened; }));
  stream->send(runtime::testing::text_bytes(std::string(kWater) + "\n"));
  ASSERT_TRUE(serve_until(sender, [&] { return kept().size() == 1; }));
  EXPECT_EQ(kept()[0].value, 850'427);
  auto socket = network.open_datagram({"127.0.0.1", 0}, [](const Endpoint&, ByteView) {});
  ASSERT_TRUE(socket.ok());
  (*socket)->send_to(role->frames()[1], *from_hex(kWater));
  ASSERT_TRUE(serve_until(sender, [&] { return role->totals()["frames"].frames == 2; }));
  EXPECT_EQ(role->totals()["frames"].duplicates, 1u);
  EXPECT_EQ(role->totals()["frames"].readings, 1u);
}

TEST_F(HeardRoleTest, MessagesByHttp) {
  HeardOptions options;
  options.uplinks = heard::parse_uplink_map(
                        "[[source]]\nname = \"w\"\nid = \"/id\"\n[[source.value]]\n"
                        "path = \"/m3\"\nquantity = \"volume\"\nunit = \"m3\"\n",
                        "map.toml")
                        .value();
  ASSERT_TRUE(role->start(options).ok());
  std::mutex mutex;
  std::vector<std::string> answers;
  const auto send = [&](const std::string& source, const std::string& body) {
    role->take_upload(source, body, [&](const Status& status) {
      const std::lock_guard lock(mutex);
      answers.push_back(status.ok() ? "ok" : std::string(to_string(status.error().code)));
    });
  };
  const auto answered = [&](std::size_t count) {
    return serve_until(sender, [&] {
      store->pump();
      const std::lock_guard lock(mutex);
      return answers.size() == count;
    });
  };
  send("w", R"({"id":"00000001","m3":850.427})");
  ASSERT_TRUE(answered(1));
  send("stg", "<Report");
  ASSERT_TRUE(answered(2));
  send("nobody", "{}");
  ASSERT_TRUE(answered(3));
  EXPECT_EQ(answers[0], "ok");
  EXPECT_NE(answers[1], "ok");
  EXPECT_EQ(answers[2], to_string(ErrorCode::kNotFound));
  ASSERT_EQ(kept().size(), 1u);
  EXPECT_EQ(kept()[0].value, 850'427);
}

TEST_F(HeardRoleTest, APortThatIsTakenIsAnErrorThatNamesIt) {
  HeardOptions options;
  options.frames_tcp = {{"127.0.0.1", 0}};
  ASSERT_TRUE(role->start(options).ok());
  HeardRole other(*store, *intake, *keys, TimeZone::utc());
  options.frames_tcp = {role->frames()[0]};
  const Status status = other.start(options);
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().reason.find(role->frames()[0].to_string()), std::string::npos);
}

}  // namespace
}  // namespace amity::roles
