// Frames cut at every byte, and with each bit flipped: an error with a place in the frame, or a
// decode; never more.
#include "wire/mbus/decoder.h"
#include "wire/mbus/encoder.h"
#include "wire/mbus/test_data.h"
#include "wire/mbus/wired_frame.h"

namespace amity::mbus {
namespace {

KeyStore keys_for_all() {
  KeyStore keys;
  EXPECT_TRUE(keys.add_for_any(*from_hex("000102030405060708090A0B0C0D0E0F")).ok());
  return keys;
}

void expect_sane(Decoder& decoder, ByteView frame, const KeyStore& keys, wire::Report& report) {
  const Status status = decoder.decode(frame, keys, report);
  if (!status.ok()) {
    EXPECT_LE(status.error().offset, frame.size()) << to_hex(frame);
    EXPECT_FALSE(status.error().reason.empty());
  }
  for (const wire::Part& part : report.layout) ASSERT_LE(part.offset + part.size, frame.size());
}

void torture(const Bytes& frame, const KeyStore& keys) {
  Decoder decoder;
  wire::Report report;
  report.explain = true;
  for (std::size_t size = 0; size <= frame.size(); ++size)
    expect_sane(decoder, ByteView(frame).first(size), keys, report);
  Bytes flipped = frame;
  for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    expect_sane(decoder, flipped, keys, report);
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
  }
}

Bytes sample(SecurityMode mode, FrameFormat format) {
  Bytes records;
  EXPECT_TRUE(append_number("volume", "m3", {123'456, -3}, DataField::kBcd8, {}, records).ok());
  EXPECT_TRUE(append_number("volume", "m3", {120'000, -3}, DataField::kInt32,
                            {Function::kMaximum, 8, 2, 1}, records)
                  .ok());
  EXPECT_TRUE(append_text(*from_hex("FD11"), "customer 7", {}, records).ok());
  const Bytes key = *from_hex("000102030405060708090A0B0C0D0E0F");
  TelegramSpec spec;
  spec.meter = {manufacturer_code("AMI"), 0x12345678, 1, 7};
  spec.access_number = 42;
  spec.mode = mode;
  spec.format = format;
  spec.key = key;
  spec.counter = 1;
  Encoder encoder;
  return *encoder.wireless(spec, records);
}

TEST(Robustness, EncodedTelegramsOfEveryModeAndFormat) {
  const KeyStore keys = keys_for_all();
  for (const SecurityMode mode :
       {SecurityMode::kNone, SecurityMode::kMode5, SecurityMode::kMode7}) {
    for (const FrameFormat format : {FrameFormat::kStripped, FrameFormat::kA, FrameFormat::kB}) {
      const Bytes frame = sample(mode, format);
      wire::Report report;
      ASSERT_TRUE(decode(frame, keys, report).ok());
      EXPECT_EQ(report.readings.size(), 3u);
      EXPECT_TRUE(looks_like_wmbus(frame));
      EXPECT_FALSE(looks_like_mbus(frame));
      torture(frame, keys);
    }
  }
}

TEST(Robustness, AFlippedBitIsSeenByTheCrc) {
  for (const FrameFormat format : {FrameFormat::kA, FrameFormat::kB}) {
    const Bytes frame = sample(SecurityMode::kNone, format);
    for (std::size_t bit = 8; bit < 8 * frame.size(); ++bit) {
      Bytes flipped = frame;
      flipped[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      wire::Report report;
      const Status status = decode(flipped, {}, report);
      // A frame of format B with a wrong CRC is one whose CRCs were taken off, for all we can see:
      // its two last bytes are then no record.
      if (format == FrameFormat::kA) {
        ASSERT_FALSE(status.ok()) << bit;
        EXPECT_NE(status.error().reason.find("CRC of block"), std::string::npos);
      }
    }
  }
}

TEST(Robustness, LongFramesOfBothFormats) {
  for (std::size_t size = 10; size <= 250; ++size) {
    Bytes body(size, 0x2F);
    body[0] = 0x44;
    for (const FrameFormat format : {FrameFormat::kStripped, FrameFormat::kA, FrameFormat::kB}) {
      const auto frame = wireless_frame(format, body);
      ASSERT_TRUE(frame.ok());
      Bytes scratch;
      const auto parsed = wireless_frame_from(*frame, scratch);
      ASSERT_TRUE(parsed.ok()) << size << ": " << to_string(parsed.error());
      EXPECT_TRUE(std::equal(body.begin(), body.end(), parsed->bytes.begin() + 1)) << size;
      // CRCs and bytes together are the frame.
      std::vector<int> covered(frame->size());
      for (std::size_t i = 0; i <= size; ++i) ++covered[original_offset(parsed->format, i)];
      for_each_crc(parsed->format, size + 1,
                   [&](std::size_t at) { ++covered[at], ++covered[at + 1]; });
      for (const int count : covered) ASSERT_EQ(count, 1) << size;
    }
  }
}

TEST(Robustness, CapturedTelegrams) {
  const auto path = testing::frames_folder("mbus/test-frames");
  SKIP_WITHOUT(path);
  const KeyStore keys = keys_for_all();
  for (const auto& file : testing::files_of(path, ".hex"))
    torture(*from_hex(testing::read_file(file)), keys);
}

TEST(WiredFrame, ChecksAreChecked) {
  const Bytes frame = *long_frame(kRspUd, 5, *from_hex("72AA"));
  EXPECT_EQ(to_hex(frame),
            "680404680805"
            "72AA"
            "2916");
  Bytes altered = frame;
  altered[6] ^= 1;
  EXPECT_EQ(to_string(wired_frame_from(altered).error()),
            "malformed at byte 8: the checksum is 29, computed 2A");
  EXPECT_EQ(to_hex(short_frame(kSndNke, 1)), "1040014116");
  EXPECT_TRUE(looks_like_mbus(short_frame(kSndNke, 1)));
  EXPECT_FALSE(long_frame(kRspUd, 5, {}).ok());
  EXPECT_FALSE(long_frame(kRspUd, 5, Bytes(254)).ok());
}

// Numbers of every size come back as they were.
TEST(Encoder, NumbersComeBack) {
  struct Case {
    DataField field;
    std::int64_t value;
  };
  const Case cases[] = {{DataField::kInt8, -127},
                        {DataField::kInt8, 127},
                        {DataField::kInt16, -32767},
                        {DataField::kInt24, 8388607},
                        {DataField::kInt24, -8388607},
                        {DataField::kInt32, -2147483647},
                        {DataField::kInt48, 140737488355327},
                        {DataField::kInt64, INT64_MAX},
                        {DataField::kInt64, -INT64_MAX},
                        {DataField::kBcd2, 99},
                        {DataField::kBcd2, -9},
                        {DataField::kBcd4, -999},
                        {DataField::kBcd6, 999999},
                        {DataField::kBcd8, -9999999},
                        {DataField::kBcd12, 999999999999},
                        {DataField::kBcd12, -99999999999}};
  for (const Case& c : cases) {
    for (const std::uint64_t storage : {0u, 1u, 17u, 1'000'000u}) {
      Bytes records;
      const RecordPlace place{Function::kMinimum, storage, 5, 3};
      ASSERT_TRUE(append_number("energy", "Wh", {c.value, -3}, c.field, place, records).ok())
          << c.value;
      TelegramSpec spec;
      spec.meter = {manufacturer_code("AMI"), 0x87654321, 1, 2};
      wire::Report report;
      Encoder encoder;
      ASSERT_TRUE(decode(*encoder.wireless(spec, records), {}, report).ok());
      ASSERT_EQ(report.readings.size(), 1u);
      const auto* value = std::get_if<Decimal>(&report.readings[0].value);
      ASSERT_NE(value, nullptr);
      EXPECT_EQ(*value, (Decimal{c.value, -3}));
      EXPECT_EQ(report.readings[0].storage, storage);
      EXPECT_EQ(report.readings[0].tariff, 5u);
      EXPECT_EQ(report.readings[0].subunit, 3u);
      EXPECT_EQ(report.readings[0].kind, "minimum");
    }
  }
  Bytes out;
  EXPECT_FALSE(append_number("energy", "Wh", {128, -3}, DataField::kInt8, {}, out).ok());
  EXPECT_FALSE(append_number("energy", "Wh", {-128, -3}, DataField::kInt8, {}, out).ok());
  EXPECT_FALSE(append_number("energy", "Wh", {100, -3}, DataField::kBcd2, {}, out).ok());
  EXPECT_FALSE(append_number("energy", "furlongs", {1, 0}, DataField::kBcd2, {}, out).ok());
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace amity::mbus
