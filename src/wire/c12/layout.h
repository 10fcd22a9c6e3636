// The tables of C12.19 as data: each a list of fields that one engine (table.h) reads and writes.
// What ST0 and the dimension tables say is kept in variables; lengths, conditions and formats of
// the other tables refer to them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace amity::c12 {

enum class Var : std::uint8_t {
  kNone,
  kAlways,  // one
  // ST0
  kDataOrder,
  kCharFormat,
  kTimeFormat,
  kIdForm,
  kIntFormat,
  kNiFormat1,
  kNiFormat2,
  kDimStdTables,
  kDimMfgTables,
  kDimStdProcedures,
  kDimMfgProcedures,
  kDimMfgStatus,
  kHasSt64,
  kHasSt65,
  kHasSt66,
  kHasSt67,
  // ST11
  kPowerFailExclude,
  kResetExclude,
  kSlidingDemand,
  kSet1,
  kSet2,
  kUomEntries,
  kDemandControls,
  kDataControlBytes,
  kDataControls,
  kConstants,
  kConstantsSelector,
  kSources,
  // ST21
  kSeasonInfo,
  kRegisterTime,
  kResetCounter,
  kCumulative,
  kContinuous,
  kTimeRemaining,
  kSelfReadSequence,
  kSelfReads,
  kSummations,
  kDemands,
  kCoincidents,
  kOccurrences,
  kTiers,
  kPresentDemands,
  kPresentValues,
  // ST51
  kAnchorDate,
  kSeparateWeekdays,
  kZoneOffset,
  kSeasons,
  kSpecialSchedules,
  kNonRecurring,
  kRecurring,
  kTierSwitches,
  // ST61
  kBlockEndRead,
  kBlockEndPulse,
  kScalar1,
  kScalar2,
  kScalar3,
  kScalar4,
  kExtendedStatus,
  kSimpleStatus,
  kClosureStatus,
  kBlocks1,
  kBlocks2,
  kBlocks3,
  kBlocks4,
  kIntervals1,
  kIntervals2,
  kIntervals3,
  kIntervals4,
  kChannels1,
  kChannels2,
  kChannels3,
  kChannels4,
  kMinutes1,
  kMinutes2,
  kMinutes3,
  kMinutes4,
  // ST62
  kLpFormat1,
  kLpFormat2,
  kLpFormat3,
  kLpFormat4,
  // ST71
  kEventNumber,
  kHistoryTime,
  kHistorySequence,
  kStdEvents,
  kMfgEvents,
  kHistoryBytes,
  kEventBytes,
  kHistoryEntries,
  kEventEntries,
  kCount,
};
constexpr Var operator+(Var base, int more) {
  return static_cast<Var>(static_cast<int>(base) + more);
}
// The table that says it, for messages: "ST21".
std::string_view source_of(Var var);

enum class Type : std::uint8_t {
  kUnsigned,   // 1, 2 or 4 bytes in the meter's order
  kSigned,     // 1, 2, 3 or 4 bytes
  kText,       // characters, padded
  kBinary,     // bytes as they are
  kSet,        // bits, the first in the low bit of the first byte
  kBits,       // an unsigned with named bit ranges
  kNi1,        // NI_FMAT1 of ST0
  kNi2,        // NI_FMAT2 of ST0
  kLongTime,   // LTIME_DATE: to the second
  kShortTime,  // STIME_DATE: to the minute
  kTime,       // of the day
  kDate,
  kId,        // BCD of `size` bytes, or twice as many characters: ID_FORM of ST0
  kInterval,  // INT_FMT_CDE of ST62
  kRecord,
  kRest,  // all that is left
};

// What a value means, for readings and events.
enum class Role : std::uint8_t {
  kNone,
  kResetCount,
  kSummation,
  kDemand,
  kDemandTime,
  kCumulative,
  kContinuous,
  kCoincident,
  kRegisterTime,
  kSeason,
  kPresentDemand,
  kPresentValue,
  kTimeRemaining,
  kBlockEnd,
  kBlockReading,
  kBlockPulse,
  kInterval,
  kIntervalValid,
  kIntervalStatus,
  kEventTime,
  kEventCode,
  kEventArgument,
  kUser,
  kSequence,
  kEventNumber,
};

enum class Measure : std::uint8_t { kPlain, kEighth /* (n+7)/8 */, kHalf /* n/2 + 1 */ };

// A literal, or a variable through a measure.
struct Extent {
  std::uint16_t literal = 1;
  Var var = Var::kNone;
  Measure measure = Measure::kPlain;
};

struct BitRange {
  const char* name = nullptr;
  std::uint8_t low = 0, width = 1;
  Var var = Var::kNone;  // set to its value
};

struct Field {
  const char* name = nullptr;
  Type type = Type::kUnsigned;
  Role role = Role::kNone;
  Extent size;   // bytes; of kId: in BCD; of kInterval: the format's variable
  Extent count;  // elements; a literal 1 without a variable is no array
  Var when = Var::kAlways;
  bool unless = false;   // where `when` is zero instead
  Var var = Var::kNone;  // set to the value
  const Field* fields = nullptr;
  const BitRange* bits = nullptr;
  std::uint8_t parts = 0;  // how many fields or bit ranges

  constexpr Field sets(Var v) const {
    Field f = *this;
    f.var = v;
    return f;
  }
  constexpr Field only_if(Var v) const {
    Field f = *this;
    f.when = v;
    return f;
  }
  constexpr Field only_unless(Var v) const {
    Field f = *this;
    f.when = v;
    f.unless = true;
    return f;
  }
  constexpr Field times(Var v, Measure m = Measure::kPlain) const {
    Field f = *this;
    f.count = {0, v, m};
    return f;
  }
  constexpr Field as(Role r) const {
    Field f = *this;
    f.role = r;
    return f;
  }
  constexpr bool array() const { return count.var != Var::kNone; }
};

struct Layout {
  std::uint16_t number = 0;
  const char* name = nullptr;
  const Field* fields = nullptr;
  std::uint8_t count = 0;
};

// nullptr: no layout is known.
const Layout* find_layout(std::uint16_t table);

}  // namespace amity::c12
