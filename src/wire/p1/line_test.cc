// A decoder that knows a meter's last telegram reads the next by comparing lines; here: whatever
// was read before, a telegram says the same.
#include "wire/p1/line.h"

#include "wire/p1/decoder.h"

namespace amity::p1 {
namespace {

constexpr std::string_view kLines[] = {
    "1-3:0.2.8(50)",
    "0-0:1.0.0(261120141500W)",
    "0-0:96.1.1(4530303437303030303337323631353136)",
    "1-0:1.8.1(004426.001*kWh)",
    "1-0:1.8.2(000012.500*kWh)",
    "0-0:96.14.0(0002)",
    "1-0:1.7.0(00.244*kW)",
    "0-0:96.7.21(00013)",
    "1-0:99.97.0(1)(0-0:96.7.19)(261101120000W)(0000000240*s)",
    "0-0:98.1.0(1)(1-0:1.6.0)(1-0:1.6.0)(200501000000S)(200423192538S)(03.695*kW)",
    "1-0:32.7.0(230.1*V)",
    "0-0:96.13.0()",
    "0-0:96.13.0(48414C4C4F)",
    "9-9:9.9.9(123*apples)",
    "1-0:1.4.0(02.351*apples)",
    "0-1:24.1.0(003)",
    "0-1:96.1.0(4730303235303033343037313233343536)",
    "0-1:24.2.1(261120141000W)(00981.443*m3)",
    "0-1:24.4.0(1)(00002)",
    "0-2:24.3.0(121030140000)(00)(60)(1)(0-2:24.2.1)(m3)(00024.123)",
};

Bytes framed(const std::vector<std::string>& lines) {
  Bytes telegram;
  TelegramWriter writer("ISK5\\2M550T-1012", telegram);
  for (const std::string& line : lines) writer.line(line);
  writer.finish();
  return telegram;
}

std::string said(Decoder& decoder, ByteView telegram, wire::Report& report) {
  const Status status = decoder.decode(telegram, report);
  std::string text = status.ok() ? "" : to_string(status.error()) + " ";
  append_json(report, text);
  for (const wire::Reading& reading : report.readings)
    text += static_cast<char>('0' + reading.value.index());
  return text;
}

std::string said_alone(ByteView telegram) {
  Decoder decoder;
  wire::Report report;
  return said(decoder, telegram, report);
}

std::vector<std::string> all_lines() {
  return {std::begin(kLines), std::end(kLines)};
}

TEST(Line, ADecoderThatKnowsTheMeterSaysTheSame) {
  Decoder decoder;
  wire::Report report;
  for (int i = 0; i < 3; ++i) {
    std::vector<std::string> lines = all_lines();
    lines[3][10] = lines[6][11] = lines[17][30] = static_cast<char>('0' + i);
    const Bytes telegram = framed(lines);
    EXPECT_EQ(said(decoder, telegram, report), said_alone(telegram));
    ASSERT_EQ(report.readings.size(), 12u);
    EXPECT_EQ(report.readings[0].id, "1-0:1.8.1");
    EXPECT_EQ(std::get<Decimal>(report.readings[0].value),
              (Decimal{4'426'001 + i * 100'000'000, 0}));
  }
}

TEST(Line, WhatChangesBesideTheNumberIsSeen) {
  for (const char* changed : {"1-0:1.8.1(004426.002*Wh)",
                              "1-0:1.8.1(00442.6001*kWh)",
                              "1-0:1.8.1(-04426.001*kWh)",
                              "1-0:1.8.1(0044260001*kWh)",
                              "1-0:1.8.1(004426.*kWh)",
                              "1-0:1.8.1(004426x001*kWh)",
                              "1-0:1.8.1(00442:.001*kWh)",
                              "1-0:1.8.1(00442/.001*kWh)",
                              "1-0:1.8.1(004426.00A*kWh)",
                              "1-0:1.8.1(004426.001*kWh)(7)",
                              "1-0:1.8.1(004426.001*kWh)\r\n(7)",
                              "1-0:1.8.1(004426.001*kWh)\r\n (000007*kWh)",
                              "1-0:2.8.1(004426.001*kWh)",
                              "1-0:1.8.1(1)(004426.001*kWh)",
                              "1-0:1.8.1()",
                              "1-0:1.8.1",
                              "1-0:1.8.1(004426.001*kWh",
                              "",
                              "1-0:1.8.1(1004426.001*kWh)",
                              "1-0:1.8.1(4426*kWh)",
                              "1-0:1.8.1(004426.001*kWh)\n",
                              "\x80-0:1.8.1(004426.001*kWh)",
                              "1-0:1.8.1(00442\xB6.001*kWh)"}) {
    Decoder decoder;
    wire::Report report;
    std::vector<std::string> lines = all_lines();
    said(decoder, framed(lines), report);
    lines[3] = changed;
    const Bytes telegram = framed(lines);
    EXPECT_EQ(said(decoder, telegram, report), said_alone(telegram)) << changed;
    EXPECT_EQ(said(decoder, telegram, report), said_alone(telegram)) << changed;
    EXPECT_EQ(said(decoder, framed(all_lines()), report), said_alone(framed(all_lines())));
  }
}

TEST(Line, OfTwoValuesOfAValveTheFirstCounts) {
  Decoder decoder;
  wire::Report report;
  for (const char* line :
       {"0-1:24.4.0(1)(00002)", "0-1:24.4.0(1)(00003)", "0-1:24.4.0(2)(00003)"}) {
    const Bytes telegram = framed({line, "0-1:24.1.0(003)"});
    EXPECT_EQ(said(decoder, telegram, report), said_alone(telegram));
    EXPECT_EQ(to_string(std::get<Decimal>(report.readings.at(0).value)), std::string(1, line[11]));
  }
}

// Lines dropped, doubled, exchanged, characters changed: a thousand telegrams to one decoder, into
// a report that others filled too.
TEST(Line, ATelegramSaysTheSameWhateverCameBefore) {
  Decoder decoder;
  wire::Report report;
  std::uint64_t state = 5;
  const auto any = [&state](std::size_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state >> 33) % below;
  };
  static constexpr std::string_view kLikely = "0123456789.*()-:\r\n!/kWhm3SW ";
  for (int i = 0; i < 2'000; ++i) {
    std::vector<std::string> lines = all_lines();
    for (std::size_t change = any(4); change > 0; --change) {
      std::string& line = lines[any(lines.size())];
      switch (any(5)) {
        case 0:
          line = kLines[any(std::size(kLines))];
          break;
        case 1:
          lines.push_back(line);
          break;
        case 2:
          lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(any(lines.size())));
          break;
        default:
          if (!line.empty()) line[any(line.size())] = kLikely[any(kLikely.size())];
      }
    }
    const Bytes telegram = framed(lines);
    ASSERT_EQ(said(decoder, telegram, report), said_alone(telegram)) << as_text(telegram);
    if (any(8) == 0) {
      wire::Reading& foreign = report.readings.emplace_back();
      foreign.value = 0.5;
      foreign.id = "a name that is long enough to be kept elsewhere";
      foreign.note = foreign.id;
      foreign.storage = foreign.tariff = foreign.subunit = 3;
      foreign.quantity = foreign.unit = foreign.kind = "x";
      foreign.time.precision = wire::MeterTime::Precision::kDay;
      report.readings.insert(report.readings.begin(), any(20), foreign);
    }
  }
}

}  // namespace
}  // namespace amity::p1
