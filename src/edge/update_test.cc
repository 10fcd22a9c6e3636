// A program on its way to an edge: only the right one, whole, vouched for; resumed; tried; given
// up.
#include "edge/update.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "edge/programs.h"
#include "edge/trial.h"
#include "edge/update_test_support.h"
#include "store/test_directory.h"

namespace amity::edge {
namespace {

struct Updates : ::testing::Test {
  store::TestDirectory directory;
  std::string server = directory / "server", edge = directory / "edge";
  Signer utility, stranger;
  std::string content;
  Programs programs{server};
  std::vector<Message> sent;
  std::string told;
  int placed = 0;
  std::unique_ptr<Updater> updater;

  void SetUp() override {
    std::filesystem::create_directories(server);
    for (int i = 0; i < 150'000; ++i) content += std::to_string(i * 7);
    publish("amity-2", "2", utility);
    begin();
  }
  void publish(const std::string& name, const std::string& version, const Signer& signer,
               const char* target = "x") {
    publish_program(server, name, content, version, target, signer);
  }
  void begin() {
    updater = std::make_unique<Updater>(
        edge, utility.key(), "1", "x",
        Updater::Events{[this](const Message& m) { sent.push_back(m); }, [this] { ++placed; },
                        [this](const std::string& what) { told += what + "\n"; }});
  }
  // Answers what the edge asks, at most so many times.
  void serve(int pieces = 1'000) {
    while (!sent.empty() && pieces-- > 0) {
      const auto ask = std::get_if<UpdateAsk>(&sent.back());
      if (ask == nullptr) return;
      const UpdatePiece piece = programs.piece(*ask);
      sent.clear();
      updater->take(piece);
    }
  }
  std::string refusal() const {
    const auto* report = sent.empty() ? nullptr : std::get_if<UpdateReport>(&sent.back());
    return report == nullptr ? "no report" : report->refusal;
  }
};

TEST_F(Updates, IsFetchedCheckedAndPutInPlace) {
  updater->take(*programs.wanted("x", "1"));
  serve();
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(placed, 1);
  const auto state = load_program_state(edge);
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(state->trial);
  std::ifstream in(state->current, std::ios::binary);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(in)), {}), content);
  EXPECT_EQ(programs.wanted("x", "2"), std::nullopt);
  EXPECT_EQ(programs.wanted("y", "1"), std::nullopt);
}

TEST_F(Updates, GoesOnWhereItStopped) {
  updater->take(*programs.wanted("x", "1"));
  serve(3);
  sent.clear();
  begin();  // the edge was restarted
  updater->take(*programs.wanted("x", "1"));
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(std::get<UpdateAsk>(sent[0]).offset, 3 * kPieceBytesMax);
  serve();
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(placed, 1);
}

TEST_F(Updates, NothingIsTakenThatTheKeyDoesNotVouchFor) {
  publish("amity-2", "2", stranger);
  updater->take(*programs.wanted("x", "1"));
  EXPECT_EQ(refusal(), "the signature is not of update_key");
  publish("amity-2", "2", utility);
  auto offer = *programs.wanted("x", "1");
  offer.manifest.replace(offer.manifest.find("version 2"), 9, "version 3");
  updater->take(offer);
  EXPECT_EQ(refusal(), "the signature is not of update_key");
  offer = *programs.wanted("x", "1");
  offer.signature.pop_back();
  updater->take(offer);
  EXPECT_EQ(refusal(), "the signature is not of update_key");
  publish("amity-2", "2", utility, "y");
  updater->take(*programs.wanted("y", "1"));
  EXPECT_EQ(refusal(), "it is for y, this is x");
  EXPECT_EQ(placed, 0);
  EXPECT_TRUE(load_program_state(edge)->current.empty());
}

TEST_F(Updates, TruncatedOrChangedOnTheWayIsRefusedAndFetchedAnew) {
  const auto offer = *programs.wanted("x", "1");
  std::filesystem::resize_file(server + "/amity-2", content.size() - 1);
  updater->take(offer);
  serve();
  EXPECT_EQ(refusal(),
            "the server has no bytes from " + std::to_string(content.size() - 1) + " on");
  content[100] = '!';
  std::ofstream(server + "/amity-2", std::ios::binary) << content;  // not what was signed
  sent.clear();
  std::filesystem::remove_all(edge);
  updater->take(offer);
  serve();
  EXPECT_EQ(refusal(), "what was fetched is not what the manifest says");
  EXPECT_EQ(placed, 0);
  content[100] = '7';
  publish("amity-2", "2", utility);
  sent.clear();
  updater->take(*programs.wanted("x", "1"));
  serve();
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(placed, 1);
}

TEST_F(Updates, OneThatDoesNotReachTheServerGivesWay) {
  updater->take(*programs.wanted("x", "1"));
  serve();
  const std::string path = load_program_state(edge)->current;
  for (std::uint32_t start = 0; start < kTrialStartsMax; ++start)
    EXPECT_EQ(*program_to_run(edge), path);
  EXPECT_EQ(*program_to_run(edge), "");  // the installed one
  sent.clear();
  updater->take(*programs.wanted("x", "1"));
  EXPECT_EQ(refusal(), "it was tried and did not reach the server");
}

// A process that hangs, as a program on trial that reaches nobody and ends nothing.
pid_t hang_on_trial(const std::string& directory, Duration most) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setpgid(0, 0);
  if (!watch_trial(directory, most).ok()) ::_exit(1);
  ::sleep(20);
  ::_exit(0);
}

TEST_F(Updates, OneThatHangsIsKilledAndGivesWay) {
  updater->take(*programs.wanted("x", "1"));
  serve();
  ASSERT_TRUE(load_program_state(edge)->trial);
  int status = 0;
  pid_t child = hang_on_trial(edge, std::chrono::milliseconds(600));
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_EQ(*program_to_run(edge), "");
  EXPECT_FALSE(load_program_state(edge)->failed.empty());

  auto state = *load_program_state(edge);  // one that reaches the server in time is left alone
  state.trial = true;
  ASSERT_TRUE(save_program_state(edge, state).ok());
  child = hang_on_trial(edge, std::chrono::milliseconds(800));
  state.trial = false;
  ASSERT_TRUE(save_program_state(edge, state).ok());
  ::usleep(1'500'000);
  EXPECT_EQ(::waitpid(child, &status, WNOHANG), 0) << "it was killed";
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
}

TEST_F(Updates, ADamagedProgramIsNotRun) {
  updater->take(*programs.wanted("x", "1"));
  serve();
  auto state = *load_program_state(edge);
  state.trial = false;  // it has reached the server
  ASSERT_TRUE(save_program_state(edge, state).ok());
  EXPECT_EQ(*program_to_run(edge), state.current);
  std::ofstream(state.current, std::ios::binary | std::ios::app) << "x";
  EXPECT_EQ(*program_to_run(edge), "");
}

}  // namespace
}  // namespace amity::edge
