#include <fmt/format.h>
#include <gtest/gtest.h>

#include "wire/iec62056_21/readout.h"

namespace amity::iec62056_21 {
namespace {

std::string summary(const wire::Report& report) {
  std::string text = fmt::format("{} {}\n", report.meter.id, to_string(report.time));
  for (const wire::Reading& r : report.readings) {
    const auto* number = std::get_if<Decimal>(&r.value);
    text += fmt::format("{} {} {} = {} {} storage {} tariff {} {}\n", r.id, r.quantity, r.kind,
                        number != nullptr ? to_string(*number) : std::get<std::string>(r.value),
                        r.unit, r.storage, r.tariff, to_string(r.time));
  }
  for (const wire::Event& e : report.events) text += fmt::format("event {} {:X}\n", e.id, e.code);
  return text;
}

TEST(Iec62056, AReadoutOfAThreePhaseMeter) {
  wire::Report report;
  const Status status = read_data(
      "F.F(00000100)\r\n0.0.0(01234567)\r\n0.9.1(141500)\r\n0.9.2(261120)\r\n"
      "1.8.0(001234.56*kWh)\r\n1.8.0*10(001200.00*kWh)\r\n1-0:1.8.1*255(000034.56*kWh)\r\n"
      "1.6.1(1.234*kW)(2611181415)\r\n2.8.0&09(0.1)\r\n32.7(230.1*V)\r\nC.1.0(77)\r\n"
      "0.2.0(V1.2)\r\n!\r\n",
      report);
  ASSERT_TRUE(status.ok()) << to_string(status.error());
  EXPECT_EQ(summary(report),
            "01234567 2026-11-20T14:15:00\n"
            "1.8.0 active energy import total = 1234560 Wh storage 0 tariff 0 \n"
            "1.8.0*10 active energy import total = 1200000 Wh storage 10 tariff 0 \n"
            "1-0:1.8.1*255 active energy import total = 34560 Wh storage 0 tariff 1 \n"
            "1.6.1 active power import maximum = 1234 W storage 0 tariff 1 2026-11-18T14:15\n"
            "2.8.0&09 active energy export total = 0.1 Wh storage 9 tariff 0 \n"
            "32.7 voltage L1 instantaneous = 230.1 V storage 0 tariff 0 \n"
            "0.2.0   = V1.2  storage 0 tariff 0 \n"
            "event F.F 100\n");
  EXPECT_EQ(report.details.back().second, "77");
}

TEST(Iec62056, AddressesInAllTheirShapes) {
  const auto read = [](std::string_view text) {
    const auto obis = parse_address(text);
    return obis ? to_reduced(*obis) : "none";
  };
  EXPECT_EQ(read("1-0:1.8.0*255"), "1-0:1.8.0*255");
  EXPECT_EQ(read("7-1:3.0.0"), "7-1:3.0.0*255");
  EXPECT_EQ(read("1:1.8.0"), "1-1:1.8.0*255");
  EXPECT_EQ(read("1.8"), "1-0:1.8.0*255");
  EXPECT_EQ(read("1.8.0*01"), "1-0:1.8.0*1");
  EXPECT_EQ(read("C.1.0"), "1-0:96.1.0*255");
  EXPECT_EQ(read("F.F"), "1-0:97.97.0*255");
  EXPECT_EQ(read("P.01"), "1-0:99.1.0*255");
  for (const char* bad : {"", "1", "1.", ".8", "1-0", "1-0:1", "256.8.0", "1.8.0.1.1", "1.8.0*",
                          "x.y", "1-2-3:4.5.6", "1:2:3.4", "1*8.0", "1.8.0*1*1"}) {
    EXPECT_EQ(read(bad), "none") << bad;
  }
}

TEST(Iec62056, ALoadProfileBecomesIntervals) {
  const std::string data =
      "P.01(0261028234500)(00)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(0.250)(0.000)\r\n(0.300)(0.004)\r\n"
      "(0.310)()\r\nP.01(0261029120000)(40)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(1.000)(0.000)\r\n";
  const auto blocks = parse_profile(data);
  ASSERT_TRUE(blocks.ok()) << to_string(blocks.error());
  ASSERT_EQ(blocks->size(), 2u);
  EXPECT_EQ((*blocks)[0].rows.size(), 3u);
  wire::Report report;
  append_profile(*blocks, report);
  ASSERT_EQ(report.readings.size(), 7u);
  EXPECT_EQ(to_string(report.readings[2].time), "2026-10-29T00:00:00");
  EXPECT_EQ(std::get<Decimal>(report.readings[2].value), (Decimal{300, 0}));
  EXPECT_EQ(report.readings[2].quantity, "active power import");
  EXPECT_EQ(report.readings[2].unit, "W");
  EXPECT_EQ(report.readings[5].note, "status 40");
  EXPECT_FALSE(parse_profile("(0.1)").ok());
  EXPECT_FALSE(parse_profile("P.01(0261028234500)(00)(0)(1)(1.5)(kW)").ok());
  for (std::size_t cut = 1; cut < data.size(); ++cut) {
    const auto part = parse_profile(std::string_view(data).substr(0, cut));
    if (!part.ok()) {
      EXPECT_LE(part.error().offset, cut);
    }
  }
}

TEST(Iec62056, IdentificationNamesTheMode) {
  const auto mode = [](std::string_view line) {
    return static_cast<char>(mode_of(parse_identification(as_bytes(line)).value()));
  };
  EXPECT_EQ(mode("/ISK5\\2MT382-1000\r\n"), 'E');
  EXPECT_EQ(mode("/ELS4ABCDEF\r\n"), 'C');
  EXPECT_EQ(mode("/LGZCZMD\r\n"), 'B');
  EXPECT_EQ(mode("/ABC old\r\n"), 'A');
  EXPECT_EQ(baud_of('5'), 9'600);
  EXPECT_EQ(baud_of('C'), 2'400);
}

TEST(Iec62056, BlocksAreCheckedWithThePlaceOfTheFault) {
  Bytes block;
  encode_data("1.8.0(1*kWh)\r\n!\r\n", block);
  std::size_t noise = 0;
  const auto whole = read_message(block, noise);
  ASSERT_TRUE(whole.ok() && whole->has_value());
  EXPECT_EQ((*whole)->data, "1.8.0(1*kWh)\r\n!\r\n");
  for (std::size_t cut = 0; cut < block.size(); ++cut)
    EXPECT_FALSE(read_message(ByteView(block).first(cut), noise).value().has_value()) << cut;
  Bytes changed = block;
  changed[3] ^= 1;
  const auto wrong = read_message(changed, noise);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().offset, block.size() - 1);
  // Even parity in the eighth bit is no fault.
  for (std::uint8_t& byte : block) byte |= __builtin_parity(byte) != 0 ? 0x80 : 0;
  EXPECT_TRUE(read_message(block, noise).value().has_value());

  Bytes password;
  encode_command({'P', '1', "(00000000)"}, password);
  EXPECT_EQ(to_hex(password), "01503102283030303030303030290361");
}

}  // namespace
}  // namespace amity::iec62056_21
