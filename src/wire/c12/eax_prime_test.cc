#include "wire/c12/eax_prime.h"

#include <gtest/gtest.h>

namespace amity::c12 {
namespace {

struct Vector {
  const char *key, *cleartext, *plain, *cipher, *mac;
};

// The published vectors of the C12.22 annex.
const Vector kVectors[] = {
    {"01020304050607080102030405060708",
     "a20c060a607c86f7540116001702a703020104a803020102ac0fa20da00ba109800102810448e99388be192817811"
     "5"
     "9aa60d060b607c86f7540116001782110248e99388",
     "54454d500b40000700051a00000200e4", "4031cc957d4edf9a357f3db0fa9fe838", "6555c029"},
    {"01020304050607080102030405060708",
     "a20c060a607c86f7540116007b02a703020104a803020102ac0fa20da00ba109800102810448f3d2f8be192817811"
     "5"
     "9aa60d060b607c86f7540116007b82110248f3d2f8",
     "54454d500b40000700051a00000200e4", "8d2fbb7a0a8c4d40edaa10a46431c9b8", "fec6d9e8"},
    {"102030405060708090a0b0c0d0e0f000",
     "a20e060c6086480186fc2f811caa4e01a806020439a00ebbac0fa20da00ba10980010081044bcee2c3be252823812"
     "1"
     "88a60a06082b06010401828563004bcee2c3",
     "17513030303030303030303030303030303030303030000003300001",
     "9cf32c7ec24c250be7b0749feee71a220d0eee976ec23dbf0caa08ea", "00543e66"},
    {"6624c7e23034e4036fe5cb3a8b5dab44",
     "a211060f2b060104018285638e7f85f1c24e01a80602042bc81aa1ac0fa20da00ba10980010081044b97d2ccbe392"
     "8"
     "37813588a60906072b060104828563004b97d2cc",
     "1751303030303030303030303030303030303030303000000330000103300078033000790330007a0330007b03300"
     "0"
     "7d",
     "beb0989fadb020eb72ba46353cc0a2ac2a007a101afebaf9680d3b9659f991121b865f254f6ac92cdd213d31e3c4d"
     "2"
     "ca",
     "e6f89b6d"},
};

TEST(EaxPrime, PublishedVectorsSealAndOpen) {
  for (const Vector& v : kVectors) {
    auto eax = EaxPrime::make(*from_hex(v.key));
    ASSERT_TRUE(eax.ok());
    const Bytes n = *from_hex(v.cleartext), plain = *from_hex(v.plain),
                cipher = *from_hex(v.cipher), mac = *from_hex(v.mac);
    for (int again = 0; again < 3; ++again) {  // the contexts are reused: no state may remain
      Bytes sealed;
      const auto tag = eax->seal(n, plain, sealed);
      ASSERT_TRUE(tag.ok());
      EXPECT_EQ(to_hex(sealed), to_hex(cipher));
      EXPECT_EQ(to_hex(*tag), to_hex(mac));
      Bytes opened;
      ASSERT_TRUE(eax->open(n, cipher, mac, opened).ok());
      EXPECT_EQ(to_hex(opened), to_hex(plain));
    }
  }
}

TEST(EaxPrime, EveryFlippedBitIsRefusedAndNothingComesOut) {
  const Vector& v = kVectors[1];
  auto eax = EaxPrime::make(*from_hex(v.key));
  const Bytes n = *from_hex(v.cleartext), cipher = *from_hex(v.cipher), mac = *from_hex(v.mac);
  const auto refused = [&](Bytes n2, Bytes c2, Bytes m2) {
    Bytes out;
    const Status opened = eax->open(n2, c2, m2, out);
    EXPECT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::kSecurity);
    EXPECT_TRUE(out.empty());
  };
  const auto flip = [](Bytes bytes, std::size_t bit) {
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    return bytes;
  };
  for (std::size_t bit = 0; bit < n.size() * 8; ++bit) refused(flip(n, bit), cipher, mac);
  for (std::size_t bit = 0; bit < cipher.size() * 8; ++bit) refused(n, flip(cipher, bit), mac);
  for (std::size_t bit = 0; bit < mac.size() * 8; ++bit) refused(n, cipher, flip(mac, bit));
  refused(n, cipher, Bytes(mac.begin(), mac.end() - 1));
}

TEST(EaxPrime, ShortCleartextIsRefused) {
  auto eax = EaxPrime::make(*from_hex(kVectors[0].key));
  Bytes out;
  EXPECT_EQ(eax->seal(Bytes(16), Bytes(4), out).error().code, ErrorCode::kSecurity);
  EXPECT_EQ(eax->open(Bytes(16), Bytes(4), Bytes(4), out).error().code, ErrorCode::kSecurity);
  EXPECT_TRUE(eax->seal(Bytes(17), Bytes(4), out).ok());
  EXPECT_FALSE(EaxPrime::make(Bytes(15)).ok());
}

}  // namespace
}  // namespace amity::c12
