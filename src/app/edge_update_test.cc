// An edge as a real process under a supervisor: the server offers a program, the edge fetches it,
// ends, goes on as that program, and keeps it or goes back.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/exit_codes.h"
#include "app/version.h"
#include "edge/update_test_support.h"
#include "roles/edge_link_test_support.h"

namespace amity::app {
namespace {

using runtime::testing::Authority;
using runtime::testing::serve_until;

// The program beside this one.
std::string program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().string() + "/amity";
}

struct EdgeProcess : ::testing::Test {
  Authority authority{"amity"};
  Authority::Files files = authority.issue("edge-1");
  roles::Server server{authority.issue("localhost"), authority.certificate};
  store::TestDirectory directory;
  edge::Signer utility;
  std::string content, target, config;
  pid_t child = 0;
  std::string ends;  // how the process ended, in order: "10 3 3 3 "

  void SetUp() override {
    ASSERT_TRUE(std::filesystem::exists(program())) << "the target amity is not built";
    server.programs = directory / "programs";
    std::filesystem::create_directories(server.programs);
    server.start();
    server.add_edge("edge-1");
    config = directory / "edge.toml";
    std::ofstream(config) << "server = \"localhost:" << server.port << "\"\ncertificate = \""
                          << files.certificate << "\"\nkey = \"" << files.key << "\"\nca = \""
                          << authority.certificate << "\"\ndata = \"" << (directory / "edge")
                          << "\"\nupdate_key = \"" << to_hex(utility.key())
                          << "\"\nupdate_confirm_min = 1\n";
  }
  void TearDown() override {
    if (child == 0) return;
    ::kill(child, SIGTERM);
    int status = 0;
    ::waitpid(child, &status, 0);
  }
  void start() {
    child = ::fork();
    if (child != 0) return;
    const std::string log = directory / "log";
    (void)!::freopen(log.c_str(), "a", stderr);
    ::execl(program().c_str(), "amity", "edge", config.c_str(), nullptr);
    ::_exit(127);
  }
  // As systemd with Restart=always, without its pauses.
  void supervise() {
    int status = 0;
    if (child == 0 || ::waitpid(child, &status, WNOHANG) != child) return;
    ends += WIFEXITED(status) ? std::to_string(WEXITSTATUS(status)) + " " : "killed ";
    start();
  }
  bool until(int seconds, const std::function<bool()>& done) {
    for (int i = 0; i < seconds / 5 + 1; ++i)
      if (serve_until(server.reactor, [&] {
            supervise();
            return done();
          }))
        return true;
    return false;
  }
  const edge::EdgePicture* picture() const {
    const auto at = server.desk->edges().find("edge-1");
    return at == server.desk->edges().end() ? nullptr : &at->second;
  }
  bool runs(const std::string& version) const {
    return picture() != nullptr && picture()->connected && picture()->version == version;
  }
  edge::ProgramState state() const {
    return edge::load_program_state(directory / "edge/program").value();
  }
  std::string log() const {
    std::ifstream in(directory / "log");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string own_version() const { return std::string(version()) + "-" + commit(); }
};

TEST_F(EdgeProcess, GoesOnAsTheProgramThatTheServerOffers) {
  start();
  ASSERT_TRUE(until(60, [&] { return runs(own_version()); })) << log();
  // The same program with another stamp.
  std::ifstream in(program(), std::ios::binary);
  std::string other((std::istreambuf_iterator<char>(in)), {});
  const std::string before = commit();
  std::string after = before;
  after.front() = after.front() == 'a' ? 'b' : 'a';
  std::size_t stamps = 0;
  for (std::size_t at = 0; (at = other.find(before, at)) != other.npos;
       at += before.size(), ++stamps)
    other.replace(at, before.size(), after);
  ASSERT_GT(stamps, 0u);
  const std::string wanted = std::string(version()) + "-" + after;
  edge::publish_program(server.programs, "amity-next", other, wanted, picture()->target, utility);
  ASSERT_TRUE(until(240, [&] { return runs(wanted); })) << ends << log() << server.log;
  ASSERT_TRUE(until(30, [&] { return !state().trial; })) << log();
  EXPECT_EQ(ends, "10 ");
  EXPECT_NE(state().current.find("/edge/program/amity-"), std::string::npos) << state().current;

  ::kill(child, SIGKILL);  // and it stays the program
  ASSERT_TRUE(until(60, [&] { return ends == "10 killed "; })) << ends;
  ASSERT_TRUE(until(60, [&] { return runs(wanted); })) << log();
}

TEST_F(EdgeProcess, GoesBackFromAProgramThatDoesNotRun) {
  start();
  ASSERT_TRUE(until(60, [&] { return runs(own_version()); })) << log();
  edge::publish_program(server.programs, "amity-next", "#!/bin/sh\nexit 7\n", "9.9-broken",
                        picture()->target, utility);
  ASSERT_TRUE(until(120, [&] { return ends == "10 7 7 7 "; })) << ends << log();
  ASSERT_TRUE(until(60, [&] { return runs(own_version()); })) << ends << log();
  EXPECT_TRUE(state().current.empty()) << state().current;
  // What was tried is not tried again.
  ASSERT_TRUE(until(60, [&] {
    return picture()->update_refusal == "it was tried and did not reach the server";
  })) << picture()->update_refusal;
  EXPECT_EQ(ends, "10 7 7 7 ");
}

}  // namespace
}  // namespace amity::app
