#include "wire/hdlc/splitter.h"

namespace amity::hdlc {
namespace {

Bytes numbered_frame(std::uint8_t number, std::size_t size = 10) {
  Bytes bytes;
  const Bytes payload(size, number);
  encode_frame(
      {{1, 17, 2}, Address::client(16), {FrameType::kInformation, false, 0, 0}, false, payload},
      bytes);
  return bytes;
}

// The first byte of the information of each frame found.
std::string found(FrameSplitter& splitter) {
  std::string numbers;
  while (const std::optional<Frame> frame = splitter.next())
    numbers += std::to_string(frame->information[0]) + " ";
  return numbers;
}

TEST(HdlcSplitter, pieces_of_every_size) {
  Bytes stream;
  for (std::uint8_t n = 1; n <= 5; ++n) append(stream, numbered_frame(n, 7 * n));
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameSplitter splitter;
    std::string numbers;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      splitter.feed(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      numbers += found(splitter);
    }
    EXPECT_EQ(numbers, "1 2 3 4 5 ");
    EXPECT_EQ(splitter.bytes_dropped(), 0u);
  }
}

TEST(HdlcSplitter, frames_may_share_a_flag) {
  Bytes stream = numbered_frame(1);
  const Bytes second = numbered_frame(2);
  append(stream, ByteView(second).subspan(1));
  FrameSplitter splitter;
  splitter.feed(stream);
  EXPECT_EQ(found(splitter), "1 2 ");
}

TEST(HdlcSplitter, noise_around_and_flags_inside) {
  Bytes stream = *from_hex("00FF7E7E12A07E");
  append(stream, numbered_frame(0x7E));  // the payload is all flags
  append(stream, *from_hex("A0A07EA0FF7E"));
  append(stream, numbered_frame(3));
  FrameSplitter splitter;
  splitter.feed(stream);
  EXPECT_EQ(found(splitter), "126 3 ");
}

TEST(HdlcSplitter, a_damaged_frame_costs_only_itself) {
  Bytes stream = numbered_frame(1);
  Bytes damaged = numbered_frame(2);
  damaged[damaged.size() - 5] ^= 1;
  append(stream, damaged);
  append(stream, numbered_frame(3));
  FrameSplitter splitter;
  splitter.feed(stream);
  EXPECT_EQ(found(splitter), "1 3 ");
}

TEST(HdlcSplitter, a_lie_about_the_length_is_seen_in_the_header) {
  Bytes lie = numbered_frame(1);
  lie[1] |= 0x07;  // 1,792 bytes more than there are; the HCS covers it
  append(lie, numbered_frame(2));
  FrameSplitter splitter;
  splitter.feed(lie);
  EXPECT_EQ(found(splitter), "2 ");
}

TEST(HdlcSplitter, a_frame_that_stopped_is_given_up) {
  Bytes stream = numbered_frame(1, 100);
  stream.resize(40);
  append(stream, numbered_frame(2));
  FrameSplitter splitter;
  splitter.feed(stream);
  EXPECT_EQ(found(splitter), "");  // still waiting for the rest of 1
  splitter.give_up_partial();
  EXPECT_EQ(found(splitter), "2 ");
}

TEST(HdlcSplitter, memory_stays_bounded_under_noise) {
  std::uint32_t state = 1;
  const auto random = [&state] { return (state = state * 1664525u + 1013904223u) >> 8; };
  FrameSplitter splitter;
  Bytes piece(100);
  for (int i = 0; i < 20'000; ++i) {
    for (std::uint8_t& byte : piece)
      byte = random() % 3 == 0   ? 0x7E
             : random() % 2 == 0 ? 0xA7
                                 : static_cast<std::uint8_t>(random());
    splitter.feed(piece);
    found(splitter);
    ASSERT_LE(splitter.buffered(), kFrameLengthMax + 2);
  }
}

TEST(HdlcReassembler, joins_segments_and_starts_anew) {
  Reassembler reassembler;
  EXPECT_FALSE(reassembler.add(true, as_bytes("ab"))->has_value());
  EXPECT_EQ(as_text(**reassembler.add(false, as_bytes("cd"))), "abcd");
  EXPECT_EQ(as_text(**reassembler.add(false, as_bytes("e"))), "e");
}

TEST(HdlcReassembler, an_endless_message_is_dropped) {
  Reassembler reassembler(10);
  ASSERT_TRUE(reassembler.add(true, as_bytes("12345678")).ok());
  const auto over = reassembler.add(true, as_bytes("9ab"));
  ASSERT_FALSE(over.ok());
  EXPECT_EQ(over.error().code, ErrorCode::kLimit);
  EXPECT_EQ(as_text(**reassembler.add(false, as_bytes("new"))), "new");
}

}  // namespace
}  // namespace amity::hdlc
