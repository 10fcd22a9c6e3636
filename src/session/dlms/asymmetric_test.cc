// Suites 1 and 2 with their elliptic curves: HLS ECDSA, signed APDUs, agreed keys; both sides are
// ours, as no public conversation of this kind is known.
#include "session/dlms/test_pipe.h"
#include "wire/dlms/ecdsa.h"

namespace amity::dlms {
namespace {

using namespace testing;

Bytes scalar(SecuritySuite suite, std::uint8_t fill) {
  Bytes out(signature_size(suite) / 2, fill);
  out[0] = 0x11;
  return out;
}

// A bench whose two sides know each other's public keys.
struct Curves : Bench {
  Curves(Mechanism mechanism, SecuritySuite suite, bool ciphered)
      : Bench(mechanism, {suite, ciphered, ciphered}) {
    client.asymmetric.signing = Secret(scalar(suite, 1));
    client.asymmetric.agreement = Secret(scalar(suite, 2));
    server.asymmetric.signing = Secret(scalar(suite, 3));
    server.asymmetric.agreement = Secret(scalar(suite, 4));
    client.asymmetric.peer_signing = *ec_public_key(suite, scalar(suite, 3));
    client.asymmetric.peer_agreement = *ec_public_key(suite, scalar(suite, 4));
    server.asymmetric.peer_signing = *ec_public_key(suite, scalar(suite, 1));
    server.asymmetric.peer_agreement = *ec_public_key(suite, scalar(suite, 2));
  }
  void sign() { client.sign = server.associations[0].sign = true; }
  // The clock, a profile, a long SET and back; or what failed.
  std::string converse(std::function<bool(Bytes&)> from_meter = {}) {
    Client c = make_client();
    Server s = make_server();
    Pipe pipe(c, s);
    if (const Status begun = c.connect(pipe.now); !begun.ok()) return to_string(begun.error());
    pipe.open();
    pipe.run();
    if (!c.connected()) return Pipe::failure_text(pipe.events.back());
    pipe.events.clear();
    pipe.from_meter = std::move(from_meter);
    const AttributeWrite write{{1, kLogBook, 2}, long_text(), {}};
    EXPECT_TRUE(c.set(std::span(&write, 1), pipe.now).ok());
    pipe.run();
    if (std::holds_alternative<Failed>(pipe.events.back()))
      return Pipe::failure_text(pipe.events.back());
    pipe.events.clear();
    EXPECT_TRUE(c.get(ask(1, kLogBook, 2), pipe.now).ok());
    const Response back = pipe.expect<Response>();
    return back.items.size() == 1 && back.items[0].data == long_text() ? "read" : "something else";
  }
  static Bytes long_text() {
    Bytes text;
    DataWriter(text).octet_string(Bytes(1'500, 0x42));
    return text;
  }
};

TEST(DlmsAsymmetric, hls_ecdsa) {
  for (const SecuritySuite suite : {SecuritySuite::k1, SecuritySuite::k2}) {
    for (const bool ciphered : {false, true}) {
      Curves both(Mechanism::kHighEcdsa, suite, ciphered);
      EXPECT_EQ(both.converse(), "read") << int(suite) << ciphered;
    }
  }
}

TEST(DlmsAsymmetric, hls_ecdsa_refuses_who_has_another_key) {
  Curves impostor(Mechanism::kHighEcdsa, SecuritySuite::k1, false);
  impostor.client.asymmetric.signing = Secret(scalar(SecuritySuite::k1, 9));
  EXPECT_EQ(impostor.converse(),
            ": security: the meter refuses our proof of identity: read-write-denied");
  Curves false_meter(Mechanism::kHighEcdsa, SecuritySuite::k2, true);
  false_meter.server.asymmetric.signing = Secret(scalar(SecuritySuite::k2, 9));
  EXPECT_EQ(false_meter.converse(),
            ": security: the meter's proof is wrong: the signature is wrong");
}

TEST(DlmsAsymmetric, agreed_keys_and_signatures) {
  for (const SecuritySuite suite : {SecuritySuite::k1, SecuritySuite::k2}) {
    for (const CipherForm form : {CipherForm::kGlobal, CipherForm::kGeneralGlobal,
                                  CipherForm::kAgreedOnePass, CipherForm::kAgreedStatic}) {
      for (const bool sign : {false, true}) {
        Curves both(Mechanism::kHighGmac, suite, true);
        both.client.form = form;
        both.client.receive_pdu_bytes_max = both.server.receive_pdu_bytes_max = 800;
        if (sign) both.sign();
        EXPECT_EQ(both.converse(), "read") << int(suite) << int(form) << sign;
      }
    }
  }
}

TEST(DlmsAsymmetric, unsigned_and_falsely_signed_requests_are_refused) {
  Curves plain(Mechanism::kHighEcdsa, SecuritySuite::k1, true);
  plain.server.associations[0].sign = true;
  EXPECT_EQ(plain.converse().substr(0, 10), ": refused:");
  Curves other(Mechanism::kHighGmac, SecuritySuite::k1, true);
  other.sign();
  other.client.asymmetric.signing = Secret(scalar(SecuritySuite::k1, 9));
  EXPECT_EQ(other.converse().substr(0, 10), ": security");
}

TEST(DlmsAsymmetric, an_answer_changed_on_its_way_is_refused) {
  for (const CipherForm form : {CipherForm::kGlobal, CipherForm::kAgreedOnePass}) {
    Curves both(Mechanism::kHighEcdsa, SecuritySuite::k1, true);
    both.client.form = form;
    both.sign();
    EXPECT_EQ(both.converse([](Bytes& bytes) {
                    bytes[bytes.size() - 80] ^= 1;
                    return true;
                  })
                  .substr(0, 12),
              ": security: ");
  }
}

TEST(DlmsAsymmetric, what_cannot_work_is_refused_beforehand) {
  Curves none(Mechanism::kHighEcdsa, SecuritySuite::k1, false);
  none.client.security.suite = SecuritySuite::k0;
  EXPECT_EQ(none.converse(), "invalid: suite 0 has neither signatures nor key agreement");
  Curves other(Mechanism::kHighEcdsa, SecuritySuite::k2, false);
  other.client.asymmetric.peer_signing.resize(64);
  EXPECT_EQ(other.converse(), "invalid: the signing keys do not fit the suite");
  Curves agreed(Mechanism::kHighGmac, SecuritySuite::k1, true);
  agreed.client.form = CipherForm::kAgreedStatic;
  agreed.client.asymmetric.peer_agreement.clear();
  EXPECT_EQ(agreed.converse(), "invalid: the key agreement keys do not fit the suite");
}

}  // namespace
}  // namespace amity::dlms
