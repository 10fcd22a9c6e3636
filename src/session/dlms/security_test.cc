// Attacks and accidents: downgrades, replays, forged and altered APDUs, used-up counters, reused
// challenges.
#include <set>

#include "session/dlms/test_pipe.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/wrapper.h"

namespace amity::dlms {
namespace {

using namespace testing;

constexpr SecurityPolicy kAuthenticatedEncrypted{SecuritySuite::k0, true, true};

struct Secured {
  Bench bench;
  Client client;
  Server server;
  Pipe pipe;

  explicit Secured(Mechanism mechanism = Mechanism::kHighGmac,
                   SecurityPolicy policy = kAuthenticatedEncrypted,
                   Transport transport = Transport::kWrapperStream)
      : bench(with(mechanism, policy, transport)),
        client(bench.make_client()),
        server(bench.make_server()),
        pipe(client, server) {
    EXPECT_TRUE(client.connect(pipe.now).ok());
    pipe.open();
  }

  static Bench with(Mechanism mechanism, SecurityPolicy policy, Transport transport) {
    Bench bench(mechanism, policy);
    bench.client.link.transport = bench.server.link.transport = transport;
    return bench;
  }
  std::string ask_clock() {
    if (Status s = client.get(ask(8, kClock, 2), pipe.now); !s.ok())
      return "at once: " + to_string(s.error());
    pipe.run();
    if (pipe.events.empty()) return "nothing";
    const ClientEvent event = pipe.events.back();
    pipe.events.clear();
    if (const auto* response = std::get_if<Response>(&event))
      return "clock " + to_hex(response->items[0].data);
    const auto* failed = std::get_if<Failed>(&event);
    return failed == nullptr ? "another event"
                             : to_string(failed->error) + (failed->closed ? ", closed" : "");
  }
  std::string server_violation() const {
    for (const ServerEvent& event : pipe.server_events) {
      if (const auto* violation = std::get_if<SecurityViolation>(&event))
        return to_string(violation->error);
    }
    return "none";
  }
  // What the meter's key makes of `plain`, as if the meter had sent it.
  Bytes sealed(ByteView plain, std::uint8_t control, std::uint32_t counter) {
    Cipher cipher =
        *Cipher::make(bench.server.keys.encryption.view(), bench.server.keys.authentication.view());
    Bytes apdu;
    EXPECT_TRUE(
        protect_service(cipher, {control}, bench.server.title, {counter}, false, plain, apdu).ok());
    return apdu;
  }
};

Bytes wrapped(ByteView apdu, std::uint16_t source = 1, std::uint16_t destination = 1) {
  Bytes out;
  EXPECT_TRUE(encode(WrapperFrame{source, destination, apdu}, out).ok());
  return out;
}

const char* const kPlainAnswer = "C401C200090C07EA0B150600090000000000";

TEST(DlmsSecurity, answers_that_protect_less_are_refused) {
  const auto answered_with = [](std::function<Bytes(Secured&)> answer) {
    Secured s;
    s.pipe.expect<Connected>();
    s.pipe.from_meter = [&](Bytes& bytes) {
      bytes = wrapped(answer(s));
      return true;
    };
    return s.ask_clock();
  };
  const Bytes plain = *from_hex(kPlainAnswer);
  EXPECT_EQ(answered_with([&](Secured& s) { return s.sealed(plain, 0x30, 1000); }),
            "clock 090C07EA0B150600090000000000");
  EXPECT_EQ(answered_with([&](Secured&) { return plain; }).substr(0, 9), "security:");
  EXPECT_EQ(answered_with([&](Secured& s) { return s.sealed(plain, 0x20, 1000); }).substr(0, 9),
            "security:");
  EXPECT_EQ(answered_with([&](Secured& s) { return s.sealed(plain, 0x10, 1000); }).substr(0, 9),
            "security:");
  EXPECT_EQ(answered_with([&](Secured& s) { return s.sealed(plain, 0x30, 1); }).substr(0, 30),
            "security: invocation counter 1");
  EXPECT_EQ(answered_with([&](Secured& s) {
              Bytes altered = s.sealed(plain, 0x30, 1000);
              altered[12] ^= 1;
              return altered;
            }).substr(0, 9),
            "security:");
  EXPECT_EQ(answered_with([&](Secured& s) {  // a SET answer under the tag of a GET answer
              Bytes swapped = s.sealed(*from_hex("C501C200"), 0x30, 1000);
              swapped[0] = 0xCC;
              return swapped;
            }),
            "security: the ciphered APDU holds another service than its tag says, closed");
}

TEST(DlmsSecurity, a_repeated_answer_is_noticed) {
  Secured s;
  s.pipe.expect<Connected>();
  Bytes first;
  s.pipe.from_meter = [&](Bytes& bytes) {
    first = bytes;
    return true;
  };
  EXPECT_EQ(s.ask_clock(), "clock 090C07EA0B150600090000000000");
  s.pipe.from_meter = [&](Bytes& bytes) {
    bytes = first;
    return true;
  };
  EXPECT_EQ(s.ask_clock(), "security: invocation counter 4 was used before (highest 4), closed");
  EXPECT_TRUE(s.client.closed());
}

TEST(DlmsSecurity, over_datagrams_repetitions_are_dropped_and_the_answer_still_counts) {
  Secured s(Mechanism::kHighGmac, kAuthenticatedEncrypted, Transport::kWrapperDatagram);
  s.pipe.expect<Connected>();
  Bytes old;
  s.pipe.from_meter = [&](Bytes& bytes) {
    if (!old.empty()) s.client.on_bytes(old, s.pipe.now);
    old = bytes;
    return true;
  };
  for (int i = 0; i < 4; ++i) EXPECT_EQ(s.ask_clock(), "clock 090C07EA0B150600090000000000");
  EXPECT_EQ(s.client.statistics().stray_apdus, 3u);
}

TEST(DlmsSecurity, an_association_answer_may_not_be_weakened) {
  const auto answered_with = [](std::function<void(Aare&, Bytes & information)> change) {
    Secured s;
    s.pipe.from_meter = [&](Bytes& bytes) {
      const Bytes original = bytes;
      Aare aare = *decode_aare(ByteView(original).subspan(8));
      Bytes information(aare.user_information.begin(), aare.user_information.end());
      change(aare, information);
      aare.user_information = information;
      Bytes apdu;
      encode(aare, apdu);
      bytes = wrapped(apdu);
      return true;
    };
    return to_string(s.pipe.expect<Failed>().error);
  };
  EXPECT_EQ(answered_with([](Aare& aare, Bytes&) { aare.diagnostic = 0; }),
            "security: the meter accepts without proving itself, although high-level security was "
            "asked for");
  EXPECT_EQ(answered_with([](Aare&, Bytes& i) {
              i = *from_hex("0800065F1F040060FE9F04000007");
            }).substr(0, 9),
            "security:");
  EXPECT_EQ(answered_with([](Aare& aare, Bytes&) {
              aare.context = ApplicationContext::kLogicalName;
            }).substr(0, 9),
            "security:");
  EXPECT_EQ(
      answered_with([](Aare& aare, Bytes&) { aare.mechanism = Mechanism::kHighMd5; }).substr(0, 9),
      "security:");
  const Bytes short_challenge(4, 1);
  EXPECT_NE(answered_with([&](Aare& aare, Bytes&) {
              aare.responding_authentication_value = short_challenge;
            }),
            "");
}

TEST(DlmsSecurity, our_own_challenge_does_not_come_back) {
  Secured s;
  Bytes ours;
  s.pipe.to_meter = [&](Bytes& bytes) {
    const Aarq aarq = *decode_aarq(ByteView(bytes).subspan(8));
    ours.assign(aarq.calling_authentication_value.begin(), aarq.calling_authentication_value.end());
    return true;
  };
  s.pipe.from_meter = [&](Bytes& bytes) {
    const Bytes original = bytes;
    Aare aare = *decode_aare(ByteView(original).subspan(8));
    aare.responding_authentication_value = ours;
    Bytes apdu;
    encode(aare, apdu);
    bytes = wrapped(apdu);
    return true;
  };
  EXPECT_EQ(s.pipe.expect<Failed>().error.code, ErrorCode::kSecurity);
}

TEST(DlmsSecurity, a_meter_that_cannot_prove_itself) {
  for (const Mechanism mechanism :
       {Mechanism::kHighMd5, Mechanism::kHighSha1, Mechanism::kHighSha256, Mechanism::kHighGmac}) {
    Secured s(mechanism, SecurityPolicy{});
    int answers = 0;
    s.pipe.from_meter = [&](Bytes& bytes) {
      if (++answers == 2) bytes.back() ^= 1;  // f(CtoS)
      return true;
    };
    const Failed failed = s.pipe.expect<Failed>();
    EXPECT_EQ(to_string(failed.error).substr(0, 36), "security: the meter's proof is wrong")
        << to_string(mechanism);
    EXPECT_TRUE(failed.closed);
  }
}

TEST(DlmsSecurity, the_server_refuses_what_is_not_protected_enough) {
  Secured s;
  s.pipe.expect<Connected>();
  s.pipe.to_meter = [&](Bytes& bytes) {
    bytes = wrapped(*from_hex("C001C100080000010000FF0200"));
    return true;
  };
  EXPECT_EQ(s.ask_clock(),
            "refused: exception response: service-not-allowed: operation-not-possible");
  EXPECT_EQ(s.server_violation().substr(0, 9), "security:");
}

TEST(DlmsSecurity, the_server_refuses_a_repeated_request_and_says_its_counter) {
  Secured s;
  Bytes first;
  s.pipe.expect<Connected>();
  s.pipe.to_meter = [&](Bytes& bytes) {
    first = bytes;
    return true;
  };
  s.ask_clock();
  s.pipe.to_meter = [&](Bytes& bytes) {
    bytes = first;
    return true;
  };
  ASSERT_TRUE(s.client.get(ask(8, kClock, 2), s.pipe.now).ok());
  const Failed failed = s.pipe.expect<Failed>();
  EXPECT_EQ(failed.error.code, ErrorCode::kSecurity);
  EXPECT_EQ(failed.expected_counter, 5u);
  EXPECT_NE(s.server_violation().find("was used before"), std::string::npos);
}

TEST(DlmsSecurity, before_the_proof_nothing_is_answered) {
  Secured s(Mechanism::kHighSha256, SecurityPolicy{});
  int requests = 0;
  s.pipe.to_meter = [&](Bytes& bytes) {
    if (++requests == 2)
      bytes = wrapped(*from_hex("C001C100080000010000FF0200"));  // instead of the proof
    return true;
  };
  EXPECT_EQ(to_string(s.pipe.expect<Failed>().error),
            "refused: exception response: service-not-allowed: operation-not-possible");
}

TEST(DlmsSecurity, a_used_up_counter_stops_everything) {
  Secured s;
  s.pipe.expect<Connected>();
  s.bench.client_counters.set_next(kInvocationCounterMax);
  EXPECT_EQ(s.ask_clock(),
            "limit: the invocation counter is used up: this key needs to be changed, closed");
}

TEST(DlmsSecurity, no_counter_is_ever_sent_twice) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Bench bench(Mechanism::kLow, kAuthenticatedEncrypted);
    bench.client.link.transport = bench.server.link.transport = Transport::kWrapperDatagram;
    bench.client.attempts = 20;
    bench.client.receive_pdu_bytes_max = 200;
    Client client = bench.make_client();
    Server server = bench.make_server();
    Pipe pipe(client, server, {.loss = 0.2, .repeat = 0.2, .seed = seed});
    std::set<std::string> counters;
    std::set<std::string> frames;
    pipe.to_meter = [&](Bytes& bytes) {
      const std::string hex = to_hex(bytes);
      const std::size_t at = hex.find("3000", 16);  // security control and the counter's first byte
      EXPECT_NE(at, std::string::npos);
      EXPECT_TRUE(counters.insert(hex.substr(at + 2, 8)).second) << hex;
      return true;
    };
    ASSERT_TRUE(client.connect(pipe.now).ok());
    pipe.open();
    pipe.expect<Connected>();
    ASSERT_TRUE(client.get(ask(7, kProfile, 2), pipe.now).ok());
    const Response response = pipe.expect<Response>();
    DataTree tree;
    ASSERT_TRUE(tree.parse(response.items.at(0).data).ok());
    EXPECT_EQ(tree.root().size(), 96u);
    EXPECT_GT(client.statistics().retries, 0u) << seed;
  }
}

TEST(DlmsSecurity, the_wrapper_cannot_lie_about_lengths) {
  Secured s;
  s.pipe.expect<Connected>();
  s.pipe.from_meter = [](Bytes& bytes) {
    bytes = *from_hex("0002000100010010AABB");  // another version: framing is lost
    return true;
  };
  EXPECT_NE(s.ask_clock().find(", closed"), std::string::npos);
}

}  // namespace
}  // namespace amity::dlms
