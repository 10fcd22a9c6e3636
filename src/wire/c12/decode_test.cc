#include "wire/c12/decode.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "wire/c12/test_bytes.h"
#include "wire/c12/test_tables.h"

namespace amity::c12 {
namespace {

using testing::hex;

// The TCP and UDP payloads of a capture (pcap, little-endian, Ethernet, IPv4), in order.
std::vector<Bytes> payloads(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const Bytes file((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<Bytes> out;
  ByteReader reader(file);
  if (!reader.skip(24).ok()) return out;
  while (reader.skip(8).ok()) {
    const auto captured = reader.u32_le();
    if (!captured.ok() || !reader.skip(4).ok()) break;
    const auto frame = reader.take(*captured);
    if (!frame.ok() || frame->size() < 34) break;
    const ByteView ip = frame->subspan(14);
    const std::size_t header = (ip[0] & 15u) * 4, total = ip[2] * 256u + ip[3];
    if (total > ip.size() || header + 20 > total) continue;
    const ByteView segment = ip.subspan(header, total - header);
    const std::size_t skip = ip[9] == 6 ? (segment[12] >> 4) * 4u : 8;
    if (skip < segment.size())
      out.emplace_back(segment.begin() + static_cast<std::ptrdiff_t>(skip), segment.end());
  }
  return out;
}

Keys example_keys() {
  Keys keys;
  keys.set_base(*ap_title_from(testing::kExampleBase));
  EXPECT_TRUE(keys.add(2, hex(testing::kExampleKey)).ok());
  return keys;
}

std::string text_of(const wire::Report& report) {
  std::string out;
  for (const auto& [name, value] : report.details) out += std::string(name) + ": " + value + "\n";
  if (report.security.mode != "none" || !report.security.ok) {
    out += "security: " + std::string(report.security.mode) +
           (report.security.ok ? "" : ", " + report.security.reason) + "\n";
  }
  out += "meter: " + report.meter.id + "\n";
  for (const wire::Unknown& u : report.unknown) out += "unknown " + u.id + ": " + u.hex + "\n";
  return out;
}

struct Golden {
  const char *file, *expected;
};
const Golden kCaptures[] = {
    {"c1222_ident_service_tcp.pcap",
     "called: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "calling: 1.3.6.1.4.1.33507\n"
     "invocation: 333976609\n"
     "request: identify\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "--\n"
     "called: 1.3.6.1.4.1.33507\n"
     "calling: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "invocation: 333976609\n"
     "response: ok\n"
     "standard: C12.22 version 1.0\n"
     "security_mechanism: 1.3.6.1.4.1.33507\n"
     "device_class: 1.3.6.1.4.1.33507\n"
     "session_control: 8\n"
     "identification: 01000102030A040D050607\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"},
    {"c1222_logon_service_tcp.pcap",
     "called: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "calling: 1.3.6.1.4.1.33507\n"
     "invocation: 333976609\n"
     "request: logon user 4660 \"helloworld\" idle timeout 0 s\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "--\n"
     "called: 1.3.6.1.4.1.33507\n"
     "calling: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "invocation: 333976609\n"
     "response: ok\n"
     "idle_timeout: 0 s\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"},
    {"c1222_rw_service_tcp.pcap",
     "called: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "calling: 1.3.6.1.4.1.33507\n"
     "invocation: 333976609\n"
     "request: partial read by index ST0 index 0 count 1\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "--\n"
     "called: 1.3.6.1.4.1.33507\n"
     "calling: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "invocation: 333976609\n"
     "response: ok\n"
     "malformed: malformed at byte 10: table checksum is 00, computed A6\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "unknown table data: 0008746573746461746100\n"},
    {"c1222_security_service_tcp.pcap",
     "called: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "calling: 1.3.6.1.4.1.33507\n"
     "invocation: 333976609\n"
     "request: security\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "--\n"
     "called: 1.3.6.1.4.1.33507\n"
     "calling: 1.3.6.1.4.1.33507.1919.12345678.0\n"
     "invocation: 333976609\n"
     "response: ok\n"
     "meter: 1.3.6.1.4.1.33507.1919.12345678.0\n"},
    {"c1222_std_example8.pcap",
     "called: .123.8437\n"
     "calling: .123.4\n"
     "invocation: 3\n"
     "request: security user 2\n"
     "request: partial read by offset ST1 offset 16 count 16\n"
     "security: C12.22 EAX' encrypted\n"
     "meter: 2.16.124.113620.1.22.0.123.8437\n"
     "--\n"
     "called: .123.4\n"
     "calling: .123.8437\n"
     "invocation: 3\n"
     "answered_invocation: 3\n"
     "response: ok\n"
     "MFG_SERIAL_NUMBER: MANUFACTURER SN\n"
     "security: C12.22 EAX' encrypted\n"
     "meter: MANUFACTURER SN\n"},
};

TEST(Decode, EveryCapture) {
  const auto folder = std::filesystem::path(AMITY_SOURCE_DIR) / "../shared/data/frames/c1222";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no captures at " << folder;
  const Keys keys = example_keys();
  for (const Golden& golden : kCaptures) {
    Decoder decoder(keys);
    std::string text;
    for (const Bytes& payload : payloads(folder / golden.file)) {
      wire::Report report;
      const Status status = decoder.decode(payload, report);
      ASSERT_TRUE(status.ok()) << golden.file << ": " << to_string(status.error());
      EXPECT_EQ(report.protocol, "c1222");
      if (!text.empty()) text += "--\n";
      text += text_of(report);
    }
    EXPECT_EQ(text, golden.expected) << golden.file;
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    files += entry.path().extension() == ".pcap";
  EXPECT_EQ(files, std::size(kCaptures));
}

TEST(Decode, WithoutTheKeyTheReportSaysSo) {
  Keys keys;
  keys.set_base(*ap_title_from(testing::kExampleBase));
  wire::Report report;
  ASSERT_TRUE(decode(hex(testing::kExampleRequest), keys, report).ok());
  EXPECT_FALSE(report.security.ok);
  EXPECT_EQ(report.security.reason, "no key with id 2");
  EXPECT_EQ(report.unknown.size(), 1u);
  ASSERT_TRUE(keys.add(2, Bytes(16)).ok());
  report.clear();
  ASSERT_TRUE(decode(hex(testing::kExampleRequest), keys, report).ok());
  EXPECT_EQ(report.security.reason, "the MAC is wrong: another key, or altered");
  EXPECT_TRUE(report.readings.empty());
}

TEST(Decode, TheLayoutCoversEveryByteOnce) {
  const Keys keys = example_keys();
  const Bytes apdu = hex(testing::kExampleRequest);
  wire::Report report;
  report.explain = true;
  ASSERT_TRUE(decode(apdu, keys, report).ok());
  std::vector<int> covered(apdu.size());
  for (const wire::Part& part : report.layout) {
    if (part.depth != 1) continue;
    for (std::size_t i = 0; i < part.size; ++i) ++covered.at(part.offset + i);
  }
  EXPECT_EQ(covered, std::vector<int>(apdu.size(), 1));
}

// A whole session over the optical port: dimensions and units first, then the registers.
TEST(Decode, ALineOfPackets) {
  const Keys keys;
  Decoder decoder(keys);
  TableContext made;
  bool toggle = false;
  wire::Report report;
  const auto say = [&](const Bytes& message) {
    Bytes line{kAckByte};
    encode_packet({0, false, false, toggle, 0, 0}, message, line);
    report.clear();
    EXPECT_TRUE(decoder.decode(line, report).ok());
  };
  const auto exchange = [&](std::uint16_t table, const Bytes& data) {
    Bytes request, answer;
    encode(Request(Read{table, {}, false}), request);
    say(request);
    encode_table_data(data, answer);
    say(answer);
    toggle = !toggle;
  };
  using testing::make_table;
  exchange(0, testing::make_st0(made));
  exchange(11, make_table(11, made, {{"NBR_UOM_ENTRIES", number(1)}, {"NBR_SOURCES", number(1)}}));
  exchange(12, make_table(12, made, {{"UOM_ENTRY", number(0b1001 << 14)}}));
  exchange(21, make_table(21, made, {{"NBR_SUMMATIONS", number(1)}}));
  exchange(22, make_table(22, made, {}));
  exchange(23, make_table(23, made, {{"SUMMATIONS", number(33821691)}}));
  ASSERT_EQ(report.readings.size(), 1u);
  EXPECT_EQ(report.readings[0].quantity, "active energy import");
  EXPECT_EQ(to_string(std::get<Decimal>(report.readings[0].value)), "33821691");
  wire::Report bad;
  EXPECT_EQ(decoder.decode(hex("EE000000000120"), bad).error().code, ErrorCode::kTruncated);
  EXPECT_EQ(decoder.decode(hex("AA"), bad).error().code, ErrorCode::kMalformed);
  EXPECT_EQ(decoder.decode({}, bad).error().code, ErrorCode::kTruncated);
}

TEST(Decode, CutAndFlippedNeverHalfUsed) {
  const Keys keys = example_keys();
  const Bytes apdu = hex(testing::kExampleRequest);
  for (std::size_t size = 0; size < apdu.size(); ++size) {
    wire::Report report;
    const Status status = decode(ByteView(apdu).first(size), keys, report);
    ASSERT_FALSE(status.ok());
    EXPECT_LE(status.error().offset, size);
  }
  for (std::size_t bit = 0; bit < apdu.size() * 8; ++bit) {
    Bytes bad = apdu;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    wire::Report report;
    const Status status = decode(bad, keys, report);
    if (!status.ok()) continue;
    EXPECT_TRUE(report.readings.empty());
    for (const auto& [name, value] : report.details) EXPECT_NE(name, "request") << "bit " << bit;
  }
}

}  // namespace
}  // namespace amity::c12
