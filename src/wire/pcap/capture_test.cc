#include "wire/pcap/capture.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace amity::pcap {
namespace {

Bytes ipv4(std::uint8_t protocol, std::uint8_t from, std::uint8_t to, const Bytes& inner) {
  Bytes b;
  ByteWriter w(b);
  w.u16(0x4500);
  w.u16(static_cast<std::uint16_t>(20 + inner.size()));
  w.u32(0);
  w.u8(64);
  w.u8(protocol);
  w.u16(0);
  w.bytes(Bytes{192, 0, 2, from});
  w.bytes(Bytes{192, 0, 2, to});
  w.bytes(inner);
  return b;
}

Bytes ethernet(const Bytes& ip) {
  Bytes b(12, 0x02);
  ByteWriter w(b);
  w.u16(0x8100);  // a VLAN tag
  w.u16(7);
  w.u16(0x0800);
  w.bytes(ip);
  b.push_back(0);  // padding, not payload
  return b;
}

Bytes udp(std::uint8_t from, std::uint8_t to, std::string_view text) {
  Bytes b;
  ByteWriter w(b);
  w.u16(1153);
  w.u16(1153);
  w.u16(static_cast<std::uint16_t>(8 + text.size()));
  w.u16(0);
  w.text(text);
  return ethernet(ipv4(17, from, to, b));
}

Bytes tcp(std::uint8_t from, std::uint8_t to, std::uint32_t sequence, std::string_view text,
          std::uint8_t flags = 0x10) {
  Bytes b;
  ByteWriter w(b);
  w.u16(4059);
  w.u16(4059);
  w.u32(sequence);
  w.u32(0);
  w.u8(5 << 4);
  w.u8(flags);
  w.u16(1000);
  w.u32(0);
  w.text(text);
  return ethernet(ipv4(6, from, to, b));
}

// Packet i is captured at second 1000 + i, fraction 5.
Bytes capture_of(const std::vector<Bytes>& packets, bool big = false,
                 std::uint32_t magic = 0xA1B2C3D4) {
  Bytes b;
  ByteWriter w(b);
  const auto put = [&](std::uint32_t v) { big ? w.u32(v) : w.u32_le(v); };
  put(magic);
  put(big ? 0x00020004 : 0x00040002);
  put(0);
  put(0);
  put(65535);
  put(1);
  std::uint32_t second = 1000;
  for (const Bytes& packet : packets) {
    put(second++);
    put(5);
    put(static_cast<std::uint32_t>(packet.size()));
    put(static_cast<std::uint32_t>(packet.size()));
    w.bytes(packet);
  }
  return b;
}

std::string text_of(const Result<Capture>& capture) {
  if (!capture.ok()) return to_string(capture.error());
  std::string text;
  for (const Payload& p : capture->payloads) {
    text += (p.tcp ? "tcp " : "udp ") + p.from + " > " + p.to + " " + std::to_string(p.time_us) +
            " " + std::string(as_text(p.bytes)) + "\n";
  }
  for (const std::string& remark : capture->remarks) text += remark + "\n";
  return text;
}

TEST(Capture, DatagramsInBothByteOrders) {
  const std::vector<Bytes> packets{udp(1, 2, "hello"), udp(2, 1, "world")};
  const std::string expected =
      "udp 192.0.2.1:1153 > 192.0.2.2:1153 1000000005 hello\n"
      "udp 192.0.2.2:1153 > 192.0.2.1:1153 1001000005 world\n";
  EXPECT_EQ(text_of(read_capture(capture_of(packets))), expected);
  EXPECT_EQ(text_of(read_capture(capture_of(packets, true))), expected);
}

TEST(Capture, NanosecondsAreCutToMicroseconds) {
  EXPECT_EQ(text_of(read_capture(capture_of({udp(1, 2, "x")}, false, 0xA1B23C4D))),
            "udp 192.0.2.1:1153 > 192.0.2.2:1153 1000000000 x\n");
}

TEST(Capture, AStreamIsPutInOrderOnce) {
  const std::vector<Bytes> packets{
      tcp(1, 2, 0xFFFFFFFE, "", 0x02),  // SYN; the numbers wrap inside the first words
      tcp(2, 1, 500, "", 0x12),
      tcp(1, 2, 0xFFFFFFFF, "the "),
      tcp(1, 2, 9, "fox"),            // early
      tcp(1, 2, 0xFFFFFFFF, "the "),  // sent again
      tcp(1, 2, 3, "quick "),
      tcp(2, 1, 501, "yes"),
      tcp(1, 2, 9, "fox jumps"),  // overlaps
  };
  EXPECT_EQ(text_of(read_capture(capture_of(packets))),
            "tcp 192.0.2.1:4059 > 192.0.2.2:4059 1002000005 the quick fox\n"
            "tcp 192.0.2.2:4059 > 192.0.2.1:4059 1006000005 yes\n"
            "tcp 192.0.2.1:4059 > 192.0.2.2:4059 1007000005  jumps\n");
}

Bytes ipv6_udp(std::string_view from, std::string_view to) {
  Bytes b = *from_hex("86DD 60000000 0009 11 40");
  append(b, *from_hex(from));
  append(b, *from_hex(to));
  append(b, *from_hex("0481 0FDB 0009 0000 78"));
  b.insert(b.begin(), 12, 0x02);
  return b;
}

TEST(Capture, AddressesOfTheSixthVersionAreWrittenShort) {
  EXPECT_EQ(text_of(read_capture(capture_of({
                ipv6_udp("20010DB8000000000000000000000001", "00000000000000000000000000000001"),
                ipv6_udp("FE800000000000000000000000000000", "20010DB8000100000002000300040005"),
            }))),
            "udp [2001:db8::1]:1153 > [::1]:4059 1000000005 x\n"
            "udp [fe80::]:1153 > [2001:db8:1:0:2:3:4:5]:4059 1001000005 x\n");
}

TEST(Capture, TheOffsetIsThatOfThePayload) {
  const Bytes file = capture_of({udp(1, 2, "hello")});
  const auto capture = read_capture(file);
  ASSERT_EQ(capture->payloads.size(), 1u);
  EXPECT_EQ(as_text(ByteView(file).subspan(capture->payloads[0].offset, 5)), "hello");
}

TEST(Capture, WhatIsCutIsARemarkAndTheRestIsKept) {
  Bytes file = capture_of({udp(1, 2, "hello"), udp(1, 2, "world")});
  const std::size_t second = file.size() - (16 + udp(1, 2, "world").size());
  file.resize(file.size() - 3);
  const auto capture = read_capture(file);
  ASSERT_TRUE(capture.ok());
  EXPECT_EQ(capture->payloads.size(), 1u);
  ASSERT_EQ(capture->remarks.size(), 1u);
  EXPECT_EQ(capture->remarks[0], "byte " + std::to_string(second) +
                                     ": a packet of 52 bytes is cut or its length is wrong");
  EXPECT_EQ(text_of(read_capture(as_bytes("nonsense"))),
            "malformed: no capture: the magic number is missing");
}

TEST(Capture, NextGeneration) {
  Bytes file;
  ByteWriter w(file);
  const auto block = [&](std::uint32_t type, const Bytes& body) {
    w.u32_le(type);
    w.u32_le(static_cast<std::uint32_t>(12 + body.size()));
    w.bytes(body);
    w.u32_le(static_cast<std::uint32_t>(12 + body.size()));
  };
  block(0x0A0D0D0A, *from_hex("4D3C2B1A 01000000 FFFFFFFFFFFFFFFF"));
  block(1, *from_hex("0100 0000 00000000 0900 0100 09000000 0000 0000"));  // Ethernet, nanoseconds
  Bytes packet = udp(1, 2, "hello");
  Bytes body;
  ByteWriter p(body);
  const std::uint64_t ticks = 1'000'000'005'000;
  p.u32_le(0);
  p.u32_le(static_cast<std::uint32_t>(ticks >> 32));
  p.u32_le(static_cast<std::uint32_t>(ticks));
  p.u32_le(static_cast<std::uint32_t>(packet.size()));
  p.u32_le(static_cast<std::uint32_t>(packet.size()));
  p.bytes(packet);
  while (body.size() % 4 != 0) p.u8(0);
  block(6, body);
  EXPECT_EQ(text_of(read_capture(file)), "udp 192.0.2.1:1153 > 192.0.2.2:1153 1000000005 hello\n");
}

TEST(Capture, CutAnywhereAndWithAnyBitWrongItIsReadOrRefused) {
  const Bytes file = capture_of({tcp(1, 2, 1, "abc"), udp(1, 2, "hello")});
  for (std::size_t size = 0; size < file.size(); ++size)
    (void)text_of(read_capture(ByteView(file).first(size)));
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes wrong = file;
    wrong[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto capture = read_capture(wrong);
    if (!capture.ok()) {
      EXPECT_LT(bit, 32u) << "only the magic number makes it no capture";
      continue;
    }
    std::size_t bytes = 0;
    for (const Payload& payload : capture->payloads) bytes += payload.bytes.size();
    EXPECT_LE(bytes, file.size());
  }
}

TEST(Capture, RealOnesAreReadWhole) {
  const std::filesystem::path folder = AMITY_SOURCE_DIR "/../shared/data/frames/c1222";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no captures in " << folder;
  std::size_t payloads = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".pcap") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    const auto capture = read_capture(as_bytes(text));
    ASSERT_TRUE(capture.ok()) << entry.path();
    EXPECT_TRUE(capture->remarks.empty()) << entry.path() << " " << capture->remarks[0];
    EXPECT_FALSE(capture->payloads.empty()) << entry.path();
    for (const Payload& payload : capture->payloads) {
      EXPECT_TRUE(payload.from.ends_with(":1153") || payload.to.ends_with(":1153"))
          << payload.from << payload.to;
      EXPECT_EQ(payload.bytes[0], 0x60) << entry.path() << ": ACSE";
      ++payloads;
    }
  }
  EXPECT_GT(payloads, 0u);
}

}  // namespace
}  // namespace amity::pcap
