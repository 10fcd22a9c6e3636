#include "app/decode_command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "app/exit_codes.h"
#include "base/bytes.h"

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

TEST(DecodeCommand, BareApdusALineAreOneConversation) {
  const std::string file = ::testing::TempDir() + "/apdus.hex";
  std::ofstream(file) << "C001C100030100010800FF0300\nC401C10002020FFF161E\n"
                         "C001C100030100010800FF0200\nC401C100060000162E\n";
  const Outcome shown = run({file});
  EXPECT_EQ(shown.exit_code, kExitDone) << shown.err;
  EXPECT_EQ(std::count(shown.out.begin(), shown.out.end(), '\n'), 4) << shown.out;
  EXPECT_NE(shown.out.find(R"("unit":"Wh","value":567.8)"), std::string::npos) << shown.out;
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

// A pipe in the place of standard input.
class PipedInput {
 public:
  PipedInput() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    saved_ = ::dup(STDIN_FILENO);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
    write_ = ends[1];
  }
  ~PipedInput() {
    end();
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }
  void write(std::string_view bytes) {
    ASSERT_EQ(::write(write_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void end() {
    if (write_ >= 0) ::close(write_);
    write_ = -1;
  }

 private:
  int saved_ = -1, write_ = -1;
};

std::string contents_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Waits for so many lines in a file; what stands there.
std::string wait_for_lines(const std::string& path, std::ptrdiff_t lines) {
  for (int i = 0; i < 500; ++i) {
    const std::string text = contents_of(path);
    if (std::count(text.begin(), text.end(), '\n') >= lines) return text;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return contents_of(path);
}

TEST(DecodeCommand, AStreamIsDecodedAsItComes) {
  const std::string telegram =
      "/ISK5\\2M550T-1012\r\n\r\n1-3:0.2.8(50)\r\n1-0:1.8.1(000123.456*kWh)\r\n!\r\n";
  const std::string shown = ::testing::TempDir() + "/shown.jsonl";
  PipedInput input;
  std::fflush(stdout);
  const int saved = ::dup(STDOUT_FILENO);
  ASSERT_NE(std::freopen(shown.c_str(), "w", stdout), nullptr);
  int code = -1;
  std::thread command([&] {
    std::string name = "decode", from = "-";
    char* argv[] = {name.data(), from.data()};
    code = decode_command(2, argv);
  });
  input.write(telegram);
  const std::string first = wait_for_lines(shown, 1);  // before the stream has ended
  input.write(telegram.substr(0, 30));                 // the next one comes in two pieces
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  input.write(telegram.substr(30));
  const std::string second = wait_for_lines(shown, 2);
  input.end();
  command.join();
  std::fflush(stdout);
  ::dup2(saved, STDOUT_FILENO);
  ::close(saved);
  EXPECT_EQ(code, kExitDone);
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 1) << first;
  EXPECT_EQ(std::count(second.begin(), second.end(), '\n'), 2) << second;
  EXPECT_EQ(contents_of(shown), first + first);
  EXPECT_NE(first.find("123456"), std::string::npos) << first;
}

// What `amity decode -` makes of a pipe's contents.
Outcome piped(const std::string& content, std::vector<std::string> arguments = {}) {
  PipedInput input;
  input.write(content);
  input.end();
  arguments.insert(arguments.begin(), "-");
  return run(std::move(arguments));
}

TEST(DecodeCommand, AStreamMayMixProtocolsAndBeginAnywhere) {
  const Bytes push = *from_hex(kAidon), gas = *from_hex(kGas);
  std::string stream = "\xFF\xFE";  // the end of a frame that began earlier
  stream += std::string(as_text(push)) + std::string(as_text(gas)) + std::string(as_text(push));
  const Outcome shown = piped(stream, {"--key", "0102030405060708090A0B0C0D0E0F11"});
  EXPECT_EQ(std::count(shown.out.begin(), shown.out.end(), '\n'), 3) << shown.out;
  EXPECT_NE(shown.out.find("28504.27"), std::string::npos) << shown.out;
  EXPECT_NE(shown.err.find("2 bytes belong to no frame"), std::string::npos) << shown.err;
  EXPECT_EQ(shown.exit_code, kExitBadInput);
}

TEST(DecodeCommand, WhatIsNoStreamOfFramesIsReadWhole) {
  const Outcome apdu = piped("C001C100080000010000FF0200\n");
  EXPECT_NE(apdu.out.find("get-request"), std::string::npos) << apdu.out << apdu.err;
  const Outcome line = piped(std::string(kAidon) + "\n" + kAidon + "\n");
  EXPECT_EQ(std::count(line.out.begin(), line.out.end(), '\n'), 2) << line.out << line.err;
  EXPECT_EQ(line.exit_code, kExitDone);
  const std::string wrapped = std::string(kAidon).insert(40, "\n");  // one frame on two lines
  const Outcome two_lines = piped(wrapped + "\n");
  EXPECT_NE(two_lines.out.find(R"("value":7482)"), std::string::npos) << two_lines.err;
}

}  // namespace
}  // namespace amity::app
