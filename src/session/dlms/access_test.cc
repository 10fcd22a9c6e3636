// ACCESS: one request of several services, protected and in general blocks, and its wrong answers.
#include "session/dlms/test_pipe.h"

namespace amity::dlms {
namespace {

using namespace testing;

constexpr SecurityPolicy kAuthenticatedEncrypted{SecuritySuite::k0, true, true};

struct AccessBench {
  Bench bench;
  std::optional<Client> client;
  std::optional<Server> server;
  std::optional<Pipe> pipe;

  explicit AccessBench(SecurityPolicy security = {}) : bench(Mechanism::kNone, security) {}
  void connect() {
    client.emplace(bench.make_client());
    server.emplace(bench.make_server());
    pipe.emplace(*client, *server);
    EXPECT_TRUE(client->connect(pipe->now).ok());
    pipe->open();
    pipe->expect<Connected>();
    pipe->transcript.clear();
  }
  Response ask_for(std::vector<AccessCall> calls, AccessOptions options = {}) {
    const Status s = client->access(calls, options, pipe->now);
    if (!s.ok()) ADD_FAILURE() << to_string(s.error());
    return pipe->expect<Response>();
  }
};

Bytes text_value(std::size_t size) {
  Bytes out;
  DataWriter(out).octet_string(Bytes(size, 0x41));
  return out;
}

AccessCall get_profile_entries(std::uint32_t from, std::uint32_t to) {
  AttributeRequest request = ask(7, kProfile, 2);
  request.selection = Selection::by_entry({from, to, 1, 0});
  return AccessCall::get(request);
}

TEST(DlmsAccess, get_set_and_action_in_one_request) {
  for (const SecurityPolicy security : {SecurityPolicy{}, kAuthenticatedEncrypted}) {
    AccessBench b(security);
    b.connect();
    const Response r = b.ask_for({AccessCall::get(ask(3, kEnergy, 2)), get_profile_entries(3, 7),
                                  AccessCall::set({{1, kLogBook, 2}, text_value(5), {}}),
                                  AccessCall::action({{9, kScripts, 1}, *from_hex("120007")}),
                                  AccessCall::set({{8, kClock, 2}, text_value(1), {}}),
                                  AccessCall::action({{9, kClock, 1}, std::nullopt})});
    EXPECT_EQ(r.kind, RequestKind::kAccess);
    ASSERT_EQ(r.items.size(), 6u);
    EXPECT_EQ(text_of(r.items[0].data), "uint32 123456");
    DataTree rows;
    ASSERT_TRUE(rows.parse(r.items[1].data).ok());
    EXPECT_EQ(rows.root().size(), 5u);
    EXPECT_TRUE(r.items[2].ok());
    EXPECT_EQ(b.bench.objects.text, Bytes(5, 0x41));
    EXPECT_EQ(to_hex(r.items[3].data), "120007");
    EXPECT_EQ(r.items[4].access, DataAccessResult::kReadWriteDenied);
    EXPECT_EQ(r.items[5].action, ActionResult::kObjectUndefined);
  }
}

TEST(DlmsAccess, as_it_stands_on_the_line) {
  AccessBench b;
  b.connect();
  AccessOptions options;
  options.self_descriptive = true;
  options.date_time = *from_hex("07EA0B150600090000000000");
  b.ask_for({AccessCall::get(ask(3, kEnergy, 2)),
             AccessCall::action({{9, kScripts, 1}, *from_hex("1105")})},
            options);
  ASSERT_EQ(b.pipe->transcript.size(), 2u);
  // Wrapper header; D9, long invoke id 1 with confirmed, high priority, self-descriptive;
  // date-time; two specifications (GET, ACTION); two values (null, unsigned 5).
  EXPECT_EQ(b.pipe->transcript[0].substr(18),
            "D9D00000010C07EA0B150600090000000000"
            "020100030100010800FF0203000900000A0064FF01"
            "02001105");
  EXPECT_EQ(b.pipe->transcript[1].substr(18),
            "DAD00000010001"
            "020100030100010800FF0203000900000A0064FF01"
            "02060001E2401105"
            "0201000300");
}

TEST(DlmsAccess, long_requests_and_answers_travel_in_general_blocks) {
  for (const SecurityPolicy security : {SecurityPolicy{}, kAuthenticatedEncrypted}) {
    AccessBench b(security);
    b.bench.client.receive_pdu_bytes_max = b.bench.server.receive_pdu_bytes_max = 128;
    b.connect();
    const Response r = b.ask_for({AccessCall::get(ask(7, kProfile, 2)),
                                  AccessCall::set({{1, kLogBook, 2}, text_value(2'000), {}}),
                                  AccessCall::get(ask(1, kLogBook, 2))});
    ASSERT_EQ(r.items.size(), 3u);
    EXPECT_GT(r.items[0].data.size(), 1'500u);
    EXPECT_EQ(r.items[2].data, text_value(2'000));  // in their order: set before it was read
  }
}

TEST(DlmsAccess, breaks_off_on_an_error_where_asked) {
  AccessBench b;
  b.connect();
  const std::vector<AccessCall> calls = {AccessCall::get(ask(3, kEnergy, 9)),
                                         AccessCall::action({{9, kScripts, 1}, std::nullopt})};
  EXPECT_TRUE(b.ask_for(calls).items[1].ok());
  EXPECT_EQ(b.bench.objects.obeyed, 1u);
  AccessOptions options;
  options.break_on_error = true;
  const Response r = b.ask_for(calls, options);
  EXPECT_EQ(r.items[0].access, DataAccessResult::kObjectUndefined);
  EXPECT_EQ(r.items[1].action, ActionResult::kOtherReason);
  EXPECT_EQ(b.bench.objects.obeyed, 1u);
}

TEST(DlmsAccess, is_refused_where_the_meter_has_none) {
  AccessBench b;
  b.bench.server.associations[0].conformance.bits =
      Conformance::kGet | Conformance::kMultipleReferences;
  b.connect();
  const AccessCall call = AccessCall::get(ask(3, kEnergy, 2));
  EXPECT_EQ(b.client->access(std::span(&call, 1), {}, b.pipe->now).error().code,
            ErrorCode::kUnsupported);
  const AccessCall nothing = AccessCall::set({{1, kLogBook, 2}, {}, {}});
  AccessBench other;
  other.connect();
  EXPECT_EQ(other.client->access(std::span(&nothing, 1), {}, other.pipe->now).error().code,
            ErrorCode::kInvalid);
}

TEST(DlmsAccess, what_changes_the_meter_is_never_sent_twice) {
  AccessBench b;
  b.bench.client.attempts = 4;
  b.connect();
  b.pipe->from_meter = [](Bytes&) { return false; };
  const AccessCall call = AccessCall::action({{9, kScripts, 1}, std::nullopt});
  ASSERT_TRUE(b.client->access(std::span(&call, 1), {}, b.pipe->now).ok());
  EXPECT_EQ(b.pipe->expect<Failed>().error.code, ErrorCode::kTimeout);
  EXPECT_EQ(b.bench.objects.obeyed, 1u);
}

// The answer to one GET, changed; DA, long invoke id, no date-time, no specifications, ...
std::string with_answer_changed(std::function<void(Bytes& apdu)> change) {
  AccessBench b;
  b.connect();
  b.pipe->from_meter = [&](Bytes& bytes) {
    Bytes apdu(bytes.begin() + 8, bytes.end());
    change(apdu);
    bytes.resize(8);
    bytes[7] = static_cast<std::uint8_t>(apdu.size());
    append(bytes, apdu);
    return true;
  };
  const AccessCall call = AccessCall::get(ask(3, kEnergy, 2));
  EXPECT_TRUE(b.client->access(std::span(&call, 1), {}, b.pipe->now).ok());
  return to_string(b.pipe->expect<Failed>().error);
}

TEST(DlmsAccess, answers_that_lie) {
  EXPECT_EQ(with_answer_changed([](Bytes& a) { a[4] ^= 2; }),
            "timeout: no answer to the request within 10000 ms");  // another invoke id
  EXPECT_EQ(with_answer_changed([](Bytes& a) { a[a.size() - 2] = 3; }),
            "malformed: result 1 is of another service");
  EXPECT_EQ(with_answer_changed([](Bytes& a) { a = *from_hex("DAC000000100000000"); }),
            "malformed: 0 values and 0 results came, 1 were asked for");
  EXPECT_EQ(with_answer_changed([](Bytes& a) { a.pop_back(); }).substr(0, 9), "truncated");
}

}  // namespace
}  // namespace amity::dlms
