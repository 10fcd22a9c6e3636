#include "mdm/validate/finding.h"

#include <fmt/format.h>

#include "base/decimal.h"

namespace amity::mdm {
namespace {

class Words {
 public:
  Words(const Finding& f, const DayGrid& grid, const Channel& channel, const TimeZone& zone)
      : f_(f), grid_(grid), channel_(channel), zone_(zone) {}

  std::string amount(std::size_t i) const {
    std::string text = to_string(Decimal{f_.n[i], channel_.exponent});
    if (const auto unit = symbol(channel_.unit); !unit.empty()) text += " " + std::string(unit);
    return text;
  }
  std::string plain(std::size_t i) const { return std::to_string(f_.n[i]); }
  std::string percent(std::size_t i) const { return percent_of(f_.n[i]); }
  // n[i] as a share of n[j].
  std::string share(std::size_t i, std::size_t j) const {
    return f_.n[j] == 0
               ? "no share"
               : percent_of(static_cast<std::int64_t>(__int128{f_.n[i]} * 1'000 / f_.n[j]));
  }
  std::string ratio(std::size_t i) const { return to_string(Decimal{f_.n[i], -3}); }
  std::string stamp(std::size_t i) const { return zone_.to_iso_local(UtcSeconds(f_.n[i])); }
  std::string where() const {
    return f_.slot < 0
               ? ""
               : ", at " + zone_.to_iso_local(grid_.end_of(static_cast<std::size_t>(f_.slot)));
  }
  std::string quality(std::size_t i) const {
    return to_string(Quality{static_cast<std::uint16_t>(f_.n[i])});
  }
  std::string count(std::size_t i, std::string_view noun) const {
    return fmt::format("{} {}{}", f_.n[i], noun, f_.n[i] == 1 ? "" : "s");
  }

  std::string ratio_change() const;
  std::string arrival() const;
  std::string values() const;
  std::string history() const;
  std::string skipped() const;

 private:
  static std::string percent_of(std::int64_t permille) {
    return fmt::format("{}.{} %", permille / 10, std::abs(permille % 10));
  }
  const Finding& f_;
  const DayGrid& grid_;
  const Channel& channel_;
  const TimeZone& zone_;
};

std::string Words::skipped() const {
  switch (f_.check) {
    case Check::kOff:
      return "switched off";
    case Check::kNotKnown:
      return "what it needs is not known";
    case Check::kVerified:
      return "spared: the sum check verified the day";
    case Check::kBelowFloor:
      return fmt::format("the highest, {}, is below the floor of {}", amount(0), amount(1));
    case Check::kTooFewDays:
      return fmt::format("{} known, {} wanted", count(0, "day"), plain(1));
    case Check::kNothingThere:
      return "no interval to look at";
    case Check::kHeld:
      return "nothing to remark";
    default:
      return "";
  }
}

std::string Words::ratio_change() const {
  const UtcSeconds change(f_.n[3]);
  const std::int64_t before = channel_.multiplier_at(change - 1);
  std::string text = fmt::format(
      "the multiplier became {} from {} at {}, within an interval: of {} counted, {} were before, "
      "by the {}; stated as {} x {}{}",
      channel_.multiplier_at(change), before, stamp(3), amount(0), amount(1),
      f_.check == Check::kRatioByTime ? "share of the time, as no register tells it" : "register",
      amount(2), before, where());
  if (f_.slots > 1) text += fmt::format("; {} such", f_.slots);
  return text;
}

std::string Words::arrival() const {
  switch (f_.check) {
    case Check::kDevice:
      return fmt::format("delivered for device {}, the channel is of device {}", plain(0),
                         plain(1));
    case Check::kMultiplier:
      return fmt::format("multiplier {} delivered, {} in master data", plain(0), plain(1));
    case Check::kUnit:
      return fmt::format("unit '{}' delivered, '{}' in master data",
                         symbol(static_cast<Unit>(f_.n[0])), symbol(static_cast<Unit>(f_.n[1])));
    case Check::kRatioByRegister:
    case Check::kRatioByTime:
      return ratio_change();
    case Check::kInterval:
      return fmt::format("intervals of {} s delivered, {} s in master data", plain(0), plain(1));
    case Check::kClockOffset:
      return fmt::format("the meter's clock is {} s off, the limit is {} s", plain(0), plain(1));
    case Check::kFuture:
      return fmt::format("an interval ends at {}, it is {} now", stamp(0), stamp(1));
    case Check::kBeforeCommission:
      return fmt::format("an interval ends at {}, the meter was commissioned at {}", stamp(0),
                         stamp(1));
    case Check::kGap:
      return fmt::format("{} of {} intervals are there, the longest gap is {}{}", plain(0),
                         plain(1), count(2, "interval"), where());
    case Check::kConflict:
      return fmt::format("{} with another value for the same time{}", count(0, "reading"), where());
    case Check::kOverlap:
      return fmt::format("{} across the grid of intervals", count(0, "reading"));
    case Check::kOutside:
      return fmt::format("{} of another day", count(0, "reading"));
    case Check::kImplausible:
      return fmt::format("{} beyond any measurement", count(0, "value"));
    case Check::kDuplicate:
      return fmt::format("{} delivered again", count(0, "reading"));
    case Check::kOutOfOrder:
      return fmt::format("{} earlier than the one before", count(0, "reading"));
    default:
      return "";
  }
}

std::string Words::values() const {
  switch (f_.check) {
    case Check::kStatusFlags:
      return fmt::format("{} marked by the meter: {}{}", count(0, "interval"), quality(1), where());
    case Check::kOutageUse:
      return fmt::format("{} with power down and use, the first {}{}", count(0, "interval"),
                         amount(1), where());
    case Check::kNegativeValue:
      return fmt::format("{} below zero on a delivered-only channel, the lowest {}{}",
                         count(0, "interval"), amount(1), where());
    case Check::kAboveCeiling:
      return fmt::format("{} above {}, what the rating allows, the highest {}{}",
                         count(0, "interval"), amount(2), amount(1), where());
    case Check::kSumAgrees:
    case Check::kSumDiffers:
      return fmt::format("intervals sum to {}, the register advanced by {}, tolerance {}",
                         amount(0), amount(1), amount(2));
    case Check::kTouDiffers:
      return fmt::format("tariff registers advanced by {}, the total by {}, tolerance {}",
                         amount(0), amount(1), amount(2));
    case Check::kSpikeAbove:
      return fmt::format("the highest, {}, exceeds the third highest, {}, by more than {} times{}",
                         amount(0), amount(1), ratio(2), where());
    case Check::kJumpAbove:
      return fmt::format("{} after {} is a change of more than {} times; {} such{}", amount(0),
                         amount(1), ratio(2), plain(3), where());
    case Check::kZeroRun:
      return fmt::format("{} of zero in a row, the limit is {}{}", count(0, "interval"), plain(1),
                         where());
    case Check::kStuckRun:
      return fmt::format("{} of {} in a row, the limit is {}{}", count(0, "interval"), amount(2),
                         plain(1), where());
    default:
      return "";
  }
}

std::string Words::history() const {
  const auto compared = [&](std::string_view what, std::string_view with) {
    return fmt::format("{} {} is {} of {} {}, limits {} and {}", amount(0), what, share(0, 1),
                       amount(1), with, percent(2), percent(3));
  };
  switch (f_.check) {
    case Check::kWithin:
    case Check::kOutsidePrevious:
      return compared("a day", "in the period before");
    case Check::kOutsideLastYear:
      return compared("a day", "in the same period a year ago");
    case Check::kOutsideLikeDays:
      return compared("on the day", "on the latest like days");
    case Check::kPeakAbove:
      return fmt::format("the highest, {}, is {} of the period before's, {}, the limit is {}{}",
                         amount(0), share(0, 1), amount(1), percent(2), where());
    case Check::kPowerFactorLow:
      return fmt::format("power factor {} of {} active and {} reactive, at least {} expected",
                         ratio(2), plain(0), plain(1), ratio(3));
    case Check::kReactiveAlone:
      return fmt::format("{} with reactive but no active energy{}", count(0, "interval"), where());
    case Check::kRolledOver:
      return fmt::format("the register rolled over from {} to {}, an advance of {}", plain(0),
                         plain(1), amount(2));
    case Check::kExchanged:
      return fmt::format("{} exchanged, an advance of {} in all", count(0, "meter"), amount(1));
    case Check::kDecrease:
      return fmt::format("the register fell from {} to {}, its dial {}", plain(0), plain(1),
                         f_.n[2] == 0 ? "is not known" : "ends at " + plain(2));
    case Check::kIdle:
      return fmt::format("no use for {}, the limit is {}", count(0, "day"), plain(1));
    case Check::kUseInactive:
      return fmt::format("{} used at an inactive point", amount(0));
    case Check::kEstimatedDays:
      return fmt::format("{} in a row estimated, the limit is {}", count(0, "day"), plain(1));
    default:
      return "";
  }
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  static constexpr std::string_view kNames[] = {"skipped", "pass", "warn", "fail"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string explain(const Finding& finding, const DayGrid& grid, const Channel& channel,
                    const TimeZone& zone) {
  const Words words(finding, grid, channel, zone);
  std::string text = words.skipped();
  if (text.empty()) text = words.arrival();
  if (text.empty()) text = words.values();
  if (text.empty()) text = words.history();
  return fmt::format("{}: {}", to_string(finding.outcome), text);
}

}  // namespace amity::mdm
