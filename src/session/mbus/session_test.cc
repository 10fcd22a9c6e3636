#include <set>

#include "session/mbus/test_bus.h"
#include "wire/mbus/decoder.h"

namespace amity::mbus {
namespace {

using testing::Bus;
using testing::Line;
using testing::water;

TEST(Session, ReadsByPrimaryAndSecondaryAddress) {
  Bus bus;
  bus.add(1, water(0x11111111));
  bus.add(2, water(0x22222222), 3);
  ASSERT_TRUE(bus.master.read(Target::primary(1), bus.now).ok());
  EXPECT_FALSE(bus.master.read(Target::primary(2), bus.now).ok());
  EXPECT_EQ(bus.run(), "telegram 00000123\ndone\n");
  ASSERT_TRUE(bus.master.read(Target::primary(2), bus.now).ok());
  EXPECT_EQ(bus.run(),
            "telegram 00000123, more\ntelegram 00001123, more\ntelegram 00002123\ndone\n");
  ASSERT_TRUE(bus.master.read(Target::selected(water(0x22222222)), bus.now).ok());
  EXPECT_EQ(bus.run(),
            "telegram 00000123, more\ntelegram 00001123, more\ntelegram 00002123\ndone\n");
  EXPECT_TRUE(bus.meters[1]->slave.selected());
  ASSERT_TRUE(bus.master.read(Target::selected(water(0x11111111)), bus.now).ok());
  EXPECT_EQ(bus.run(), "telegram 00000123\ndone\n");
  EXPECT_FALSE(bus.meters[1]->slave.selected());
  ASSERT_TRUE(bus.master.read(Target::primary(9), bus.now).ok());
  EXPECT_EQ(bus.run(), "failed: no meter answers at primary address 9\n");
  ASSERT_TRUE(bus.master.read(Target::selected(water(0x33333333)), bus.now).ok());
  EXPECT_EQ(bus.run(), "failed: no meter answers to the selection\n");
  EXPECT_FALSE(bus.master.read(Target::primary(251), bus.now).ok());
}

TEST(Session, WhatIsReadIsAMeterOfTheDecoder) {
  Bus bus;
  bus.add(1, water(0x12345678));
  ASSERT_TRUE(bus.master.read(Target::primary(1), bus.now).ok());
  while (bus.master.busy()) {
    Bytes out;
    if (bus.master.poll_output(out)) bus.meters[0]->slave.on_bytes(out, bus.now);
    if (bus.meters[0]->slave.poll_output(out)) bus.master.on_bytes(out, bus.now);
  }
  const auto event = bus.master.poll_event();
  wire::Report report;
  ASSERT_TRUE(decode(std::get<TelegramRead>(*event).frame, {}, report).ok());
  EXPECT_EQ(report.meter.id, "12345678");
  EXPECT_EQ(std::get<Decimal>(report.readings.at(0).value), (Decimal{123, -3}));
}

TEST(Session, PrimaryScanFindsMetersAndConflicts) {
  Bus bus;
  bus.add(3, water(0x11111111));
  bus.add(7, water(0x22222222));
  bus.add(7, water(0x33333333));
  bus.add(250, water(0x44444444));
  ASSERT_TRUE(bus.master.scan_primary(0, 250, bus.now).ok());
  EXPECT_EQ(bus.run(), "found 3 11111111\nconflict 7\nfound 250 44444444\ndone\n");
  EXPECT_FALSE(bus.master.scan_primary(5, 4, bus.now).ok());
}

TEST(Session, SecondaryScanTellsMetersApartDigitByDigit) {
  Bus bus;
  bus.add(0, water(0x12345678));
  bus.add(0, water(0x12345679));
  bus.add(0, water(0x90000000));
  bus.add(0, water(0x12999999, "ELS"));
  ASSERT_TRUE(bus.master.scan_secondary(kAnyMeter, bus.now).ok());
  EXPECT_EQ(bus.run(),
            "found 0 12345678\nfound 0 12345679\nfound 0 12999999\nfound 0 90000000\ndone\n");
  Address mask = kAnyMeter;
  mask.manufacturer = manufacturer_code("ELS");
  ASSERT_TRUE(bus.master.scan_secondary(mask, bus.now).ok());
  EXPECT_EQ(bus.run(), "found 0 12999999\ndone\n");
}

TEST(Session, TwoMetersWithOneIdAreAConflict) {
  Bus bus;
  bus.add(0, water(0x12345678));
  bus.add(0, water(0x12345678, "ELS"));
  ASSERT_TRUE(bus.master.scan_secondary(kAnyMeter, bus.now).ok());
  EXPECT_EQ(bus.run(), "conflict 253 12345678\ndone\n");
}

TEST(Session, BaudAddressAndData) {
  Bus bus;
  bus.add(5, water(0x12345678));
  ASSERT_TRUE(bus.master.set_baud(Target::primary(5), 9'600, bus.now).ok());
  EXPECT_EQ(bus.run(), "baud 9600\ndone\n");
  EXPECT_EQ(std::get<SpeedChanged>(*bus.meters[0]->slave.poll_event()).baud, 9'600u);
  ASSERT_TRUE(
      bus.master.set_primary_address(Target::selected(water(0x12345678)), 17, bus.now).ok());
  EXPECT_EQ(bus.run(), "done\n");
  EXPECT_EQ(std::get<AddressChanged>(*bus.meters[0]->slave.poll_event()).primary_address, 17);
  ASSERT_TRUE(bus.master.read(Target::primary(17), bus.now).ok());
  EXPECT_EQ(bus.run(), "telegram 00000123\ndone\n");
  ASSERT_TRUE(bus.master.send(Target::primary(17), *from_hex("5104FD0800000000"), bus.now).ok());
  EXPECT_EQ(bus.run(), "done\n");
  EXPECT_EQ(to_hex(std::get<DataReceived>(*bus.meters[0]->slave.poll_event()).user_data),
            "5104FD0800000000");
  EXPECT_FALSE(bus.master.set_baud(Target::primary(5), 9'601, bus.now).ok());
  EXPECT_FALSE(bus.master.set_primary_address(Target::primary(5), 251, bus.now).ok());
  EXPECT_FALSE(bus.master.send(Target::primary(5), Bytes(254), bus.now).ok());
}

// With ten attempts a line that loses or damages every fifth output still carries every telegram,
// in order and once.
TEST(Session, ALossyLineCarriesEveryTelegramOnce) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Line line{seed % 4 == 0 ? 0 : seed % 4 * 7, 0.1, 0.1, 0.1, seed};
    MasterConfig config;
    config.attempts = 10;
    Bus bus(line, config);
    bus.add(1, water(0x11111111), 4);
    bus.add(2, water(0x22222222), 2);
    ASSERT_TRUE(bus.master.read(Target::primary(1), bus.now).ok());
    ASSERT_EQ(bus.run(),
              "telegram 00000123, more\ntelegram 00001123, more\ntelegram 00002123, more\n"
              "telegram 00003123\ndone\n")
        << seed;
  }
}

// Loss never invents a meter; with attempts enough it hides none either.
TEST(Session, ASecondaryScanOverALossyLine) {
  int complete = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    MasterConfig config;
    config.attempts = 8;
    Bus bus({0, 0.1, 0.05, 0.05, seed}, config);
    const std::uint32_t ids[] = {0x12345678, 0x12345670, 0x55555555, 0x90000001};
    for (const std::uint32_t id : ids) bus.add(0, water(id));
    ASSERT_TRUE(bus.master.scan_secondary(kAnyMeter, bus.now).ok());
    const std::string text = bus.run();
    std::size_t found = 0;
    for (const std::uint32_t id : ids)
      found += text.find("found 0 " + id_text(id)) != std::string::npos;
    complete += found == std::size(ids);
    EXPECT_TRUE(text.ends_with("done\n"));
  }
  EXPECT_GE(complete, 45);
}

TEST(Session, NoiseAndSilenceEnd) {
  Bus bus({0, 1.0, 0, 0, 1});
  bus.add(1, water(0x11111111));
  ASSERT_TRUE(bus.master.read(Target::primary(1), bus.now).ok());
  EXPECT_EQ(bus.run(), "failed: no meter answers at primary address 1\n");
  EXPECT_EQ(bus.master.statistics().retries, 2u);
  EXPECT_EQ(bus.now, (Instant{1'000'000} + 3 * MasterConfig().response_timeout));
}

TEST(Slave, FramesForOthersAndHalvesAreIgnored) {
  testing::TestMeter meter(1, water(0x11111111));
  Bytes out;
  const Instant now{0};
  meter.slave.on_bytes(short_frame(kSndNke, 2), now);
  EXPECT_FALSE(meter.slave.poll_output(out));
  meter.slave.on_bytes(ByteView(short_frame(kSndNke, 1)).first(3), now);
  EXPECT_FALSE(meter.slave.poll_output(out));
  ASSERT_TRUE(meter.slave.next_timeout());
  meter.slave.on_timer(*meter.slave.next_timeout());
  meter.slave.on_bytes(short_frame(kSndNke, 1), now);
  ASSERT_TRUE(meter.slave.poll_output(out));
  EXPECT_EQ(to_hex(out), "E5");
  meter.slave.on_bytes(short_frame(kReqUd2 | kFrameCountBit, 255), now);
  EXPECT_FALSE(meter.slave.poll_output(out));
  // A request that comes twice is answered by the same bytes.
  meter.slave.on_bytes(short_frame(kReqUd2 | kFrameCountBit, 1), now);
  ASSERT_TRUE(meter.slave.poll_output(out));
  Bytes again;
  meter.slave.on_bytes(short_frame(kReqUd2 | kFrameCountBit, 1), now);
  ASSERT_TRUE(meter.slave.poll_output(again));
  EXPECT_EQ(out, again);
  // Noise in front of a frame.
  meter.slave.on_bytes(*from_hex("00FF681040014116"), now);
  EXPECT_TRUE(meter.slave.poll_output(out));
}

}  // namespace
}  // namespace amity::mbus
