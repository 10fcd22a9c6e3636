// Who may associate, how both sides prove themselves, and what a wrong key, password or answer
// leads to.
#include "session/dlms/test_pipe.h"

namespace amity::dlms {
namespace {

using namespace testing;

constexpr SecurityPolicy kAuthenticatedEncrypted{SecuritySuite::k0, true, true};

// Connects, reads the clock, releases; says what came of it.
std::string read_clock(Bench& bench, Line line = {}) {
  Client client = bench.make_client();
  Server server = bench.make_server();
  Pipe pipe(client, server, line);
  EXPECT_TRUE(client.connect(pipe.now).ok());
  pipe.open();
  pipe.run();
  if (!client.connected()) return Pipe::failure_text(pipe.events.back());
  pipe.events.clear();
  if (Status asked = client.get(ask(8, kClock, 2), pipe.now); !asked.ok())
    return to_string(asked.error());
  const Response response = pipe.expect<Response>();
  EXPECT_TRUE(client.release(pipe.now).ok());
  pipe.expect<Released>();
  EXPECT_TRUE(client.closed());
  return response.items.size() == 1 && response.items[0].ok() ? to_hex(response.items[0].data)
                                                              : "no value";
}

const char* const kClockValue = "090C07EA0B150600090000000000";

TEST(DlmsAssociation, every_mechanism_without_ciphering) {
  for (const Mechanism mechanism :
       {Mechanism::kNone, Mechanism::kLow, Mechanism::kHighMd5, Mechanism::kHighSha1,
        Mechanism::kHighSha256, Mechanism::kHighGmac}) {
    Bench bench(mechanism);
    EXPECT_EQ(read_clock(bench), kClockValue) << to_string(mechanism);
  }
}

TEST(DlmsAssociation, every_mechanism_suite_form_and_protection) {
  for (const Mechanism mechanism :
       {Mechanism::kNone, Mechanism::kLow, Mechanism::kHighMd5, Mechanism::kHighSha1,
        Mechanism::kHighSha256, Mechanism::kHighGmac}) {
    for (const SecuritySuite suite : {SecuritySuite::k0, SecuritySuite::k1, SecuritySuite::k2}) {
      for (const CipherForm form :
           {CipherForm::kGlobal, CipherForm::kDedicated, CipherForm::kGeneralGlobal,
            CipherForm::kGeneralDedicated, CipherForm::kGeneralCiphering}) {
        for (const SecurityPolicy policy :
             {SecurityPolicy{suite, true, false}, SecurityPolicy{suite, false, true},
              SecurityPolicy{suite, true, true}}) {
          const bool dedicated =
              form == CipherForm::kDedicated || form == CipherForm::kGeneralDedicated;
          if (dedicated && !policy.encrypt) continue;
          Bench bench(mechanism, policy);
          bench.client.form = form;
          EXPECT_EQ(read_clock(bench), kClockValue)
              << to_string(mechanism) << " suite " << int(suite) << " form " << int(form) << " "
              << policy.authenticate << policy.encrypt;
        }
      }
    }
  }
}

TEST(DlmsAssociation, bytes_in_pieces_of_any_size) {
  for (const std::size_t piece : {1u, 2u, 3u, 7u, 8u, 9u, 50u}) {
    Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
    EXPECT_EQ(read_clock(bench, {.piece_bytes = piece}), kClockValue) << piece;
  }
}

TEST(DlmsAssociation, through_a_gateway) {
  Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
  bench.client.link.gateway = bench.server.link.gateway = GatewayRoute{7, {0x00, 0x11, 0x22, 0x33}};
  EXPECT_EQ(read_clock(bench), kClockValue);
  bench.client.link.gateway->device_address.back() = 0x34;  // another meter behind it
  EXPECT_EQ(read_clock(bench), ": timeout: no answer to the association request within 10000 ms");
}

TEST(DlmsAssociation, over_datagrams) {
  Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
  bench.client.link.transport = bench.server.link.transport = Transport::kWrapperDatagram;
  EXPECT_EQ(read_clock(bench), kClockValue);
}

TEST(DlmsAssociation, wrong_password) {
  Bench low(Mechanism::kLow);
  low.client.password = Secret("wrong");
  EXPECT_EQ(read_clock(low), ": refused: association rejected-permanent: authentication-failure");
  Bench high(Mechanism::kHighSha256);
  high.client.password = Secret("wrong");
  EXPECT_EQ(read_clock(high),
            ": security: the meter refuses our proof of identity: read-write-denied");
}

TEST(DlmsAssociation, wrong_key) {
  Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
  bench.client.keys.encryption = Secret(*from_hex("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"));
  EXPECT_EQ(read_clock(bench), ": refused: association rejected-permanent: authentication-failure");
  Bench gmac(Mechanism::kHighGmac);
  gmac.client.keys.authentication = Secret(*from_hex("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"));
  EXPECT_EQ(read_clock(gmac),
            ": security: the meter refuses our proof of identity: read-write-denied");
}

TEST(DlmsAssociation, another_meter_than_expected) {
  Bench bench(Mechanism::kHighGmac);
  bench.client.server_title = *system_title_from(*from_hex("4D4D4D0000000042"));
  EXPECT_NE(read_clock(bench).find("security: this is meter"), std::string::npos);
}

TEST(DlmsAssociation, the_public_client_needs_nothing) {
  Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
  bench.client.link.client_sap = 16;
  bench.client.mechanism = Mechanism::kNone;
  bench.client.security = {};
  EXPECT_EQ(read_clock(bench), kClockValue);
}

TEST(DlmsAssociation, a_client_nobody_knows) {
  Bench bench;
  bench.client.link.client_sap = 99;
  EXPECT_EQ(read_clock(bench), ": refused: association rejected-permanent: no-reason-given");
}

TEST(DlmsAssociation, what_cannot_work_is_said_before_anything_is_sent) {
  const auto why = [](auto change) {
    Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
    change(bench.client);
    Client client(bench.client, &bench.client_counters, bench.client_random);
    const Status status = client.connect(Instant{});
    return status.ok() ? std::string("fine") : to_string(status.error());
  };
  EXPECT_EQ(why([](ClientConfig&) {}), "fine");
  EXPECT_EQ(why([](ClientConfig& c) { c.keys.encryption = Secret("short"); }),
            "invalid: the encryption key has not 16 bytes");
  EXPECT_EQ(why([](ClientConfig& c) { c.mechanism = Mechanism::kLow, c.password = Secret(); }),
            "invalid: this authentication needs a password");
  EXPECT_EQ(
      why([](ClientConfig& c) { c.form = CipherForm::kDedicated, c.security.encrypt = false; }),
      "invalid: a dedicated key would travel unencrypted under this policy");
}

}  // namespace
}  // namespace amity::dlms
