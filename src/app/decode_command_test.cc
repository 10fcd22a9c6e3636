#include "app/decode_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/exit_codes.h"

namespace amity::app {
namespace {

struct Outcome {
  int exit_code;
  std::string out, err;
};

Outcome run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "decode");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = decode_command(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  std::string out = testing::internal::GetCapturedStdout();
  return {code, std::move(out), testing::internal::GetCapturedStderr()};
}

const char* const kAidon =
    "7ea02a410883130413e6e7000f40000000000101020309060100010700ff0600001d3a02020f00161b16f97e";

TEST(DecodeCommand, PrintsOneObjectPerFrame) {
  const Outcome one = run({kAidon});
  EXPECT_EQ(one.exit_code, kExitDone) << one.err;
  EXPECT_NE(one.out.find(R"("value":7482)"), std::string::npos) << one.out;
  const Outcome two = run({std::string(kAidon) + kAidon});
  EXPECT_EQ(std::count(two.out.begin(), two.out.end(), '\n'), 2);
}

TEST(DecodeCommand, OpensWithTheKeysGiven) {
  const char* apdu = "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B";
  const Outcome opened =
      run({apdu, "--key", "000102030405060708090A0B0C0D0E0F", "--auth-key", "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF",
           "--system-title", "4D4D4D0000BC614E"});
  EXPECT_EQ(opened.exit_code, kExitDone) << opened.err;
  EXPECT_NE(opened.out.find(R"("obis":"0.0.1.0.0.255")"), std::string::npos) << opened.out;
  EXPECT_EQ(run({apdu, "--key", "0001"}).exit_code, kExitUsage);
  EXPECT_EQ(run({apdu, "--key", "00zz"}).exit_code, kExitUsage);
}

TEST(DecodeCommand, BadInputIsNamedWithItsOffset) {
  std::string damaged = kAidon;
  damaged[60] = damaged[60] == '0' ? '1' : '0';
  const Outcome bad = run({damaged, kAidon});
  EXPECT_EQ(bad.exit_code, kExitBadInput);
  EXPECT_NE(bad.err.find("argument: byte "), std::string::npos) << bad.err;
  EXPECT_NE(bad.out.find(R"("value":7482)"), std::string::npos) << "the rest is kept";
  EXPECT_EQ(run({"/no/such/file"}).exit_code, kExitBadInput);
  EXPECT_EQ(run({}).exit_code, kExitUsage);
  EXPECT_EQ(run({kAidon, "--nonsense"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace amity::app
