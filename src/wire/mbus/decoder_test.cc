#include "wire/mbus/decoder.h"

#include <gtest/gtest.h>

#include "wire/mbus/encoder.h"

namespace amity::mbus {
namespace {

using wire::Report;

constexpr char kMode5[] =
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955"
    "B2"
    "9D6D69EBF3EC8A";
constexpr char kMode5Key[] = "0102030405060708090A0B0C0D0E0F11";
constexpr char kMode7[] =
    "434493157856341233037AC98C2075900F002C25B30A000021924D4FBA372FB66E017A75002007109058475F4BC9D1"
    "28"
    "1DF878B80A1B0F98B629024AAC7279429398BFC549233C0140829B93BAA1";
constexpr char kMode7Key[] = "000102030405060708090A0B0C0D0E0F";

KeyStore store(const char* key) {
  KeyStore keys;
  EXPECT_TRUE(keys.add(0x12345678, *from_hex(key)).ok());
  return keys;
}

std::string line(const wire::Reading& r) {
  std::string text(r.quantity);
  if (const auto* exact = std::get_if<Decimal>(&r.value)) text += " " + to_string(*exact);
  if (const auto* real = std::get_if<double>(&r.value)) text += " " + std::to_string(*real);
  if (const auto* words = std::get_if<std::string>(&r.value)) text += " '" + *words + "'";
  if (!r.unit.empty()) text += " " + std::string(r.unit);
  if (!r.kind.empty()) text += ", " + std::string(r.kind);
  if (r.storage) text += ", storage " + std::to_string(r.storage);
  if (r.tariff) text += ", tariff " + std::to_string(r.tariff);
  if (r.subunit) text += ", subunit " + std::to_string(r.subunit);
  if (!to_string(r.time).empty()) text += ", at " + to_string(r.time);
  if (!r.note.empty()) text += " (" + r.note + ")";
  return text + "\n";
}

// What a metering engineer wants to see.
std::string text_of(const Report& report) {
  std::string text = report.meter.manufacturer + " " + report.meter.id + " " + report.meter.medium +
                     " version " + report.meter.version + "; " + std::string(report.security.mode) +
                     (report.security.ok ? "" : " closed: " + report.security.reason) + "\n";
  for (const auto& reading : report.readings) text += line(reading);
  for (const auto& event : report.events) text += "event: " + event.text + "\n";
  for (const auto& part : report.unknown)
    text += part.id + " at " + (part.offset ? std::to_string(*part.offset) : "?") + ": " +
            part.hex + "\n";
  return text;
}

std::string decoded(const char* hex, const KeyStore& keys = {}) {
  Report report;
  const Status status = decode(*from_hex(hex), keys, report);
  return text_of(report) + (status.ok() ? "" : to_string(status.error()) + "\n");
}

// A frame around records: what they say alone.
std::string records(const char* hex) {
  Bytes body = *from_hex("4493157856341233037A00000000");
  append(body, *from_hex(hex));
  Report report;
  const auto frame = wireless_frame(FrameFormat::kStripped, body);
  const Status status = decode(*frame, {}, report);
  const std::string text = text_of(report);
  return text.substr(text.find('\n') + 1) + (status.ok() ? "" : to_string(status.error()) + "\n");
}

// Every byte of a frame belongs to exactly one innermost part.
void expect_every_byte_once(const Bytes& frame, const KeyStore& keys) {
  Report report;
  report.explain = true;
  (void)decode(frame, keys, report);
  std::vector<int> covered(frame.size());
  for (const wire::Part& part : report.layout) {
    ASSERT_LE(part.offset + part.size, frame.size()) << part.meaning;
    if (part.depth != 1) continue;
    for (std::size_t i = 0; i < part.size; ++i) ++covered[part.offset + i];
  }
  for (std::size_t i = 0; i < covered.size(); ++i) EXPECT_EQ(covered[i], 1) << "byte " << i;
}

TEST(Decoder, OmsMode5Vector) {
  EXPECT_EQ(decoded(kMode5, store(kMode5Key)),
            "ELS 12345678 gas version 51; oms-5\n"
            "volume 28504.27 m3, total\n"
            "date and time '2008-05-31T23:50'\n"
            "error flags 0\n");
}

TEST(Decoder, OmsMode7Vector) {
  EXPECT_EQ(decoded(kMode7, store(kMode7Key)),
            "ELS 12345678 gas version 51; oms-7\n"
            "volume 28504.27 m3, total\n"
            "date and time '2008-05-31T23:50'\n"
            "error flags 0\n");
}

// A published telegram and key of a Kamstrup water meter; the CRC inside the cipher text agrees.
TEST(Decoder, LinkLayerEncryption) {
  constexpr char kTelegram[] =
      "2A442D2C998734761B168D2091D37CAC21E1D68CDAFFCD3DC452BD802913FF7B1706CA9E355D6C2701CC24";
  KeyStore keys;
  ASSERT_TRUE(keys.add(0x76348799, *from_hex("28F64A24988064A079AA2C807D6102AE")).ok());
  EXPECT_EQ(decoded(kTelegram, keys),
            "KAM 76348799 cold water version 27; ell-ctr\n"
            " 113, instantaneous (manufacturer 20)\n"
            "volume 6.408 m3, total\n"
            "volume 6.408 m3, total, storage 1\n"
            "flow temperature 127 degC, minimum, storage 1\n"
            "external temperature 19 degC, minimum, storage 1\n");
  EXPECT_NE(decoded(kTelegram).find("ell-ctr closed: no key for this meter\nencrypted at 19: "),
            std::string::npos);
  expect_every_byte_once(*from_hex(kTelegram), keys);
  // The signature under which such meters send compact frames.
  EXPECT_EQ(format_signature(*from_hex("02FF2004134413615B6167")), 0xA8ED);
}

TEST(Decoder, KeysOfTheMode7Vector) {
  Cipher cipher;
  const Bytes key = *from_hex(kMode7Key);
  EXPECT_EQ(to_hex(derive_key(cipher, key, kDeriveEncryption, 0xAB3, 0x12345678)),
            "ECCF39D475D730B8284FDFDC1995D52F");
  EXPECT_EQ(to_hex(derive_key(cipher, key, kDeriveMac, 0xAB3, 0x12345678)),
            "C9CD19FF5A9AAD5A6BBDA13BD2C4C7AD");
}

TEST(Decoder, AWrongOrMissingKeyIsSaidAndNothingIsReleased) {
  EXPECT_EQ(decoded(kMode5),
            "ELS 12345678 gas version 51; oms-5 closed: no key for this meter\n"
            "encrypted at 17: 5923C95AAA26D1B2E7493B013EC4A6F6D3529B520EDFF0EA6DEFC99D6D69EBF3\n");
  EXPECT_NE(
      decoded(kMode5, store(kMode7Key)).find("wrong key: the plain text does not start with 2F2F"),
      std::string::npos);
  const std::string refused = decoded(kMode7, store(kMode5Key));
  EXPECT_NE(refused.find("oms-7 closed: the MAC does not fit"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("volume"), std::string::npos);
}

TEST(Decoder, AnAlteredMode7TelegramIsNeverUsed) {
  const Bytes frame = [] {
    Encoder encoder;
    TelegramSpec spec;
    spec.meter = {manufacturer_code("ELS"), 0x12345678, 51, 3};
    spec.mode = SecurityMode::kMode7;
    const Bytes key = *from_hex(kMode7Key);
    spec.key = key;
    spec.counter = 7;
    Bytes body;
    EXPECT_TRUE(append_number("volume", "m3", {2850427, -2}, DataField::kBcd8, {}, body).ok());
    return *encoder.wireless(spec, body);
  }();
  const KeyStore keys = store(kMode7Key);
  Decoder decoder;
  Report report;
  ASSERT_TRUE(decoder.decode(frame, keys, report).ok());
  ASSERT_EQ(report.readings.size(), 1u);
  // From the AFL's message control on, every bit is bound by the MAC.
  for (std::size_t bit = 8 * 14; bit < 8 * frame.size(); ++bit) {
    Bytes altered = frame;
    altered[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    (void)decoder.decode(altered, keys, report);
    // Clearing the mode makes a plain telegram, which says so; it holds cipher text, no volume.
    for (const auto& reading : report.readings)
      EXPECT_NE(line(reading), "volume 28504.27 m3, total\n") << bit;
    EXPECT_TRUE(report.security.mode != "oms-7" || !report.security.ok) << bit;
  }
}

TEST(Decoder, AnAuthenticatedPlainTelegramIsCheckedWhereThereIsAKey) {
  Cipher cipher;
  const Bytes key = *from_hex(kMode7Key);
  Bytes covered = *from_hex("25070000007A2A0000000C1327048502");
  const Block mac = cipher.aes_cmac(derive_key(cipher, key, kDeriveMac, 7, 0x12345678), covered);
  Bytes body = *from_hex(
      "44931578563412330390"
      "0F002C2507000000");
  append(body, ByteView(mac).first(8));
  append(body, ByteView(covered).subspan(5));
  const std::string frame = to_hex(*wireless_frame(FrameFormat::kStripped, body));
  EXPECT_EQ(decoded(frame.c_str(), store(kMode7Key)),
            "ELS 12345678 gas version 51; none\nvolume 2850.427 m3, total\n");
  EXPECT_NE(decoded(frame.c_str()).find("volume"), std::string::npos);
  body.back() ^= 1;
  const std::string altered = to_hex(*wireless_frame(FrameFormat::kStripped, body));
  EXPECT_EQ(
      decoded(altered.c_str(), store(kMode7Key)),
      "ELS 12345678 gas version 51; none closed: the MAC does not fit: wrong key, or altered data\n"
      "unauthenticated at 32: 0C1327048503\n");
}

TEST(Decoder, TwoMetersWithOneIdHaveTheirOwnKeys) {
  KeyStore keys;
  ASSERT_TRUE(keys.add(0x12345678, *from_hex(kMode7Key)).ok());
  ASSERT_TRUE(keys.add(0x12345678, *from_hex(kMode5Key)).ok());
  ASSERT_TRUE(
      keys.add(0x12345678, *from_hex("FF02030405060708090A0B0C0D0E0F11"), manufacturer_code("ABC"))
          .ok());
  EXPECT_EQ(keys.find({manufacturer_code("ELS"), 0x12345678, 0, 0}).count, 2u);
  EXPECT_EQ(keys.find({manufacturer_code("ABC"), 0x12345678, 0, 0}).count, 3u);
  EXPECT_NE(decoded(kMode5, keys).find("28504.27"), std::string::npos);
  EXPECT_NE(decoded(kMode7, keys).find("28504.27"), std::string::npos);
  EXPECT_FALSE(keys.add(1, *from_hex("0102")).ok());
}

TEST(KeyStore, TenThousandMetersFindTheirOwn) {
  KeyStore keys;
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    Bytes key(16, static_cast<std::uint8_t>(i));
    key[0] = static_cast<std::uint8_t>(i >> 8);
    ASSERT_TRUE(keys.add(i * 7919, key).ok());
  }
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const auto found = keys.find({1, i * 7919, 0, 0});
    ASSERT_EQ(found.count, 1u);
    EXPECT_EQ(found.keys[0]->bytes()[0], static_cast<std::uint8_t>(i >> 8));
    EXPECT_EQ(found.keys[0]->bytes()[5], static_cast<std::uint8_t>(i));
  }
  EXPECT_EQ(keys.find({1, 3, 0, 0}).count, 0u);
}

TEST(Decoder, APayloadThatStartsWithFillerIsPlainWhateverTheConfigurationSays) {
  EXPECT_EQ(decoded("1E44A511909192937B077A9F0010052F2F04130347030002FD1700002F2F2F"),
            "DME 93929190 water version 123; none\n"
            "volume 214.787 m3, total\n"
            "error flags 0\n");
}

// 123,456 and 120,000 litres scrambled; a bit of the cipher or of the head changed is another
// meter's frame, or none.
TEST(Decoder, PriosIsUnscrambled) {
  EXPECT_EQ(decoded("1944304C78563412D407A201510013022C2B126EDEADAA4E9D7E"),
            "SAP 12345678 water version 212; none\n"
            "volume 123.456 m3, total\n"
            "volume 120.000 m3, total, storage 1, at 2026-01-31\n"
            "remaining battery life 8.5 a, instantaneous\n"
            "transmission interval 8 s, instantaneous\n"
            "event: leak before\n"
            "CI A2 at 11: 01510013022C2B126EDEADAA4E9D7E\n");
  EXPECT_EQ(decoded("1944304C78563413D407A201510013022C2B126EDEADAA4E9D7E"),
            "SAP 13345678 water version 212; none\n"
            "CI A2 at 11: 01510013022C2B126EDEADAA4E9D7E\n");
}

TEST(Decoder, Mode13AndOthersAreNamedNotOpened) {
  const auto framed = [](const char* body) {
    return to_hex(*wireless_frame(FrameFormat::kStripped, *from_hex(body)));
  };
  EXPECT_EQ(
      decoded(framed("4493157856341233037A2A00200D10160303000AAABBCC").c_str()),
      "ELS 12345678 gas version 51; tls-13 closed: a TLS record: only the two ends of its session "
      "can open it\nencrypted at 16: 160303000AAABBCC\n");
  EXPECT_EQ(
      decoded(framed("4493157856341233037A2A00200A11223344").c_str()),
      "ELS 12345678 gas version 51; mode-10 closed: not implemented\nencrypted at 15: 11223344\n");
}

TEST(Decoder, DesMode2) {
  const Bytes key = *from_hex("0123456789ABCDEF");
  Bytes plain = *from_hex("2F2F0C13863800002F2F2F2F2F2F2F2F"),
        body = *from_hex("4493157856341233037A2A001002");
  Cipher cipher;
  if (!cipher.des_cbc_encrypt(key, plain, plain.data())) GTEST_SKIP() << "this OpenSSL has no DES";
  append(body, plain);
  const Bytes frame = *wireless_frame(FrameFormat::kStripped, body);
  KeyStore keys;
  ASSERT_TRUE(keys.add(0x12345678, key).ok());
  EXPECT_EQ(decoded(to_hex(frame).c_str(), keys),
            "ELS 12345678 gas version 51; des-2\nvolume 3.886 m3, total\n");
  EXPECT_NE(decoded(to_hex(frame).c_str()).find("des-2 closed: no key"), std::string::npos);
}

// FIPS 81: the well-known DES example ("Now is the time for all ").
TEST(Cipher, DesOfAPublishedVector) {
  Cipher cipher;
  Bytes text = *from_hex("4E6F772069732074");
  if (!cipher.des_cbc_encrypt(*from_hex("0123456789ABCDEF"), text, text.data())) GTEST_SKIP();
  EXPECT_EQ(to_hex(text), "3FA40E8A984D4815");
}

// RFC 4493.
TEST(Cipher, CmacOfPublishedVectors) {
  Cipher cipher;
  const Bytes key = *from_hex("2B7E151628AED2A6ABF7158809CF4F3C");
  EXPECT_EQ(to_hex(cipher.aes_cmac(key, {})), "BB1D6929E95937287FA37D129B756746");
  EXPECT_EQ(to_hex(cipher.aes_cmac(key, *from_hex("6BC1BEE22E409F96E93D7E117393172A"))),
            "070A16B46B4D4144F79BDD9DD04A287C");
  EXPECT_EQ(
      to_hex(cipher.aes_cmac(key, *from_hex("6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB7"
                                            "6FAC45AF8E5130C81C46A35CE411"))),
      "DFA66747DE9AE63030CA32611497C827");
}

TEST(Records, StorageTariffSubunitFunction) {
  EXPECT_EQ(records("DA023B1301"), "volume flow 0.113 m3/h, maximum, storage 5\n");
  EXPECT_EQ(records("8B6004371802"), "energy 218370 Wh, total, tariff 2, subunit 1\n");
}

TEST(Records, UnitsAreTheReports) {
  EXPECT_EQ(records("0122050222050002249600"),
            "on time 18000 s, total\non time 18000 s, total\noperating time 150 s, total\n");
  EXPECT_EQ(records("01430A"), "volume flow 0.0600 m3/h, instantaneous\n");
  EXPECT_EQ(records("02FD480609"), "voltage 231.0 V, instantaneous\n");
  EXPECT_EQ(records("02FB1AF401"), "relative humidity 50.0 %, instantaneous\n");
  EXPECT_EQ(records("05FD590000C03F"), "current 0.001500 A, instantaneous\n");
}

TEST(Records, Qualifiers) {
  EXPECT_EQ(records("04933B0000000004933C01000000"),
            "volume 0.000 m3, total (forward)\nvolume 0.001 m3, total (backward)\n");
  EXPECT_EQ(records("02FDC8FC010609"), "voltage 231.0 V, instantaneous (phase L1)\n");
  EXPECT_EQ(records("01BB410301BB48FF"),
            "exceeds of limit 3, instantaneous (lower limit, volume flow)\n"
            "volume flow -0.001 m3/h, instantaneous (upper limit)\n");
  EXPECT_EQ(records("0293742A00"), "volume 0.00042 m3, total\n");
  EXPECT_EQ(records("02937D2A00"), "volume 42 m3, total\n");
  EXPECT_EQ(records("02DB7B6400"), "flow temperature 101 degC, instantaneous\n");
  EXPECT_EQ(records("0293222A00"), "volume 0.042 m3/h, total\n");
  EXPECT_EQ(records("0293242A00"), "volume 0.042, total (in m3/week)\n");
  EXPECT_EQ(records("0213152A00"),
            "volume 10.773 m3, total\nundecoded at 19: 00\n"
            "truncated at byte 20: the data end before the VIF\n");
  EXPECT_EQ(records("0293152A00"),
            "volume 0.042 m3, value during error (error: no data available)\n");
}

TEST(Records, InvalidValuesAreAbsent) {
  EXPECT_EQ(records("0C13FFFFFFFF0A5A1AF00A5A23F0041300000080"),
            "volume nan m3, total\nflow temperature nan degC, instantaneous\n"
            "flow temperature -2.3 degC, instantaneous\nvolume nan m3, total\n");
}

TEST(Records, Texts) {
  EXPECT_EQ(records("0D78113431383530323830323139353731303047"),
            "fabrication number 'G0017591208205814'\n");
  EXPECT_EQ(records("0C787537680002FC03485225744812"),
            "fabrication number '00683775'\n 46.80, instantaneous (%RH)\n");
  EXPECT_EQ(records("0DFD0BC21234"), "parameter set 3412\n");
  EXPECT_EQ(records("07792640236793449E04"),
            "enhanced identification '67234026' (QDS, version 158, heat)\n");
}

TEST(Records, Dates) {
  EXPECT_EQ(records("426CBF2C4413026C0000046D862D4A31026CE1F7066D0B2D0D4A3100036D092D0D026C0000"),
            "date '2021-12-31', storage 1\n"
            "volume 27.650 m3, total, storage 1, at 2021-12-31\n"
            "date and time '2026-01-10T13:06' (marked invalid by the meter)\n"
            "date '--07-01'\n"
            "date and time '2026-01-10T13:45:11'\n"
            "date and time '13:45:09'\n"
            "date nan\n");
}

TEST(Records, ManufacturersBytesAreHandedOut) {
  EXPECT_EQ(records("04130100000"
                    "00F010203"),
            "volume 0.001 m3, total\nmanufacturer at 22: 010203\n");
}

TEST(Records, BlocksOfVariableLengthAreHandedOut) {
  EXPECT_EQ(records("0DFF5F0301027F0D7F0341424302132A00"),
            " 'CBA', instantaneous\nvolume 0.042 m3, total\n0DFF5F at 19: 01027F\n");
  EXPECT_EQ(records("8D04EE13023BFE0B6E030100"),
            "heat cost allocation 103, total\n8D04EE13 at 20: 3BFE\n");
}

TEST(Decoder, EveryByteHasAMeaning) {
  expect_every_byte_once(*from_hex(kMode5), store(kMode5Key));
  expect_every_byte_once(*from_hex(kMode5), {});
  expect_every_byte_once(*from_hex(kMode7), store(kMode7Key));
  expect_every_byte_once(*from_hex("6813136808057378563412"
                                   "0A00E97E01000000350100003C16"),
                         {});
}

TEST(Decoder, CompactFramesAreReadOnceTheirFormatWasSeen) {
  const Bytes full_records = *from_hex("02FF2000000413F83B0000441352200000615B05");
  Bytes heads;
  ASSERT_TRUE(append_heads(full_records, heads));
  EXPECT_EQ(to_hex(heads), "02FF2004134413615B");
  Bytes full = *from_hex("442D2C78563412331678");
  append(full, full_records);
  Bytes compact = *from_hex("442D2C78563412331679");
  ByteWriter writer(compact);
  writer.u16_le(format_signature(heads));
  writer.u16_le(format_signature(full_records));
  writer.bytes(*from_hex("0000F83B00005220000005"));
  const Bytes full_frame = *wireless_frame(FrameFormat::kStripped, full);
  const Bytes compact_frame = *wireless_frame(FrameFormat::kStripped, compact);
  Decoder decoder;
  Report report;
  ASSERT_TRUE(decoder.decode(compact_frame, {}, report).ok());
  EXPECT_TRUE(report.readings.empty());
  EXPECT_EQ(report.unknown.size(), 1u);
  ASSERT_TRUE(decoder.decode(full_frame, {}, report).ok());
  const std::string expected = text_of(report);
  ASSERT_TRUE(decoder.decode(compact_frame, {}, report).ok());
  EXPECT_EQ(text_of(report), expected);
  EXPECT_NE(expected.find("volume 15.352 m3"), std::string::npos) << expected;
  Bytes altered = compact_frame;
  altered[18] ^= 1;
  const Status status = decoder.decode(altered, {}, report);
  ASSERT_FALSE(status.ok());
  EXPECT_TRUE(report.readings.empty());
}

// Signature A8ED, CRC B66A of "02FF207100 041308190000 441308190000 615B7F 616713", the values.
TEST(Decoder, WellKnownFormatsNeedNoFullFrame) {
  Bytes compact = *from_hex("442D2C998734761B1679EDA86AB6710008190000081900007F13");
  const Bytes frame = *wireless_frame(FrameFormat::kStripped, compact);
  Decoder decoder;
  Report report;
  ASSERT_TRUE(decoder.decode(frame, {}, report).ok());
  EXPECT_EQ(text_of(report),
            "KAM 76348799 cold water version 27; none\n"
            " 113, instantaneous (manufacturer 20)\n"
            "volume 6.408 m3, total\n"
            "volume 6.408 m3, total, storage 1\n"
            "flow temperature 127 degC, minimum, storage 1\n"
            "external temperature 19 degC, minimum, storage 1\n");
  compact[1] ^= 0x01;  // of another manufacturer nothing is known
  ASSERT_TRUE(decoder.decode(*wireless_frame(FrameFormat::kStripped, compact), {}, report).ok());
  EXPECT_TRUE(report.readings.empty());
  ASSERT_EQ(report.unknown.size(), 1u);
  compact[1] ^= 0x01;
  compact[20] ^= 0x01;  // and a wrong value is refused
  EXPECT_FALSE(decoder.decode(*wireless_frame(FrameFormat::kStripped, compact), {}, report).ok());
}

TEST(FormatCache, IsBounded) {
  FormatCache cache;
  for (std::uint32_t i = 0; i < 2 * kFormatsMax; ++i) {
    Bytes one;
    ASSERT_TRUE(
        append_number("volume", "m3", {1, -3}, DataField::kInt8, {Function::kMaximum, i, 0, 0}, one)
            .ok());
    Bytes heads;
    ASSERT_TRUE(append_heads(one, heads));
    cache.learn(1, heads);
  }
  EXPECT_EQ(cache.size(), kFormatsMax);
}

}  // namespace
}  // namespace amity::mbus
