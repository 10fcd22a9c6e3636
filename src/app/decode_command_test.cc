#include "app/decode_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
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
      run({apdu, "--key", "000102030405060708090A0B0C0D0E0F", "--auth-key",
           "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF", "--system-title", "4D4D4D0000BC614E"});
  EXPECT_EQ(opened.exit_code, kExitDone) << opened.err;
  EXPECT_NE(opened.out.find(R"("obis":"0.0.1.0.0.255")"), std::string::npos) << opened.out;
  EXPECT_EQ(run({apdu, "--key", "0001"}).exit_code, kExitUsage);
  EXPECT_EQ(run({apdu, "--key", "00zz"}).exit_code, kExitUsage);
}

const char* const kGas =
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955"
    "B29D6D69EBF3EC8A";

TEST(DecodeCommand, TelegramsALineWithKeysByMeterAndTheirLayout) {
  const std::string file = ::testing::TempDir() + "/telegrams.hex";
  const std::string keys = ::testing::TempDir() + "/keys.txt";
  std::ofstream(file) << kGas << "\n\n" << kGas << "\n";
  std::ofstream(keys)
      << "# the district's gas meters\n12345678 = 0102030405060708090A0B0C0D0E0F11  # No. 1\n";
  const Outcome opened = run({file, "--key-file", keys, "--explain"});
  EXPECT_EQ(opened.exit_code, kExitDone) << opened.err;
  EXPECT_EQ(std::count(opened.out.begin(), opened.out.end(), '\n'), 2) << opened.out;
  EXPECT_NE(opened.out.find(R"("quantity":"volume","unit":"m3","value":28504.27)"),
            std::string::npos)
      << opened.out;
  EXPECT_NE(opened.out.find(R"("layout":[)"), std::string::npos) << opened.out;
  const Outcome one_key = run({kGas, "--key", "12345678=0102030405060708090A0B0C0D0E0F11"});
  EXPECT_NE(one_key.out.find("28504.27"), std::string::npos) << one_key.out << one_key.err;
  std::ofstream(keys) << "12345678=01\n";
  const Outcome wrong = run({kGas, "--key-file", keys});
  EXPECT_EQ(wrong.exit_code, kExitUsage);
  EXPECT_NE(wrong.err.find("keys.txt:1: a key has"), std::string::npos) << wrong.err;
  EXPECT_EQ(run({kGas, "--protocol", "morse"}).exit_code, kExitUsage);
  EXPECT_EQ(run({kGas, "--key", "1234=0102030405060708090A0B0C0D0E0F11"}).exit_code, kExitUsage);
}

TEST(DecodeCommand, KnowsTheMeterModel) {
  const std::string folder = ::testing::TempDir() + "/models";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/mine.toml")
      << "name = \"Mine\"\nmanufacturer = \"Elster\"\nmedium = \"gas\"\n"
         "facts = \"none\"\n[[detect]]\nprotocol = \"wmbus\"\nmanufacturer = \"ELS\"\n"
         "versions = [\"51\"]\nmediums = [\"gas\"]\nid_prefix = \"12345678\"\n"
         "[[channel]]\nname = \"volume\"\nquantity = \"volume\"\nunit = \"m3\"\n";
  const Outcome known = run({kGas, "--meters", folder});
  EXPECT_NE(known.out.find(R"("model":"Mine")"), std::string::npos) << known.out << known.err;
  EXPECT_EQ(run({kGas, "--meters", "/no/such/folder"}).exit_code, kExitUsage);
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
