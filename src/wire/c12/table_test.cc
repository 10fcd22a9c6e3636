#include "wire/c12/table.h"

#include "wire/c12/meter_tables.h"
#include "wire/c12/test_bytes.h"
#include "wire/c12/test_tables.h"

namespace amity::c12 {
namespace {

using namespace testing;

// "quantity value unit [tariff storage] time kind note", one line each.
std::string text_of(const wire::Report& report) {
  std::string out;
  for (const wire::Reading& r : report.readings) {
    out += r.id + ": ";
    if (!r.quantity.empty()) out += std::string(r.quantity) + " ";
    if (const auto* d = std::get_if<Decimal>(&r.value)) out += to_string(*d);
    if (const auto* d = std::get_if<double>(&r.value)) out += std::to_string(*d);
    if (!r.unit.empty()) out += " " + std::string(r.unit);
    if (r.tariff != 0) out += " tariff " + std::to_string(r.tariff);
    if (r.storage != 0) out += " storage " + std::to_string(r.storage);
    const std::string time = wire::to_string(r.time);
    if (!time.empty()) out += " at " + time;
    if (!r.kind.empty()) out += " (" + std::string(r.kind) + ")";
    if (!r.note.empty()) out += " " + r.note;
    out += "\n";
  }
  for (const wire::Event& e : report.events) {
    out += e.id + ": " + wire::to_string(e.time) + " event " + std::to_string(e.code) + " " +
           e.text + "\n";
  }
  for (const wire::Unknown& u : report.unknown) out += "unknown " + u.id + ": " + u.hex + "\n";
  return out;
}

std::string details_of(const wire::Report& report) {
  std::string out;
  for (const auto& [name, value] : report.details) out += std::string(name) + ": " + value + "\n";
  return out;
}

Value uom(unsigned id, unsigned base, unsigned multiplier, unsigned quadrants) {
  return number(id | base << 8 | multiplier << 11 | quadrants << 14);
}

// A meter with two energy registers, one demand, one tier, one voltage.
struct Meter {
  TableContext made;  // what the tables were made with
  MeterTables known;
  wire::Report report;

  explicit Meter(const Formats& formats = {}) { add(0, make_st0(made, formats)); }
  void add(std::uint16_t table, const Bytes& bytes) { known.add(table, bytes, 0, true, report); }
  void add(std::uint16_t table, const Values& values) {
    add(table, make_table(table, made, values));
  }

  void add_registers() {
    add(11, Values{{"NBR_UOM_ENTRIES", number(4)}, {"NBR_SOURCES", number(4)}});
    add(12, Values{{"UOM_ENTRY[0]", uom(0, 0, 0, 0b1001)},
                   {"UOM_ENTRY[1]", uom(0, 0, 0, 0b0110)},
                   {"UOM_ENTRY[2]", uom(0, 4, 0, 0b1001)},
                   {"UOM_ENTRY[3]", number(8 | 1 << 8 | 6 << 11 | 5 << 19)}});
    add(16, Values{{"SOURCES_LINK", number(1)}});
    add(21, Values{{"REG_FUNC1_FLAGS", number(0b0010111)},
                   {"NBR_SELF_READS", number(1)},
                   {"NBR_SUMMATIONS", number(2)},
                   {"NBR_DEMANDS", number(1)},
                   {"NBR_OCCUR", number(1)},
                   {"NBR_TIERS", number(1)},
                   {"NBR_PRESENT_VALUES", number(1)}});
    add(22, Values{{"SUMMATION_SELECT[1]", number(1)}, {"DEMAND_SELECT[0]", number(2)}});
    add(27, Values{{"PRESENT_VALUE_SELECT[0]", number(3)}});
    report.clear();
  }
};

TEST(Tables, RegistersOfARealMeter) {
  // The bytes of a real ST23, offset 0, count 8; the formats and selections are those of its kind.
  Meter meter;
  meter.add(11, Values{{"NBR_UOM_ENTRIES", number(2)}, {"NBR_SOURCES", number(2)}});
  meter.add(12,
            Values{{"UOM_ENTRY[0]", uom(0, 0, 0, 0b1001)}, {"UOM_ENTRY[1]", uom(0, 0, 0, 0b0110)}});
  meter.add(16, Values{{"SOURCES_LINK", number(1)}});
  meter.add(21, Values{{"NBR_SUMMATIONS", number(2)}, {"NBR_TIERS", number(4)}});
  meter.add(22, Values{{"SUMMATION_SELECT[1]", number(1)}});
  meter.report.clear();
  meter.known.add(23, hex("fb1304024d891a00"), 0, false, meter.report);
  EXPECT_EQ(text_of(meter.report),
            "ST23.TOT_DATA_BLOCK.SUMMATIONS[0]: active energy import 33821691 Wh (total)\n"
            "ST23.TOT_DATA_BLOCK.SUMMATIONS[1]: active energy export 1739085 Wh (total)\n");
}

TEST(Tables, RegistersWithDemandsAndTiers) {
  Meter meter;
  meter.add_registers();
  const Values values{{"TOT_DATA_BLOCK.SUMMATIONS[0]", number(123456)},
                      {"TOT_DATA_BLOCK.SUMMATIONS[1]", number(-7)},
                      {"TOT_DATA_BLOCK.DEMANDS[0].DEMAND[0]", number(4321)},
                      {"TOT_DATA_BLOCK.DEMANDS[0].CUM_DEMAND", number(99)},
                      {"TOT_DATA_BLOCK.DEMANDS[0].EVENT_TIME[0]", time_value(2026, 11, 20, 14, 15)},
                      {"TIER_DATA_BLOCK[0].SUMMATIONS[0]", number(1000)},
                      {"END_DATE_TIME", time_value(2026, 10, 31, 23, 59)},
                      {"SEASON", number(2)},
                      {"NBR_DEMAND_RESETS", number(12)}};
  meter.add(25, values);
  EXPECT_EQ(
      text_of(meter.report),
      "ST25.TOT_DATA_BLOCK.SUMMATIONS[0]: active energy import 123456 Wh storage 1 at "
      "2026-10-31T23:59 (total)\n"
      "ST25.TOT_DATA_BLOCK.SUMMATIONS[1]: active energy export -7 Wh storage 1 at "
      "2026-10-31T23:59 (total)\n"
      "ST25.TOT_DATA_BLOCK.DEMANDS[0].CUM_DEMAND: active power import 99 W storage 1 at "
      "2026-10-31T23:59 (cumulative demand)\n"
      "ST25.TOT_DATA_BLOCK.DEMANDS[0].DEMAND[0]: active power import 4321 W storage 1 at "
      "2026-11-20T14:15 (maximum)\n"
      "ST25.TIER_DATA_BLOCK[0].SUMMATIONS[0]: active energy import 1000 Wh tariff 1 storage 1 at "
      "2026-10-31T23:59 (total)\n"
      "ST25.TIER_DATA_BLOCK[0].SUMMATIONS[1]: active energy export 0 Wh tariff 1 storage 1 at "
      "2026-10-31T23:59 (total)\n"
      "ST25.TIER_DATA_BLOCK[0].DEMANDS[0].CUM_DEMAND: active power import 0 W tariff 1 storage 1 "
      "at "
      "2026-10-31T23:59 (cumulative demand)\n"
      "ST25.TIER_DATA_BLOCK[0].DEMANDS[0].DEMAND[0]: active power import 0 W tariff 1 storage 1 at "
      "2026-10-31T23:59 (maximum)\n");
  EXPECT_EQ(details_of(meter.report), "NBR_DEMAND_RESETS: 12\n");
  meter.report.clear();
  meter.add(28, Values{{"PRESENT_VALUE[0]", number(230'412)}});
  EXPECT_EQ(text_of(meter.report), "ST28.PRESENT_VALUE[0]: voltage 230.412 V (instantaneous) L1\n");
  meter.report.clear();
  meter.add(26, Values{{"SELF_READS_ENTRIES[0].TOT_DATA_BLOCK.SUMMATIONS[0]", number(5)}});
  EXPECT_EQ(meter.report.readings.size(), 8u);
  EXPECT_EQ(meter.report.readings[0].storage, 1u);
}

TEST(Tables, LoadProfile) {
  Meter meter;
  meter.add_registers();
  meter.add(61, Values{{"LP_FLAGS", number(1 << 4 | 1 << 6 | 1 << 10 | 1 << 11)},
                       {"SET1.NBR_BLKS", number(2)},
                       {"SET1.NBR_BLK_INTS", number(4)},
                       {"SET1.NBR_CHNS", number(2)},
                       {"SET1.INT_TIME", number(15)}});
  meter.add(62, Values{{"SET1.LP_SEL[1].LP_SOURCE_SELECT", number(1)},
                       {"SET1.INT_FMT_CDE", number(2)},
                       {"SET1.SCALARS", number(1)},
                       {"SET1.SCALARS[0]", number(2)},
                       {"SET1.DIVISOR", number(1)},
                       {"SET1.DIVISOR[0]", number(10)}});
  meter.add(63, Values{{"SET1.NBR_VALID_BLOCKS", number(2)},
                       {"SET1.LAST_BLOCK_ELEMENT", number(1)},
                       {"SET1.NBR_VALID_INT", number(2)}});
  meter.report.clear();
  const std::uint8_t good[] = {0x0F}, one_lost[] = {0x01};
  const std::uint8_t plain[] = {0x00, 0x00}, partial[] = {0x02, 0x10};
  meter.add(64, Values{{"LP_DATA[0].BLK_END_TIME", time_value(2026, 11, 20, 1, 0)},
                       {"LP_DATA[1].BLK_END_TIME", time_value(2026, 11, 20, 1, 30)},
                       {"LP_DATA[0].SIMPLE_INT_STATUS", bytes_value(good)},
                       {"LP_DATA[1].SIMPLE_INT_STATUS", bytes_value(one_lost)},
                       {"LP_DATA[0].LP_INT[0].INT_DATA[0]", number(11)},
                       {"LP_DATA[0].LP_INT[0].INT_DATA[1]", number(65535)},
                       {"LP_DATA[0].LP_INT[3].INT_DATA[0]", number(14)},
                       {"LP_DATA[1].LP_INT[0].INT_DATA[0]", number(15)},
                       {"EXTENDED_INT_STATUS", bytes_value(plain)},
                       {"LP_DATA[0].LP_INT[3].EXTENDED_INT_STATUS", bytes_value(partial)}});
  EXPECT_EQ(
      text_of(meter.report),
      "ST64.LP_DATA[0].END_READINGS[0].BLOCK_END_READ: 0 at 2026-11-20T01:00\n"
      "ST64.LP_DATA[0].END_READINGS[1].BLOCK_END_READ: 0 at 2026-11-20T01:00\n"
      "ST64[0][0].0: active energy import 2.2 Wh at 2026-11-20T00:15 (interval)\n"
      "ST64[0][0].1: active energy export 65535 Wh at 2026-11-20T00:15 (interval)\n"
      "ST64[0][1].0: active energy import 0.0 Wh at 2026-11-20T00:30 (interval)\n"
      "ST64[0][1].1: active energy export 0 Wh at 2026-11-20T00:30 (interval)\n"
      "ST64[0][2].0: active energy import 0.0 Wh at 2026-11-20T00:45 (interval)\n"
      "ST64[0][2].1: active energy export 0 Wh at 2026-11-20T00:45 (interval)\n"
      "ST64[0][3].0: active energy import 2.8 Wh at 2026-11-20T01:00 (interval) partial interval\n"
      "ST64[0][3].1: active energy export 0 Wh at 2026-11-20T01:00 (interval) overflow\n"
      "ST64.LP_DATA[1].END_READINGS[0].BLOCK_END_READ: 0 at 2026-11-20T01:30\n"
      "ST64.LP_DATA[1].END_READINGS[1].BLOCK_END_READ: 0 at 2026-11-20T01:30\n"
      "ST64[1][0].0: active energy import 3.0 Wh at 2026-11-20T01:15 (interval)\n"
      "ST64[1][0].1: active energy export 0 Wh at 2026-11-20T01:15 (interval)\n");
}

// Each of the four sets has its own dimensions, format, sources and table.
TEST(Tables, LoadProfileOfEverySet) {
  static constexpr int kMinutes[] = {5, 15, 30, 60}, kFormats[] = {1, 2, 4, 8};
  Meter meter;
  meter.add_registers();
  Values dimensions, control, status;
  for (int n = 0; n < 4; ++n) {
    const std::string set = "SET" + std::to_string(n + 1);
    dimensions[set + ".NBR_BLKS"] = number(1);
    dimensions[set + ".NBR_BLK_INTS"] = number(2);
    dimensions[set + ".NBR_CHNS"] = number(1);
    dimensions[set + ".INT_TIME"] = number(kMinutes[n]);
    control[set + ".LP_SEL[0].LP_SOURCE_SELECT"] = number(n % 2);
    control[set + ".INT_FMT_CDE"] = number(kFormats[n]);
    status[set + ".NBR_VALID_BLOCKS"] = number(1);
    status[set + ".NBR_VALID_INT"] = number(2);
  }
  meter.add(61, dimensions);
  meter.add(62, control);
  meter.add(63, status);
  meter.report.clear();
  for (int n = 0; n < 4; ++n) {
    meter.add(static_cast<std::uint16_t>(64 + n),
              Values{{"BLK_END_TIME", time_value(2026, 11, 20, 1, 0)},
                     {"LP_DATA[0].LP_INT[0].INT_DATA[0]", number(100 + n)},
                     {"LP_DATA[0].LP_INT[1].INT_DATA[0]", number(n == 3 ? -1 : 200 + n)}});
  }
  EXPECT_EQ(text_of(meter.report),
            "ST64[0][0].0: active energy import 100 Wh at 2026-11-20T00:55 (interval)\n"
            "ST64[0][1].0: active energy import 200 Wh at 2026-11-20T01:00 (interval)\n"
            "ST65[0][0].0: active energy export 101 Wh at 2026-11-20T00:45 (interval)\n"
            "ST65[0][1].0: active energy export 201 Wh at 2026-11-20T01:00 (interval)\n"
            "ST66[0][0].0: active energy import 102 Wh at 2026-11-20T00:30 (interval)\n"
            "ST66[0][1].0: active energy import 202 Wh at 2026-11-20T01:00 (interval)\n"
            "ST67[0][0].0: active energy export 103 Wh at 2026-11-20T00:00 (interval)\n"
            "ST67[0][1].0: active energy export -1 Wh at 2026-11-20T01:00 (interval)\n");
}

TEST(Tables, HistoryLog) {
  Meter meter;
  meter.add(71, Values{{"LOG_FLAGS", number(0b0110)},
                       {"HIST_DATA_LENGTH", number(2)},
                       {"NBR_HISTORY_ENTRIES", number(3)}});
  meter.report.clear();
  const std::uint8_t argument[] = {0x17, 0x00};
  meter.add(74, Values{{"NBR_VALID_ENTRIES", number(2)},
                       {"ENTRIES[0].HISTORY_TIME", time_value(2026, 11, 19, 3, 4, 5)},
                       {"ENTRIES[0].HISTORY_CODE", number(2)},
                       {"ENTRIES[1].HISTORY_TIME", time_value(2026, 11, 19, 3, 5, 0)},
                       {"ENTRIES[1].HISTORY_CODE", number(7 | 0x800)},
                       {"ENTRIES[1].HISTORY_ARGUMENT", bytes_value(argument)}});
  EXPECT_EQ(text_of(meter.report),
            "ST74[0]: 2026-11-19T03:04:05 event 2 primary power up, argument 0000\n"
            "ST74[1]: 2026-11-19T03:05:00 event 2055 argument 1700\n");
}

TEST(Tables, EventLog) {
  Meter meter;
  meter.add(71, Values{{"LOG_FLAGS", number(1)},
                       {"EVENT_DATA_LENGTH", number(1)},
                       {"NBR_EVENT_ENTRIES", number(3)}});
  meter.report.clear();
  const std::uint8_t argument[] = {0x2A};
  meter.add(76, Values{{"NBR_VALID_ENTRIES", number(2)},
                       {"ENTRIES[0].EVENT_TIME", time_value(2026, 11, 19, 3, 4, 5)},
                       {"ENTRIES[0].EVENT_CODE", number(1)},
                       {"ENTRIES[1].EVENT_TIME", time_value(2026, 11, 19, 3, 5, 0)},
                       {"ENTRIES[1].EVENT_CODE", number(66 | 0x800)},
                       {"ENTRIES[1].EVENT_ARGUMENT", bytes_value(argument)}});
  EXPECT_EQ(text_of(meter.report),
            "ST76[0]: 2026-11-19T03:04:05 event 1 primary power down, argument 00\n"
            "ST76[1]: 2026-11-19T03:05:00 event 2114 argument 2A\n");
}

TEST(Tables, IdentityAndState) {
  Meter meter;
  meter.report.clear();
  meter.add(1, Values{{"MANUFACTURER", text_value("ACME")},
                      {"ED_MODEL", text_value("M1")},
                      {"MFG_SERIAL_NUMBER", text_value("12345678")}});
  meter.add(3, Values{{"ED_MODE", number(1)}, {"ED_STD_STATUS1", number(1 << 8 | 1 << 12)}});
  EXPECT_EQ(meter.report.meter.manufacturer, "ACME");
  EXPECT_EQ(meter.report.meter.id, "12345678");
  EXPECT_NE(details_of(meter.report).find("ED_STD_STATUS1: LOW_BATTERY_FLAG TAMPER_DETECT_FLAG\n"),
            std::string::npos);
}

TEST(Tables, WhichHaveALayout) {
  std::string tables;
  for (std::uint16_t table = 0; table < 200; ++table) {
    if (find_layout(table) != nullptr) tables += std::to_string(table) + " ";
  }
  EXPECT_EQ(tables,
            "0 1 3 5 6 7 8 10 11 12 13 14 15 16 20 21 22 23 24 25 26 27 28 50 51 52 53 54 55 "
            "60 61 62 63 64 65 66 67 70 71 72 73 74 75 76 ");
}

TEST(Tables, WhatIsMissingIsNamed) {
  MeterTables meter;
  wire::Report report;
  meter.add(23, hex("fb1304024d891a00"), 0, true, report);
  EXPECT_EQ(text_of(report), "unknown ST23+0: FB1304024D891A00\n");
  EXPECT_EQ(report.details.at(0).second,
            "ST23: not found: ST21 is needed first: NBR_DEMAND_RESETS depends on it");
  report.clear();
  meter.add(900, hex("01"), 0, true, report);
  EXPECT_EQ(report.details.at(0).second, "ST900: unsupported: no layout of ST900");
}

// What any table says in any format: values -> bytes -> values, over all formats and layouts.
TEST(Tables, EveryLayoutInEveryFormatThereAndBack) {
  std::uint64_t state = 1;
  const auto random = [&state] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint8_t>(state >> 56);
  };
  std::size_t values = 0;
  for (unsigned time = 1; time <= 4; ++time) {
    for (unsigned ni = 0; ni <= 13; ++ni) {
      for (unsigned integers = 0; integers <= 2; ++integers) {
        TableContext context;
        make_st0(context, {ni % 2 == 0, time, ni / 2 % 2, integers, ni, (ni + 5) % 14});
        for (int v = int(Var::kPowerFailExclude); v < int(Var::kCount); ++v)
          context.set(static_cast<Var>(v), random() % 3);
        context.set(Var::kConstantsSelector, 2);
        for (int v = 0; v < 4; ++v) context.set(Var::kLpFormat1 + v, 1u << (random() % 8));
        for (std::uint16_t table = 1; table < 80; ++table) {
          if (find_layout(table) == nullptr || table % 10 < 2) continue;
          Bytes bytes(700);
          for (auto& b : bytes) b = random();
          TableData first;
          TableContext before = context;
          ASSERT_TRUE(decode_table(table, bytes, 0, false, context, first).ok()) << table;
          std::size_t next = 0;
          Bytes again;
          const Feed feed = [&](const Item&) -> Result<Value> {
            return first.items.at(next++).value;
          };
          context = before;
          const Status encoded = encode_table(table, context, feed, again);
          ASSERT_TRUE(encoded.ok()) << table << ": " << to_string(encoded.error());
          TableData second;
          context = before;
          ASSERT_TRUE(decode_table(table, again, 0, true, context, second).ok()) << table;
          ASSERT_EQ(first.items.size(), second.items.size());
          for (std::size_t i = 0; i < first.items.size(); ++i, ++values)
            ASSERT_EQ(to_string(first.items[i].value), to_string(second.items[i].value))
                << table << " " << path_of(first.items[i]);
          context = before;
        }
      }
    }
  }
  EXPECT_GT(values, 30'000u);
}

TEST(Tables, CutAnywhereKeepsWhatIsWhole) {
  Meter meter;
  meter.add_registers();
  const Bytes table = make_table(25, meter.made, {{"TOT_DATA_BLOCK.SUMMATIONS[0]", number(5)}});
  for (std::size_t size = 0; size < table.size(); ++size) {
    TableData data;
    const Status status =
        decode_table(25, ByteView(table).first(size), 0, true, meter.known.context, data);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kTruncated);
    EXPECT_LE(status.error().offset, size);
    TableData partial;
    EXPECT_TRUE(
        decode_table(25, ByteView(table).first(size), 0, false, meter.known.context, partial).ok());
    EXPECT_EQ(partial.items.size(), data.items.size());
    TableData rest;  // the other side of the cut
    ASSERT_TRUE(decode_table(25, ByteView(table).subspan(size), static_cast<std::uint32_t>(size),
                             false, meter.known.context, rest)
                    .ok());
    TableData whole;
    ASSERT_TRUE(decode_table(25, table, 0, true, meter.known.context, whole).ok());
    EXPECT_GE(partial.items.size() + rest.items.size() + 1, whole.items.size());
  }
}

TEST(Values, Formats) {
  TableContext context;
  make_st0(context, {true, 1, 0, 2, 4, 3});
  Field ni1, ni2;
  ni1.type = Type::kNi1;
  ni2.type = Type::kNi2;
  EXPECT_EQ(to_string(*decode_value(ni1, hex("000F4240"), context)), "100.0000");
  EXPECT_EQ(to_string(*decode_value(ni1, hex("800F4240"), context)),
            "-100.0000");  // sign, magnitude
  EXPECT_EQ(to_string(*decode_value(ni2, as_bytes("-12.50"), context)), "-12.50");
  Field time;
  time.type = Type::kLongTime;
  EXPECT_EQ(to_string(*decode_value(time, hex("261120141559"), context)), "2026-11-20T14:15:59");
  EXPECT_EQ(decode_value(time, hex("261320141559"), context)->kind,
            Value::Kind::kBytes);  // month 13
  make_st0(context, {false, 4, 0, 0, 1, 5});
  EXPECT_EQ(to_string(*decode_value(ni1, hex("0000C03F"), context)), "1.5");
  EXPECT_EQ(to_string(*decode_value(ni2, hex("563412000000"), context)), "123456");
}

}  // namespace
}  // namespace amity::c12
