// The live stream: what arrives, how it resumes, what happens to a client that does not read.
#include "api/test_support.h"

namespace amity::api::testing {
namespace {

class StreamTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    options.threads = 1;
    options.auth_cache_ms = 50;
    serve();
    auth_ = key_for("viewer");
  }
  void open(Client& client, const std::string& query, const std::string& more = "") {
    client.send("GET /api/v1/stream" + query + " HTTP/1.1\r\nHost: h\r\n" + auth_ + more + "\r\n");
    ASSERT_TRUE(client.wait_for("event: ping")) << client.received();
  }
  static Event event(int code) {
    Event e = power_down();
    e.code = static_cast<std::uint32_t>(code);
    return e;
  }
  std::string auth_;
};

TEST_F(StreamTest, EventsCommandsAndReadings) {
  Client client(server_->local());
  open(client, "?device=1");
  EXPECT_NE(client.received().find("Content-Type: text/event-stream"), std::string::npos);
  append(EventsArrived{"headend", kNow, {event(7)}});
  ASSERT_TRUE(client.wait_for("\"code\":7"));
  EXPECT_NE(
      client.received().find(
          "event: event\ndata: "
          "{\"time\":\"2026-11-21T00:30:00Z\",\"category\":\"power\",\"severity\":"
          "\"high\",\"code\":7,\"source\":\"0-0:99.98.0*255\",\"text\":\"power down\",\"device\":1,"
          "\"serial\":\"AM007919\"}\nid: 1\n\n"),
      std::string::npos)
      << client.received();
  append(
      ReadingsArrived{"push", kNow, {{ChannelId(2), kNow, 5, {}}, {ChannelId(1), kNow, 77, {}}}});
  ASSERT_TRUE(client.wait_for("event: reading"));
  ASSERT_TRUE(client.wait_for("\"value\":77,\"unit\":\"Wh\",\"quality\":\"A\"}\nid: 2\n\n"));
  EXPECT_EQ(client.received().find("\"value\":5,"), std::string::npos) << "of another device";
  append(CommandChanged{CommandId(9), DeviceId(1), CommandState::kRunning, kNow,
                        "reading load profile 48/96", ""});
  ASSERT_TRUE(client.wait_for("\"progress\":\"reading load profile 48/96\""));
  ASSERT_TRUE(client.wait_for(
      "event: arrivals\ndata: {\"readings\":4,\"meters\":1,\"per_s\":4.0,\"total\":400}"));
}

TEST_F(StreamTest, TopicsAreChosen) {
  Client client(server_->local());
  open(client, "?topics=commands");
  append(EventsArrived{"headend", kNow, {event(7)}});
  append(CommandChanged{CommandId(9), DeviceId(1), CommandState::kDone, kNow, "", "done"});
  ASSERT_TRUE(client.wait_for("event: command"));
  EXPECT_EQ(client.received().find("event: event"), std::string::npos);
  EXPECT_EQ(client.received().find("event: overview"), std::string::npos);
  Client wrong(server_->local());
  wrong.auth = auth_;
  EXPECT_EQ(wrong.get("/api/v1/stream?topics=gossip").status, 400);
  EXPECT_EQ(wrong.request("GET", "/api/v1/stream", "", "Last-Event-ID: abc\r\n").status, 400);
}

TEST_F(StreamTest, ResumesBehindTheLastEvent) {
  for (int i = 1; i <= 1500; ++i) append(EventsArrived{"headend", kNow, {event(i)}});
  Client client(server_->local());
  open(client, "?topics=events", "Last-Event-ID: 700\r\n");
  ASSERT_TRUE(client.wait_for("\"code\":1500,"));
  append(EventsArrived{"headend", kNow, {event(1501)}});
  ASSERT_TRUE(client.wait_for("\"code\":1501,"));
  int expected = 701;
  std::size_t at = 0;
  while ((at = client.received().find("\"code\":", at)) != std::string::npos) {
    EXPECT_EQ(std::atoi(client.received().c_str() + at + 7), expected++);
    at += 7;
  }
  EXPECT_EQ(expected, 1502) << "each once, in order, none missing";
}

TEST_F(StreamTest, AfterParameterIsLikeTheHeader) {
  for (int i = 1; i <= 3; ++i) append(EventsArrived{"headend", kNow, {event(i)}});
  Client client(server_->local());
  open(client, "?topics=events&after=2");
  ASSERT_TRUE(client.wait_for("\"code\":3,"));
  EXPECT_EQ(client.received().find("\"code\":2,"), std::string::npos);
}

TEST_F(StreamTest, ARevokedKeyEndsTheStream) {
  Client client(server_->local());
  open(client, "?topics=events");
  Client admin(server_->local());
  admin.auth = key_for("admin");
  const json keys = admin.get("/api/v1/api-keys").parsed();
  for (const auto& key : keys["items"]) {
    if (key["role"] != "viewer") continue;
    EXPECT_EQ(admin.request("DELETE", "/api/v1/api-keys/" + key["id"].get<std::string>()).status, 204);
  }
  EXPECT_TRUE(client.at_end());
}

TEST_F(StreamTest, AClientThatDoesNotReadIsDropped) {
  Client slow(server_->local());
  open(slow, "?topics=events");
  EventsArrived many{"headend", kNow, {}};
  for (int i = 0; i < 500; ++i) {
    many.events.push_back(event(i));
    many.events.back().text = std::string(500, 'x');
  }
  Client metrics(server_->local());
  metrics.auth = key_for("viewer");
  bool dropped = false;
  for (int i = 0; i < 200 && !dropped; ++i) {
    append(many);
    dropped =
        metrics.get("/metrics").body.find("amity_api_streams_dropped_total 1") != std::string::npos;
  }
  EXPECT_TRUE(dropped);
  EXPECT_NE(metrics.get("/metrics").body.find("amity_api_streams 0"), std::string::npos);
  while (slow.receive_more()) {
  }
  EXPECT_NE(slow.received().find("event: overflow"), std::string::npos);
}

}  // namespace
}  // namespace amity::api::testing
