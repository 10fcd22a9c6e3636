// Raw and final beside each other, versions, and edits over HTTP.
#include "api/test_support.h"

namespace amity::api::testing {
namespace {

class VeeTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    append(ContactMade{});  // the fixture's readings count as the journal's first fact
    serve();
  }
};

TEST_F(VeeTest, TheFinalViewFillsTheGapAndSaysHow) {
  Client c(server_->local());
  c.auth = key_for("admin");
  const std::string range = "?from=2026-11-20&to=2026-11-21&channel=import";
  const json raw = c.get("/api/v1/devices/1/readings" + range).parsed()["series"][0];
  EXPECT_EQ(raw["points"].size(), 95u);
  EXPECT_FALSE(raw.contains("codes"));
  const json final =
      c.get("/api/v1/devices/1/readings" + range + "&view=final").parsed()["series"][0];
  EXPECT_EQ(final["points"].size(), 96u);
  EXPECT_EQ(final["points"][49], json::parse(R"([1795177800,150,"E"])"));
  EXPECT_EQ(final["codes"], json::parse(R"([[1795177800,"E17",1]])"));
  EXPECT_EQ(final["pending"], 0);
  EXPECT_EQ(c.get("/api/v1/devices/1/readings?view=best").status, 400);
}

TEST_F(VeeTest, WhatIsNotValidatedIsMarkedAsPending) {
  ReadingsArrived arrived{"test", kNow, {{ChannelId(1), day_start() + 86'400 + 900, 7, {}}}};
  append(arrived);
  Client c(server_->local());
  c.auth = key_for("admin");
  const json series = c.get("/api/v1/devices/1/readings?from=2026-11-21&to=2026-11-22&view=final")
                          .parsed()["series"][0];
  EXPECT_EQ(series["points"], json::parse(R"([[1795220100,7,"A"]])"));
  EXPECT_EQ(series["codes"], json::parse(R"([[1795220100,"P",0]])"));
  EXPECT_EQ(series["pending"], 1);
}

TEST_F(VeeTest, TheQueueIsNarrowedByRuleAndClass) {
  Client c(server_->local());
  c.auth = key_for("admin");
  EXPECT_EQ(c.get("/api/v1/vee/queue?rule=count&class=residential").parsed()["total"], 1);
  EXPECT_EQ(c.get("/api/v1/vee/queue?rule=spike").parsed()["total"], 0);
  EXPECT_EQ(c.get("/api/v1/vee/queue?class=industrial").parsed()["total"], 0);
  EXPECT_EQ(c.get("/api/v1/vee/queue?sort=name").status, 400);
}

TEST_F(VeeTest, ALineLeadsToTheIntervalsThatAddUpToIt) {
  Client c(server_->local());
  c.auth = key_for("admin");
  const json trace = c.get("/api/v1/billing/statements/1/lines/1/intervals").parsed();
  EXPECT_EQ(trace["intervals"], 96);
  EXPECT_EQ(trace["sum"], "14256");
  EXPECT_EQ(trace["adds_up"], true);
  EXPECT_EQ(c.get("/api/v1/billing/statements/1/lines/2/intervals").status, 404);
  EXPECT_EQ(c.get("/api/v1/billing/statements/9").status, 404);
}

TEST_F(VeeTest, TheExportCarriesMethodCodes) {
  Client c(server_->local());
  c.auth = key_for("admin");
  const std::string csv =
      c.get("/api/v1/devices/1/export?from=2026-11-20&to=2026-11-21&view=final").body;
  EXPECT_TRUE(
      csv.starts_with("serial,channel,name,unit,utc,local,value,quality,flags,code,version\r\n"))
      << csv.substr(0, 100);
  EXPECT_NE(csv.find("2026-11-20T12:30:00Z,2026-11-20T13:30:00+01:00,150,E,estimated,E17,1\r\n"),
            std::string::npos);
  EXPECT_NE(csv.find(",101,A,,A,1\r\n"), std::string::npos);
}

TEST_F(VeeTest, ALateActualIsAVersionWithItsHistory) {
  append(ReadingsArrived{"headend", kNow, {{ChannelId(1), day_start() + 50 * 900, 149, {}}}});
  ReadingsFinal late = validated_day();
  late.day.revision = 2;
  late.day.state = VeeState::kClean;
  late.day.estimated = 0;
  late.decision.why = "late actual";
  late.versions = {{day_start() + 50 * 900,
                    2,
                    {149, FinalOrigin::kActual, 0, false},
                    FinalValue{150, FinalOrigin::kEstimated, 17, false}}};
  append(late);
  append(late);  // again: nothing
  Client c(server_->local());
  c.auth = key_for("admin");
  const json items =
      c.get("/api/v1/channels/1/history?time=2026-11-20T12:30:00Z").parsed()["items"];
  ASSERT_EQ(items.size(), 2u) << items.dump();
  EXPECT_EQ(items[0]["code"], "E17");
  EXPECT_EQ(items[1]["code"], "A");
  EXPECT_EQ(items[1]["value"], 149);
  EXPECT_EQ(items[1]["before"], 150);
  EXPECT_EQ(items[1]["why"], "late actual");
  const json first =
      c.get("/api/v1/channels/1/history?time=2026-11-20T12:45:00Z").parsed()["items"];
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0]["version"], 1);
  EXPECT_EQ(first[0]["code"], "A");
  EXPECT_EQ(c.get("/api/v1/vee/queue").parsed()["total"], 0);
}

TEST_F(VeeTest, TheQueueIsPagedAndNarrowed) {
  ReadingsFinal other = validated_day();
  other.day.channel = ChannelId(4);  // in segment B
  other.day.state = VeeState::kFailed;
  append(other);
  Client c(server_->local());
  c.auth = key_for("admin");
  const json page = c.get("/api/v1/vee/queue?limit=1").parsed();
  EXPECT_EQ(page["total"], 2);
  EXPECT_EQ(page["items"].size(), 1u);
  const json rest =
      c.get("/api/v1/vee/queue?limit=1&cursor=" + page["next"].get<std::string>()).parsed();
  EXPECT_EQ(rest["items"].size(), 1u);
  EXPECT_TRUE(rest["next"].is_null());
  EXPECT_EQ(c.get("/api/v1/vee/queue?state=failed").parsed()["total"], 1);
  EXPECT_EQ(c.get("/api/v1/vee/queue?segment=B").parsed()["total"], 1);
  EXPECT_EQ(c.get("/api/v1/vee/queue?device=1").parsed()["total"], 1);
  EXPECT_EQ(c.get("/api/v1/vee/queue?state=strange").status, 400);
}

TEST_F(VeeTest, EditsAreRefusedInWords) {
  Client c(server_->local());
  c.auth = key_for("admin");
  const auto post = [&](const std::string& path, const std::string& body) {
    const Answer a = c.request("POST", "/api/v1/vee/" + path, body);
    return std::to_string(a.status) + " " + a.parsed().value("detail", "");
  };
  EXPECT_EQ(post("edits", R"({"channel":1,"values":[],"reason":"x"})"),
            "400 \"values\" is missing or empty");
  EXPECT_EQ(
      post("edits", R"({"channel":1,"values":[{"time":"2026-11-20","value":"1.5"}],"reason":"x"})"),
      "400 the channel cannot hold the value 1.5");
  EXPECT_EQ(post("edits",
                 R"({"channel":99999,"values":[{"time":"2026-11-20","value":"1"}],"reason":"x"})"),
            "404 no channel 99999");
  EXPECT_EQ(post("accept", R"({"days":[{"channel":1,"date":"20.11."}],"reason":"x"})"),
            "400 \"date\" is no date like 2026-11-20");
  EXPECT_EQ(post("rerun", R"({"channel":1,"from":"2026-11-21","to":"2026-11-20","reason":"x"})"),
            "400 \"from\" must not be after \"to\"");
  EXPECT_EQ(post("undo", R"({"edit":7,"reason":"x"})"), "404 no edit 7");
  EXPECT_EQ(post("undo", R"({"edit":7,"why":"x"})"), "400 \"why\" is not a field of this request");
}

TEST_F(VeeTest, OperatorsProposeAndEngineersDecide) {
  Client c(server_->local());
  c.auth = key_for("admin");
  const std::string body =
      R"({"channel":1,"values":[{"time":"2026-11-20T12:30:00Z","value":"149"}],"reason":"told"})";
  c.auth = key_for("viewer");
  EXPECT_EQ(c.request("POST", "/api/v1/vee/edits", body).status, 403);
  c.auth = key_for("operator");
  const Answer made = c.request("POST", "/api/v1/vee/edits", body);
  EXPECT_EQ(made.status, 202) << made.body;
  EXPECT_EQ(made.header("Location"), "/api/v1/vee/edits/1");
  EXPECT_EQ(c.request("POST", "/api/v1/vee/edits/1/approve", "{}").status, 403);
  EXPECT_EQ(c.get("/api/v1/vee/edits?state=proposed").parsed()["items"].size(), 1u);
  c.auth = key_for("engineer");
  const json seen = c.get("/api/v1/vee/edits/1").parsed();  // what is to be approved
  EXPECT_EQ(seen["values"].dump(), R"([{"time":"2026-11-20T12:30:00Z","value":149}])");
  EXPECT_EQ(c.request("POST", "/api/v1/vee/edits/1/approve", "{}").parsed()["state"], "approved");
  EXPECT_EQ(c.get("/api/v1/vee/edits?state=proposed").parsed()["items"].size(), 0u);
}

}  // namespace
}  // namespace amity::api::testing
