#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/civil.h"
#include "base/crypto.h"
#include "base/decimal.h"
#include "base/time.h"

namespace amity {
namespace {

TEST(Hex, ReadsWithSeparatorsAndSaysWhereItBreaks) {
  EXPECT_EQ(to_hex(*from_hex("7e a0:79")), "7EA079");
  const auto bad = from_hex("7EZ0");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(to_string(bad.error()), "malformed at byte 2: 'Z' is not a hexadecimal digit");
  EXPECT_EQ(from_hex("7EA").error().code, ErrorCode::kTruncated);
}

TEST(ByteReader, RefusesToReadPastTheEnd) {
  const Bytes bytes{1, 2, 3};
  ByteReader reader(bytes, 100);
  EXPECT_EQ(*reader.u16(), 0x0102);
  EXPECT_EQ(to_string(reader.u32().error()), "truncated at byte 102: 4 bytes wanted, 1 left");
}

TEST(Time, IsoBothWays) {
  EXPECT_EQ(to_iso(*from_iso("2026-11-20T14:15:00+01:00")), "2026-11-20T13:15:00Z");
  EXPECT_EQ(to_iso(*from_iso("2024-02-29")), "2024-02-29T00:00:00Z");
  EXPECT_FALSE(from_iso("2023-02-29").ok());
  EXPECT_FALSE(from_iso("2023-2-9").ok());
}

TEST(Time, AnIntervalEndingAtMidnightBelongsToTheDayBefore) {
  EXPECT_EQ(day_of_interval_end(UtcSeconds(86'400)).value, 0);
  EXPECT_EQ(day_of_interval_end(UtcSeconds(86'401)).value, 1);
  EXPECT_EQ(day_of_interval_end(UtcSeconds(0)).value, -1);
}

TEST(TimeZone, ClockChangeDaysAreShortAndLong) {
  const TimeZone madrid = *TimeZone::find("Europe/Madrid");
  EXPECT_TRUE(madrid.instants(2026, 3, 29, 2, 30, 0).empty());
  EXPECT_EQ(madrid.instants(2026, 10, 25, 2, 30, 0).size(), 2u);
  const UtcSeconds noon = *from_iso("2026-03-29T10:00:00Z");
  const UtcSeconds start = madrid.start_of_day(noon);
  EXPECT_EQ(madrid.start_of_day(start + 30 * 3600) - start, 23 * 3600);
  EXPECT_EQ(madrid.to_iso_local(noon), "2026-03-29T12:00:00+02:00");
  EXPECT_FALSE(TimeZone::find("Europe/Nowhere").ok());
}

// Digits from the standard library, with the point put in by hand.
std::string printed_plainly(Decimal decimal) {
  std::string digits = std::to_string(decimal.value);
  const std::string sign = decimal.value < 0 ? "-" : "";
  digits.erase(0, sign.size());
  if (decimal.exponent >= 0)
    return sign + digits + std::string(decimal.value == 0 ? 0 : decimal.exponent, '0');
  const auto decimals = static_cast<std::size_t>(-decimal.exponent);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  return sign + digits.insert(digits.size() - decimals, ".");
}

TEST(Decimal, OfEverySizeAndExponentIsPrinted) {
  std::uint64_t state = 1;
  for (int exponent = -18; exponent <= 18; ++exponent) {
    std::int64_t power = 1;
    for (int digits = 1; digits <= 19; ++digits) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const auto any = static_cast<std::int64_t>(state >> 1) % power;
      for (const std::int64_t value : {any, -any, power - 1, power, 1 - power, -power}) {
        const Decimal decimal{value, exponent};
        ASSERT_EQ(to_string(decimal), printed_plainly(decimal));
      }
      if (digits < 19) power *= 10;
    }
  }
}

TEST(Decimal, KeepsTheMetersResolution) {
  EXPECT_EQ(to_string(Decimal{1234, -2}), "12.34");
  EXPECT_EQ(to_string(Decimal{-5, -3}), "-0.005");
  EXPECT_EQ(to_string(Decimal{7, 3}), "7000");
  EXPECT_EQ(*decimal_from("-12.340"), (Decimal{-12340, -3}));
  EXPECT_EQ(*decimal_from("-9223372036854775808"), (Decimal{INT64_MIN, 0}));
  EXPECT_FALSE(decimal_from("9223372036854775808").ok());
  EXPECT_EQ(*rescale({125, -2}, -3), 1250);
  EXPECT_FALSE(rescale({125, -2}, -1).ok());
}

// NIST SP 800-38B example 2 (AES-128, 16-byte message).
TEST(Crypto, Cmac) {
  const Bytes key = *from_hex("2b7e151628aed2a6abf7158809cf4f3c");
  const Bytes message = *from_hex("6bc1bee22e409f96e93d7e117393172a");
  EXPECT_EQ(to_hex(crypto::aes_cmac(key, message)), "070A16B46B4D4144F79BDD9DD04A287C");
}

// RFC 3394 section 4.1.
TEST(Crypto, KeyWrap) {
  const Bytes kek = *from_hex("000102030405060708090A0B0C0D0E0F");
  const Bytes key = *from_hex("00112233445566778899AABBCCDDEEFF");
  Bytes wrapped = *crypto::aes_key_wrap(kek, key);
  EXPECT_EQ(to_hex(wrapped), "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5");
  EXPECT_EQ(*crypto::aes_key_unwrap(kek, wrapped), key);
  wrapped[3] ^= 1;
  EXPECT_EQ(crypto::aes_key_unwrap(kek, wrapped).error().code, ErrorCode::kSecurity);
}

TEST(Crypto, GcmReleasesNothingWhenTheTagIsWrong) {
  const Bytes key(16, 7), iv(12, 1), plain{1, 2, 3, 4};
  crypto::AesGcm gcm(key);
  Bytes cipher, out{9};
  auto tag = gcm.seal(iv, as_bytes("aad"), plain, cipher);
  ASSERT_TRUE(gcm.open(iv, as_bytes("aad"), cipher, tag, out).ok());
  EXPECT_EQ(out, (Bytes{9, 1, 2, 3, 4}));
  tag[0] ^= 1;
  EXPECT_EQ(gcm.open(iv, as_bytes("aad"), cipher, tag, out).error().code, ErrorCode::kSecurity);
  EXPECT_EQ(out.size(), 5u);
}

}  // namespace
}  // namespace amity
