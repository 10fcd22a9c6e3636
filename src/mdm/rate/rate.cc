#include "mdm/rate/rate.h"

#include <algorithm>

#include "mdm/determinants/reactive.h"
#include "mdm/rate/gate.h"

namespace amity::mdm {
namespace {

class Rater {
 public:
  Rater(const RatePlan& plan, const AccountUse& use, Statement& out)
      : plan_(plan), tariff_(plan.tariff), use_(use), out_(out) {}

  Status run() {
    AMITY_CHECK(measure());
    for (std::size_t i = 0; i < tariff_.energy.size(); ++i) AMITY_CHECK(add_energy(i));
    for (std::size_t i = 0; i < tariff_.demand.size(); ++i) AMITY_CHECK(add_demand(i));
    for (std::size_t i = 0; i < tariff_.reactive.size(); ++i) AMITY_CHECK(add_reactive(i));
    for (std::size_t i = 0; i < tariff_.fixed.size(); ++i) AMITY_CHECK(add_fixed(i));
    for (std::size_t i = 0; i < tariff_.minimum.size(); ++i) AMITY_CHECK(add_minimum(i));
    for (std::size_t i = 0; i < tariff_.taxes.size(); ++i) AMITY_CHECK(add_tax(i));
    for (const BillLine& line : out_.lines) out_.total += line.amount;
    return {};
  }

 private:
  const BillPeriod& period() const { return plan_.map.period; }
  int money_exponent() const { return -tariff_.decimals; }

  Status measure() {
    out_.account = use_.account;
    out_.from = period().start;
    out_.to = period().end;
    out_.days = static_cast<std::uint32_t>(period().days.size());
    out_.lines.clear();
    out_.holds.clear();
    out_.total = out_.peak = 0;
    out_.peak_exponent = static_cast<std::int8_t>(plan_.exponent - tariff_.unit_exponent);
    out_.power_factor_permille = -1;
    for (const IntervalView* view : {&use_.import, use_.exported, use_.reactive}) {
      if (view == nullptr) continue;
      AMITY_CHECK(check_view(*view, plan_.map));
      if (view->exponent != plan_.exponent)
        return make_error(ErrorCode::kInvalid, "a channel with another exponent than the plan's");
    }
    if (use_.exported != nullptr)
      net(use_.import, *use_.exported, plan_.map, tariff_.netting, bought_, sold_);
    else
      energy_by_bucket(use_.import, plan_.map, bought_);
    gate(bought_, Measured::kImport);
    if (use_.exported != nullptr) gate(sold_, Measured::kExport);
    whole_ = bought_.of(SlotQuality::kMissing) == 0 && bought_.of(SlotQuality::kFailed) == 0;
    if (use_.reactive == nullptr) return {};
    EnergyUse reactive;
    energy_by_bucket(*use_.reactive, plan_.map, reactive);
    reactive_ = reactive.total;
    gate(reactive, Measured::kReactive);
    // Against the active energy as it flowed, whatever is netted in money.
    active_ = measured(use_.import, UINT32_MAX);
    out_.power_factor_permille = power_factor_permille(active_, reactive_);
    return {};
  }

  void gate(const EnergyUse& use, Measured measured) {
    const std::uint32_t days = measured == Measured::kImport ? use_.unreconciled_days : 0;
    pass_gate(tariff_.gate, use, plan_.map.slots, days, measured, out_.holds);
  }

  BillLine& line(LineKind kind, std::size_t item) {
    BillLine& added = out_.lines.emplace_back();
    added.kind = kind;
    added.item = static_cast<std::uint16_t>(item);
    added.trace.from = period().start;
    added.trace.to = period().end;
    added.trace.exponent = plan_.exponent;
    return added;
  }

  Status set_amount(BillLine& line, std::int64_t numerator = 1,
                    std::int64_t denominator = 1) const {
    AMITY_TRY(line.amount, priced(line.quantity, line.exponent, line.price, money_exponent(),
                                  tariff_.rounding, numerator, denominator));
    return {};
  }

  Status add_energy(std::size_t i) {
    const EnergyItem& item = tariff_.energy[i];
    const bool exports = item.role == Role::kExport;
    if (exports && use_.exported == nullptr) return {};
    const EnergyUse& from = exports ? sold_ : bought_;
    Trace trace;
    std::int64_t quantity = 0;
    for (std::size_t b = 0; b < plan_.map.buckets; ++b) {
      if ((item.buckets >> b & 1) == 0) continue;
      quantity += from.bucket[b].sum;
      trace.slots += from.bucket[b].slots;
    }
    trace.channel = exports ? use_.exported->channel : use_.import.channel;
    trace.sum = quantity;
    if (use_.exported != nullptr && tariff_.netting != Netting::kNone) {
      trace.against = exports ? use_.import.channel : use_.exported->channel;
      trace.sum = measured(exports ? *use_.exported : use_.import, item.buckets);
      trace.netted = trace.sum - quantity;
    }
    std::int64_t below = 0;
    for (std::size_t t = 0; t < item.tiers.size(); ++t) {
      const std::int64_t end = plan_.tier_ends[i][t];
      const std::int64_t part = std::min(quantity, end) - below;
      if (part <= 0 && t > 0) continue;  // a tier that proration left nothing of, or not reached
      BillLine& added = line(LineKind::kEnergy, i);
      added.tier = static_cast<std::uint16_t>(t);
      added.quantity = part;
      added.exponent = static_cast<std::int8_t>(plan_.exponent - tariff_.unit_exponent);
      added.price = item.tiers[t].price;
      if (item.credit) added.price.value = -added.price.value;
      trace.from = added.trace.from, trace.to = added.trace.to, trace.exponent = plan_.exponent;
      added.trace = trace;
      AMITY_CHECK(set_amount(added));
      below = std::max(below, std::min(quantity, end));
    }
    return {};
  }

  std::int64_t measured(const IntervalView& view, std::uint32_t buckets) const {
    EnergyUse use;
    energy_by_bucket(view, plan_.map, use);
    std::int64_t sum = 0;
    for (std::size_t b = 0; b < plan_.map.buckets; ++b) {
      if ((buckets >> b & 1) != 0) sum += use.bucket[b].sum;
    }
    return sum;
  }

  // The highest of the periods that the item's ratchet looks back on.
  std::int64_t earlier_peak(std::size_t i) const {
    const std::span<const std::int64_t> all = i < use_.own_earlier_peaks.size()
                                                  ? std::span(use_.own_earlier_peaks[i])
                                                  : use_.earlier_peaks;
    const auto periods = static_cast<std::size_t>(tariff_.demand[i].ratchet_periods);
    std::int64_t highest = 0;
    for (const std::int64_t peak : all.first(std::min(all.size(), periods)))
      highest = std::max(highest, peak);
    return highest;
  }

  Status add_demand(std::size_t i) {
    const DemandItem& item = tariff_.demand[i];
    const auto counts = [&](const BucketRun& run) { return item.window.counts(run); };
    if (std::ranges::none_of(plan_.map.runs, counts)) return {};  // none of its hours, or months
    if (item.by_month && !std::ranges::all_of(plan_.map.runs, counts))
      return make_error(ErrorCode::kInvalid,
                        item.name + ": its price changes with the month, within the bill's period");
    Peak peak;
    if (item.coincident.empty()) {
      peak = max_demand(use_.import, plan_.map, item.window, whole_);
    } else {
      auto at = demand_at(use_.import, plan_.map, item.window, item.coincident);
      if (!at.ok()) return make_error(at.error().code, item.name + ": " + at.error().reason);
      peak = *at;
    }
    const std::int64_t earlier = earlier_peak(i);
    out_.peak = std::max(out_.peak, peak.power);
    const auto ratchet = static_cast<std::int64_t>(
        rounded(__int128{earlier} * item.ratchet_permille, 1'000, Rounding::kHalfUp));
    const std::int64_t billed = std::max({peak.power, ratchet, std::int64_t{0}});
    const int scale = plan_.exponent - tariff_.unit_exponent;
    std::int64_t below = 0;
    for (std::size_t t = 0; t < item.tiers.size(); ++t) {
      std::int64_t end = INT64_MAX;
      if (item.tiers[t].upto) {
        AMITY_TRY(end, priced(1, 0, *item.tiers[t].upto, scale, Rounding::kHalfUp));
      }
      const std::int64_t part = std::min(billed, end) - below;
      if (part <= 0 && t > 0) continue;  // a tier that proration left nothing of, or not reached
      BillLine& added = line(LineKind::kDemand, i);
      added.tier = static_cast<std::uint16_t>(t);
      added.quantity = part;
      added.exponent = static_cast<std::int8_t>(scale);
      added.price = item.tiers[t].price;
      added.trace.channel = use_.import.channel;
      added.trace.from = period().start + std::int64_t{peak.first} * plan_.map.interval_s;
      added.trace.to = period().start + std::int64_t{peak.last} * plan_.map.interval_s;
      added.trace.slots = peak.last - peak.first;
      added.trace.sum = peak.energy;
      added.trace.earlier_peak = ratchet > peak.power ? earlier : 0;
      added.month_shares = item.prorated ? period().month_shares : 0;
      AMITY_CHECK(item.prorated ? set_amount(added, period().month_shares, kMonthShares)
                                : set_amount(added));
      below = std::max(below, std::min(billed, end));
    }
    return {};
  }

  Status add_reactive(std::size_t i) {
    const ReactiveItem& item = tariff_.reactive[i];
    if (use_.reactive == nullptr) {
      return make_error(ErrorCode::kInvalid,
                        item.name + ": the tariff bills reactive energy, the account has none");
    }
    BillLine& added = line(LineKind::kReactive, i);
    added.quantity = excess_reactive(active_, reactive_, item.free_tan_permille);
    added.exponent = static_cast<std::int8_t>(plan_.exponent - tariff_.unit_exponent);
    added.price = item.price;
    added.trace.channel = use_.reactive->channel;
    added.trace.against = use_.import.channel;
    added.trace.slots = static_cast<std::uint32_t>(plan_.map.slots);
    added.trace.sum = reactive_;
    added.trace.netted = reactive_ - added.quantity;
    return set_amount(added);
  }

  // Quantity and proration of something paid per day, month or period.
  Status per(BillLine& line, Per per) const {
    line.quantity = per == Per::kDay ? static_cast<std::int64_t>(period().days.size()) : 1;
    line.month_shares = per == Per::kMonth ? period().month_shares : 0;
    return per == Per::kMonth ? set_amount(line, period().month_shares, kMonthShares)
                              : set_amount(line);
  }

  Status add_fixed(std::size_t i) {
    BillLine& added = line(LineKind::kFixed, i);
    added.price = tariff_.fixed[i].price;
    return per(added, tariff_.fixed[i].per);
  }

  std::int64_t sum_of(std::uint8_t kinds) const {
    std::int64_t sum = 0;
    for (const BillLine& line : out_.lines) {
      if ((kinds >> static_cast<unsigned>(line.kind) & 1) != 0) sum += line.amount;
    }
    return sum;
  }

  Status add_minimum(std::size_t i) {
    const MinimumItem& item = tariff_.minimum[i];
    const std::int64_t reached = sum_of(item.covers);
    BillLine added;
    added.price = item.amount;
    AMITY_CHECK(per(added, item.per));
    if (added.amount <= reached) return {};
    BillLine& kept = line(LineKind::kMinimum, i);
    kept.quantity = added.quantity;
    kept.month_shares = added.month_shares;
    kept.price = item.amount;
    kept.amount = added.amount - reached;
    kept.trace.sum = reached;
    return {};
  }

  Status add_tax(std::size_t i) {
    const TaxItem& item = tariff_.taxes[i];
    const std::int64_t base = sum_of(item.on);
    BillLine& added = line(LineKind::kTax, i);
    added.quantity = base;
    added.exponent = static_cast<std::int8_t>(money_exponent());
    added.price = item.percent;
    return set_amount(added, 1, 100);
  }

  const RatePlan& plan_;
  const Tariff& tariff_;
  const AccountUse& use_;
  Statement& out_;
  EnergyUse bought_, sold_;
  std::int64_t active_ = 0, reactive_ = 0;
  bool whole_ = true;
};

}  // namespace

Status rate(const RatePlan& plan, const AccountUse& use, Statement& out) {
  return Rater(plan, use, out).run();
}

}  // namespace amity::mdm
