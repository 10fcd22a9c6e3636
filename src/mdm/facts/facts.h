// What a utility knows of its points besides master data: the rules and the ladder use it where it
// is there. docs/formats/vee_facts.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/decimal.h"
#include "base/units.h"
#include "mdm/estimate/estimate.h"

namespace amity::mdm {

inline constexpr std::size_t kFactsMax = 100'000;  // of each kind

// Typical use of a class: the hours of the wall clock against each other, and a mean day.
struct UseProfile {
  std::string customer_class = "*";  // "*": any
  Unit unit = Unit::kNone;
  Decimal daily;  // of a channel without a history; 0: not known
  using Hours = std::array<std::int64_t, 24>;
  Hours workday{}, saturday{}, sunday{};  // holidays are Sundays
};

enum class RatingOf : std::uint8_t { kPoint = 0, kClass = 1, kMeter = 2, kModel = 3 };

// "12345/import": a channel as people name it.
struct ChannelName {
  std::string meter, channel;
  friend auto operator<=>(const ChannelName&, const ChannelName&) = default;
};

struct UtilityFacts {
  std::set<std::int32_t> holidays;  // civil dates, days since 1970
  std::vector<UseProfile> profiles;
  // In the unit itself, an hour.
  std::map<std::tuple<RatingOf, std::string, Unit>, Decimal> ratings;
  // Digits of a register, all that it shows: of the meter, else of its model.
  std::map<std::tuple<RatingOf, std::string, Unit>, int> dials;
  std::map<ChannelName, ChannelName> checks;  // main -> check

  // The first that fits; null when none does.
  const UseProfile* profile(std::string_view customer_class, Unit unit) const;
  // What fuse or pipe lets through (of the point, else of its class) and what the meter measures at
  // most (its own, else its model's), per hour in raw integers of a channel: the fuse's is before
  // CT and VT, the meter's behind them. The lower one; 0: not known.
  std::int64_t rating(const std::string& point, const std::string& customer_class,
                      const std::string& meter, const std::string& model, Unit unit, int exponent,
                      std::int64_t multiplier) const;
  // What the register rolls over at, in its raw integers; 0: not known.
  std::int64_t dial(const std::string& meter, const std::string& model, Unit unit) const;
};

// A key that is not known, of a wrong type or out of range is an error that names its line.
Result<UtilityFacts> facts_from_toml(std::string_view text);

// For intervals of this length; nothing where it divides no day.
std::optional<ClassProfile> class_profile(const UseProfile& use, std::uint32_t interval_s);

// In raw integers of a channel, rounded down; saturates.
std::int64_t raw_amount(Decimal amount, int exponent);

}  // namespace amity::mdm
