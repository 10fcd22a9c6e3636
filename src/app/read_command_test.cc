// `amity read` against virtual meters on real sockets: HDLC, and behind a concentrator.
#include "app/read_command.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "app/exit_codes.h"
#include "app/loopback_fleet.h"

namespace amity::app {
namespace {

constexpr std::uint32_t kMeters = 200;

struct Printed {
  int exit_code = -1;
  std::string text;

  std::size_t lines() const {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  bool says(std::string_view words) const { return text.find(words) != std::string::npos; }
};

Printed read(std::vector<std::string> arguments) {
  std::string name = "amity read";
  std::vector<char*> argv = {name.data()};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  Printed printed;
  printed.exit_code = read_command(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  printed.text = testing::internal::GetCapturedStdout();
  return printed;
}

struct ReadCommand : testing::Test {
  std::unique_ptr<LoopbackFleet> loopback;

  void serve(bool hdlc) {
    auto started = LoopbackFleet::start(kMeters, 3, hdlc);
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    loopback = std::move(started).value();
  }
  // Of the first meter that is reached directly, or of one behind a concentrator.
  std::string url(bool direct, const char* client) {
    world::Fleet& fleet = loopback->fleet();
    for (std::uint32_t i = 0; i < kMeters; ++i) {
      const Device& device = fleet.master_data().devices[i];
      if ((device.address.find("gateway=") == std::string::npos) != direct) continue;
      std::string address = device.address;
      address.replace(address.find("client=1"), 8, client);
      const world::DeviceSecrets secrets = fleet.secrets()[i];
      if (std::string_view(client) == "client=16") return address;
      return address + "&auth=gmac&security=authenc&system-title=" + to_hex(secrets.client_title) +
             "&key=" + to_hex(secrets.keys.encryption) +
             "&auth-key=" + to_hex(secrets.keys.authentication);
    }
    ADD_FAILURE() << "no such meter";
    return {};
  }
};

TEST_F(ReadCommand, RegistersAndAProfileOverHdlc) {
  serve(true);
  const std::string meter = url(true, "client=1");
  ASSERT_TRUE(meter.starts_with("dlms+hdlc://"));
  const Printed registers = read({meter, "1-0:1.8.0", "1-0:2.8.0", "0-0:96.1.0"});
  EXPECT_EQ(registers.exit_code, kExitDone);
  EXPECT_EQ(registers.lines(), 3u);
  EXPECT_TRUE(registers.says("Wh")) << registers.text;
  const Printed rows = read({meter, "--profile", "1-0:99.1.0", "--json"});
  EXPECT_EQ(rows.exit_code, kExitDone);
  EXPECT_EQ(rows.lines(), 96u) << rows.text.substr(0, 400);
  EXPECT_TRUE(rows.says(R"("values":{"1-0:1.29.0*255":)")) << rows.text.substr(0, 400);
}

TEST_F(ReadCommand, TheWholePublicAssociationOverHdlc) {
  serve(true);
  const Printed all = read({url(true, "client=16")});
  EXPECT_EQ(all.exit_code, kExitDone);
  EXPECT_GT(all.lines(), 3u) << all.text;
}

TEST_F(ReadCommand, AMeterBehindAConcentrator) {
  serve(false);
  const std::string meter = url(false, "client=1");
  const Printed registers = read({meter, "1-0:1.8.0", "0-0:1.0.0"});
  EXPECT_EQ(registers.exit_code, kExitDone);
  EXPECT_EQ(registers.lines(), 2u);
  EXPECT_TRUE(registers.says("Wh")) << registers.text;
  EXPECT_EQ(read({meter, "--profile", "1-0:99.1.0", "--json"}).lines(), 96u);
}

TEST_F(ReadCommand, AConcentratorWithoutThatMeterDoesNotAnswer) {
  serve(false);
  std::string meter = url(false, "client=16");
  meter.replace(meter.find("gateway=0/"), std::string::npos, "gateway=0/4E4F424F4459");
  EXPECT_EQ(read({meter, "0-0:1.0.0", "--timeout", "1"}).exit_code, kExitFailed);
}

TEST_F(ReadCommand, SaysWhatIsWrongWithAnAddress) {
  EXPECT_EQ(read({"dlms+tcp://127.0.0.1:4059?gateway=0"}).exit_code, kExitBadInput);
  EXPECT_EQ(read({"dlms+tcp://127.0.0.1:4059?gateway=0/XY"}).exit_code, kExitBadInput);
  EXPECT_EQ(read({"dlms+hdlc://127.0.0.1:4059?size=3"}).exit_code, kExitBadInput);
  EXPECT_EQ(read({"serial:///dev/ttyUSB0"}).exit_code, kExitBadInput);
}

}  // namespace
}  // namespace amity::app
