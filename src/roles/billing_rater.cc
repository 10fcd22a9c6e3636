#include "roles/billing_rater.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "mdm/rate/statement_text.h"
#include "roles/mdm_channel.h"

namespace amity::roles {
namespace {

using mdm::SlotQuality;

constexpr std::size_t kPlansMax = 64;
constexpr std::size_t kPeaksLookedAt = 200;  // statements
constexpr std::int64_t kValueMax = 10'000'000'000'000;

SlotQuality quality_of(const FinalValue& value) {
  switch (value.origin) {
    case FinalOrigin::kActual:
      return SlotQuality::kActual;
    case FinalOrigin::kEstimated:
      return SlotQuality::kEstimated;
    case FinalOrigin::kEdited:
      return SlotQuality::kEdited;
    case FinalOrigin::kWithdrawn:
      break;
  }
  return SlotQuality::kMissing;
}

// A reason that keeps one account from being billed; the store's own failures pass through.
bool is_reason(const Error& error) {
  return error.code != ErrorCode::kIo && error.code != ErrorCode::kCorrupt &&
         error.code != ErrorCode::kClosed;
}

const Channel* pick(const std::vector<Channel>& channels, Unit unit, const std::string& wanted,
                    const char* fallback) {
  const Channel* any = nullptr;
  for (const Channel& c : channels) {
    if (c.kind != ChannelKind::kInterval || c.unit != unit || c.interval_s == 0) continue;
    if (c.name == (wanted.empty() ? fallback : wanted)) return &c;
    if (any == nullptr && c.name != "export") any = &c;
  }
  // A water or gas meter has one such channel, whatever it is called.
  return wanted.empty() && std::string_view(fallback) == "import" ? any : nullptr;
}

}  // namespace

// One measured quantity over the period, from one meter after the other.
struct BillingRater::Series {
  ChannelId channel;  // of the last meter
  std::vector<std::int64_t> value;
  std::vector<SlotQuality> quality;
  std::vector<bool> not_validated;  // slots of days that were not looked at yet
  // The interval that a meter exchange splits is of both meters: how many are due, and came.
  std::vector<std::uint8_t> due, given;
  mdm::IntervalView view;

  void begin(std::size_t slots) {
    value.assign(slots, 0);
    quality.assign(slots, SlotQuality::kMissing);
    not_validated.assign(slots, true);
    due.assign(slots, 0);
    given.assign(slots, 0);
  }
};

struct BillingRater::Work {
  const BillingAccount& account;
  const BillingTariff& tariff;
  const About& about;
  DayRange days;
  mdm::BillPeriod period;
  std::uint32_t interval_s = 0;
  std::int8_t exponent = 0;
  bool known = false;           // the two above
  std::uint32_t differing = 0;  // days whose intervals and register disagree
  std::vector<std::pair<UtcSeconds, UtcSeconds>> differ;
  Series import, exported, reactive;
  RatedBill out;
};

Result<RatedBill> BillingRater::rate(const BillingAccount& account, const BillingTariff& tariff,
                                     const About& about, DayRange days) {
  Work work{account, tariff, about, days, {}, 0, 0, false, 0, {}, {}, {}, {}, {}};
  if (Status rated = rate_series(work); !rated.ok()) {
    if (!is_reason(rated.error())) return rated.error();
    work.out.reasons = {rated.error().reason};
  }
  return std::move(work.out);
}

Result<std::shared_ptr<const mdm::RatePlan>> BillingRater::plan_of(const Work& work,
                                                                   std::uint32_t interval_s,
                                                                   std::int8_t exponent) {
  const PlanKey key{work.tariff.digest, work.days.first, work.days.last, interval_s, exponent};
  if (const auto found = plans_.find(key); found != plans_.end()) return found->second;
  AMITY_TRY(auto plan, mdm::make_plan(work.tariff.tariff, work.period, interval_s, exponent));
  if (plans_.size() >= kPlansMax) plans_.clear();
  auto made = std::make_shared<const mdm::RatePlan>(std::move(plan));
  plans_[key] = made;
  return made;
}

namespace {

// The highest power of a demand item in a statement, by the item's name, as its first line traces
// to it; where the tariff of that time had none of the name, the highest of all.
Result<std::int64_t> peak_of(const mdm::StatementBody& body, const std::string& item,
                             int unit_exponent, std::int8_t exponent) {
  const mdm::Statement& s = body.statement;
  for (std::size_t i = 0; i < s.lines.size() && i < body.texts.size(); ++i) {
    const mdm::BillLine& line = s.lines[i];
    if (line.kind != mdm::LineKind::kDemand || line.tier != 0 ||
        (body.texts[i].name != item && body.texts[i].name != item + ", tier 1"))
      continue;
    const std::int64_t window_s = line.trace.to - line.trace.from;
    if (window_s <= 0) return std::int64_t{0};  // no window was whole
    return rescale({line.trace.sum * (3'600 / window_s), line.trace.exponent}, exponent);
  }
  return rescale({s.peak, s.peak_exponent + unit_exponent}, exponent);
}

}  // namespace

// Of the statements that count for earlier periods, newest first, by the tariff's demand items.
Result<std::vector<std::vector<std::int64_t>>> BillingRater::earlier_peaks(const Work& work,
                                                                           std::int8_t exponent) {
  const mdm::Tariff& tariff = work.tariff.tariff;
  std::vector<std::vector<std::int64_t>> peaks(tariff.demand.size());
  const bool wanted =
      std::ranges::any_of(tariff.demand, [](const auto& d) { return d.ratchet_permille > 0; });
  if (!wanted) return peaks;
  AMITY_TRY(const auto statements,
            store_.billing().statements({work.account.id, {}, kPeaksLookedAt}));
  std::map<std::int32_t, std::vector<std::int64_t>, std::greater<>> by_period;
  for (const StatementRecord& s : statements) {
    if (s.kind != StatementKind::kIssued || s.last_day >= work.days.first) continue;
    if (by_period.contains(s.first_day)) continue;  // a newer one counts
    AMITY_TRY(const auto body, mdm::decode_statement(s.body));
    for (const mdm::DemandItem& item : tariff.demand) {
      AMITY_TRY(const std::int64_t peak, peak_of(body, item.name, tariff.unit_exponent, exponent));
      by_period[s.first_day].push_back(peak);
    }
  }
  for (const auto& [first_day, of_items] : by_period) {
    for (std::size_t i = 0; i < peaks.size(); ++i) peaks[i].push_back(of_items[i]);
  }
  return peaks;
}

// The final values of (from, to], as they stand; and of the interval behind `to`, where the meter
// was removed in it and its part is known.
Status BillingRater::add_channel(Work& work, Series& series, const Channel& channel,
                                 UtcSeconds from, UtcSeconds to, bool splits) {
  if (!work.known) {
    work.interval_s = channel.interval_s;
    work.exponent = channel.exponent;
    work.known = true;
  }
  if (channel.interval_s != work.interval_s || channel.exponent != work.exponent) {
    return make_error(ErrorCode::kInvalid,
                      fmt::format("channel {} has other intervals or another exponent than the "
                                  "account's other channels",
                                  channel.id.value));
  }
  const auto slots = static_cast<std::size_t>(work.period.length_s()) / work.interval_s;
  if (series.value.empty()) series.begin(slots);
  series.channel = channel.id;
  mdm::BillInput input{channel.id, channel.multiplier_at(from), INT32_MAX, {}, {}};
  for (const MultiplierStep& step : channel.steps) {
    if (step.from > from && step.from < to) input.steps.push_back(step);
  }
  AMITY_TRY(const auto days,
            store_.finals().days(channel.id, work.days.first - 1, work.days.last + 1));
  const auto slot_of = [&](UtcSeconds end) {
    return static_cast<std::size_t>((end - work.period.start) / work.interval_s) - 1;
  };
  std::vector<bool> failed(slots, false);
  const UtcSeconds split = splits ? to + work.interval_s : UtcSeconds();
  for (UtcSeconds end = from + work.interval_s; end <= to; end = end + work.interval_s)
    ++series.due[slot_of(end)];
  for (const store::FinalDay& stored : days) {
    const VeeDay& day = stored.day;
    if (day.end() <= from || day.start >= to) continue;
    if (input.revisions.empty()) input.first_day = day.day;
    input.revisions.resize(static_cast<std::size_t>(day.day - input.first_day), 0);
    input.revisions.push_back(day.revision);
    const UtcSeconds first = std::max(day.start, from), last = std::min(day.end(), to);
    for (UtcSeconds end = first + work.interval_s; end <= last; end = end + work.interval_s) {
      series.not_validated[slot_of(end)] = false;
      failed[slot_of(end)] = day.state == VeeState::kFailed && day.open.empty();
    }
    if (splits && split > day.start && split <= day.end() && stored.is_open(split))
      ++series.due[slot_of(split)];
    if (day.closure == DayClosure::kDiffers && day.state != VeeState::kAccepted &&
        &series == &work.import) {
      ++work.differing;
      work.differ.emplace_back(first, last);
    }
  }
  if (!input.revisions.empty()) work.out.body.inputs.push_back(std::move(input));
  AMITY_TRY(const auto finals, store::final_series(store_.readings(), store_.finals(), channel.id,
                                                   from, splits ? split : to));
  for (const store::FinalPoint& p : finals.points) {
    const std::int64_t offset = p.reading.time - work.period.start;
    if (offset % work.interval_s != 0) continue;
    const std::size_t slot = slot_of(p.reading.time);
    std::int64_t value = 0;
    if (__builtin_mul_overflow(p.final.value, channel.multiplier_of(p.reading.time), &value) ||
        std::abs(value) > kValueMax)
      return make_error(ErrorCode::kLimit,
                        to_iso(p.reading.time) + ": the value is no measurement");
    SlotQuality quality = quality_of(p.final);
    if (failed[slot] && quality != SlotQuality::kEdited) quality = SlotQuality::kFailed;
    if (p.reading.time == split && splits) ++series.due[slot];
    series.value[slot] += value;
    series.quality[slot] =
        series.given[slot]++ == 0 ? quality : std::max(series.quality[slot], quality);
  }
  return {};
}

// Whichever meters hung there; `fallback` is the channel's name where the account names none.
Status BillingRater::fill(Work& work, Series& series, Unit unit, const char* fallback,
                          const std::string& wanted) {
  const UtcSeconds from = work.period.start, to = work.period.end;
  bool hung = false;
  for (const Installation& i : work.about.installations) {
    const UtcSeconds begin = std::max(i.from, from), end = std::min(i.to.value_or(to), to);
    if (end <= begin) continue;
    AMITY_TRY(const auto channels, store_.registry().channels_of(i.device));
    const Channel* channel = pick(channels, unit, wanted, fallback);
    hung = true;
    if (channel == nullptr) continue;  // the point's water meter, say
    const auto floor = [&](UtcSeconds t) { return t - (t - from) % channel->interval_s; };
    AMITY_CHECK(add_channel(work, series, *channel, floor(begin), floor(end), floor(end) != end));
    AMITY_CHECK(add_meter(work, *channel, begin, end));
  }
  for (std::size_t i = 0; i < series.value.size(); ++i) {
    if (series.given[i] < series.due[i]) series.quality[i] = SlotQuality::kMissing;
    if (series.quality[i] == SlotQuality::kMissing) series.value[i] = 0;
  }
  if (series.value.empty() && hung) {
    return make_error(
        ErrorCode::kNotFound,
        fmt::format("no meter of the service point has an interval channel '{}' in {}",
                    wanted.empty() ? fallback : wanted, symbol(unit)));
  }
  if (series.value.empty())
    return make_error(ErrorCode::kNotFound, "no meter hung at the service point in this period");
  series.view = {series.channel, from,         work.interval_s,
                 work.exponent,  series.value, series.quality};
  return {};
}

// What the meter's register showed where its part of the period begins and ends, and where another
// multiplier came into force within it.
Status BillingRater::add_meter(Work& work, const Channel& channel, UtcSeconds from, UtcSeconds to) {
  AMITY_TRY(const auto device, store_.registry().device(channel.device));
  if (!device) return {};
  AMITY_TRY(const auto siblings, store_.registry().channels_of(channel.device));
  const auto total = std::ranges::find_if(
      siblings, [&channel](const Channel& c) { return is_total_of(c, channel); });
  std::vector<UtcSeconds> bounds{from};
  for (const MultiplierStep& step : channel.steps) {
    if (step.from > from && step.from < to) bounds.push_back(step.from);
  }
  bounds.push_back(to);
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    mdm::BillMeter meter;
    meter.serial = device->serial;
    meter.channel = channel.id;
    meter.from = bounds[i - 1];
    meter.to = bounds[i];
    if (total != siblings.end()) {
      meter.exponent = total->exponent;
      meter.multiplier = total->multiplier_at(meter.from);
      for (const auto& [at, shown] :
           {std::pair{meter.from, &meter.first}, {meter.to, &meter.last}}) {
        AMITY_TRY(const auto read, store_.readings().read(total->id, at - 1, at));
        if (!read.empty()) *shown = read.back().value;
      }
    }
    work.out.body.meters.push_back(std::move(meter));
  }
  return {};
}

namespace {

// Runs of intervals of one quality, as a person looks for them.
template <class Is>
void add_stretches(std::vector<BillHold::Stretch>& out, const mdm::IntervalView& view, Is is,
                   const char* what) {
  for (std::size_t i = 0; i < view.slots(); ++i) {
    if (!is(i)) continue;
    const std::size_t first = i;
    while (i < view.slots() && is(i)) ++i;
    if (out.size() >= kHoldStretchesMax) return;
    out.push_back({view.channel, view.end_of(first) - std::int64_t{view.interval_s},
                   view.end_of(i - 1), what});
  }
}

}  // namespace

// What keeps the bill back, by channel and stretch.
void BillingRater::explain_holds(Work& work) {
  for (const mdm::Hold& hold : work.out.body.statement.holds) {
    const Series& series = hold.measured == mdm::Measured::kImport   ? work.import
                           : hold.measured == mdm::Measured::kExport ? work.exported
                                                                     : work.reactive;
    const auto& view = series.view;
    const auto of = [&view](SlotQuality q) {
      return [&view, q](std::size_t i) { return view.quality[i] == q; };
    };
    work.out.reasons.push_back(explain(hold));
    if (hold.reason == mdm::HoldReason::kMissing) {
      const auto& early = series.not_validated;
      const auto missing = of(SlotQuality::kMissing);
      add_stretches(
          work.out.stretches, view, [&](std::size_t i) { return early[i]; }, "not validated");
      add_stretches(
          work.out.stretches, view, [&](std::size_t i) { return missing(i) && !early[i]; },
          "missing");
    } else if (hold.reason == mdm::HoldReason::kEstimated) {
      add_stretches(work.out.stretches, view, of(SlotQuality::kEstimated), "estimated");
    } else if (hold.reason == mdm::HoldReason::kFailed) {
      add_stretches(work.out.stretches, view, of(SlotQuality::kFailed), "failed");
    } else {
      for (const auto& [from, to] : work.differ) {
        if (work.out.stretches.size() < kHoldStretchesMax)
          work.out.stretches.push_back({view.channel, from, to, "differs"});
      }
    }
  }
}

void BillingRater::describe(Work& work) {
  const mdm::Tariff& tariff = work.tariff.tariff;
  mdm::StatementBody& body = work.out.body;
  body.customer = work.about.customer;
  body.address = work.about.address;
  body.tariff = tariff.name;
  body.tariff_digest = work.tariff.digest;
  body.currency = tariff.currency;
  body.zone = tariff.zone;
  body.decimals = tariff.decimals;
  for (const mdm::BillLine& line : body.statement.lines) {
    body.texts.push_back({mdm::line_name(line, tariff), mdm::line_unit(line, tariff),
                          mdm::line_reckoning(line, tariff)});
  }
}

Status BillingRater::rate_series(Work& work) {
  const mdm::Tariff& tariff = work.tariff.tariff;
  const BillingAccount& account = work.account;
  AMITY_TRY(const TimeZone zone, TimeZone::find(tariff.zone));
  const mdm::DayCalendar calendar(zone, tariff.holidays);
  AMITY_TRY(work.period, mdm::bill_period(calendar, start_of_date(zone, work.days.first),
                                          start_of_date(zone, work.days.last)));
  AMITY_CHECK(fill(work, work.import, tariff.unit, "import", account.import_channel));
  const bool exports = !account.export_channel.empty() || tariff.netting != mdm::Netting::kNone ||
                       std::ranges::any_of(tariff.energy, [](const auto& e) {
                         return e.role == mdm::Role::kExport;
                       });
  if (exports)
    AMITY_CHECK(fill(work, work.exported, tariff.unit, "export", account.export_channel));
  const bool reactive = !account.reactive_channel.empty() || !tariff.reactive.empty();
  if (reactive) {
    AMITY_CHECK(
        fill(work, work.reactive, Unit::kVarHour, "reactive_import", account.reactive_channel));
  }
  AMITY_TRY(const auto plan, plan_of(work, work.interval_s, work.exponent));
  mdm::AccountUse use{account.name, work.import.view, nullptr, nullptr, {}, work.differing};
  if (exports) use.exported = &work.exported.view;
  if (reactive) use.reactive = &work.reactive.view;
  AMITY_TRY(const auto peaks, earlier_peaks(work, work.exponent));
  use.own_earlier_peaks = peaks;
  AMITY_CHECK(mdm::rate(*plan, use, work.out.body.statement));
  describe(work);
  explain_holds(work);
  return {};
}

}  // namespace amity::roles
