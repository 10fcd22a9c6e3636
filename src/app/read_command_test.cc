// `amity read` against virtual meters on real sockets: HDLC, and behind a concentrator.
#include "app/read_command.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "app/exit_codes.h"
#include "app/loopback_fleet.h"
#include "runtime/authority_test_support.h"
#include "runtime/reactor.h"

namespace amity::app {
namespace {

constexpr std::uint32_t kMeters = 200;

struct Printed {
  int exit_code = -1;
  std::string text, errors;

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
  testing::internal::CaptureStderr();
  Printed printed;
  printed.exit_code = read_command(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  std::fflush(stderr);
  printed.text = testing::internal::GetCapturedStdout();
  printed.errors = testing::internal::GetCapturedStderr();
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

// Virtual meters of the protocols that are not DLMS, on sockets.
struct ReadOthers : testing::Test {
  std::unique_ptr<LoopbackFleet> loopback;

  void SetUp() override {
    const auto mix = world::DeviceMix::parse("dlms=1,c1222=1,iec62056=1,sml=1,p1=1,mbus=1");
    ASSERT_TRUE(mix.ok()) << to_string(mix.error());
    auto started = LoopbackFleet::start(12, 2, false, *mix);
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    loopback = std::move(started).value();
  }
  // Of the first meter of the scheme, with its key and the town's zone.
  std::string url(std::string_view scheme, bool with_zone = true) {
    const world::Fleet& fleet = loopback->fleet();
    for (const Device& device : fleet.master_data().devices) {
      if (!device.address.starts_with(scheme)) continue;
      std::string options;
      for (const world::SideKey& key : fleet.side_keys()) {
        if (key.device == device.id) options += "&key=" + to_hex(key.key);
      }
      if (with_zone) options += "&zone=" + fleet.config().zone;
      const bool has_options = device.address.find('?') != std::string::npos;
      if (!options.empty() && !has_options) options[0] = '?';
      return device.address + options;
    }
    ADD_FAILURE() << "no meter of " << scheme;
    return {};
  }
};

TEST_F(ReadOthers, EverySchemeGivesItsRegisters) {
  for (const char* scheme : {"c1222+tcp", "iec62056+tcp", "sml+tcp", "p1+tcp", "mbus+tcp"}) {
    const std::string meter = url(scheme);
    const Printed registers = read({meter, "--timeout", "15"});
    EXPECT_EQ(registers.exit_code, kExitDone) << meter << ": " << registers.errors;
    EXPECT_GE(registers.lines(), 1u) << meter;
    EXPECT_TRUE(registers.says("Wh")) << meter << ": " << registers.text;
    EXPECT_EQ(registers.errors, "") << meter;
  }
}

TEST_F(ReadOthers, TheLoadProfileOfC1222AndIec62056) {
  for (const char* scheme : {"c1222+tcp", "iec62056+tcp"}) {
    const Printed rows = read({url(scheme), "--profile", "1-0:99.1.0", "--json"});
    EXPECT_EQ(rows.exit_code, kExitDone) << scheme << ": " << rows.errors;
    EXPECT_GE(rows.lines(), 90u) << scheme << ": " << rows.text.substr(0, 400);
    EXPECT_TRUE(rows.says(R"("interval_s":)")) << rows.text.substr(0, 400);
  }
}

TEST_F(ReadOthers, AWallClockTakenForUtcIsSaid) {
  const Printed local = read({url("iec62056+tcp", false)});
  EXPECT_EQ(local.exit_code, kExitDone) << local.errors;
  EXPECT_NE(local.errors.find("zone=NAME"), std::string::npos) << local.errors;
  EXPECT_EQ(read({url("sml+tcp", false)}).errors, "") << "SML counts seconds";
}

// The same meters and one of DLMS behind TLS, with certificates of their own authority.
struct ReadOverTls : ReadOthers {
  runtime::testing::Authority authority{"makers"}, others{"others"};
  runtime::testing::Authority::Files meter = authority.issue("meters.example"),
                                     reader = authority.issue("head-end");
  std::string trusting = "tls-ca=" + authority.certificate + "&tls-name=meters.example";
  std::string known = "&tls-cert=" + reader.certificate + "&tls-key=" + reader.key;

  void SetUp() override {
    const auto tls =
        runtime::TlsContext::server(meter.certificate, meter.key, authority.certificate);
    ASSERT_TRUE(tls.ok()) << to_string(tls.error());
    const auto mix = world::DeviceMix::parse("dlms=1,c1222=1,iec62056=1,sml=1,p1=1,mbus=1");
    auto started = LoopbackFleet::start(12, 2, false, *mix, &*tls);
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    loopback = std::move(started).value();
  }
  std::string over_tls(std::string_view scheme, const std::string& options) {
    std::string address = url(scheme, scheme != "dlms+tcp");
    address.replace(address.find("+tcp"), 4, "+tls");
    if (const auto secured = address.find("client=1&"); secured != address.npos)
      address.replace(secured, 9, "client=16&");
    return address + (address.find('?') == address.npos ? '?' : '&') + options;
  }
};

TEST_F(ReadOverTls, EverySchemeGivesItsRegisters) {
  for (const char* scheme :
       {"dlms+tcp", "c1222+tcp", "iec62056+tcp", "sml+tcp", "p1+tcp", "mbus+tcp"}) {
    const std::string address = over_tls(scheme, trusting + known);
    const Printed registers = read({address, "--timeout", "15"});
    EXPECT_EQ(registers.exit_code, kExitDone) << address << ": " << registers.errors;
    EXPECT_GE(registers.lines(), 1u) << address;
    EXPECT_EQ(registers.errors, "") << address;
  }
}

TEST_F(ReadOverTls, SaysWhatIsWrongWithACertificate) {
  const std::string ca = "tls-ca=" + authority.certificate;
  const std::pair<std::string, const char*> wrong[] = {
      {"tls-ca=" + others.certificate + "&tls-name=meters.example" + known,
       "the certificate of meters.example is refused: self-signed certificate in certificate "
       "chain"},
      {ca + "&tls-name=elsewhere.example" + known,
       "the certificate of elsewhere.example is refused: hostname mismatch"},
      {ca + known, "is refused: IP address mismatch"},
      {trusting, "certificate required"},
      {"tls-ca=/nowhere.pem", "/nowhere.pem"}};
  for (const auto& [options, why] : wrong) {
    for (const char* scheme : {"dlms+tcp", "mbus+tcp"}) {
      const Printed printed = read({over_tls(scheme, options), "--timeout", "5"});
      EXPECT_EQ(printed.exit_code, kExitFailed) << options;
      EXPECT_NE(printed.errors.find(why), std::string::npos) << options << ": " << printed.errors;
      EXPECT_EQ(printed.text, "") << options;
    }
  }
  std::string plain = over_tls("dlms+tcp", "");
  plain.replace(plain.find("+tls"), 4, "+tcp");
  EXPECT_EQ(read({plain, "--timeout", "5"}).exit_code, kExitFailed) << "without TLS";
}

// Takes connections and says nothing.
class Mute {
 public:
  Mute() {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
  }
  ~Mute() { ::close(socket_); }
  std::string at(const std::string& scheme, const std::string& options) const {
    return scheme + "://127.0.0.1:" + std::to_string(port_) + options;
  }

 private:
  int socket_ = -1, port_ = 0;
};

TEST(ReadTimeout, IsHonouredByEveryScheme) {
  const Mute mute;
  runtime::Reactor watch;
  for (const std::string& meter :
       {mute.at("sml+tcp", ""), mute.at("p1+tcp", ""), mute.at("iec62056+tcp", ""),
        mute.at("mbus+tcp", "?primary=1"), mute.at("sml+tls", ""), mute.at("dlms+tls", ""),
        mute.at("c1222+tcp", "?called=1.3.6.1.4.1.33507.1.1.1&calling=1.3.6.1.4.1.33507.1.2.1")}) {
    const Instant start = watch.runtime().clock.now();
    const Printed printed = read({meter, "--timeout", "1"});
    const auto took = watch.runtime().clock.now() - start;
    EXPECT_EQ(printed.exit_code, kExitFailed) << meter << ": " << printed.text;
    EXPECT_LT(took, std::chrono::seconds(8)) << meter;
    EXPECT_NE(printed.errors.find("timeout"), std::string::npos) << meter << ": " << printed.errors;
  }
}

}  // namespace
}  // namespace amity::app
