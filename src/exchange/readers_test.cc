// CMEP, Green Button and CIM: what is read, and what is told of what is not.
#include <gtest/gtest.h>

#include "exchange/cim_reader.h"
#include "exchange/cmep_reader.h"
#include "exchange/collecting_sink.h"
#include "exchange/espi_reader.h"
#include "exchange/formats.h"
#include "exchange/quality_codes.h"
#include "exchange/row_reader.h"
#include "exchange/series_check.h"

namespace amity::exchange {
namespace {

CollectingSink read(FileFormat format, std::string_view text, std::size_t piece = 11) {
  CollectingSink sink;
  SeriesCheck check(sink);
  FileReader reader(check, format, {});
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    reader.feed(text.substr(0, piece));
  reader.finish();
  return sink;
}

using Texts = std::vector<std::string>;

std::string cmep(const std::string& units, const std::string& constant, const std::string& rest) {
  return "MEPMD01,19970819,S,SC,R,RC,200401020304,M1,OK,E," + units + "," + constant + "," + rest +
         "\n";
}

TEST(CmepReader, TriplesWithTimesThatFollowTheInterval) {
  const auto sink =
      read(FileFormat::kCmep, cmep("KWH", "40.0", "00000015,4,200401010015,,1.5,,E,2,,R0,3,,N,"));
  ASSERT_TRUE(sink.refused.empty()) << sink.refused[0];
  const SeriesTotal& total = sink.totals.at("/M1/import");
  EXPECT_EQ(total.series.multiplier, 40);
  EXPECT_EQ(total.series.interval_s, 900u);
  ASSERT_EQ(total.values.size(), 3u) << "N without a number is no reading";
  EXPECT_EQ(to_iso(total.values[2].time), "2004-01-01T00:45:00Z");
  EXPECT_EQ(quality_letter(total.values[1].quality), 'E');
  EXPECT_EQ(micro_text(total.micro), "6500.000000");
}

TEST(CmepReader, RegistersFractionsAndWhatIsWrong) {
  EXPECT_EQ(micro_text(read(FileFormat::kCmep, cmep("KWHREG", "", "00000000,1,200401010000,,123.4"))
                           .totals.at("/M1/import_register/R")
                           .micro),
            "123400.000000");
  EXPECT_EQ(micro_text(read(FileFormat::kCmep, cmep("KWH", "0.5", "00000100,1,200401010100,,3"))
                           .totals.at("/M1/import")
                           .micro),
            "1500.000000");
  const std::pair<std::string, std::string> wrong[] = {
      {cmep("MILES", "", "00000015,1,200401010015,,1"), "1: no unit is named 'MILES'"},
      {cmep("KWH", "x", "00000015,1,200401010015,,1"), "1: the constant is 'x'"},
      {cmep("KWH", "", "01000000,1,200401010015,,1"),
       "1: the interval '01000000' is none of minutes, hours or days (MMDDhhmm)"},
      {cmep("KWH", "", "00000015,2,200401010015,,1"),
       "1: the count is '2', the record has 3 fields of values"},
      {cmep("KWH", "", "00000015,1,200413010015,,1"),
       "1: value 1: '200413010015' is no time YYYYMMDDhhmm of UTC"},
      {cmep("KWH", "", "00000015,1,200401010015,Z,1"), "1: value 1: 'Z' is no quality flag"},
      {"MEPAD01,1\n", "1: the record is 'MEPAD01': only MEPMD01 is read"}};
  for (const auto& [text, reason] : wrong)
    EXPECT_EQ(read(FileFormat::kCmep, text).refused, Texts{reason});
}

TEST(CmepReader, TheMultiplierChangesInMidFile) {
  const auto sink = read(FileFormat::kCmep, cmep("KWH", "40", "00000015,1,200401010015,,1") +
                                                cmep("KWH", "60", "00000015,1,200401010030,,1") +
                                                cmep("KWH", "40", "00000015,1,200401010045,,1"));
  EXPECT_EQ(sink.values, 3u);
  EXPECT_EQ(sink.refused, Texts{});
  EXPECT_EQ(
      sink.noted,
      (Texts{"2: 'M1' import: the multiplier changes from 40 to 60 at 2004-01-01T00:15:00Z",
             "3: 'M1' import: the multiplier changes from 60 to 40 at 2004-01-01T00:30:00Z"}));
}

const std::string kFeed =
    "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n"
    "<entry><link rel=\"self\" href=\"UsagePoint/7/MeterReading/1/IntervalBlock/1\"/>\n"
    "<link rel=\"up\" href=\"UsagePoint/7/MeterReading/1/IntervalBlock\"/><content>\n"
    "<e:IntervalBlock><e:IntervalReading><e:ReadingQuality><e:quality>8</e:quality>\n"
    "</e:ReadingQuality><e:timePeriod><e:duration>900</e:duration><e:start>1307343600</e:start>\n"
    "</e:timePeriod><e:value>155</e:value></e:IntervalReading>\n"
    "<e:IntervalReading><e:timePeriod><e:start>1307344500</e:start></e:timePeriod>\n"
    "<e:value>1.5</e:value></e:IntervalReading></e:IntervalBlock></content></entry>\n";
const std::string kReading =
    "<entry><link rel='self' href='UsagePoint/7/MeterReading/1'/><link rel='related' "
    "href='ReadingType/2'/><link rel='up' href='UsagePoint/7/MeterReading'/><content>\n"
    "<MeterReading/></content></entry>";
const std::string kType =
    "<entry><link rel='self' href='ReadingType/2'/><content><ReadingType><uom>72</uom>\n"
    "<powerOfTenMultiplier>3</powerOfTenMultiplier><flowDirection>19</flowDirection>\n"
    "<accumulationBehaviour>4</accumulationBehaviour><intervalLength>900</intervalLength>\n"
    "</ReadingType></content></entry>";

TEST(EspiReader, BlocksWaitForTheirTypeWhateverTheOrder) {
  const auto sink = read(FileFormat::kEspi, kFeed + kReading + kType + "</feed>");
  EXPECT_EQ(sink.refused, Texts{"8: the value '1.5' is no whole number of 64 bits"});
  const SeriesTotal& total = sink.totals.at("7//export");
  ASSERT_EQ(total.values.size(), 1u);
  EXPECT_EQ(to_iso(total.values[0].time), "2011-06-06T07:15:00Z");
  EXPECT_EQ(total.values[0].value, (Decimal{155, 3}));
  EXPECT_EQ(total.values[0].method, 14);
}

TEST(EspiReader, WhatIsMissingOrBrokenIsTold) {
  EXPECT_EQ(read(FileFormat::kEspi, kFeed + kReading + "</feed>").refused.back(),
            "5: 1 values of 'UsagePoint/7/MeterReading/1': its ReadingType is not in the file");
  EXPECT_EQ(read(FileFormat::kEspi, kFeed + kReading).noted,
            Texts{"11: the file ends within <feed>: is it whole?"});
  EXPECT_EQ(read(FileFormat::kEspi, kFeed + "<entry><link").refused.front(),
            "8: the value '1.5' is no whole number of 64 bits");
  EXPECT_EQ(read(FileFormat::kEspi, "<feed>\n<a></b>").refused,
            Texts{"2: </b> closes <a>; what follows is not read"});
  EXPECT_EQ(read(FileFormat::kEspi, "<!DOCTYPE feed [<!ENTITY a 'b'>]><feed/>").refused.front(),
            "1: '<' within a tag; what follows is not read");
  EXPECT_EQ(read(FileFormat::kEspi, "<!DOCTYPE feed><feed/>").refused,
            Texts{"1: a document type is not accepted; what follows is not read"});
  EXPECT_EQ(read(FileFormat::kEspi, "no xml").refused,
            Texts{"1: text outside of any element: no XML; what follows is not read"});
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  EXPECT_EQ(read(FileFormat::kEspi, deep).refused,
            Texts{"1: elements within elements, deeper than 64; what follows is not read"});
  EXPECT_EQ(read(FileFormat::kEspi, "<feed " + std::string(100'000, 'x'), 1000).refused,
            Texts{"1: a tag without an end; what follows is not read"});
}

TEST(EspiReader, OneEntryOfSeventeenMegabytesIsLeftOutAndTheNextRead) {
  const std::string big = "<entry><title>" + std::string(17u << 20, 'x') + "</title></entry>\n";
  const auto sink = read(FileFormat::kEspi, "<feed>" + big + kType + "</feed>", 1 << 16);
  EXPECT_EQ(sink.refused, Texts{"1: <entry> is longer than 16777216 octets: it is left out"});
}

const std::string kCim =
    "<MeterReadings xmlns='http://iec.ch/TC57/2011/MeterReadings#'>\n<MeterReading><Meter>"
    "<Names><name>MET9</name></Names></Meter>\n"
    "<IntervalBlocks><IntervalReadings><timeStamp>2026-06-01T02:15:00+02:00</timeStamp>"
    "<value>0.25</value>\n<ReadingQualities><ReadingQualityType ref='3.8.0'/></ReadingQualities>"
    "</IntervalReadings>\n<ReadingType ref='0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0'/>"
    "</IntervalBlocks>\n<Readings><timeStamp>2026-06-01T00:00:00.000Z</timeStamp>"
    "<value>12345.6</value><ReadingType ref='0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0'/></Readings>\n"
    "<Readings><timeStamp>yesterday</timeStamp><value>1</value>"
    "<ReadingType>0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0</ReadingType></Readings>\n"
    "</MeterReading></MeterReadings>";

TEST(CimReader, IntervalsAndRegistersOfAMeterReading) {
  const auto sink = read(FileFormat::kCim, kCim);
  const auto& intervals = sink.totals.at("/MET9/import");
  ASSERT_EQ(intervals.values.size(), 1u);
  EXPECT_EQ(to_iso(intervals.values[0].time), "2026-06-01T00:15:00Z");
  EXPECT_EQ(intervals.values[0].duration_s, 900u);
  EXPECT_EQ(quality_letter(intervals.values[0].quality), 'E');
  EXPECT_EQ(micro_text(sink.totals.at("/MET9/import_register/R").micro), "12345600.000000");
  EXPECT_EQ(sink.refused, Texts{"7: 'yesterday' is no date and time"});
}

TEST(CimReader, EventsOfEndDevices) {
  const auto sink = read(
      FileFormat::kCim,
      "<EndDeviceEvents><EndDeviceEvent><createdDateTime>2026-06-01T10:00:00Z</createdDateTime>"
      "<Assets><mRID>MET9</mRID></Assets><EndDeviceEventType ref='3.26.9.185'/></EndDeviceEvent>"
      "<EndDeviceEvent><createdDateTime>2026-06-01T10:00:01Z</createdDateTime><Assets><mRID>MET9"
      "</mRID></Assets><EndDeviceEventType ref='3.99.1.2'/></EndDeviceEvent></EndDeviceEvents>");
  ASSERT_EQ(sink.events.size(), 2u);
  EXPECT_EQ(sink.events[0].serial, "MET9");
  EXPECT_EQ(sink.events[0].event.text, "power down");
  EXPECT_EQ(sink.events[0].event.category, EventCategory::kPower);
  EXPECT_EQ(sink.events[1].event.text, "event 3.99.1.2");
  EXPECT_EQ(cim_event_code(sink.events[0].event), "3.26.9.185");
}

TEST(QualityCodes, EachFormatSaysItBothWays) {
  const Quality estimated = Quality{}.with(QualityFlag::kEstimated),
                edited = Quality{}.with(QualityFlag::kEdited),
                invalid = Quality{}.with(QualityFlag::kDataInvalid);
  for (const QualityCode code :
       {QualityCode{{}, 0}, QualityCode{estimated, 14}, QualityCode{estimated, 17},
        QualityCode{estimated, kForwardEstimate + 52}, QualityCode{edited, 16},
        QualityCode{invalid, 0}}) {
    EXPECT_EQ(quality_from_nem12(nem12_quality(code)), code) << nem12_quality(code);
    EXPECT_EQ(quality_from_cmep(cmep_quality(code))->quality, code.quality);
    EXPECT_EQ(quality_from_espi(espi_quality(code))->quality, code.quality);
    EXPECT_EQ(quality_from_cim(cim_quality(code))->quality, code.quality);
  }
  EXPECT_EQ(nem12_quality({estimated, 0}), "S18");
  EXPECT_EQ(nem12_quality({edited, 16}), "F16");
  EXPECT_EQ(nem12_quality({Quality{}.with(QualityFlag::kPowerDown), 0}), "A");
  EXPECT_EQ(quality_from_nem12("E62"), (QualityCode{estimated, kForwardEstimate + 62}));
  for (const char* none : {"V", "", "S1", "S140", "X"})
    EXPECT_FALSE(quality_from_nem12(none)) << none;
  EXPECT_EQ(quality_from_cmep("R0"), QualityCode{});
  EXPECT_FALSE(quality_from_cmep("Q"));
  EXPECT_EQ(espi_quality({estimated, 17}), 9);
  EXPECT_EQ(espi_quality({estimated, 14}), 8);
  EXPECT_FALSE(quality_from_espi(1));
  EXPECT_EQ(quality_from_espi(17), QualityCode{});
  EXPECT_EQ(quality_from_cim("2.5.259")->quality, invalid);
  EXPECT_FALSE(quality_from_cim("3"));
  EXPECT_EQ(mscons_quality({}), 220);
  EXPECT_EQ(mscons_quality({estimated, 0}), 67);
}

TEST(UnitCodes, FactorsAreExact) {
  const auto therm = unit_scale_from_symbol_code(169);
  EXPECT_EQ(scaled(Decimal{72'609, -3}, *therm).value(), (Decimal{76'588'263'636, -1}));
  EXPECT_EQ(scaled(Decimal{1, 0}, *unit_scale_from("gal")).value(), (Decimal{3'785'411'784, -12}));
  EXPECT_FALSE(scaled(Decimal{INT64_MAX / 10, 0}, *unit_scale_from("ccf")).ok());
  EXPECT_EQ(scaled(Decimal{15, -1}, *unit_scale_from("KWH")).value(), (Decimal{15, 2}));
  EXPECT_FALSE(unit_scale_from("furlong"));
}

TEST(RowsReader, AnEndlessLineAmongRowsIsToldAndTheRestRead) {
  const auto sink = read(FileFormat::kCsv,
                         "serial,name,unit,utc,value\nM1,import,Wh,2026-06-01T00:15:00Z,5\n" +
                             std::string(3u << 20, 'x') + "\nM1,import,Wh,2026-06-01T00:30:00Z,6\n",
                         1 << 16);
  EXPECT_EQ(sink.values, 2u);
  EXPECT_EQ(sink.refused, Texts{"3: the line is longer than 1048576 octets: it is skipped"});
}

}  // namespace
}  // namespace amity::exchange
