// Backups over the API, of a server at work.
#include <fstream>

#include "api/test_support.h"
#include "store/directory.h"

namespace amity::api::testing {
namespace {

class BackupTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    serve();
    client_ = std::make_unique<Client>(server_->local());
    client_->auth = key_for("admin");
  }
  Answer back_up(const std::string& body) {
    return client_->request("POST", "/api/v1/backups", body);
  }
  std::string path(const std::string& name) const { return options.backup_root + "/" + name; }

  std::unique_ptr<Client> client_;
};

TEST_F(BackupTest, HoldsWhatWasAcknowledgedBeforeItWhileReadingsGoOnArriving) {
  const ChannelId channel(7);
  std::atomic<std::int64_t> acknowledged{0};
  std::atomic<bool> stop{false};
  std::thread arrivals([&] {
    for (std::int64_t n = 1; !stop; ++n) {
      append(ReadingsArrived{"test", kNow, {{channel, day_start() + n * 900, n, {}}}});
      acknowledged = n;
    }
  });
  while (acknowledged < 200) std::this_thread::sleep_for(1ms);
  const std::int64_t before = acknowledged;
  const Answer answer = back_up(R"({"name":"nightly-1"})");
  const std::int64_t after = acknowledged;
  while (acknowledged < after + 50) std::this_thread::sleep_for(1ms);  // nobody was stopped by it
  stop = true;
  arrivals.join();
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.parsed()["path"], path("nightly-1"));

  const auto report = store::check_directory(path("nightly-1")).value();
  EXPECT_EQ(report.damage, std::vector<std::string>{});
  const std::string restored = (directory_ / "restored").string();
  ASSERT_TRUE(store::restore_backup(path("nightly-1"), restored, kNow).ok());
  const auto store = store::open_embedded(restored, {.create = false}).value();
  const auto readings = store->readings().read(channel, day_start(), day_start() + 900'000'000);
  ASSERT_TRUE(readings.ok());
  ASSERT_GE(static_cast<std::int64_t>(readings->size()), before);
  for (std::size_t i = 0; i < readings->size(); ++i)
    ASSERT_EQ((*readings)[i].value, static_cast<std::int64_t>(i + 1)) << "a gap in the backup";
  EXPECT_EQ(store->registry().devices().value().size(), kDevices);
}

TEST_F(BackupTest, HoldsTheBatchesOfEdgesThatWerePutAside) {
  const auto put = [](const std::filesystem::path& file, const std::string& text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  };
  const std::string batch = "edge-quarantine/edge-1/00AABBCC-7.batch";
  put(directory_ / batch, "as it came");
  put(directory_ / "tls/key.pem", "not of a backup");
  ASSERT_EQ(back_up(R"({"name":"aside"})").status, 201);
  const std::string restored = (directory_ / "restored").string();
  ASSERT_TRUE(store::restore_backup(path("aside"), restored, kNow).ok());
  std::string line;
  std::getline(std::ifstream(restored + "/" + batch) >> std::ws, line);
  EXPECT_EQ(line, "as it came");
  EXPECT_FALSE(std::filesystem::exists(path("aside") + "/tls"));
  EXPECT_TRUE(store::check_directory(path("aside")).value().damage.empty());
}

TEST_F(BackupTest, IsForAdministratorsAndAudited) {
  ASSERT_EQ(back_up(R"({"name":"mine"})").status, 201);
  const auto audit = store_->registry().audit(0, 1);
  ASSERT_TRUE(audit.ok());
  EXPECT_EQ(audit->at(0).what, "backup mine");
  EXPECT_EQ(audit->at(0).who, "key:test admin");
  client_->auth = key_for("engineer");
  EXPECT_EQ(back_up(R"({"name":"theirs"})").status, 403);
  EXPECT_FALSE(std::filesystem::exists(path("theirs")));
}

TEST_F(BackupTest, ANameIsOneDirectoryUnderTheRootAndUsedOnce) {
  for (const std::string name : {"../outside", "a/b", "/tmp/x", ".", "..", ".hidden", "", "a b"}) {
    EXPECT_EQ(back_up(json{{"name", name}}.dump()).status, 400) << name;
  }
  ASSERT_EQ(back_up(R"({"name":"once"})").status, 201);
  EXPECT_EQ(back_up(R"({"name":"once"})").status, 409);
  EXPECT_EQ(store::check_directory(path("once")).value().damage, std::vector<std::string>{})
      << "the second attempt must not touch the first backup";
}

TEST_F(BackupTest, WithoutANameItIsCalledAfterTheMoment) {
  const Answer answer = back_up("{}");
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.parsed()["name"], "2026-11-21T013000Z");
  EXPECT_EQ(answer.parsed()["started"], "2026-11-21T01:30:00Z");
}

TEST_F(ServerTest, NoBackupsWhereThereIsNoDirectoryForThem) {
  options.backup_root.clear();
  serve();
  Client client(server_->local());
  client.auth = key_for("admin");
  EXPECT_EQ(client.request("POST", "/api/v1/backups", R"({"name":"x"})").status, 409);
}

}  // namespace
}  // namespace amity::api::testing
