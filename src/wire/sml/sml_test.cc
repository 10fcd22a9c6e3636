#include <gtest/gtest.h>

#include "wire/sml/decoder.h"
#include "wire/sml/fields.h"

namespace amity::sml {
namespace {

Bytes hex(std::string_view text) {
  return from_hex(text).value();
}

// A frame of one list of values, as a two-way meter sends it.
Bytes list_frame(ByteView server_id, std::uint64_t status, Value power, Time value_time, Crc crc) {
  ListResponse list;
  list.server_id = server_id;
  list.time = {Time::Kind::kTimestamp, 1'795'219'200, 0, 0, false};
  ListEntry energy;
  energy.name = {1, 0, 1, 8, 0, 255};
  energy.status = status;
  energy.status_width = 3;
  energy.time = value_time;
  energy.unit = 30;
  energy.scaler = -1;
  energy.value = {Value::Kind::kUnsigned, 4, 54'301'577, {}, {}};
  ListEntry watts = energy;
  watts.name = {1, 0, 16, 7, 0, 255};
  watts.status.reset();
  watts.time = {};
  watts.unit = 27;
  watts.scaler = -2;
  watts.value = power;
  list.entries = {energy, watts};
  const Bytes id = {1, 2, 3};
  Message message{{id, 0, 0, 0}, list, crc, 0, 0};
  Bytes payload, frame;
  encode_message(message, payload);
  encode_frame(payload, crc, frame);
  return frame;
}

Value signed_value(std::int64_t number, std::uint8_t width) {
  return {Value::Kind::kSigned, width, number, {}, {}};
}

std::string power_of(std::string_view server_hex, std::uint64_t status, Value power) {
  Decoder decoder;
  wire::Report report;
  const Status decoded =
      decoder.decode(list_frame(hex(server_hex), status, power, {}, Crc::kX25), report);
  EXPECT_TRUE(decoded.ok()) << to_string(decoded.error());
  return to_string(std::get<Decimal>(report.readings.at(1).value));
}

TEST(Sml, DzgPowerIsCorrectedWhereTheStatusOrTheSerialNumberSaysSo) {
  const char* kFaulty = "0A01445A47000282225E";    // 42082910, in the maker's range
  const char* kSound = "0A01445A47000265BA71";     // 40221297
  const char* kNoStatus = "0A01445A470002FC07A7";  // 50071463
  constexpr std::uint64_t kIn = 0x1C0104, kOut = 0x1C7904, kOldForm = 0x0182;
  EXPECT_EQ(power_of(kFaulty, kIn, signed_value(-29'912, 2)), "356.24");
  EXPECT_EQ(power_of(kFaulty, kOut, signed_value(-29'912, 2)), "-299.12");
  EXPECT_EQ(power_of(kFaulty, kOldForm, signed_value(-29'912, 2)), "356.24");
  EXPECT_EQ(power_of(kSound, kOut, signed_value(-4'684, 2)), "-46.84");
  EXPECT_EQ(power_of(kSound, kOldForm, signed_value(-4'684, 2)), "-46.84");
  EXPECT_EQ(power_of(kNoStatus, 0x040104, signed_value(-14'836, 2)), "507.00");
  EXPECT_EQ(power_of(kSound, kOut, signed_value(0xFC9A4B, 4)), "-2226.45");
  EXPECT_EQ(power_of(kSound, kIn, signed_value(0xFC9A4B, 4)), "165545.71");
  EXPECT_EQ(power_of(kSound, kOut, signed_value(-78'851, 3)), "-788.51");
  // Another maker's meter means what it says.
  EXPECT_EQ(power_of("0A0149534B0004325EC5", kIn, signed_value(-29'912, 2)), "-299.12");
}

TEST(Sml, HolleySendsSecondIndicesBareAndTheOtherCrc) {
  Time bare{Time::Kind::kSecIndex, 0x0A583B80, 0, 0, true};
  const Bytes id = hex("0A01484C5902000159BB");
  const Bytes frame = list_frame(id, 0x1C1904, signed_value(-1'602, 2), bare, Crc::kKermit);
  EXPECT_NE(to_hex(frame).find("650A583B80"), std::string::npos) << "no choice around the time";
  Decoder decoder;
  wire::Report report;
  ASSERT_TRUE(decoder.decode(frame, report).ok());
  EXPECT_EQ(report.meter.id, "1HLY0200088507");
  ASSERT_EQ(report.details.size(), 2u);
  EXPECT_EQ(report.details[0].first, "frame_crc");
  EXPECT_EQ(report.details[1].second, "KERMIT");
}

TEST(Sml, TimesAreUtcOrTheMetersOwnClock) {
  Decoder decoder;
  wire::Report report;
  const Bytes id = hex("0A0149534B0004325EC5");
  const Time local{Time::Kind::kLocalTimestamp, 1'795'219'200, 60, 60, false};
  ASSERT_TRUE(decoder.decode(list_frame(id, 4, signed_value(1, 1), local, Crc::kX25), report).ok());
  EXPECT_EQ(to_string(report.time), "2026-11-21T00:00:00Z");
  EXPECT_EQ(to_string(report.readings[0].time), "2026-11-21T02:00:00+02:00");
  EXPECT_TRUE(report.readings[0].time.daylight_saving);
  EXPECT_EQ(report.readings[0].note, "status 4");
}

TEST(Sml, EscapesAreDoubledAndUndone) {
  for (const char* text : {"", "1B", "1B1B1B", "1B1B1B1B", "001B1B1B1B1B", "1B1B1B1B1B1B1B1B01",
                           "1B1B1B1B01010101", "1B1B1B1B1A00AABB", "0000001B", "1B1B1B1B1B1B1B"}) {
    const Bytes payload = hex(text);
    Bytes frame, scratch;
    encode_frame(payload, Crc::kX25, frame);
    EXPECT_EQ(frame.size() % 4, 0u) << text;
    const auto opened = open_frame(frame, scratch);
    ASSERT_TRUE(opened.ok()) << text << ": " << to_string(opened.error());
    EXPECT_EQ(to_hex(opened->bytes), text);
  }
}

TEST(Sml, TheSplitterFindsFramesInNoiseWhateverThePieces) {
  const Bytes frame = list_frame(hex("0A0149534B0004325EC5"), 4, signed_value(5, 1), {}, Crc::kX25);
  Bytes stream = hex("1B1B00FF1B1B1B");
  append(stream, frame);
  append(stream, hex("0102"));
  append(stream, ByteView(frame).first(40));  // cut short by the next
  append(stream, frame);
  for (std::size_t piece = 1; piece < 64; ++piece) {
    FrameSplitter splitter;
    int found = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      splitter.add(ByteView(stream).subspan(at, std::min(piece, stream.size() - at)));
      while (const auto next = splitter.next()) {
        EXPECT_EQ(to_hex(*next), to_hex(frame));
        ++found;
      }
    }
    EXPECT_EQ(found, 2) << "pieces of " << piece;
    EXPECT_EQ(splitter.dropped_bytes(), stream.size() - 2 * frame.size()) << "pieces of " << piece;
  }
}

TEST(Sml, CutOrChangedAFrameIsRefused) {
  const Bytes frame =
      list_frame(hex("0A01445A47000282225E"), 0x1C0104, signed_value(5, 2), {}, Crc::kX25);
  Decoder decoder;
  wire::Report report;
  for (std::size_t cut = 0; cut < frame.size(); ++cut) {
    const Status status = decoder.decode(ByteView(frame).first(cut), report);
    ASSERT_FALSE(status.ok()) << cut;
    EXPECT_LE(status.error().offset, cut);
  }
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    Bytes changed = frame;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    EXPECT_FALSE(decoder.decode(changed, report).ok()) << "bit " << bit;
    // Without the transport's CRC the message's own one still refuses; no offset leaves the input.
    const Status inner = decoder.decode_payload(changed, report);
    if (!inner.ok()) {
      EXPECT_LE(inner.error().offset, changed.size());
    }
  }
}

TEST(Sml, ListsInListsWithoutEndAreRefused) {
  Bytes deep(1'000, 0x71);
  TlvReader reader(deep);
  reader.skip();
  EXPECT_EQ(reader.error().code, ErrorCode::kLimit);
}

TEST(Sml, EveryMessageIsEncodedAsItIsRead) {
  const Bytes a = {1, 2}, b = {0x1B, 0x1B}, path = hex("0100630100FF");
  const Time index{Time::Kind::kSecIndex, 77, 0, 0, false};
  const Value number{Value::Kind::kSigned, 5, -17, {}, {}};
  ProfilePackRequest pack_request;
  pack_request.with_raw_data = true;
  pack_request.begin = index;
  pack_request.path = {path};
  pack_request.objects = {{1, 0, 1, 8, 0, 255}};
  ProfilePackResponse pack;
  pack.server_id = a;
  pack.period_s = 900;
  pack.path = {path};
  pack.columns = {{{1, 0, 1, 8, 0, 255}, 30, -1}};
  pack.rows = {{index, 5, {{number, b}}, {}}, {index, 0, {{number, {}}}, a}};
  ProfileListResponse profile;
  profile.path = {path, path};
  profile.items = {{{{1, 0, 2, 8, 0, 255}, 30, 0}, {number, {}}}};
  ParameterResponse parameters;
  parameters.path = {path};
  Value time_value;
  time_value.kind = Value::Kind::kTime;
  time_value.time = index;
  parameters.tree = {{0, path, {}, {}, 2}, {1, path, number, {}, 0}, {1, path, time_value, {}, 0}};
  Attention attention{a, b, as_bytes("no such list"), {}};
  const std::vector<Body> bodies = {OpenRequest{{}, a, b, {}, {}, {}, 1},
                                    OpenResponse{{}, {}, b, a, index, std::nullopt},
                                    CloseRequest{a},
                                    CloseResponse{},
                                    pack_request,
                                    pack,
                                    ProfileListRequest{},
                                    profile,
                                    ParameterRequest{a, {}, {}, {path}, b},
                                    parameters,
                                    ListRequest{a, b, {}, {}, path},
                                    attention};
  for (const Body& body : bodies) {
    Bytes first, second;
    encode_message(Message{{a, 1, 2, 0}, body, Crc::kX25, 0, 0}, first);
    TlvReader reader(first);
    const auto decoded = decode_message(reader);
    ASSERT_TRUE(decoded.ok()) << to_string(decoded.error()) << " " << to_hex(first);
    EXPECT_EQ(decoded->body.index(), body.index());
    encode_message(*decoded, second);
    EXPECT_EQ(to_hex(first), to_hex(second)) << name_of(decoded->head.type);
  }
}

TEST(Sml, AProfileBecomesOneReadingPerValue) {
  ProfilePackResponse pack;
  const Bytes id = hex("0A0149534B0004325EC5");
  pack.server_id = id;
  pack.period_s = 900;
  pack.columns = {{{1, 0, 1, 8, 0, 255}, 30, -1}, {{1, 0, 2, 8, 0, 255}, 30, -1}};
  for (std::uint32_t i = 0; i < 2; ++i) {
    ProfileRow& row = pack.rows.emplace_back();
    row.time = {Time::Kind::kTimestamp, 1'795'219'200 + 900 * i, 0, 0, false};
    row.status = i;
    row.cells = {{{Value::Kind::kUnsigned, 4, 1'000 + i, {}, {}}, {}},
                 {{Value::Kind::kUnsigned, 4, 7, {}, {}}, {}}};
  }
  Bytes payload;
  encode_message(Message{{id, 0, 0, 0}, pack, Crc::kX25, 0, 0}, payload);
  Decoder decoder;
  wire::Report report;
  ASSERT_TRUE(decoder.decode_payload(payload, report).ok());
  ASSERT_EQ(report.readings.size(), 4u);
  EXPECT_EQ(to_string(report.readings[2].time), "2026-11-21T00:15:00Z");
  EXPECT_EQ(report.readings[2].id, "1-0:1.8.0*255");
  EXPECT_EQ(std::get<Decimal>(report.readings[2].value), (Decimal{1'001, -1}));
  EXPECT_EQ(report.readings[2].note, "status 1");
  EXPECT_EQ(report.readings[3].quantity, "active energy export");
}

}  // namespace
}  // namespace amity::sml
