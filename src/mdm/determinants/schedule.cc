#include "mdm/determinants/schedule.h"

#include <fmt/format.h>

namespace amity::mdm {
namespace {

constexpr std::uint8_t kNone = 0xFF;
constexpr const char* kDayNames[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday",    "holidays"};

bool in_season(const Season& season, MonthDay date) {
  if (season.from <= season.to) return season.from <= date && date <= season.to;
  return season.from <= date || date <= season.to;
}

bool covers(const ScheduleRule& rule, std::int32_t wall_s) {
  if (rule.from_s < rule.to_s) return rule.from_s <= wall_s && wall_s < rule.to_s;
  return rule.from_s <= wall_s || wall_s < rule.to_s;
}

Status check_rule(const ScheduleRule& rule, std::size_t seasons, std::size_t buckets) {
  const auto whole = [](std::int32_t s) {
    return s >= 0 && s <= 86'400 && s % kScheduleStep_s == 0;
  };
  if (!whole(rule.from_s) || !whole(rule.to_s))
    return make_error(ErrorCode::kInvalid, "a schedule's hours are whole quarter hours");
  if (rule.season >= static_cast<int>(seasons) || rule.bucket >= buckets || rule.days == 0)
    return make_error(ErrorCode::kInvalid, "a schedule rule names no season, bucket or day");
  return {};
}

}  // namespace

Result<Schedule> Schedule::make(const std::vector<Season>& seasons,
                                const std::vector<ScheduleRule>& rules, std::size_t buckets) {
  if (seasons.size() > kSeasonsMax || rules.size() > kScheduleRulesMax || buckets == 0 ||
      buckets > kBucketsMax)
    return make_error(ErrorCode::kLimit, "too many seasons, schedule rules or buckets");
  Schedule schedule;
  schedule.buckets_ = buckets;
  bool holidays = false;
  for (const ScheduleRule& rule : rules) {
    AMITY_CHECK(check_rule(rule, seasons.size(), buckets));
    holidays = holidays || (rule.days & kHolidayMask) != 0;
  }
  std::vector<bool> used(seasons.size() + 1, false);
  for (int month = 1; month <= 12; ++month) {
    for (int day = 1; day <= 31; ++day) {
      std::size_t s = 0;
      while (s < seasons.size() && !in_season(seasons[s], {month, day})) ++s;
      schedule.season_of_[static_cast<std::size_t>((month - 1) * 31 + day - 1)] =
          static_cast<std::uint8_t>(s);
      used[s] = true;
    }
  }
  schedule.seasons_.resize(seasons.size() + 1);
  for (std::size_t s = 0; s < schedule.seasons_.size(); ++s) {
    for (std::size_t kind = 0; kind < kDayKinds; ++kind) {
      const std::size_t named = kind == 7 && !holidays ? 6 : kind;
      for (std::size_t step = 0; step < kScheduleSteps; ++step) {
        const auto wall_s = static_cast<std::int32_t>(step) * kScheduleStep_s;
        std::uint8_t& bucket = schedule.seasons_[s][kind][step];
        bucket = kNone;
        for (const ScheduleRule& rule : rules) {
          if ((rule.season >= 0 && rule.season != static_cast<int>(s)) ||
              (rule.days >> named & 1) == 0 || !covers(rule, wall_s))
            continue;
          bucket = rule.bucket;
          break;
        }
        if (bucket != kNone || !used[s]) continue;
        return make_error(ErrorCode::kInvalid,
                          fmt::format("no schedule rule covers {} {:02}:{:02} {}", kDayNames[kind],
                                      wall_s / 3'600, wall_s / 60 % 60,
                                      s < seasons.size() ? "in season '" + seasons[s].name + "'"
                                                         : "outside the seasons"));
      }
    }
  }
  return schedule;
}

const std::array<std::uint8_t, kScheduleSteps>& Schedule::of(const LocalDay& day) const {
  const CivilTime date = civil_from_utc(UtcSeconds(std::int64_t{day.number} * 86'400));
  const std::size_t season =
      season_of_[static_cast<std::size_t>((date.month - 1) * 31 + date.day - 1)];
  return seasons_[season][day.holiday ? 7 : day.kind];
}

}  // namespace amity::mdm
