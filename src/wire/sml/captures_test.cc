// The captures of real meters: every file named, with what its first whole frame says. Values were
// read a second time with a decoder written apart from this one.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "wire/sml/decoder.h"

namespace amity::sml {
namespace {

struct Capture {
  const char* file;
  const char* frames;  // whole and right, and refused: with why
  const char* first;   // meter, then each reading
};

const Capture kCaptures[] = {
    {"DZG_DVS-7412.2_jmberg.bin", "1 right, 0 refused",
     "1DZG0042082910 DZG\n"
     "1-0:1.8.0*255 5430157.7 Wh\n"
     "1-0:2.8.0*255 26244572.6 Wh\n"
     "1-0:16.7.0*255 356.24 W"},
    {"DZG_DVS-7420.2V.G2_mtr1.bin", "4 right, 0 refused",
     "1DZG0060694613 DZG\n"
     "1-0:1.8.0*255 2353656.9 Wh\n"
     "1-0:1.8.1*255 38610.0 Wh\n"
     "1-0:1.8.2*255 2315046.9 Wh\n"
     "1-0:2.8.0*255 0.0 Wh\n"
     "1-0:16.7.0*255 6.22 W"},
    {"DrNeuhaus_SMARTY_ix-130.bin", "12 right, 0 refused",
     "1DNT0100008240 DNT\n"
     "1-0:2.8.0*255 4373.0 Wh\n"
     "1-0:2.8.1*255 4373.0 Wh\n"
     "1-0:2.8.2*255 0.0 Wh\n"
     "1-0:15.7.0*255 0 W"},
    {"EMH_eHZ-GW8E2A500AK2.bin", "16 right, 0 refused",
     "02280816 EMH\n"
     "1-0:1.8.1*255 14798112.9 Wh\n"
     "1-0:1.8.2*255 2012.4 Wh\n"
     "1-0:1.7.0*255 13.8 W"},
    {"EMH_eHZ-HW8E2A5L0EK2P_1.bin", "12 right, 0 refused",
     "06454D4801001D4615CA EMH\n"
     "1-0:1.8.0*255 15141809.0 Wh\n"
     "1-0:1.8.1*255 15141809.0 Wh\n"
     "1-0:1.8.2*255 0.0 Wh\n"
     "1-0:15.7.0*255 1213.3 W"},
    {"EMH_eHZ-HW8E2AWL0EK2P.bin", "13 right, 0 refused",
     "01A815986480020102 EMH\n"
     "1-0:1.8.0*255 5378499.0 Wh\n"
     "1-0:1.8.1*255 5378499.0 Wh\n"
     "1-0:1.8.2*255 0.0 Wh\n"
     "1-0:15.7.0*255 191.9 W"},
    {"EMH_eHZ361L5R.bin", "1 right, 0 refused",
     "1001185 HAGER\n"
     "1-0:2.8.1*255 110340315.1 Wh\n"
     "1-0:1.7.1*255 -5632.1916 W"},
    {"EMH_mME40-AE6AKF0K0.bin", "12 right, 0 refused",
     "1EMH0010599732 EMH\n"
     "1-0:1.8.0*255 428896.4 Wh\n"
     "1-0:36.7.0*255 2353 W\n"
     "1-0:56.7.0*255 65 W\n"
     "1-0:76.7.0*255 205 W\n"
     "1-0:16.7.0*255 2623 W"},
    {"EasyMeter_Q3A_A1064V1009.bin",
     "4 right, 3 refused; malformed at byte 498: the frame's CRC is D37B, computed 0958; malformed "
     "at byte 497: the frame's CRC is F502, computed D764; malformed at byte 488: the frame's CRC "
     "is 08F9, computed 72FE",
     "1ESY1162232997 ESY\n"
     "1-0:1.8.0*255 2941646.1614 Wh\n"
     "1-0:2.8.0*255 110073.1603 Wh\n"
     "1-0:16.7.0*255 810.26 W\n"
     "1-0:36.7.0*255 505.23 W\n"
     "1-0:56.7.0*255 63.19 W\n"
     "1-0:76.7.0*255 241.83 W\n"
     "1-0:32.7.0*255 232.5 V\n"
     "1-0:52.7.0*255 230.7 V\n"
     "1-0:72.7.0*255 232.5 V"},
    {"HOLLEY_DTZ541-BDBA_with_PIN.bin", "2 right, 0 refused",
     "1HLY0200879590 HLY\n"
     "1-0:1.8.0*255 2355929.0 Wh\n"
     "1-0:16.7.0*255 376 W"},
    {"ISKRA_MT175_D1A52-V22-K0t.bin", "8 right, 0 refused",
     "0649534B010E1F66299A ISK\n"
     "1-0:1.8.0*255 10732309.1 Wh\n"
     "1-0:1.8.1*255 10732309.1 Wh\n"
     "1-0:1.8.2*255 0.0 Wh\n"
     "1-0:2.8.0*255 28275324.5 Wh\n"
     "1-0:2.8.1*255 28275324.5 Wh\n"
     "1-0:2.8.2*255 0.0 Wh\n"
     "1-0:16.7.0*255 -4308 W\n"
     "1-0:36.7.0*255 -1392 W\n"
     "1-0:56.7.0*255 -1432 W\n"
     "1-0:76.7.0*255 -1482 W"},
    {"ISKRA_MT175_eHZ.bin", "10 right, 0 refused",
     "1ISK0067362659 ISK\n"
     "1-0:1.8.0*255 22462413.6 Wh\n"
     "1-0:1.8.1*255 22462413.6 Wh\n"
     "1-0:1.8.2*255 0.0 Wh\n"
     "1-0:16.7.0*255 168 W\n"
     "1-0:36.7.0*255 117 W\n"
     "1-0:56.7.0*255 22 W\n"
     "1-0:76.7.0*255 29 W"},
    {"ISKRA_MT691_eHZ-MS2020.bin", "18 right, 0 refused",
     "1ISK0070409925 ISK\n"
     "1-0:1.8.0*255 198927.3 Wh\n"
     "1-0:16.7.0*255 26 W"},
    {"ITRON_OpenWay-3.HZ.bin", "1 right, 0 refused",
     "1ITR0055113102 ITR\n"
     "1-0:1.8.0*255 8189594.9 Wh\n"
     "1-0:16.7.0*255 613 W"},
    {"dzg_dwsb20_2th_3byte.bin",
     "14 right, 2 refused; malformed at byte 247: the frame's CRC is B319, computed 9D13; "
     "malformed at byte 249: the frame's CRC is BC37, computed CCC5",
     "1DZG0040051478 DZG\n"
     "1-0:1.8.0*255 142429.8 Wh\n"
     "1-0:2.8.0*255 2016204.9 Wh\n"
     "1-0:16.7.0*255 -788.51 W"},
    {"eBZ_DD3_DD32R06DTA-SMZ1.bin", "4 right, 0 refused",
     "1EBZ0100191547 EBZ\n"
     "1-0:1.8.0*255 13024000 Wh\n"
     "1-0:1.8.1*255 13023000 Wh\n"
     "1-0:1.8.2*255 1000 Wh\n"
     "1-0:2.8.0*255 1000 Wh"},
    {"eBZ_DD3_DD3BZ06DTA-SMZ1_without_PIN.bin", "2 right, 0 refused",
     "1EBZ0101068152 EBZ\n"
     "1-0:1.8.0*255 4469000 Wh\n"
     "1-0:1.8.1*255 4468000 Wh\n"
     "1-0:1.8.2*255 1000 Wh"},
};

Bytes read_capture(const std::string& name) {
  std::ifstream in(AMITY_SOURCE_DIR "/../shared/data/frames/sml/" + name, std::ios::binary);
  return Bytes((std::istreambuf_iterator<char>(in)), {});
}

std::string summary(const wire::Report& report) {
  std::string text = report.meter.id + " " + report.meter.manufacturer;
  for (const wire::Reading& reading : report.readings) {
    const auto* value = std::get_if<Decimal>(&reading.value);
    text += fmt::format("\n{} {} {}", reading.id, value != nullptr ? to_string(*value) : "?",
                        reading.unit);
  }
  return text;
}

TEST(SmlCaptures, EveryMeterSaysWhatItMeasured) {
  if (read_capture(kCaptures[0].file).empty()) GTEST_SKIP() << "no captures beside the source";
  for (const Capture& capture : kCaptures) {
    const Bytes bytes = read_capture(capture.file);
    FrameSplitter splitter;
    Decoder decoder;
    wire::Report report;
    std::string first, errors;
    int good = 0, bad = 0;
    splitter.add(bytes);
    while (const auto frame = splitter.next()) {
      const Status status = decoder.decode(*frame, report);
      if (status.ok() && ++good == 1) first = summary(report);
      if (!status.ok()) {
        ++bad;
        errors += "; " + to_string(status.error());
      }
    }
    EXPECT_EQ(fmt::format("{} right, {} refused{}", good, bad, errors), capture.frames)
        << capture.file;
    EXPECT_EQ(first, capture.first) << capture.file;
  }
}

}  // namespace
}  // namespace amity::sml
