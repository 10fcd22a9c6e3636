#include "mdm/estimate/method.h"

namespace amity::mdm {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kNone:
      return "none";
    case Method::kCheckChannel:
      return "check_channel";
    case Method::kCalculated:
      return "calculated";
    case Method::kLikeDay:
      return "like_day";
    case Method::kAverageLikeDay:
      return "average_like_day";
    case Method::kAgreed:
      return "agreed";
    case Method::kLinear:
      return "linear";
    case Method::kAlternate:
      return "blend";
    case Method::kZero:
      return "zero";
    case Method::kPreviousYear:
      return "previous_year";
    case Method::kScaling:
      return "scaling";
    case Method::kAverageDailyLoad:
      return "average_daily_load";
  }
  return "?";
}

std::string nem12_code(Method method, bool final) {
  if (method == Method::kNone) return "A";
  return (final ? "F" : "E") + std::to_string(static_cast<int>(method));
}

}  // namespace amity::mdm
