// GET, SET, ACTION and Read: lists, selective access, blocks both ways, and everything a meter may
// answer wrongly.
#include "session/dlms/test_pipe.h"
#include "wire/dlms/apdu.h"
#include "wire/dlms/wrapper.h"

namespace amity::dlms {
namespace {

using namespace testing;

constexpr SecurityPolicy kAuthenticatedEncrypted{SecuritySuite::k0, true, true};

struct Connection {
  Bench& bench;
  Client client;
  Server server;
  Pipe pipe;

  explicit Connection(Bench& b)
      : bench(b), client(b.make_client()), server(b.make_server()), pipe(client, server) {
    EXPECT_TRUE(client.connect(pipe.now).ok());
    pipe.open();
    pipe.expect<Connected>();
    pipe.transcript.clear();
  }

  Response get(std::vector<AttributeRequest> attributes) {
    if (Status s = client.get(attributes, pipe.now); !s.ok()) ADD_FAILURE() << to_string(s.error());
    return pipe.expect<Response>();
  }
  std::string get_failure(const AttributeRequest& attribute) {
    if (Status s = client.get(attribute, pipe.now); !s.ok())
      return "at once: " + to_string(s.error());
    const Failed failed = pipe.expect<Failed>();
    return to_string(failed.error) + (failed.closed ? ", closed" : ", still associated");
  }
};

// Of each wrapper frame that the meter sent.
std::vector<std::size_t> apdu_sizes(const std::string& line) {
  std::vector<std::size_t> sizes;
  if (line[0] != '<') return sizes;
  WrapperSplitter splitter;
  splitter.feed(*from_hex(line.substr(2)));
  for (auto frame = splitter.next(); frame.ok() && frame->has_value(); frame = splitter.next()) {
    sizes.push_back((*frame)->apdu.size());
  }
  return sizes;
}

std::size_t rows_of(const ItemResult& item) {
  DataTree tree;
  return tree.parse(item.data).ok() ? tree.root().size() : 0;
}

TEST(DlmsServices, several_attributes_in_one_request) {
  Bench bench;
  Connection c(bench);
  const Response response =
      c.get({ask(8, kClock, 2), ask(3, kEnergy, 2), ask(3, kEnergy, 9), ask(3, kEnergy, 3)});
  ASSERT_EQ(response.items.size(), 4u);
  EXPECT_EQ(to_hex(response.items[0].data), "090C07EA0B150600090000000000");
  EXPECT_EQ(text_of(response.items[1].data), "uint32 123456");
  EXPECT_EQ(response.items[2].access, DataAccessResult::kObjectUndefined);
  EXPECT_EQ(to_hex(response.items[3].data), "02020F00161E");
}

TEST(DlmsServices, a_profile_by_range_and_by_entry) {
  Bench bench;
  Connection c(bench);
  AttributeRequest by_entry = ask(7, kProfile, 2);
  by_entry.selection = Selection::by_entry({10, 15, 1, 0});
  EXPECT_EQ(rows_of(c.get({by_entry}).items[0]), 6u);
  EXPECT_EQ(bench.objects.last_selection, "entries");

  const DateTime from = *date_time_from(*from_hex("07EA0B15060000000000003C"));
  const DateTime to = *date_time_from(*from_hex("07EA0B160700000000000000"));
  AttributeRequest by_range = ask(7, kProfile, 2);
  by_range.selection = Selection::by_range(range_by_clock(from, to));
  EXPECT_EQ(rows_of(c.get({by_range}).items[0]), 4u);
  EXPECT_EQ(bench.objects.last_selection, "07EA0B15060000000000003C..07EA0B160700000000000000");
}

TEST(DlmsServices, long_answers_in_blocks) {
  for (const std::uint16_t pdu : {64, 128, 300, 1024}) {
    for (const bool general : {false, true}) {
      for (const bool ciphered : {false, true}) {
        Bench bench(Mechanism::kNone, ciphered ? kAuthenticatedEncrypted : SecurityPolicy{});
        bench.client.receive_pdu_bytes_max = pdu;
        bench.server.prefer_general_block_transfer = general;
        bench.server.general_block_window = 3;
        Connection c(bench);
        const Response response = c.get({ask(7, kProfile, 2)});
        EXPECT_EQ(rows_of(response.items[0]), 96u) << pdu << general << ciphered;
        for (const std::string& line : c.pipe.transcript) {
          for (const std::size_t size : apdu_sizes(line)) EXPECT_LE(size, pdu) << line;
        }
        const Response list = c.get({ask(7, kProfile, 2), ask(8, kClock, 2), ask(8, kClock, 77)});
        ASSERT_EQ(list.items.size(), 3u);
        EXPECT_EQ(rows_of(list.items[0]), 96u);
        EXPECT_TRUE(list.items[1].ok());
        EXPECT_EQ(list.items[2].access, DataAccessResult::kObjectUndefined);
      }
    }
  }
}

TEST(DlmsServices, long_values_set_in_blocks) {
  for (const std::uint16_t pdu : {64, 128, 1024}) {
    for (const bool blocks : {true, false}) {  // false: only general block transfer
      for (const bool list : {false, true}) {
        Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
        bench.server.receive_pdu_bytes_max = pdu;
        if (!blocks) {
          bench.server.associations[0].conformance.bits = Conformance::kGeneralBlockTransfer |
                                                          Conformance::kSet | Conformance::kAction |
                                                          Conformance::kMultipleReferences;
        }
        Connection c(bench);
        Bytes text(3000);
        for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::uint8_t>(i * 7);
        std::vector<AttributeWrite> writes(list ? 2 : 1);
        for (AttributeWrite& write : writes) {
          write.attribute = {1, kLogBook, 2};
          DataWriter(write.data).octet_string(text);
        }
        if (list) writes[1].attribute = {8, kClock, 2};
        ASSERT_TRUE(c.client.set(writes, c.pipe.now).ok());
        const Response response = c.pipe.expect<Response>();
        ASSERT_EQ(response.items.size(), writes.size());
        EXPECT_TRUE(response.items[0].ok());
        if (list) {
          EXPECT_EQ(response.items[1].access, DataAccessResult::kReadWriteDenied);
        }
        EXPECT_EQ(bench.objects.text, text) << pdu << blocks << list;
      }
    }
  }
}

TEST(DlmsServices, long_parameters_and_answers_of_methods) {
  for (const std::uint16_t pdu : {64, 200, 1024}) {
    for (const bool blocks : {true, false}) {
      Bench bench(Mechanism::kNone, kAuthenticatedEncrypted);
      bench.server.receive_pdu_bytes_max = bench.client.receive_pdu_bytes_max = pdu;
      if (!blocks)
        bench.server.associations[0].conformance.bits =
            Conformance::kGeneralBlockTransfer | Conformance::kAction;
      Connection c(bench);
      MethodCall call{{9, kScripts, 1}, Bytes()};
      DataWriter(*call.parameters).octet_string(Bytes(2500, 0x5A));
      ASSERT_TRUE(c.client.action(std::span(&call, 1), c.pipe.now).ok());
      const Response response = c.pipe.expect<Response>();
      ASSERT_EQ(response.items.size(), 1u);
      EXPECT_EQ(response.items[0].data, *call.parameters) << pdu << blocks;
      EXPECT_EQ(bench.objects.obeyed, 1u);
    }
  }
}

TEST(DlmsServices, several_methods_and_one_that_is_not_there) {
  Bench bench;
  Connection c(bench);
  const MethodCall calls[] = {{{9, kScripts, 1}, *from_hex("120001")},
                              {{9, kClock, 1}, std::nullopt}};
  ASSERT_TRUE(c.client.action(calls, c.pipe.now).ok());
  const Response response = c.pipe.expect<Response>();
  ASSERT_EQ(response.items.size(), 2u);
  EXPECT_EQ(to_hex(response.items[0].data), "120001");
  EXPECT_EQ(response.items[1].action, ActionResult::kObjectUndefined);
}

TEST(DlmsServices, the_object_list_names_everything) {
  Bench bench(Mechanism::kHighGmac, kAuthenticatedEncrypted);
  Connection c(bench);
  const Response response = c.get({ask(15, Obis(0, 0, 40, 0, 0, 255), 2)});
  EXPECT_EQ(rows_of(response.items[0]), 5u);
}

TEST(DlmsServices, short_names) {
  for (const Mechanism mechanism : {Mechanism::kNone, Mechanism::kLow, Mechanism::kHighGmac}) {
    Bench bench(mechanism,
                mechanism == Mechanism::kHighGmac ? kAuthenticatedEncrypted : SecurityPolicy{});
    bench.client.referencing = bench.server.associations[0].referencing = Referencing::kShortName;
    Connection c(bench);
    const ShortNameRequest names[] = {{0x2008, {}}, {0x1008, {}}, {0x7770, {}}};
    ASSERT_TRUE(c.client.read_sn(names, c.pipe.now).ok());
    const Response response = c.pipe.expect<Response>();
    ASSERT_EQ(response.items.size(), 3u);
    EXPECT_EQ(text_of(response.items[0].data), "uint32 123456");
    EXPECT_EQ(to_hex(response.items[1].data), "090C07EA0B150600090000000000");
    EXPECT_EQ(response.items[2].access, DataAccessResult::kObjectUndefined);
    EXPECT_EQ(c.client.get(ask(8, kClock, 2), c.pipe.now).error().code, ErrorCode::kInvalid);
  }
}

TEST(DlmsServices, one_request_at_a_time) {
  Bench bench;
  Connection c(bench);
  ASSERT_TRUE(c.client.get(ask(8, kClock, 2), c.pipe.now).ok());
  EXPECT_EQ(c.client.get(ask(8, kClock, 2), c.pipe.now).error().code, ErrorCode::kBusy);
  EXPECT_EQ(c.client.release(c.pipe.now).error().code, ErrorCode::kBusy);
  c.pipe.expect<Response>();
}

TEST(DlmsServices, a_slow_meter_and_one_that_never_answers) {
  Bench bench;
  Connection c(bench);
  c.pipe.from_meter = [](Bytes&) { return false; };
  EXPECT_EQ(c.get_failure(ask(8, kClock, 2)),
            "timeout: no answer to the request within 10000 ms, closed");

  bench.client.attempts = 3;
  Connection again(bench);
  unsigned lost = 0;
  again.pipe.from_meter = [&](Bytes&) { return ++lost > 2; };
  EXPECT_TRUE(again.get({ask(8, kClock, 2)}).items[0].ok());
  EXPECT_EQ(again.client.statistics().retries, 2u);
}

TEST(DlmsServices, what_changes_the_meter_is_never_sent_twice) {
  Bench bench;
  bench.client.attempts = 5;
  Connection c(bench);
  c.pipe.from_meter = [](Bytes&) { return false; };
  const MethodCall call{{9, kScripts, 1}, std::nullopt};
  ASSERT_TRUE(c.client.action(std::span(&call, 1), c.pipe.now).ok());
  EXPECT_EQ(c.pipe.expect<Failed>().error.code, ErrorCode::kTimeout);
  EXPECT_EQ(bench.objects.obeyed, 1u);
}

TEST(DlmsServices, a_late_answer_is_not_taken_for_the_next) {
  Bench bench;
  bench.client.link.transport = bench.server.link.transport = Transport::kWrapperDatagram;
  Connection c(bench);
  Bytes first_answer;
  c.pipe.from_meter = [&](Bytes& bytes) {
    if (first_answer.empty()) first_answer = bytes;
    return true;
  };
  c.get({ask(3, kEnergy, 2)});
  c.pipe.from_meter = [&](Bytes&) {
    c.client.on_bytes(first_answer, c.pipe.now);  // the network repeats the old answer first
    return true;
  };
  EXPECT_EQ(to_hex(c.get({ask(8, kClock, 2)}).items[0].data), "090C07EA0B150600090000000000");
  EXPECT_EQ(c.client.statistics().stray_apdus, 1u);
}

TEST(DlmsServices, a_meter_that_restarts_in_the_middle_of_a_profile) {
  Bench bench;
  bench.client.receive_pdu_bytes_max = 128;
  Connection c(bench);
  int blocks = 0;
  c.pipe.from_meter = [&](Bytes&) {
    if (++blocks == 3) {
      c.server = bench.make_server();
      c.server.on_open(c.pipe.now);
    }
    return true;
  };
  EXPECT_EQ(c.get_failure(ask(7, kProfile, 2)),
            "refused: exception response: service-not-allowed: operation-not-possible, in the "
            "middle of a block transfer "
            "after block 3, still associated");

  Connection torn(bench);
  blocks = 0;
  torn.pipe.from_meter = [&](Bytes&) { return ++blocks < 3; };
  ASSERT_TRUE(torn.client.get(ask(7, kProfile, 2), torn.pipe.now).ok());
  for (int i = 0; i < 3; ++i) torn.pipe.transfer();
  torn.client.on_closed(torn.pipe.now);
  torn.pipe.run();
  ASSERT_EQ(torn.pipe.events.size(), 1u);
  EXPECT_EQ(to_string(std::get<Failed>(torn.pipe.events[0]).error),
            "closed: the stream was closed in the middle of a block transfer, after block 2");
}

// Lets `change` rewrite the n-th (from 1) answer of an unprotected meter, wrapper header aside.
std::string with_answer_changed(int n, std::function<void(Bytes& apdu)> change) {
  Bench bench;
  bench.client.receive_pdu_bytes_max = 128;
  Connection c(bench);
  int seen = 0;
  c.pipe.from_meter = [&](Bytes& bytes) {
    if (++seen == n) {
      Bytes apdu(bytes.begin() + 8, bytes.end());
      change(apdu);
      bytes.resize(8);
      bytes[6] = static_cast<std::uint8_t>(apdu.size() >> 8);
      bytes[7] = static_cast<std::uint8_t>(apdu.size());
      append(bytes, apdu);
    }
    return true;
  };
  return c.get_failure(ask(7, kProfile, 2));
}

TEST(DlmsServices, blocks_that_lie) {
  // C4 02 invoke last number(4) 00 length data
  EXPECT_EQ(with_answer_changed(2, [](Bytes& a) { a[7] = 9; }),
            "malformed: block 9 came, 2 was due, still associated");
  EXPECT_EQ(with_answer_changed(2, [](Bytes& a) { a[3] = 1; }).substr(0, 9),
            "truncated");  // "that was the last"
  EXPECT_EQ(with_answer_changed(2, [](Bytes& a) { a.resize(a.size() - 5); }).substr(0, 9),
            "truncated");
  EXPECT_EQ(with_answer_changed(2, [](Bytes& a) { a = *from_hex("C402"); }).substr(0, 9),
            "truncated");
  EXPECT_EQ(with_answer_changed(1, [](Bytes& a) { a = *from_hex("D80203"); }),
            "refused: exception response: service-unknown: other-reason, still associated");
  EXPECT_EQ(with_answer_changed(1, [](Bytes& a) { a[2] ^= 1; }),
            "timeout: no answer to the request within 10000 ms, closed");  // another invoke id
  EXPECT_EQ(with_answer_changed(2, [](Bytes& a) { a = {0xC4, 0x02, a[2], 1, 0, 0, 0, 2, 1, 16}; }),
            "refused: the block transfer broke off after block 1: no-long-get-in-progress, still "
            "associated");
}

TEST(DlmsServices, an_answer_without_end) {
  Bench bench;
  bench.client.response_bytes_max = 1000;
  bench.client.receive_pdu_bytes_max = 128;
  Connection c(bench);
  EXPECT_EQ(c.get_failure(ask(7, kProfile, 2)),
            "limit: the answer is longer than 1000 bytes, still associated");
  bench.server.prefer_general_block_transfer = true;
  Connection general(bench);
  EXPECT_EQ(general.get_failure(ask(7, kProfile, 2)),
            "limit: an APDU in blocks is longer than 1000 bytes, still associated");
}

TEST(DlmsServices, an_association_goes_on_after_a_failed_request) {
  Bench bench;
  bench.client.response_bytes_max = 1000;
  bench.client.receive_pdu_bytes_max = 128;
  Connection c(bench);
  c.get_failure(ask(7, kProfile, 2));
  EXPECT_TRUE(c.get({ask(8, kClock, 2)}).items[0].ok());
}

}  // namespace
}  // namespace amity::dlms
