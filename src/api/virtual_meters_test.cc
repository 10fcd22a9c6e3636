// Virtual meters over HTTP: who may make them, what is refused, what the audit keeps.
#include "api/test_support.h"

namespace amity::api::testing {
namespace {

class VirtualMetersTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    serve();
  }
};

constexpr const char* kAll = "/api/v1/virtual-meters";

TEST_F(VirtualMetersTest, AnEngineerMakesChangesAndRemovesThemAndTheAuditSaysSo) {
  Client c(server_->local());
  c.auth = key_for("engineer");
  const Answer made = c.request(
      "POST", kAll,
      R"({"name":"North and half of M1","terms":[{"feeder":"North"},{"serial":"M1","coefficient":"0.5"}]})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.parsed(),
            json::parse(R"({"name":"North and half of M1","unit":"Wh","fixed":false,"terms":[
      {"feeder":"North","coefficient":"1"},{"serial":"M1","coefficient":"0.5"}]})"));
  const std::string one = std::string(kAll) + "/North%20and%20half%20of%20M1";
  EXPECT_EQ(c.request("PATCH", one, R"({"terms":[{"meter":"Street","coefficient":"-1"}]})")
                .parsed()["terms"]
                .size(),
            1u);
  EXPECT_EQ(c.request("DELETE", one, "").status, 204);
  EXPECT_EQ(c.request("DELETE", one, "").status, 404);
  const auto audit = store_->registry().audit(0, 3);
  ASSERT_TRUE(audit.ok());
  std::vector<std::string> what;
  for (const auto& entry : *audit) what.push_back(entry.what);
  EXPECT_EQ(what, (std::vector<std::string>{"removed virtual meter \"North and half of M1\"",
                                            "changed virtual meter \"North and half of M1\"",
                                            "made virtual meter \"North and half of M1\""}));
}

TEST_F(VirtualMetersTest, OthersMayOnlyLook) {
  Client c(server_->local());
  for (const char* role : {"viewer", "operator"}) {
    c.auth = key_for(role);
    EXPECT_EQ(c.request("POST", kAll, R"({"name":"A","terms":[{"serial":"M1"}]})").status, 403)
        << role;
    EXPECT_EQ(c.request("DELETE", std::string(kAll) + "/Street", "").status, 403) << role;
    EXPECT_EQ(c.get(kAll).parsed()["items"].size(), 1u);
  }
}

TEST_F(VirtualMetersTest, WhatIsWrongIsRefusedWithItsReason) {
  Client c(server_->local());
  c.auth = key_for("engineer");
  const auto told = [&](const char* body) {
    const Answer answer = c.request("POST", kAll, body);
    return std::to_string(answer.status) + " " + answer.parsed()["detail"].get<std::string>();
  };
  EXPECT_EQ(told(R"({"name":"A","terms":[{"serial":"M1","factor":"2"}]})"),
            "400 \"factor\" does not belong into \"terms\"");
  EXPECT_EQ(told(R"({"name":"A","terms":[{"serial":7}]})"), "400 \"serial\" must be a text");
  EXPECT_EQ(told(R"({"name":"A","terms":"M1"})"), "400 \"terms\" must be a list");
  EXPECT_EQ(told(R"({"name":"A","termes":[]})"), "400 \"termes\" is not a field of this request");
  EXPECT_EQ(
      c.request("POST", kAll, R"({"name":"A","terms":[{"serial":"M1","coefficient":"0.1234567"}]})")
          .status,
      400);
  EXPECT_EQ(c.get("/api/v1/balances?kind=street").status, 400);
  EXPECT_EQ(c.get("/api/v1/balances?commodity=steam").status, 400);
  EXPECT_EQ(c.get("/api/v1/balances/sums?kind=area").status, 400) << "of what?";
  EXPECT_EQ(c.get("/api/v1/balances/sums?kind=area&name=X&span=year").status, 400);
}

TEST_F(VirtualMetersTest, ItsSeriesIsThatOfADevice) {
  Client c(server_->local());
  c.auth = key_for("viewer");
  const json series = c.get(std::string(kAll) + "/Street/readings?from=2026-11-20&to=2026-11-21")
                          .parsed()["series"][0];
  EXPECT_EQ(series["points"], json::parse(R"([[1795133700,250,"E"]])"));
  EXPECT_EQ(series["kind"], "interval");
}

}  // namespace
}  // namespace amity::api::testing
