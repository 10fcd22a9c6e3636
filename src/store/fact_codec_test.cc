// Facts and journal records: what goes in comes out; damage is noticed; version 1 stays readable.
#include "store/fact_codec.h"

#include <gtest/gtest.h>

#include "store/limits.h"

namespace amity::store {
namespace {

constexpr UtcSeconds kNoon(1'700'049'600);

ReadingsArrived push() {
  return {"push",
          kNoon + 3,
          {{ChannelId(9), kNoon, 1'250, {}},
           {ChannelId(10), kNoon, 0, {}},
           {ChannelId(11), kNoon, -7, Quality{}.with(QualityFlag::kPowerDown)},
           {ChannelId(9), kNoon + 900, 1'262, {}}}};
}

std::vector<Fact> one_of_each() {
  Command command;
  command.id = CommandId(77);
  command.device = DeviceId(3);
  command.kind = CommandKind::kReadProfile;
  command.state = CommandState::kRunning;
  command.argument = "2023-11-15/2023-11-16";
  command.requested_by = "anna";
  command.requested = kNoon;
  command.deadline = kNoon + 30;
  command.changed = kNoon + 1;
  command.progress = "48/96";
  return {
      push(),
      EventsArrived{"headend",
                    kNoon,
                    {{DeviceId(3), kNoon - 60, EventCategory::kTamper, Severity::kHigh, 0xFFFF'FFFF,
                      "0-0:99.98.1*255", "terminal cover removed"}}},
      CommandRequested{command},
      CommandChanged{CommandId(77), DeviceId(3), CommandState::kUnknown, kNoon, "sent",
                     "reply lost"},
      ContactMade{DeviceId(3), kNoon, true, 120, -86'400, true, ""},
  };
}

Bytes encode(const Fact& fact, Form form = Form::kPlain) {
  Bytes bytes;
  EXPECT_TRUE(encode_fact(fact, bytes, form).ok());
  return bytes;
}

// A quarter of an hour for `count` intervals, one channel.
ReadingsArrived profile(std::uint32_t count) {
  ReadingsArrived f{"headend", kNoon + 3, {}};
  for (std::uint32_t i = 0; i < count; ++i)
    f.readings.push_back({ChannelId(9), kNoon + 900 * i, 40 + i % 7, {}});
  return f;
}

TEST(FactCodec, EveryKindComesBack) {
  for (const Form form : {Form::kPlain, Form::kSteps}) {
    for (const Fact& fact : one_of_each()) {
      const Bytes bytes = encode(fact, form);
      const auto back = decode_fact(bytes);
      ASSERT_TRUE(back.ok()) << to_string(back.error());
      EXPECT_EQ(back->index(), fact.index());
      EXPECT_EQ(encode(*back, form), bytes);
    }
  }
  const auto readings = std::get<ReadingsArrived>(decode_fact(encode(push())).value());
  EXPECT_EQ(readings.readings, push().readings);
  EXPECT_EQ(readings.source, "push");
  EXPECT_EQ(readings.received, kNoon + 3);
  for (const Form form : {Form::kPlain, Form::kSteps}) {
    std::vector<Reading> only;
    EXPECT_TRUE(decode_readings(encode(push(), form), only).value());
    EXPECT_EQ(only, push().readings);
  }
}

TEST(FactCodec, ATimeThatGoesOnAtTheSameStepTakesNoBytes) {
  const auto of_96 = [](Form form) {
    return encode(profile(98), form).size() - encode(profile(2), form).size();
  };
  EXPECT_EQ(of_96(Form::kSteps), 96u * 2);  // head and value
  EXPECT_EQ(of_96(Form::kPlain), 96u * 4);  // and 900 s
}

// Gaps, a step back to the next channel's first interval, a step repeated backwards, times at both
// ends.
TEST(FactCodec, StepsComeBackWhereTheyAreUneven) {
  ReadingsArrived f = profile(5);
  for (std::uint32_t c = 10; c < 30; c += 3) {
    for (const int slot : {0, 1, 2, 6, 7, 8, 4, 0, 4, 4}) {
      f.readings.push_back(
          {ChannelId(c), kNoon + 900 * slot, slot, Quality{static_cast<std::uint16_t>(slot / 4)}});
    }
  }
  f.readings.push_back({ChannelId(1), UtcSeconds(INT64_MAX), 1, {}});
  f.readings.push_back({ChannelId(1), UtcSeconds(INT64_MIN), 1, {}});
  f.readings.push_back({ChannelId(1), UtcSeconds(INT64_MIN + 1), 1, {}});
  EXPECT_EQ(std::get<ReadingsArrived>(decode_fact(encode(f, Form::kSteps)).value()).readings,
            f.readings);
}

TEST(FactCodec, AStepBeforeThereWasOneIsRefused) {
  // readings in steps, source "", received 0, one reading: channel +1, "the same step", same
  // quality, value 0
  EXPECT_FALSE(decode_fact(from_hex("08 00 00 01 16 00").value()).ok());
  EXPECT_TRUE(decode_fact(from_hex("08 00 00 01 15 00").value()).ok());   // the same time
  EXPECT_FALSE(decode_fact(from_hex("08 00 00 01 17 00").value()).ok());  // both
}

TEST(FactCodec, KeepsTheExtremes) {
  const ReadingsArrived f{
      "",
      UtcSeconds(INT64_MIN),
      {{ChannelId(UINT32_MAX), UtcSeconds(INT64_MAX), INT64_MIN, Quality{0xFFFF}},
       {ChannelId(UINT32_MAX), UtcSeconds(INT64_MIN), INT64_MAX, {}},
       {ChannelId(0), UtcSeconds(0), 0, {}}}};
  EXPECT_EQ(std::get<ReadingsArrived>(decode_fact(encode(f)).value()).readings, f.readings);
}

TEST(FactCodec, TruncationAndTrailingBytesAreErrors) {
  std::vector<Bytes> facts;
  for (const Fact& fact : one_of_each()) facts.push_back(encode(fact));
  facts.push_back(encode(profile(4), Form::kSteps));
  for (Bytes& bytes : facts) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(decode_fact(ByteView(bytes).first(size)).ok());
    }
    bytes.push_back(0);
    EXPECT_FALSE(decode_fact(bytes).ok());
  }
}

// As first released; docs/formats/journal.md explains these bytes. It must be readable forever.
TEST(FactCodec, GoldenReadingsInSteps) {
  EXPECT_EQ(to_hex(encode(profile(4), Form::kSteps)),
            "080768656164656E6486CBA5D50C04"
            "94010550"
            "04880E02"
            "0602"
            "0602");
}

TEST(FactCodec, RefusesWhatItCouldNotReadBack) {
  Bytes bytes{1, 2, 3};
  EXPECT_FALSE(encode_fact(ContactMade{DeviceId(1), kNoon, false, 0, 0, false,
                                       std::string(kFactTextBytesMax + 1, 'x')},
                           bytes)
                   .ok());
  EXPECT_EQ(bytes.size(), 3u);
}

TEST(FactCodec, ALieAboutTheCountIsFoundBeforeMemoryIsTaken) {
  // readings arrived, source "", received 0, 2^28 readings, and one byte
  const Bytes lie = from_hex("01 00 00 80808080 01 00").value();
  EXPECT_FALSE(decode_fact(lie).ok());
}

std::string record_of(const std::vector<Fact>& facts, std::uint64_t first) {
  Bytes bodies;
  for (const Fact& fact : facts) {
    const Bytes body = encode(fact);
    ByteWriter(bodies).u8(static_cast<std::uint8_t>(body.size()));  // all shorter than 128
    append(bodies, body);
  }
  return encode_record({first, static_cast<std::uint32_t>(facts.size()), bodies});
}

TEST(JournalRecord, EveryDamagedBitIsNoticed) {
  const std::string good = record_of(one_of_each(), 1'000);
  ASSERT_TRUE(decode_record(as_bytes(good)).ok());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode_record(as_bytes(bad)).ok()) << "bit " << bit;
  }
}

// Version 1, as first released; docs/formats/journal.md explains these bytes. It must be readable
// forever.
TEST(JournalRecord, GoldenVersion1) {
  const std::string record = record_of({push()}, 1'000);
  EXPECT_EQ(to_hex(as_bytes(record)),
            "01E80701"
            "1B"
            "01047075736886CBA5D50C04"
            "4A05C413"
            "0B00"
            "09010D"
            "0C880E00DC13"
            "756F6BF5");
  const auto view = decode_record(as_bytes(record)).value();
  EXPECT_EQ(view.first, 1'000u);
  EXPECT_EQ(view.count, 1u);
}

}  // namespace
}  // namespace amity::store
