// How a value came to be that no meter measured; codes as NEM12 exports them (quality letter + two
// digits).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace amity::mdm {

enum class Method : std::uint8_t {
  kNone = 0,
  kCheckChannel = 11,      // E2: check or sibling channel, parent balance
  kCalculated = 12,        // the register's advance spread evenly: nothing else was known
  kLikeDay = 14,           // E4 with one like day
  kAverageLikeDay = 15,    // E4
  kAgreed = 16,            // by hand
  kLinear = 17,            // E3
  kAlternate = 18,         // the blend of neighbours and the same time of other days
  kZero = 19,              // E7
  kPreviousYear = 23,      // E5
  kScaling = 24,           // E8: only where the base method is not told
  kAverageDailyLoad = 25,  // E6: class profile x average daily load
};

std::string_view to_string(Method method);
// "E15"; "A" for kNone. `final`: the substitute will not be replaced by the utility itself ("F15").
std::string nem12_code(Method method, bool final);

}  // namespace amity::mdm
