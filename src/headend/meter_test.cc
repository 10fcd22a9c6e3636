#include "headend/meter.h"

#include <gtest/gtest.h>

#include "headend/address.h"
#include "headend/event_codes.h"

namespace amity::headend {
namespace {

constexpr CaptureGrid kQuarter{900, true};
constexpr UtcSeconds kT{1'790'000'100 / 900 * 900};

UtcSeconds q(int n) { return kT + std::int64_t{n} * 900; }

std::vector<UtcSeconds> stored(std::initializer_list<int> of) {
  std::vector<UtcSeconds> out;
  for (const int n : of) out.push_back(q(n));
  return out;
}

TEST(ProfileProgress, AMeterNeverReadMissesEverything) {
  ProfileProgress p;
  p.learn({}, q(0), q(10) + 5, kQuarter);
  EXPECT_EQ(p.missing(q(10) + 5, kQuarter), (std::vector<TimeRange>{{q(0), q(10)}}));
}

TEST(ProfileProgress, HolesAndTheTail) {
  ProfileProgress p;
  p.learn(stored({1, 2, 5, 6, 8}), q(0), q(10), kQuarter);
  EXPECT_EQ(p.missing(q(10), kQuarter), (std::vector<TimeRange>{{q(2), q(4)}, {q(6), q(7)}, {q(8), q(10)}}));
  p.answered({q(2), q(4)}, UtcSeconds(), q(10), kQuarter);  // an old range without rows: the meter has none
  EXPECT_EQ(p.missing(q(10), kQuarter), (std::vector<TimeRange>{{q(6), q(7)}, {q(8), q(10)}}));
}

TEST(ProfileProgress, TheNewestRowsAreAskedForAgainUntilTheyAreThere) {
  ProfileProgress p;
  p.learn(stored({1, 2}), q(0), q(4), kQuarter);
  p.answered({q(2), q(4)}, q(3), q(4), kQuarter);  // the meter's clock is behind: the row of now was not yet there
  EXPECT_EQ(p.missing(q(4), kQuarter), (std::vector<TimeRange>{{q(3), q(4)}}));
  p.answered({q(3), q(4)}, UtcSeconds(), q(4), kQuarter);
  EXPECT_EQ(p.missing(q(4), kQuarter), (std::vector<TimeRange>{{q(3), q(4)}}));
}

TEST(ProfileProgress, ARangeCutShortLeavesItsRest) {
  ProfileProgress p;
  p.learn(stored({1, 9}), q(0), q(20), kQuarter);
  p.answered({q(3), q(5)}, q(5), q(20), kQuarter);
  EXPECT_EQ(p.missing(q(20), kQuarter), (std::vector<TimeRange>{{q(1), q(3)}, {q(5), q(8)}, {q(9), q(20)}}));
}

TEST(ProfileProgress, APushCountsOnlyWhereNothingLiesBetween) {
  ProfileProgress p;
  p.learn(stored({1, 2}), q(0), q(2), kQuarter);
  p.pushed(q(3), kQuarter);
  EXPECT_TRUE(p.missing(q(3), kQuarter).empty());
  p.pushed(q(6), kQuarter);
  EXPECT_EQ(p.missing(q(6), kQuarter), (std::vector<TimeRange>{{q(3), q(6)}}));
}

TEST(ProfileProgress, DailyRowsAreAtTheMetersOwnMidnight) {
  const CaptureGrid daily{86'400, false};
  const UtcSeconds midnight(1'790'000'000 / 86'400 * 86'400 - 7'200);  // UTC+2
  ProfileProgress p;
  std::vector<UtcSeconds> days;
  for (const int d : {0, 1, 2, 4}) days.push_back(midnight + d * 86'400);
  p.learn(days, midnight, midnight + 4 * 86'400 + 7'200, daily);
  const auto missing = p.missing(midnight + 4 * 86'400 + 7'200, daily);
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].after, midnight + 2 * 86'400);
  EXPECT_EQ(p.missing(midnight + 5 * 86'400, daily).size(), 2u);
}

TEST(Address, OfAMeterBehindAConcentrator) {
  const auto a = parse_address("dlms+tcp://127.24.0.1:4059?client=1&server=2&gateway=3/4D31");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->endpoint.to_string(), "127.24.0.1:4059");
  EXPECT_EQ(a->link.client_sap, 1);
  EXPECT_EQ(a->link.server_sap, 2);
  ASSERT_TRUE(a->link.gateway);
  EXPECT_EQ(a->link.gateway->network_id, 3);
  EXPECT_EQ(a->link.gateway->device_address, (Bytes{'M', '1'}));
}

TEST(Address, Hdlc) {
  const auto a = parse_address("dlms+hdlc://meter.example:4059?client=16&server=1&physical=145");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->link.transport, dlms::Transport::kHdlc);
  EXPECT_EQ(a->link.hdlc.physical_device, 145);
  EXPECT_EQ(a->link.hdlc.server_address_size, 4);
}

TEST(Address, TheBearerAndWhenASleeperWakes) {
  const auto a = parse_address("dlms+tcp://h:1?bearer=nb-iot&wake=86400/7200/600");
  ASSERT_TRUE(a.ok()) << a.error().reason;
  EXPECT_EQ(a->bearer.name, "nb-iot");
  EXPECT_EQ(a->wake, (WakeWindow{86'400, 7'200, 600}));
  EXPECT_EQ(parse_address("dlms+tcp://h:1")->bearer.name, "ip");
  EXPECT_EQ(parse_address("dlms+tcp://h:1?bearer=pigeon").error().reason,
            "bearer=pigeon is none of ip, g3-plc, prime, wi-sun, rf-mesh, nb-iot, lte-m, gprs");
}

TEST(Address, HopsMakeThePathSlower) {
  const auto one = parse_address("dlms+tcp://h:1?bearer=g3-plc"),
             four = parse_address("dlms+tcp://h:1?hops=4&bearer=g3-plc");
  ASSERT_TRUE(four.ok()) << four.error().reason;
  EXPECT_EQ(one->bearer.reply_timeout_ms, 45'000);
  EXPECT_EQ(four->bearer.reply_timeout_ms, 45'000 + 3 * 6'000);
  EXPECT_EQ(four->bearer.connect_timeout_ms, 30'000 + 3 * 6'000);
  EXPECT_EQ(four->bearer.conversation_timeout_ms, 1'200'000 * 63 / 45);
  EXPECT_EQ(four->bearer.hops, 4u);
  EXPECT_EQ(parse_address("dlms+tcp://h:1?hops=4").error().reason, "bearer ip has no hops");
  EXPECT_FALSE(parse_address("dlms+tcp://h:1?bearer=g3-plc&hops=0").ok());
  EXPECT_FALSE(parse_address("dlms+tcp://h:1?bearer=g3-plc&hops=65").ok());
}

TEST(Address, OverTls) {
  const auto a = parse_address(
      "dlms+tls://10.0.0.7:4059?client=1&tls-ca=ca.pem&tls-cert=c.pem&tls-key=k.pem&tls-name=m7");
  ASSERT_TRUE(a.ok()) << a.error().reason;
  ASSERT_TRUE(a->tls);
  EXPECT_EQ(*a->tls, (TlsPath{"ca.pem", "c.pem", "k.pem", "m7"}));
  EXPECT_EQ(a->link.transport, dlms::Transport::kWrapperStream);
  EXPECT_EQ(parse_address("dlms+hdlc+tls://h:1")->link.transport, dlms::Transport::kHdlc);
  for (const char* scheme : {"c1222", "mbus", "iec62056", "modbus", "p1", "sml"}) {
    const auto other = parse_address(std::string(scheme) + "+tls://h:1");
    ASSERT_TRUE(other.ok()) << scheme;
    EXPECT_EQ(other->tls, TlsPath{}) << scheme;
  }
  EXPECT_EQ(parse_address("dlms+tcp://h:1?tls-ca=ca.pem").error().reason,
            "tls-ca is of addresses with +tls alone");
  for (const char* options : {"tls-cert=c.pem", "tls-key=k.pem", "tls-ca=", "tls-caa=x"})
    EXPECT_FALSE(parse_address("dlms+tls://h:1?" + std::string(options)).ok()) << options;
}

TEST(Address, FilesOfTlsLieInOneFolder) {
  const auto kept = [](const std::string& file, const std::string& folder = "/data/tls") {
    auto a = parse_address("dlms+tls://h:1?tls-ca=" + file).value();
    const Status status = keep_files_within(folder, a);
    return status.ok() ? a.tls->authority : std::string(to_string(status.error().code));
  };
  EXPECT_EQ(kept("ca.pem"), "/data/tls/ca.pem");
  for (const char* file : {"/etc/passwd", "../ca.pem", ".ca", "a/b"})
    EXPECT_EQ(kept(file), "invalid") << file;
  EXPECT_EQ(kept("ca.pem", ""), "invalid");
}

TEST(Address, WhatSaysNothingIsRefused) {
  for (const char* url :
       {"", "http://a:1", "dlms+tcp://", "dlms+tcp://host", "dlms+tcp://host:99999",
        "dlms+tcp://h:1?client", "dlms+tcp://h:1?client=x", "dlms+tcp://h:1?gateway=7",
        "dlms+tcp://h:1?gateway=7/", "dlms+hdlc://h:1?size=3", "dlms+tcp://h:1?wake=60",
        "dlms+tcp://h:1?wake=60/60/1", "dlms+tcp://h:1?wake=60/0/0", "dlms+tcp://h:1?wake=0/0/1"}) {
    EXPECT_FALSE(parse_address(url).ok()) << url;
  }
}

TEST(EventCodes, InWords) {
  EXPECT_EQ(event_meaning(1).text, "power down");
  EXPECT_EQ(event_meaning(40).category, EventCategory::kTamper);
  EXPECT_EQ(event_meaning(40).severity, Severity::kHigh);
  EXPECT_EQ(event_meaning(255).text, "event log cleared");
  EXPECT_EQ(event_meaning(777).text, "event 777");
}

}  // namespace
}  // namespace amity::headend
