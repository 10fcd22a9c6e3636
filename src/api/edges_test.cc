// Edges over the API: who may see them, who may have their batches tried again.
#include "api/test_support.h"

namespace amity::api::testing {
namespace {

struct EdgesTest : ServerTest {
  void SetUp() override {
    ServerTest::SetUp();
    serve();
  }
};

TEST_F(EdgesTest, EveryoneSeesThemByName) {
  Client c(server_->local());
  c.auth = key_for("viewer");
  const json items = c.get("/api/v1/edges").parsed()["items"];
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0]["name"], "edge-1");
  EXPECT_EQ(items[0]["last_seen"], "2026-11-21T01:29:48Z");
  EXPECT_EQ(items[0]["clock_offset_ms"], -40);
  EXPECT_EQ(items[1]["configuration_refusal"], "line 3: not known");
  EXPECT_EQ(items[1]["batches_put_aside"], 2);
  EXPECT_FALSE(items[1].contains("last_seen")) << "never";
  EXPECT_FALSE(items[1].contains("clock_offset_ms")) << "not known";
}

TEST_F(EdgesTest, AnEngineerHasTheirBatchesTriedAgain) {
  Client c(server_->local());
  c.auth = key_for("operator");
  EXPECT_EQ(c.request("POST", "/api/v1/edges/edge-1/retry", "").status, 403);
  c.auth = key_for("engineer");
  EXPECT_EQ(c.request("POST", "/api/v1/edges/edge-1/retry", "").parsed(),
            json::parse(R"({"taken":2,"left":1})"));
  EXPECT_EQ(c.request("POST", "/api/v1/edges/edge-9/retry", "").status, 404);
  const auto audit = store_->registry().audit(0, 2);
  ASSERT_TRUE(audit.ok());
  EXPECT_EQ(audit->at(1).what, "tries the batches again that edge edge-1 sent");
}

}  // namespace
}  // namespace amity::api::testing
