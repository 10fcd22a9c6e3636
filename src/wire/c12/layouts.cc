// C12.19-1997 and -2008, decades 0, 1, 2, 5, 6 and 7.
#include <algorithm>
#include <iterator>

#include "wire/c12/layout.h"

namespace amity::c12 {
namespace {

constexpr Field field(const char* name, Type type, std::uint16_t size) {
  Field f;
  f.name = name;
  f.type = type;
  f.size = {size, Var::kNone, Measure::kPlain};
  return f;
}
constexpr Field u8(const char* name) {
  return field(name, Type::kUnsigned, 1);
}
constexpr Field u16(const char* name) {
  return field(name, Type::kUnsigned, 2);
}
constexpr Field u32(const char* name) {
  return field(name, Type::kUnsigned, 4);
}
constexpr Field i16(const char* name) {
  return field(name, Type::kSigned, 2);
}
constexpr Field text(const char* name, std::uint16_t n) {
  return field(name, Type::kText, n);
}
constexpr Field binary(const char* name, std::uint16_t n) {
  return field(name, Type::kBinary, n);
}
constexpr Field binary(const char* name, Var v, Measure m = Measure::kPlain) {
  Field f = field(name, Type::kBinary, 0);
  f.size = {0, v, m};
  return f;
}
constexpr Field set(const char* name, Var v, Measure m = Measure::kPlain) {
  Field f = binary(name, v, m);
  f.type = Type::kSet;
  return f;
}
constexpr Field id(const char* name, std::uint16_t bcd) {
  return field(name, Type::kId, bcd);
}
constexpr Field ni1(const char* name) {
  return field(name, Type::kNi1, 0);
}
constexpr Field ni2(const char* name) {
  return field(name, Type::kNi2, 0);
}
constexpr Field ltime(const char* name) {
  return field(name, Type::kLongTime, 0);
}
constexpr Field stime(const char* name) {
  return field(name, Type::kShortTime, 0);
}
template <std::size_t N>
constexpr Field bits(const char* name, std::uint16_t size, const BitRange (&ranges)[N]) {
  Field f = field(name, Type::kBits, size);
  f.bits = ranges;
  f.parts = N;
  return f;
}
template <std::size_t N>
constexpr Field record(const char* name, const Field (&fields)[N]) {
  Field f = field(name, Type::kRecord, 0);
  f.fields = fields;
  f.parts = N;
  return f;
}

// ---- decade 0: configuration -----------------------------------------------------------------

constexpr BitRange kFormat1[] = {{"DATA_ORDER", 0, 1, Var::kDataOrder},
                                 {"CHAR_FORMAT", 1, 3, Var::kCharFormat},
                                 {"MODEL_SELECT", 4, 3}};
constexpr BitRange kFormat2[] = {{"TM_FORMAT", 0, 3, Var::kTimeFormat},
                                 {"DATA_ACCESS_METHOD", 3, 2},
                                 {"ID_FORM", 5, 1, Var::kIdForm},
                                 {"INT_FORMAT", 6, 2, Var::kIntFormat}};
constexpr BitRange kFormat3[] = {{"NI_FORMAT1", 0, 4, Var::kNiFormat1},
                                 {"NI_FORMAT2", 4, 4, Var::kNiFormat2}};
constexpr Field kSt0[] = {
    bits("FORMAT_CONTROL_1", 1, kFormat1),
    bits("FORMAT_CONTROL_2", 1, kFormat2),
    bits("FORMAT_CONTROL_3", 1, kFormat3),
    binary("DEVICE_CLASS", 4),
    u8("NAMEPLATE_TYPE"),
    u8("DEFAULT_SET_USED"),
    u8("MAX_PROC_PARM_LENGTH"),
    u8("MAX_RESP_DATA_LEN"),
    u8("STD_VERSION_NO"),
    u8("STD_REVISION_NO"),
    u8("DIM_STD_TBLS_USED").sets(Var::kDimStdTables),
    u8("DIM_MFG_TBLS_USED").sets(Var::kDimMfgTables),
    u8("DIM_STD_PROC_USED").sets(Var::kDimStdProcedures),
    u8("DIM_MFG_PROC_USED").sets(Var::kDimMfgProcedures),
    u8("DIM_MFG_STATUS_USED").sets(Var::kDimMfgStatus),
    u8("NBR_PENDING"),
    set("STD_TBLS_USED", Var::kDimStdTables).sets(Var::kHasSt64),
    set("MFG_TBLS_USED", Var::kDimMfgTables),
    set("STD_PROC_USED", Var::kDimStdProcedures),
    set("MFG_PROC_USED", Var::kDimMfgProcedures),
    set("STD_TBLS_WRITE", Var::kDimStdTables),
    set("MFG_TBLS_WRITE", Var::kDimMfgTables),
};

constexpr Field kSt1[] = {text("MANUFACTURER", 4),   text("ED_MODEL", 8),
                          u8("HW_VERSION_NUMBER"),   u8("HW_REVISION_NUMBER"),
                          u8("FW_VERSION_NUMBER"),   u8("FW_REVISION_NUMBER"),
                          id("MFG_SERIAL_NUMBER", 8)};

constexpr BitRange kMode[] = {
    {"METERING_FLAG", 0}, {"TEST_MODE_FLAG", 1}, {"METER_SHOP_MODE_FLAG", 2}};
constexpr BitRange kStatus1[] = {
    {"UNPROGRAMMED_FLAG", 0},       {"CONFIGURATION_ERROR_FLAG", 1}, {"SELF_CHK_ERROR_FLAG", 2},
    {"RAM_FAILURE_FLAG", 3},        {"ROM_FAILURE_FLAG", 4},         {"NONVOL_MEM_FAILURE_FLAG", 5},
    {"CLOCK_ERROR_FLAG", 6},        {"MEASUREMENT_ERROR_FLAG", 7},   {"LOW_BATTERY_FLAG", 8},
    {"LOW_LOSS_POTENTIAL_FLAG", 9}, {"DEMAND_OVERLOAD_FLAG", 10},    {"POWER_FAILURE_FLAG", 11},
    {"TAMPER_DETECT_FLAG", 12},     {"REVERSE_ROTATION_FLAG", 13}};
constexpr Field kSt3[] = {bits("ED_MODE", 1, kMode), bits("ED_STD_STATUS1", 2, kStatus1),
                          u8("ED_STD_STATUS2"), binary("ED_MFG_STATUS", Var::kDimMfgStatus)};

constexpr Field kSt5[] = {id("IDENTIFICATION", 10)};

constexpr Field kSt6[] = {
    text("OWNER_NAME", 20),      text("UTILITY_DIV", 20),      id("SERVICE_POINT_ID", 10),
    text("ELEC_ADDR", 20),       id("DEVICE_ID", 10),          id("UTIL_SER_NO", 10),
    id("CUSTOMER_ID", 10),       binary("COORDINATE_1", 10),   binary("COORDINATE_2", 10),
    binary("COORDINATE_3", 10),  text("TARIFF_ID", 8),         text("EX1_SW_VENDOR", 4),
    u8("EX1_SW_VERSION_NUMBER"), u8("EX1_SW_REVISION_NUMBER"), text("EX2_SW_VENDOR", 4),
    u8("EX2_SW_VERSION_NUMBER"), u8("EX2_SW_REVISION_NUMBER"), text("PROGRAMMER_NAME", 10),
    text("MISC_ID", 30)};

constexpr BitRange kProcedure[] = {
    {"TBL_PROC_NBR", 0, 11}, {"STD_VS_MFG_FLAG", 11}, {"SELECTOR", 12, 4}};
constexpr Field kSt7[] = {bits("PROC", 2, kProcedure), u8("SEQ_NBR"),
                          field("PARM_REC", Type::kRest, 0)};
constexpr Field kSt8[] = {bits("PROC", 2, kProcedure), u8("SEQ_NBR"), u8("RESULT_CODE"),
                          field("RESP_DATA_RCD", Type::kRest, 0)};

// ---- decade 1: sources -----------------------------------------------------------------------

constexpr BitRange kSourceFlags[] = {{"PF_EXCLUDE_FLAG", 0, 1, Var::kPowerFailExclude},
                                     {"RESET_EXCLUDE_FLAG", 1, 1, Var::kResetExclude},
                                     {"BLOCK_DEMAND_FLAG", 2},
                                     {"SLIDING_DEMAND_FLAG", 3, 1, Var::kSlidingDemand},
                                     {"THERMAL_DEMAND_FLAG", 4},
                                     {"SET1_PRESENT_FLAG", 5, 1, Var::kSet1},
                                     {"SET2_PRESENT_FLAG", 6, 1, Var::kSet2}};
constexpr Field kSt11[] = {
    bits("SOURCE_FLAGS", 1, kSourceFlags),
    u8("NBR_UOM_ENTRIES").sets(Var::kUomEntries),
    u8("NBR_DEMAND_CTRL_ENTRIES").sets(Var::kDemandControls),
    u8("DATA_CTRL_LENGTH").sets(Var::kDataControlBytes),
    u8("NBR_DATA_CTRL_ENTRIES").sets(Var::kDataControls),
    u8("NBR_CONSTANTS_ENTRIES").sets(Var::kConstants),
    u8("CONSTANTS_SELECTOR").sets(Var::kConstantsSelector),
    u8("NBR_SOURCES").sets(Var::kSources),
};
constexpr BitRange kUom[] = {{"ID_CODE", 0, 8},
                             {"TIME_BASE", 8, 3},
                             {"MULTIPLIER", 11, 3},
                             {"Q1_ACCOUNTABILITY", 14},
                             {"Q2_ACCOUNTABILITY", 15},
                             {"Q3_ACCOUNTABILITY", 16},
                             {"Q4_ACCOUNTABILITY", 17},
                             {"NET_FLOW_ACCOUNTABILITY", 18},
                             {"SEGMENTATION", 19, 3},
                             {"HARMONIC", 22},
                             {"NFS", 31}};
constexpr Field kSt12[] = {bits("UOM_ENTRY", 4, kUom).times(Var::kUomEntries)};
constexpr Field kIntervalControl[] = {u8("SUB_INT").only_if(Var::kSlidingDemand),
                                      u8("INT_MULTIPLIER").only_if(Var::kSlidingDemand),
                                      u16("INT_LENGTH").only_unless(Var::kSlidingDemand)};
constexpr Field kSt13[] = {u8("RESET_EXCLUSION").only_if(Var::kResetExclude),
                           u8("P_FAIL_RECOGNTN").only_if(Var::kPowerFailExclude),
                           u8("P_FAIL_EXCLUSION").only_if(Var::kPowerFailExclude),
                           u8("COLD_LOAD_PICKUP").only_if(Var::kPowerFailExclude),
                           record("INTERVAL_VALUE", kIntervalControl).times(Var::kDemandControls)};
constexpr Field kSt14[] = {binary("SOURCE_ID", Var::kDataControlBytes).times(Var::kDataControls)};
constexpr BitRange kSetFlags[] = {{"SET_APPLIED_FLAG", 0}};
constexpr Field kElectric[] = {ni1("MULTIPLIER"),
                               ni1("OFFSET"),
                               bits("SET1_FLAGS", 1, kSetFlags).only_if(Var::kSet1),
                               ni1("SET1_RATIO_F1").only_if(Var::kSet1),
                               ni1("SET1_RATIO_P1").only_if(Var::kSet1),
                               bits("SET2_FLAGS", 1, kSetFlags).only_if(Var::kSet2),
                               ni1("SET2_RATIO_F1").only_if(Var::kSet2),
                               ni1("SET2_RATIO_P1").only_if(Var::kSet2)};
constexpr Field kSt15[] = {record("SELECTION", kElectric).times(Var::kConstants)};
constexpr BitRange kLink[] = {{"UOM_ENTRY_FLAG", 0},  {"DEMAND_CTRL_FLAG", 1},
                              {"DATA_CTRL_FLAG", 2},  {"CONSTANTS_FLAG", 3},
                              {"PULSE_ENGR_FLAG", 4}, {"CONSTANT_TO_BE_APPLIED", 5}};
constexpr Field kSt16[] = {bits("SOURCES_LINK", 1, kLink).times(Var::kSources)};

// ---- decade 2: registers ---------------------------------------------------------------------

constexpr BitRange kRegFunc1[] = {{"SEASON_INFO_FIELD_FLAG", 0, 1, Var::kSeasonInfo},
                                  {"DATE_TIME_FIELD_FLAG", 1, 1, Var::kRegisterTime},
                                  {"DEMAND_RESET_CTR_FLAG", 2, 1, Var::kResetCounter},
                                  {"DEMAND_RESET_LOCK_FLAG", 3},
                                  {"CUM_DEMAND_FLAG", 4, 1, Var::kCumulative},
                                  {"CONT_CUM_DEMAND_FLAG", 5, 1, Var::kContinuous},
                                  {"TIME_REMAINING_FLAG", 6, 1, Var::kTimeRemaining}};
constexpr BitRange kRegFunc2[] = {{"SELF_READ_INHIBIT_OVERFLOW_FLAG", 0},
                                  {"SELF_READ_SEQ_NBR_FLAG", 1, 1, Var::kSelfReadSequence},
                                  {"DAILY_SELF_READ_FLAG", 2},
                                  {"WEEKLY_SELF_READ_FLAG", 3},
                                  {"SELF_READ_DEMAND_RESET", 4, 2}};
constexpr Field kSt21[] = {
    bits("REG_FUNC1_FLAGS", 1, kRegFunc1),
    bits("REG_FUNC2_FLAGS", 1, kRegFunc2),
    u8("NBR_SELF_READS").sets(Var::kSelfReads),
    u8("NBR_SUMMATIONS").sets(Var::kSummations),
    u8("NBR_DEMANDS").sets(Var::kDemands),
    u8("NBR_COIN_VALUES").sets(Var::kCoincidents),
    u8("NBR_OCCUR").sets(Var::kOccurrences),
    u8("NBR_TIERS").sets(Var::kTiers),
    u8("NBR_PRESENT_DEMANDS").sets(Var::kPresentDemands),
    u8("NBR_PRESENT_VALUES").sets(Var::kPresentValues),
};
constexpr Field kSt22[] = {u8("SUMMATION_SELECT").times(Var::kSummations),
                           u8("DEMAND_SELECT").times(Var::kDemands),
                           set("MIN_OR_MAX_FLAGS", Var::kDemands, Measure::kEighth),
                           u8("COINCIDENT_SELECT").times(Var::kCoincidents),
                           u8("COIN_DEMAND_ASSOC").times(Var::kCoincidents)};
constexpr Field kDemand[] = {
    stime("EVENT_TIME").only_if(Var::kRegisterTime).times(Var::kOccurrences).as(Role::kDemandTime),
    ni1("CUM_DEMAND").only_if(Var::kCumulative).as(Role::kCumulative),
    ni1("CONT_CUM_DEMAND").only_if(Var::kContinuous).as(Role::kContinuous),
    ni2("DEMAND").times(Var::kOccurrences).as(Role::kDemand)};
constexpr Field kCoincident[] = {
    ni2("COINCIDENT_VALUES").times(Var::kOccurrences).as(Role::kCoincident)};
constexpr Field kDataBlock[] = {ni1("SUMMATIONS").times(Var::kSummations).as(Role::kSummation),
                                record("DEMANDS", kDemand).times(Var::kDemands),
                                record("COINCIDENTS", kCoincident).times(Var::kCoincidents)};
constexpr Field kResets = u8("NBR_DEMAND_RESETS").only_if(Var::kResetCounter).as(Role::kResetCount);
constexpr Field kTotal = record("TOT_DATA_BLOCK", kDataBlock);
constexpr Field kTier = record("TIER_DATA_BLOCK", kDataBlock).times(Var::kTiers);
constexpr Field kEndTime =
    stime("END_DATE_TIME").only_if(Var::kRegisterTime).as(Role::kRegisterTime);
constexpr Field kSeason = u8("SEASON").only_if(Var::kSeasonInfo).as(Role::kSeason);
constexpr Field kSt23[] = {kResets, kTotal, kTier};
constexpr Field kSt24[] = {kEndTime, kSeason, kResets, kTotal, kTier};
constexpr BitRange kListStatus[] = {
    {"ORDER", 0}, {"OVERFLOW_FLAG", 1}, {"LIST_TYPE", 2}, {"INHIBIT_OVERFLOW_FLAG", 3}};
constexpr Field kSelfRead[] = {
    u16("SELF_READ_SEQ_NBR").only_if(Var::kSelfReadSequence).as(Role::kSequence),
    kEndTime,
    kSeason,
    kResets,
    kTotal,
    kTier};
constexpr Field kSt26[] = {bits("LIST_STATUS", 1, kListStatus),
                           u8("NBR_VALID_ENTRIES"),
                           u8("LAST_ENTRY_ELEMENT"),
                           u16("LAST_ENTRY_SEQ_NBR"),
                           u8("NBR_UNREAD_ENTRIES"),
                           record("SELF_READS_ENTRIES", kSelfRead).times(Var::kSelfReads)};
constexpr Field kSt27[] = {u8("PRESENT_DEMAND_SELECT").times(Var::kPresentDemands),
                           u8("PRESENT_VALUE_SELECT").times(Var::kPresentValues)};
constexpr Field kPresentDemand[] = {
    field("TIME_REMAINING", Type::kTime, 0).only_if(Var::kTimeRemaining).as(Role::kTimeRemaining),
    ni2("DEMAND_VALUE").as(Role::kPresentDemand)};
constexpr Field kSt28[] = {record("PRESENT_DEMAND", kPresentDemand).times(Var::kPresentDemands),
                           ni1("PRESENT_VALUE").times(Var::kPresentValues).as(Role::kPresentValue)};

// ---- decade 5: time --------------------------------------------------------------------------

constexpr BitRange kTimeFunc1[] = {
    {"TOU_SELF_READ_FLAG", 0},       {"SEASON_SELF_READ_FLAG", 1},
    {"SEASON_DEMAND_RESET_FLAG", 2}, {"SEASON_CHNG_ARMED_FLAG", 3},
    {"SORT_DATES_FLAG", 4},          {"ANCHOR_DATE_FLAG", 5, 1, Var::kAnchorDate}};
constexpr BitRange kTimeFunc2[] = {{"CAP_DST_AUTO_FLAG", 0},
                                   {"SEPARATE_WEEKDAYS_FLAG", 1, 1, Var::kSeparateWeekdays},
                                   {"SEPARATE_SUM_DEMANDS_FLAG", 2},
                                   {"SORT_TIER_SWITCHES_FLAG", 3},
                                   {"CAP_TM_ZN_OFFSET_FLAG", 4, 1, Var::kZoneOffset}};
constexpr BitRange kCalendarFunc[] = {{"NBR_SEASONS", 0, 4, Var::kSeasons},
                                      {"NBR_SPECIAL_SCHED", 4, 4, Var::kSpecialSchedules}};
constexpr Field kSt51[] = {bits("TIME_FUNC_FLAG1", 1, kTimeFunc1),
                           bits("TIME_FUNC_FLAG2", 1, kTimeFunc2),
                           bits("CALENDAR_FUNC", 1, kCalendarFunc),
                           u8("NBR_NON_RECURR_DATES").sets(Var::kNonRecurring),
                           u8("NBR_RECURR_DATES").sets(Var::kRecurring),
                           u16("NBR_TIER_SWITCHES").sets(Var::kTierSwitches),
                           u16("CALENDAR_TBL_SIZE")};
constexpr BitRange kTimeQualifier[] = {{"DAY_OF_WEEK", 0, 3},
                                       {"DST_FLAG", 3},
                                       {"GMT_FLAG", 4},
                                       {"TM_ZN_APPLIED_FLAG", 5},
                                       {"DST_APPLIED_FLAG", 6}};
constexpr Field kSt52[] = {ltime("CLOCK_CALENDAR"), bits("TIME_DATE_QUAL", 1, kTimeQualifier)};
constexpr Field kSt53[] = {field("DST_TIME_EFF", Type::kTime, 0), u8("DST_TIME_AMT"),
                           i16("TIME_ZONE_OFFSET").only_if(Var::kZoneOffset)};
constexpr BitRange kAction[] = {
    {"CALENDAR_CTRL", 0, 5}, {"DEMAND_RESET_FLAG", 5}, {"SELF_READ_FLAG", 6}};
constexpr Field kNonRecurring[] = {field("NON_RECURR_DATE", Type::kDate, 0),
                                   bits("CALENDAR_ACTION", 1, kAction)};
constexpr Field kRecurring[] = {u16("RECURR_DATE"), bits("CALENDAR_ACTION", 1, kAction)};
constexpr BitRange kSwitch[] = {{"NEW_TIER", 0, 3},
                                {"SUMMATION_SWITCH_FLAG", 3},
                                {"DEMANDS_SWITCH_FLAG", 4},
                                {"SWITCH_MIN", 5, 6},
                                {"SWITCH_HOUR", 11, 5}};
constexpr Field kTierSwitch[] = {bits("TIER_SWITCH", 2, kSwitch), u8("DAY_SCH_NUM")};
constexpr Field kSchedule[] = {u8("SATURDAY_SCHEDULE"),
                               u8("SUNDAY_SCHEDULE"),
                               u8("WEEKDAY_SCHEDULE").only_unless(Var::kSeparateWeekdays),
                               u8("MONDAY_SCHEDULE").only_if(Var::kSeparateWeekdays),
                               u8("TUESDAY_SCHEDULE").only_if(Var::kSeparateWeekdays),
                               u8("WEDNESDAY_SCHEDULE").only_if(Var::kSeparateWeekdays),
                               u8("THURSDAY_SCHEDULE").only_if(Var::kSeparateWeekdays),
                               u8("FRIDAY_SCHEDULE").only_if(Var::kSeparateWeekdays),
                               u8("SPECIAL_SCHEDULE").times(Var::kSpecialSchedules)};
constexpr Field kSt54[] = {field("ANCHOR_DATE", Type::kDate, 0).only_if(Var::kAnchorDate),
                           record("NON_RECURR_DATES", kNonRecurring).times(Var::kNonRecurring),
                           record("RECURR_DATES", kRecurring).times(Var::kRecurring),
                           record("TIER_SWITCHES", kTierSwitch).times(Var::kTierSwitches),
                           record("DAILY_SCHEDULE_ID", kSchedule).times(Var::kSeasons)};
constexpr BitRange kClockStatus[] = {{"CURR_SUMM_TIER", 0, 3},
                                     {"CURR_DEMAND_TIER", 3, 3},
                                     {"TIER_DRIVE", 6, 2},
                                     {"SPECIAL_SCHD_ACTIVE", 8, 4},
                                     {"SEASON", 12, 4}};
constexpr Field kSt55[] = {ltime("CLOCK_CALENDAR"), bits("TIME_DATE_QUAL", 1, kTimeQualifier),
                           bits("STATUS", 2, kClockStatus)};

// ---- decade 6: load profile ------------------------------------------------------------------

constexpr BitRange kLpFlags[] = {{"LP_SET1_INHIBIT_OVF_FLAG", 0},
                                 {"LP_SET2_INHIBIT_OVF_FLAG", 1},
                                 {"LP_SET3_INHIBIT_OVF_FLAG", 2},
                                 {"LP_SET4_INHIBIT_OVF_FLAG", 3},
                                 {"BLK_END_READ_FLAG", 4, 1, Var::kBlockEndRead},
                                 {"BLK_END_PULSE_FLAG", 5, 1, Var::kBlockEndPulse},
                                 {"SCALAR_DIVISOR_FLAG_SET1", 6, 1, Var::kScalar1},
                                 {"SCALAR_DIVISOR_FLAG_SET2", 7, 1, Var::kScalar2},
                                 {"SCALAR_DIVISOR_FLAG_SET3", 8, 1, Var::kScalar3},
                                 {"SCALAR_DIVISOR_FLAG_SET4", 9, 1, Var::kScalar4},
                                 {"EXTENDED_INT_STATUS_FLAG", 10, 1, Var::kExtendedStatus},
                                 {"SIMPLE_INT_STATUS_FLAG", 11, 1, Var::kSimpleStatus},
                                 {"CLOSURE_STATUS_FLAG", 12, 1, Var::kClosureStatus}};
constexpr BitRange kLpFormats[] = {{"INV_UINT8_FLAG", 0},    {"INV_UINT16_FLAG", 1},
                                   {"INV_UINT32_FLAG", 2},   {"INV_INT8_FLAG", 3},
                                   {"INV_INT16_FLAG", 4},    {"INV_INT32_FLAG", 5},
                                   {"INV_NI_FMAT1_FLAG", 6}, {"INV_NI_FMAT2_FLAG", 7}};
constexpr BitRange kLpStatusFlags[] = {{"ORDER", 0},          {"OVERFLOW_FLAG", 1},
                                       {"LIST_TYPE", 2},      {"BLOCK_INHIBIT_OVERFLOW_FLAG", 3},
                                       {"INTERVAL_ORDER", 4}, {"ACTIVE_MODE_FLAG", 5},
                                       {"TEST_MODE", 6}};
constexpr BitRange kChannelFlags[] = {{"END_RDG_FLAG", 0}};
constexpr BitRange kClosure[] = {{"STATUS", 0, 4}, {"NBR_VALID_INTERVALS", 4, 12}};

constexpr Field kSource[] = {bits("CHNL_FLAG", 1, kChannelFlags), u8("LP_SOURCE_SELECT"),
                             u8("END_BLK_RDG_SOURCE_SELECT")};
constexpr Field kEndReading[] = {
    ni1("BLOCK_END_READ").only_if(Var::kBlockEndRead).as(Role::kBlockReading),
    u32("BLOCK_END_PULSE").only_if(Var::kBlockEndPulse).as(Role::kBlockPulse)};

// The same for each of the four sets, with the set's own variables.
template <int S>
struct Set {
  static constexpr Field kDimensions[] = {
      u16("NBR_BLKS").sets(Var::kBlocks1 + S), u16("NBR_BLK_INTS").sets(Var::kIntervals1 + S),
      u8("NBR_CHNS").sets(Var::kChannels1 + S), u8("INT_TIME").sets(Var::kMinutes1 + S)};
  static constexpr Field kControl[] = {
      record("LP_SEL", kSource).times(Var::kChannels1 + S),
      u8("INT_FMT_CDE").sets(Var::kLpFormat1 + S),
      u16("SCALARS").only_if(Var::kScalar1 + S).times(Var::kChannels1 + S),
      u16("DIVISOR").only_if(Var::kScalar1 + S).times(Var::kChannels1 + S)};
  static constexpr Field kStatus[] = {bits("LP_SET_STATUS_FLAGS", 1, kLpStatusFlags),
                                      u16("NBR_VALID_BLOCKS"),
                                      u16("LAST_BLOCK_ELEMENT"),
                                      u32("LAST_BLOCK_SEQ_NBR"),
                                      u16("NBR_UNREAD_BLOCKS"),
                                      u16("NBR_VALID_INT")};
  static constexpr Field interval_value() {
    Field f = field("INT_DATA", Type::kInterval, 0);
    f.size = {0, Var::kLpFormat1 + S, Measure::kPlain};
    return f.times(Var::kChannels1 + S).as(Role::kInterval);
  }
  static constexpr Field kInterval[] = {
      binary("EXTENDED_INT_STATUS", Var::kChannels1 + S, Measure::kHalf)
          .only_if(Var::kExtendedStatus)
          .as(Role::kIntervalStatus),
      interval_value()};
  static constexpr Field kBlock[] = {
      stime("BLK_END_TIME").as(Role::kBlockEnd),
      record("END_READINGS", kEndReading).times(Var::kChannels1 + S),
      bits("CLOSURE_STATUS", 2, kClosure).only_if(Var::kClosureStatus).times(Var::kChannels1 + S),
      set("SIMPLE_INT_STATUS", Var::kIntervals1 + S, Measure::kEighth)
          .only_if(Var::kSimpleStatus)
          .as(Role::kIntervalValid),
      record("LP_INT", kInterval).times(Var::kIntervals1 + S)};
  static constexpr Field kData[] = {record("LP_DATA", kBlock).times(Var::kBlocks1 + S)};
};

constexpr Field kSt61[] = {u32("LP_MEMORY_LEN"),
                           bits("LP_FLAGS", 2, kLpFlags),
                           bits("LP_FMATS", 1, kLpFormats),
                           record("SET1", Set<0>::kDimensions).only_if(Var::kHasSt64),
                           record("SET2", Set<1>::kDimensions).only_if(Var::kHasSt65),
                           record("SET3", Set<2>::kDimensions).only_if(Var::kHasSt66),
                           record("SET4", Set<3>::kDimensions).only_if(Var::kHasSt67)};
constexpr Field kSt62[] = {record("SET1", Set<0>::kControl).only_if(Var::kHasSt64),
                           record("SET2", Set<1>::kControl).only_if(Var::kHasSt65),
                           record("SET3", Set<2>::kControl).only_if(Var::kHasSt66),
                           record("SET4", Set<3>::kControl).only_if(Var::kHasSt67)};
constexpr Field kSt63[] = {record("SET1", Set<0>::kStatus).only_if(Var::kHasSt64),
                           record("SET2", Set<1>::kStatus).only_if(Var::kHasSt65),
                           record("SET3", Set<2>::kStatus).only_if(Var::kHasSt66),
                           record("SET4", Set<3>::kStatus).only_if(Var::kHasSt67)};

// ---- decade 7: logs --------------------------------------------------------------------------

constexpr BitRange kLogFlags[] = {{"EVENT_NUMBER_FLAG", 0, 1, Var::kEventNumber},
                                  {"HIST_DATE_TIME_FLAG", 1, 1, Var::kHistoryTime},
                                  {"HIST_SEQ_NBR_FLAG", 2, 1, Var::kHistorySequence},
                                  {"HIST_INHIBIT_OVF_FLAG", 3},
                                  {"EVENT_INHIBIT_OVF_FLAG", 4}};
constexpr Field kSt71[] = {bits("LOG_FLAGS", 1, kLogFlags),
                           u8("NBR_STD_EVENTS").sets(Var::kStdEvents),
                           u8("NBR_MFG_EVENTS").sets(Var::kMfgEvents),
                           u8("HIST_DATA_LENGTH").sets(Var::kHistoryBytes),
                           u8("EVENT_DATA_LENGTH").sets(Var::kEventBytes),
                           u16("NBR_HISTORY_ENTRIES").sets(Var::kHistoryEntries),
                           u16("NBR_EVENT_ENTRIES").sets(Var::kEventEntries)};
constexpr Field kSt72[] = {set("STD_EVENTS_SUPPORTED", Var::kStdEvents),
                           set("MFG_EVENTS_SUPPORTED", Var::kMfgEvents)};
constexpr Field kSt73[] = {set("STD_EVENTS_MONITORED_FLAGS", Var::kStdEvents),
                           set("MFG_EVENTS_MONITORED_FLAGS", Var::kMfgEvents),
                           set("STD_TBLS_MONITORED_FLAGS", Var::kDimStdTables),
                           set("MFG_TBLS_MONITORED_FLAGS", Var::kDimMfgTables),
                           set("STD_PROC_MONITORED_FLAGS", Var::kDimStdProcedures),
                           set("MFG_PROC_MONITORED_FLAGS", Var::kDimMfgProcedures)};
constexpr BitRange kEventCode[] = {
    {"TBL_PROC_NBR", 0, 11}, {"STD_VS_MFG_FLAG", 11}, {"SELECTOR", 12, 4}};
constexpr Field kHistoryEntry[] = {
    ltime("HISTORY_TIME").only_if(Var::kHistoryTime).as(Role::kEventTime),
    u16("EVENT_NUMBER").only_if(Var::kEventNumber).as(Role::kEventNumber),
    u16("HISTORY_SEQ_NBR").only_if(Var::kHistorySequence).as(Role::kSequence),
    u16("USER_ID").as(Role::kUser),
    bits("HISTORY_CODE", 2, kEventCode).as(Role::kEventCode),
    binary("HISTORY_ARGUMENT", Var::kHistoryBytes).as(Role::kEventArgument)};
constexpr Field kEventEntry[] = {
    ltime("EVENT_TIME").as(Role::kEventTime),
    u16("EVENT_NUMBER").only_if(Var::kEventNumber).as(Role::kEventNumber),
    u16("EVENT_SEQ_NBR").as(Role::kSequence),
    u16("USER_ID").as(Role::kUser),
    bits("EVENT_CODE", 2, kEventCode).as(Role::kEventCode),
    binary("EVENT_ARGUMENT", Var::kEventBytes).as(Role::kEventArgument)};
constexpr Field kSt74[] = {bits("HIST_FLAGS", 1, kListStatus),
                           u16("NBR_VALID_ENTRIES"),
                           u16("LAST_ENTRY_ELEMENT"),
                           u32("LAST_ENTRY_SEQ_NBR"),
                           u16("NBR_UNREAD_ENTRIES"),
                           record("ENTRIES", kHistoryEntry).times(Var::kHistoryEntries)};
constexpr Field kSt76[] = {
    bits("EVENT_FLAGS", 1, kListStatus), u16("NBR_VALID_ENTRIES"),
    u16("LAST_ENTRY_ELEMENT"),           u32("LAST_ENTRY_SEQ_NBR"),
    u16("NBR_UNREAD_ENTRIES"),           record("ENTRIES", kEventEntry).times(Var::kEventEntries)};

template <std::size_t N>
constexpr Layout layout(std::uint16_t number, const char* name, const Field (&fields)[N]) {
  return {number, name, fields, N};
}

constexpr Layout kLayouts[] = {
    layout(0, "GEN_CONFIG_TBL", kSt0),
    layout(1, "GENERAL_MFG_ID_TBL", kSt1),
    layout(3, "ED_MODE_STATUS_TBL", kSt3),
    layout(5, "DEVICE_IDENT_TBL", kSt5),
    layout(6, "UTIL_INFO_TBL", kSt6),
    layout(7, "PROC_INITIATE_TBL", kSt7),
    layout(8, "PROC_RESPONSE_TBL", kSt8),
    layout(10, "DIM_SOURCES_LIM_TBL", kSt11),
    layout(11, "ACT_SOURCES_LIM_TBL", kSt11),
    layout(12, "UNIT_OF_MEASURE_TBL", kSt12),
    layout(13, "DEMAND_CONTROL_TBL", kSt13),
    layout(14, "DATA_CONTROL_TBL", kSt14),
    layout(15, "CONSTANTS_TBL", kSt15),
    layout(16, "SOURCES_TBL", kSt16),
    layout(20, "DIM_REGS_TBL", kSt21),
    layout(21, "ACT_REGS_TBL", kSt21),
    layout(22, "DATA_SELECTION_TBL", kSt22),
    layout(23, "CURRENT_REG_DATA_TBL", kSt23),
    layout(24, "PREVIOUS_SEASON_DATA_TBL", kSt24),
    layout(25, "PREVIOUS_DEMAND_RESET_DATA_TBL", kSt24),
    layout(26, "SELF_READ_DATA_TBL", kSt26),
    layout(27, "PRESENT_REGISTER_SELECT_TBL", kSt27),
    layout(28, "PRESENT_REGISTER_DATA_TBL", kSt28),
    layout(50, "DIM_TIME_TOU_TBL", kSt51),
    layout(51, "ACT_TIME_TOU_TBL", kSt51),
    layout(52, "CLOCK_TBL", kSt52),
    layout(53, "TIME_OFFSET_TBL", kSt53),
    layout(54, "CALENDAR_TBL", kSt54),
    layout(55, "CLOCK_STATE_TBL", kSt55),
    layout(60, "DIM_LP_TBL", kSt61),
    layout(61, "ACT_LP_TBL", kSt61),
    layout(62, "LP_CTRL_TBL", kSt62),
    layout(63, "LP_STATUS_TBL", kSt63),
    layout(64, "LP_DATA_SET1_TBL", Set<0>::kData),
    layout(65, "LP_DATA_SET2_TBL", Set<1>::kData),
    layout(66, "LP_DATA_SET3_TBL", Set<2>::kData),
    layout(67, "LP_DATA_SET4_TBL", Set<3>::kData),
    layout(70, "DIM_LOG_TBL", kSt71),
    layout(71, "ACT_LOG_TBL", kSt71),
    layout(72, "EVENTS_ID_TBL", kSt72),
    layout(73, "HISTORY_LOG_CTRL_TBL", kSt73),
    layout(74, "HISTORY_LOG_DATA_TBL", kSt74),
    layout(75, "EVENT_LOG_CTRL_TBL", kSt73),
    layout(76, "EVENT_LOG_DATA_TBL", kSt76),
};

}  // namespace

const Layout* find_layout(std::uint16_t table) {
  const auto at = std::lower_bound(std::begin(kLayouts), std::end(kLayouts), table,
                                   [](const Layout& l, std::uint16_t n) { return l.number < n; });
  return at == std::end(kLayouts) || at->number != table ? nullptr : at;
}

std::string_view source_of(Var var) {
  if (var <= Var::kAlways) return {};
  if (var <= Var::kHasSt67) return "ST0";
  if (var <= Var::kSources) return "ST11";
  if (var <= Var::kPresentValues) return "ST21";
  if (var <= Var::kTierSwitches) return "ST51";
  if (var <= Var::kMinutes4) return "ST61";
  if (var <= Var::kLpFormat4) return "ST62";
  return "ST71";
}

}  // namespace amity::c12
