#include "wire/c12/packet.h"

#include "wire/c12/service.h"
#include "wire/c12/test_bytes.h"

namespace amity::c12 {
namespace {

using testing::hex;

// A session with a meter over the optical port.
struct Line {
  const char *bytes, *service;
};
const Line kSession[] = {
    {"EE0000000001201310", "identify"},
    {"EE002000000D500063666978656475736572208e11", "logon"},
    {"EE00200000083f0017000000000803f2", "partial read by offset"},
    {"EE00000000083f001C000000002894d5", "partial read by offset"},
    {"EE0020000001521720", "logoff"},
    {"EE0000000001219a01", "terminate"},
    {"EE00200000056104008006C229", "negotiate"},
};

TEST(Packet, RealSessionRequests) {
  for (const Line& line : kSession) {
    const Bytes bytes = hex(line.bytes);
    const auto packet = parse_packet(bytes);
    ASSERT_TRUE(packet.ok()) << line.bytes << ": " << to_string(packet.error());
    EXPECT_EQ(size_of(*packet), bytes.size());
    const auto request = parse_request(packet->data);
    ASSERT_TRUE(request.ok()) << line.bytes << ": " << to_string(request.error());
    EXPECT_EQ(service_name(code_of(*request)), line.service);
    Bytes service, again;
    encode(*request, service);
    encode_packet(packet->header, service, again);
    EXPECT_EQ(to_hex(again), to_hex(bytes));
  }
  const auto logon = parse_request(parse_packet(hex(kSession[1].bytes))->data);
  EXPECT_EQ(std::get<Logon>(*logon).user_id, 99);
  EXPECT_EQ(as_text(std::get<Logon>(*logon).user), "fixeduser ");
  const auto read = parse_request(parse_packet(hex(kSession[3].bytes))->data);
  EXPECT_EQ(std::get<Read>(*read).table, 28);
  EXPECT_EQ(std::get<Read::Offset>(std::get<Read>(*read).part).count, 40);
}

TEST(Packet, RealSessionResponses) {
  PacketSplitter splitter;
  splitter.feed(hex("06ee00200000010080 51 06ee00200000 0c 000008fb1304024d891a00fc92f2"));
  std::vector<PacketSplitter::Kind> kinds;
  std::vector<Bytes> data;
  while (const auto item = splitter.next()) {
    kinds.push_back(item->kind);
    if (item->kind == PacketSplitter::Kind::kPacket)
      data.emplace_back(item->packet.data.begin(), item->packet.data.end());
  }
  using K = PacketSplitter::Kind;
  EXPECT_EQ(kinds, (std::vector<K>{K::kAck, K::kPacket, K::kAck, K::kPacket}));
  ASSERT_EQ(data.size(), 2u);
  EXPECT_EQ(parse_response(data[0])->code, ResponseCode::kOk);
  const auto table = parse_table_data(parse_response(data[1])->body);
  ASSERT_TRUE(table.ok()) << to_string(table.error());
  EXPECT_EQ(to_hex(*table), "FB1304024D891A00");  // 33,821,691 and 1,739,085 Wh

  const Bytes answer = hex("EE00200000 05 00 0400 80 06 3583");
  const auto negotiated = parse_packet(answer);
  ASSERT_TRUE(negotiated.ok()) << to_string(negotiated.error());
  const auto agreed = parse_negotiated(parse_response(negotiated->data)->body);
  ASSERT_TRUE(agreed.ok());
  EXPECT_EQ(agreed->packet_size, 1024);
  EXPECT_EQ(agreed->packets, 128);
  EXPECT_EQ(baud_of(agreed->baud_code), 9600u);
}

TEST(Packet, CutAnywhereIsTruncatedFlippedAnywhereIsRefused) {
  const Bytes good = hex(kSession[1].bytes);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto packet = parse_packet(ByteView(good).first(size));
    ASSERT_FALSE(packet.ok());
    EXPECT_EQ(packet.error().code, ErrorCode::kTruncated) << size;
  }
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(parse_packet(bad).ok()) << bit;
  }
}

TEST(Packet, MessagesOfManyPacketsAreJoinedAndRepetitionsTold) {
  Bytes message(1000);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i * 7);
  auto cutter = MessageCutter::make(message, 64, 20);
  ASSERT_TRUE(cutter.ok());
  MessageJoiner joiner;
  bool toggle = false;
  std::size_t packets = 0;
  for (; !cutter->done(); cutter->advance(), toggle = !toggle, ++packets) {
    Bytes bytes;
    cutter->current(0, toggle, bytes);
    const auto packet = parse_packet(bytes);
    ASSERT_TRUE(packet.ok());
    const bool last = packets == 17;
    EXPECT_EQ(joiner.add(*packet),
              last ? MessageJoiner::Step::kComplete : MessageJoiner::Step::kMore);
    EXPECT_EQ(joiner.add(*packet), MessageJoiner::Step::kDuplicate);
  }
  EXPECT_EQ(packets, 18u);
  EXPECT_EQ(Bytes(joiner.message().begin(), joiner.message().end()), message);
  EXPECT_EQ(MessageCutter::make(message, 64, 17).error().code, ErrorCode::kLimit);
}

TEST(Packet, AMissingPacketRefusesTheMessage) {
  auto cutter = MessageCutter::make(Bytes(300), 64, 20);
  ASSERT_TRUE(cutter.ok());
  MessageJoiner joiner;
  Bytes bytes;
  cutter->current(0, false, bytes);
  EXPECT_EQ(joiner.add(*parse_packet(bytes)), MessageJoiner::Step::kMore);
  cutter->advance();
  cutter->advance();
  bytes.clear();
  cutter->current(0, true, bytes);
  EXPECT_EQ(joiner.add(*parse_packet(bytes)), MessageJoiner::Step::kRefused);
  EXPECT_TRUE(joiner.message().empty());
}

TEST(PacketSplitter, NoiseIsDroppedAndDamageTold) {
  Bytes line = hex("FFAA");
  Bytes damaged = hex(kSession[0].bytes);
  damaged[6] ^= 1;
  append(line, damaged);
  append(line, hex("15"));
  append(line, hex(kSession[0].bytes));
  PacketSplitter splitter;
  std::vector<int> kinds;
  for (const std::uint8_t byte : line) {  // byte by byte
    splitter.feed(ByteView(&byte, 1));
    while (const auto item = splitter.next()) kinds.push_back(int(item->kind));
  }
  EXPECT_EQ(kinds, (std::vector<int>{3, 2, 0}));  // damaged, NAK, packet
  splitter.feed(hex("EE0000"));
  EXPECT_FALSE(splitter.next());
  EXPECT_TRUE(splitter.give_up_partial());
  EXPECT_FALSE(splitter.give_up_partial());
}

}  // namespace
}  // namespace amity::c12
