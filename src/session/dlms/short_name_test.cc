// Short name referencing: blocks of answers and of requests, lost, repeated and wrongly numbered.
#include "session/dlms/test_pipe.h"

namespace amity::dlms {
namespace {

using namespace testing;

constexpr SecurityPolicy kAuthenticatedEncrypted{SecuritySuite::k0, true, true};
constexpr std::uint16_t kEnergyValue = 0x2008, kProfileBuffer = 0x3008, kNoSuchName = 0x7770;

struct ShortNames {
  Bench bench;
  std::optional<Client> client;
  std::optional<Server> server;
  std::optional<Pipe> pipe;

  explicit ShortNames(std::uint16_t pdu, SecurityPolicy security = {})
      : bench(Mechanism::kNone, security) {
    bench.client.referencing = bench.server.associations[0].referencing = Referencing::kShortName;
    bench.client.receive_pdu_bytes_max = pdu;
  }
  void connect() {
    client.emplace(bench.make_client());
    server.emplace(bench.make_server());
    pipe.emplace(*client, *server);
    EXPECT_TRUE(client->connect(pipe->now).ok());
    pipe->open();
    pipe->expect<Connected>();
    pipe->transcript.clear();
  }
  void ask(std::vector<ShortNameRequest> names) {
    if (Status s = client->read_sn(names, pipe->now); !s.ok())
      ADD_FAILURE() << to_string(s.error());
  }
  Response read(std::vector<ShortNameRequest> names) {
    ask(std::move(names));
    return pipe->expect<Response>();
  }
  std::string failure(std::vector<ShortNameRequest> names) {
    ask(std::move(names));
    const Failed failed = pipe->expect<Failed>();
    return to_string(failed.error) + (failed.closed ? ", closed" : ", still associated");
  }
};

std::size_t rows_of(const ItemResult& item) {
  DataTree tree;
  return tree.parse(item.data).ok() ? tree.root().size() : 0;
}

TEST(DlmsShortNames, blocks_as_they_stand_on_the_line) {
  ShortNames sn(64);
  sn.bench.objects.rows = 3;
  sn.connect();
  EXPECT_EQ(rows_of(sn.read({{kProfileBuffer, {}}}).items[0]), 3u);
  // Behind the wrapper header: 05 count 02 name; 0C count 02 last number(2) length, then count 01
  // and choice 00 of the only result, array of 3 ...
  ASSERT_EQ(sn.pipe->transcript.size(), 4u);
  EXPECT_EQ(sn.pipe->transcript[0].substr(18), "0501023008");
  EXPECT_EQ(sn.pipe->transcript[1].substr(18, 26), "0C010200000137010001030202");
  EXPECT_EQ(sn.pipe->transcript[2].substr(18), "0501050001");
  EXPECT_EQ(sn.pipe->transcript[3].substr(18, 12), "0C0102010002");
}

TEST(DlmsShortNames, long_answers_in_blocks_of_any_size) {
  for (const std::uint16_t pdu : {64, 128, 300, 1024}) {
    for (const bool ciphered : {false, true}) {
      ShortNames sn(pdu, ciphered ? kAuthenticatedEncrypted : SecurityPolicy{});
      sn.connect();
      const Response response =
          sn.read({{kProfileBuffer, {}}, {kEnergyValue, {}}, {kNoSuchName, {}}});
      ASSERT_EQ(response.items.size(), 3u);
      EXPECT_EQ(rows_of(response.items[0]), 96u) << pdu << ciphered;
      EXPECT_EQ(text_of(response.items[1].data), "uint32 123456");
      EXPECT_EQ(response.items[2].access, DataAccessResult::kObjectUndefined);
      for (const std::string& line : sn.pipe->transcript) {
        if (line[0] == '<') {
          EXPECT_LE(line.size() / 2 - 1 - 8, pdu) << line;
        }
      }
    }
  }
}

TEST(DlmsShortNames, a_profile_by_entry) {
  ShortNames sn(64);
  sn.connect();
  EXPECT_EQ(rows_of(sn.read({{kProfileBuffer, Selection::by_entry({10, 25, 1, 0})}}).items[0]),
            16u);
  EXPECT_EQ(sn.bench.objects.last_selection, "entries");
}

TEST(DlmsShortNames, long_requests_in_blocks) {
  for (const bool ciphered : {false, true}) {
    ShortNames sn(1024, ciphered ? kAuthenticatedEncrypted : SecurityPolicy{});
    sn.bench.server.receive_pdu_bytes_max = 64;
    sn.connect();
    const std::vector<ShortNameRequest> names(60, ShortNameRequest{kEnergyValue, {}});
    const Response response = sn.read(names);
    ASSERT_EQ(response.items.size(), 60u);
    for (const ItemResult& item : response.items) EXPECT_EQ(text_of(item.data), "uint32 123456");
    for (const std::string& line : sn.pipe->transcript) {
      if (line[0] == '>') {
        EXPECT_LE(line.size() / 2 - 1 - 8, 64u) << line;
      }
    }
  }
}

TEST(DlmsShortNames, a_lost_block_is_asked_for_again) {
  ShortNames sn(128);
  sn.bench.client.attempts = 3;
  sn.connect();
  unsigned sent = 0;
  sn.pipe->from_meter = [&](Bytes&) { return ++sent % 3 != 0; };
  EXPECT_EQ(rows_of(sn.read({{kProfileBuffer, {}}}).items[0]), 96u);
  EXPECT_GT(sn.client->statistics().retries, 5u);
}

TEST(DlmsShortNames, a_lost_acknowledgement_of_a_request_block) {
  ShortNames sn(1024);
  sn.bench.client.attempts = 2;
  sn.bench.server.receive_pdu_bytes_max = 64;
  sn.connect();
  unsigned sent = 0;
  sn.pipe->from_meter = [&](Bytes&) { return ++sent != 2; };
  EXPECT_EQ(
      sn.read(std::vector<ShortNameRequest>(60, ShortNameRequest{kEnergyValue, {}})).items.size(),
      60u);
  EXPECT_EQ(sn.client->statistics().retries, 1u);
}

TEST(DlmsShortNames, a_repeated_block_counts_once) {
  ShortNames sn(128);
  sn.connect();
  sn.pipe->from_meter = [&](Bytes& bytes) {
    sn.client->on_bytes(bytes, sn.pipe->now);
    return true;
  };
  EXPECT_EQ(rows_of(sn.read({{kProfileBuffer, {}}}).items[0]), 96u);
  EXPECT_GT(sn.client->statistics().stray_apdus, 5u);
}

// Lets `change` rewrite the n-th (from 1) answer or request; 0C 01 02 last number(2) length data.
std::string with_changed(bool answer, int n, std::function<void(Bytes& apdu)> change) {
  ShortNames sn(128);
  sn.connect();
  int seen = 0;
  (answer ? sn.pipe->from_meter : sn.pipe->to_meter) = [&](Bytes& bytes) {
    if (++seen == n) {
      Bytes apdu(bytes.begin() + 8, bytes.end());
      change(apdu);
      bytes.resize(8);
      bytes[7] = static_cast<std::uint8_t>(apdu.size());
      append(bytes, apdu);
    }
    return true;
  };
  const std::string failure = sn.failure({{kProfileBuffer, {}}});
  sn.pipe->from_meter = sn.pipe->to_meter = nullptr;
  if (failure.ends_with("still associated")) {
    EXPECT_TRUE(sn.read({{kEnergyValue, {}}}).items[0].ok()) << failure;
  }
  return failure;
}

TEST(DlmsShortNames, blocks_that_lie) {
  EXPECT_EQ(with_changed(true, 2, [](Bytes& a) { a[5] = 9; }),
            "malformed: block 9 came, 2 was due, still associated");
  EXPECT_EQ(with_changed(true, 1, [](Bytes& a) { a[5] = 0; }),
            "malformed: block 0 came, 1 was due, still associated");
  EXPECT_EQ(with_changed(true, 3, [](Bytes& a) { a[3] = 1; }).substr(0, 9), "truncated");
  EXPECT_EQ(with_changed(true, 2, [](Bytes& a) { a = *from_hex("0C0100110A"); }),
            "malformed: the block transfer broke off after block 1: a whole value came, still "
            "associated");
  EXPECT_EQ(with_changed(true, 2, [](Bytes& a) { a = *from_hex("0C01030007"); }),
            "malformed: block 7 is acknowledged, 0 was sent, still associated");
  EXPECT_EQ(with_changed(true, 1, [](Bytes& a) { a = *from_hex("0C0202010001010002010001010000"); })
                .substr(0, 9),
            "malformed");
}

TEST(DlmsShortNames, the_meter_refuses_block_numbers_that_are_not_due) {
  EXPECT_EQ(with_changed(false, 3, [](Bytes& a) { a[4] = 7; }),
            "refused: the block transfer broke off after block 2: data-block-number-invalid, still "
            "associated");
  EXPECT_EQ(with_changed(false, 2, [](Bytes& a) { a = *from_hex("0501060000050102"); }),
            "refused: the block transfer broke off after block 1: no-long-get-in-progress, still "
            "associated");
  // Nothing is under way: the block asked for is refused, not the association.
  EXPECT_EQ(with_changed(false, 2, [](Bytes& a) { a = *from_hex("0501022008"); }),
            "malformed: the block transfer broke off after block 1: a whole value came, still "
            "associated");
}

TEST(DlmsShortNames, a_meter_that_cannot_send_blocks_says_so) {
  ShortNames sn(128);
  sn.bench.server.associations[0].conformance.bits =
      Conformance::kRead | Conformance::kMultipleReferences;
  sn.connect();
  EXPECT_EQ(sn.failure({{kProfileBuffer, {}}}),
            "refused: exception response: service-not-allowed: pdu-too-long, still associated");
}

TEST(DlmsShortNames, an_answer_without_end) {
  ShortNames sn(128);
  sn.bench.client.response_bytes_max = 1000;
  sn.connect();
  EXPECT_EQ(sn.failure({{kProfileBuffer, {}}}),
            "limit: the answer is longer than 1000 bytes, still associated");
}

}  // namespace
}  // namespace amity::dlms
