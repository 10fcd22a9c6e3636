// What arrives damaged: every APDU of this room cut at every byte and with every bit turned.
// Nothing may crash, and an error names a place inside the input.
#include "wire/dlms/apdu.h"
#include "wire/dlms/data.h"
#include "wire/dlms/selective_access.h"
#include "wire/dlms/test_bytes.h"
#include "wire/dlms/wrapper.h"

namespace amity::dlms {
namespace {

const char* const kApdus[] = {
    "601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0",
    "6066A109060760857405080103A60A04084D4D4D0000BC614E8A0207808B0760857405080201AC0A80083132333435"
    "363738BE3404322130300"
    "1234567801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE6841DB204D39EE6FDB8E356855",
    "6142A109060760857405080101A203020100A305A10302010E88020780890760857405080205AA0A8008503677524A"
    "323146BE10040E0800065F"
    "1F040000501F01F40007",
    "6315800100BE10040E0800065F1F040000501F01F40007",
    "01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0",
    "0800065F1F040000501F01F40007",
    "C001C100080000010000FF0200",
    "C003810200080000010000FF020000030100010800FF0200",
    "C401C100090C07EA0B150600090000000000",
    "C4028100000000010003010203",
    "C403810200060000002A010B",
    "C101C100080000010000FF0200090C07EA0B150600090000000000",
    "C303C10100460000600310FF01010F00",
    "C701C10001000901AA",
    "0502020100042BE0011107",
    "0C0400060000002A010302010001020102030004",
    "D94000000100030100030100010800FF020200080000010000FF020400070100630100FF02021107030009010000",
    "DA40000001000002060000002A000201000203",
    "0F000000010C07E1090F05052128FF8000000203130203060F090F00000001FF02AABB000000020101CC110500",
    "C2010C07E1090F05052128FF80000000010000600B00FF021142",
    "E0C50003000102AABB",
    "DB084D4D4D0000BC614E1E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B",
    "DD080123456789012345084D4D4D0000BC614E084D4D4D0000000001000001010018"
    "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5073000000001AABB",
    "D8010600000017",
};

void expect_error_inside(const Result<Apdu>& apdu, ByteView input) {
  if (!apdu.ok()) {
    EXPECT_LE(apdu.error().offset, input.size())
        << to_hex(input) << ": " << to_string(apdu.error());
    EXPECT_FALSE(apdu.error().reason.empty());
  }
}

TEST(Robustness, CutAtEveryByte) {
  for (const char* text : kApdus) {
    const Bytes whole = *from_hex(text);
    ASSERT_TRUE(decode_apdu(whole).ok()) << text << ": " << to_string(decode_apdu(whole).error());
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of exactly this size, so that reading beyond it is found by the sanitizers.
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto apdu = decode_apdu(cut);
      EXPECT_FALSE(apdu.ok()) << text << " cut to " << size;
      expect_error_inside(apdu, cut);
    }
  }
}

TEST(Robustness, EveryBitTurned) {
  DataTree tree;
  for (const char* text : kApdus) {
    const Bytes whole = *from_hex(text);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      Bytes bad = whole;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      const auto apdu = decode_apdu(bad);
      expect_error_inside(apdu, bad);
      const Status parsed = tree.parse(bad);
      EXPECT_LE(parsed.ok() ? 0 : parsed.error().offset, bad.size());
      (void)decode_wrapper(bad);
      (void)decode_range(bad);
    }
  }
}

TEST(Robustness, LengthsThatLie) {
  for (const char* text : {"C40100 00 09 84 FFFFFFFF", "C403C1 84 FFFFFFFF 00", "C003C1 82 FFFF 00",
                           "0C 83 FFFFFF 00", "DB 08 0102030405060708 84 FFFFFFFF 30",
                           "60 84 FFFFFFFF A1", "E0 80 0001 0000 84 7FFFFFFF"}) {
    const Bytes bytes = *from_hex(text);
    const auto apdu = decode_apdu(bytes);
    ASSERT_FALSE(apdu.ok()) << text;
    EXPECT_EQ(apdu.error().code, ErrorCode::kTruncated) << text << ": " << to_string(apdu.error());
  }
}

}  // namespace
}  // namespace amity::dlms
