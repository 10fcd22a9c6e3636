#include "mdm/facts/facts.h"

#include <algorithm>

#include "mdm/profile/limits.h"

namespace amity::mdm {

const UseProfile* UtilityFacts::profile(std::string_view customer_class, Unit unit) const {
  const auto at = std::ranges::find_if(profiles, [&](const UseProfile& p) {
    return p.unit == unit && (p.customer_class == "*" || p.customer_class == customer_class);
  });
  return at == profiles.end() ? nullptr : &*at;
}

std::int64_t raw_amount(Decimal amount, int exponent) {
  __int128 raw = amount.value;
  for (int e = exponent; e < amount.exponent && raw <= kMagnitudeMax; ++e) raw *= 10;
  for (int e = amount.exponent; e < exponent; ++e) raw /= 10;
  return static_cast<std::int64_t>(std::min<__int128>(raw, kMagnitudeMax));
}

std::int64_t UtilityFacts::rating(const std::string& point, const std::string& customer_class,
                                  const std::string& meter, const std::string& model, Unit unit,
                                  int exponent, std::int64_t multiplier) const {
  const auto of = [&](RatingOf kind, const std::string& name) -> std::int64_t {
    const auto at = ratings.find({kind, name, unit});
    return at == ratings.end() ? 0 : std::max<std::int64_t>(raw_amount(at->second, exponent), 1);
  };
  std::int64_t fuse = of(RatingOf::kPoint, point);
  if (fuse == 0) fuse = of(RatingOf::kClass, customer_class);
  if (fuse != 0) fuse = std::max<std::int64_t>(fuse / std::max<std::int64_t>(multiplier, 1), 1);
  std::int64_t most = of(RatingOf::kMeter, meter);
  if (most == 0) most = of(RatingOf::kModel, model);
  return fuse == 0 ? most : most == 0 ? fuse : std::min(fuse, most);
}

std::int64_t UtilityFacts::dial(const std::string& meter, const std::string& model,
                                Unit unit) const {
  auto at = dials.find({RatingOf::kMeter, meter, unit});
  if (at == dials.end()) at = dials.find({RatingOf::kModel, model, unit});
  return at == dials.end() ? 0 : raw_amount({1, at->second}, 0);
}

std::optional<ClassProfile> class_profile(const UseProfile& use, std::uint32_t interval_s) {
  constexpr std::uint32_t kHour_s = 3'600, kDay_s = 86'400;
  const bool fits = interval_s != 0 &&
                    (interval_s <= kHour_s ? kHour_s % interval_s == 0
                                           : kDay_s % interval_s == 0 && interval_s % kHour_s == 0);
  if (!fits) return std::nullopt;
  ClassProfile profile;
  profile.interval_s = interval_s;
  for (int weekday = 0; weekday < 7; ++weekday) {
    const auto& hours = weekday == 6 ? use.sunday : weekday == 5 ? use.saturday : use.workday;
    for (std::uint32_t at = 0; at < kDay_s; at += interval_s) {
      std::int64_t weight = 0;
      for (std::uint32_t h = at / kHour_s; h * kHour_s < at + interval_s; ++h) weight += hours[h];
      profile.weight.push_back(weight);
    }
  }
  return profile;
}

}  // namespace amity::mdm
