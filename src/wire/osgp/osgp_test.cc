#include <gtest/gtest.h>

#include "wire/osgp/decode.h"

namespace amity::osgp {
namespace {

std::string digest_of(ByteView key, std::initializer_list<std::string_view> pieces) {
  OmaDigest digest = *OmaDigest::make(key);
  for (const std::string_view piece : pieces) digest.update(*from_hex(piece));
  return to_hex(digest.value());
}

const Bytes kMepKey(16, 0x01);

TEST(OmaDigest, KnownAnswers) {
  EXPECT_EQ(
      digest_of(Bytes(12, 0xDF), {"0202003000037f30ea6d0000000d0020980031c30008000000000011"}),
      "DBE5CDE507B1CB3D");
  EXPECT_EQ(digest_of(kMepKey, {"3F0017000000002C01020304"}), "74861F6D7658DD56");
  EXPECT_EQ(digest_of(kMepKey, {"3F0017000000002C01020304", "0C77635B90"}), "35863C1DF5B91482");
  EXPECT_EQ(digest_of(kMepKey, {"3F0017000000002C77635B91"}), "13DB85A135A0575E");
}

TEST(OmaDigest, PiecesAndBlocks) {
  Bytes message(1000);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i * 13);
  OmaDigest whole = *OmaDigest::make(kMepKey), pieces = whole;
  whole.update(message);
  for (std::size_t at = 0; at < message.size(); at += 7) {
    (void)pieces.value();  // looking changes nothing
    pieces.update(ByteView(message).subspan(at, std::min<std::size_t>(7, message.size() - at)));
  }
  EXPECT_EQ(whole.value(), pieces.value());
  EXPECT_FALSE(OmaDigest::make(Bytes(13)).ok());
}

TEST(OsgpMessage, AnExchangeOfTheExpansionPort) {
  OmaDigest digest = *OmaDigest::make(kMepKey);
  Bytes request;
  encode(Request{Service::kReadPart, 23, 0, 44, {}, 0x01020304}, digest, request);
  EXPECT_EQ(to_hex(request), "3F0017000000002C0102030474861F6D7658DD56");
  Bytes response;
  encode(Response{Code::kSequenceError, {}, 0x77635B90}, true, digest, response);
  EXPECT_EQ(to_hex(response), "0C77635B9035863C1DF5B91482");

  c12::MeterTables meter;
  wire::Report report;
  ASSERT_TRUE(decode_exchange(request, response, kMepKey, meter, report).ok());
  EXPECT_EQ(report.details.at(0).second, "read BT23 offset 0 count 44 sequence 16909060");
  EXPECT_EQ(report.details.at(1).second, "sequence number error");
  EXPECT_EQ(report.details.at(2).second, "2003000208");
  EXPECT_EQ(report.security.mode, "OSGP digest (weak)");
}

TEST(OsgpMessage, EveryServiceThereAndBack) {
  const Bytes data{1, 2, 3};
  for (const Request& request :
       {Request{Service::kRead, 1, 0, 0, {}, 7}, Request{Service::kReadPart, 0x803, 5, 6, {}, 8},
        Request{Service::kWrite, 7, 0, 0, data, 9},
        Request{Service::kWritePart, 7, 0x010203, 0, data, 10}}) {
    OmaDigest digest = *OmaDigest::make(kMepKey), other = digest;
    Bytes bytes;
    encode(request, digest, bytes);
    const auto parsed = parse_request(bytes);
    ASSERT_TRUE(parsed.ok()) << to_string(parsed.error());
    EXPECT_EQ(parsed->request.service, request.service);
    EXPECT_EQ(parsed->request.table, request.table);
    EXPECT_EQ(parsed->request.offset, request.offset);
    EXPECT_EQ(parsed->request.sequence, request.sequence);
    EXPECT_EQ(to_hex(parsed->request.data), to_hex(request.data));
    EXPECT_TRUE(verify(other, parsed->digested, parsed->digest).ok());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto cut = parse_request(ByteView(bytes).first(size));
      if (!cut.ok()) continue;  // shorter, and whole by chance: then its digest is wrong
      OmaDigest fresh = *OmaDigest::make(kMepKey);
      EXPECT_FALSE(verify(fresh, cut->digested, cut->digest).ok());
    }
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Bytes bad = bytes;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      const auto flipped = parse_request(bad);
      if (!flipped.ok()) continue;
      OmaDigest fresh = *OmaDigest::make(kMepKey);
      EXPECT_FALSE(verify(fresh, flipped->digested, flipped->digest).ok()) << bit;
    }
  }
}

TEST(OsgpMessage, ReadingsThroughTheTables) {
  // ST0 of the 1997 flavour, little-endian, INT32; two summations.
  c12::MeterTables meter;
  wire::Report report;
  const auto exchange = [&](std::uint16_t table, const Bytes& data) {
    OmaDigest digest = *OmaDigest::make(kMepKey);
    Bytes request, response;
    encode(Request{Service::kRead, table, 0, 0, {}, 1}, digest, request);
    encode(Response{Code::kOk, data, {}}, true, digest, response);
    report.clear();
    ASSERT_TRUE(decode_exchange(request, response, kMepKey, meter, report).ok());
  };
  Bytes st0 = *from_hex("02018800000000000001000A00000000000000");
  exchange(0, st0);
  exchange(21, *from_hex("00000002000000000000"));
  exchange(23, *from_hex("FB1304024D891A00"));
  ASSERT_EQ(report.readings.size(), 2u);
  EXPECT_EQ(to_string(std::get<Decimal>(report.readings[0].value)), "33821691");
  EXPECT_EQ(to_string(std::get<Decimal>(report.readings[1].value)), "1739085");
}

TEST(OsgpMessage, AWrongDigestShowsNothing) {
  OmaDigest digest = *OmaDigest::make(kMepKey);
  Bytes request;
  encode(Request{Service::kRead, 1, 0, 0, {}, 7}, digest, request);
  c12::MeterTables meter;
  wire::Report report;
  ASSERT_TRUE(decode_exchange(request, {}, Bytes(16, 2), meter, report).ok());
  EXPECT_FALSE(report.security.ok);
  EXPECT_TRUE(report.details.empty());
}

TEST(OsgpMessage, TheUnpublishedSuiteIsRefusedWithItsReason) {
  const Status status = check_suite(Suite::kAes128Psk);
  EXPECT_EQ(status.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(status.error().reason,
            "OSGP-AES-128-PSK is not implemented: no public text or vector of it is at hand");
  EXPECT_TRUE(check_suite(Suite::kDigest).ok());
}

}  // namespace
}  // namespace amity::osgp
