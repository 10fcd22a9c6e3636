// From a rated period to statements that are kept, or to a hold.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "roles/billing_role.h"

namespace amity::roles {
namespace {

constexpr std::size_t kPeriodsPerStepMax = 40;  // of one account
constexpr const char* kReratedPrefix = "billing/rerated/";
constexpr std::int32_t kRatedAgainDaysMax = 400;  // of a prepaid account

bool looks_back(const mdm::Tariff& tariff) {
  return std::ranges::any_of(tariff.demand, [](const auto& d) { return d.ratchet_permille > 0; });
}

StatementRecord record_of(const Bytes& body, const mdm::StatementBody& said, StatementKind kind,
                          DayRange days, UtcSeconds now, const std::string& cause) {
  StatementRecord record;
  record.kind = kind;
  record.first_day = days.first;
  record.last_day = days.last;
  record.issued = now;
  record.total = said.statement.total;
  record.currency = said.currency;
  record.decimals = said.decimals;
  record.cause = cause;
  record.body = body;
  return record;
}

}  // namespace

BillingRater::About BillingRole::about(const BillingAccount& account) const {
  BillingRater::About about;
  if (const auto c = customer_.find(account.customer); c != customer_.end())
    about.customer = c->second;
  if (const auto a = address_of_.find(account.service_point); a != address_of_.end())
    about.address = a->second;
  if (const auto i = installations_.find(account.service_point); i != installations_.end())
    about.installations = i->second;
  return about;
}

Result<RatedBill> BillingRole::rated(const Account& account, DayRange days) {
  const auto tariff = tariffs_.find(account.data.tariff);
  if (!tariff.ok()) {
    RatedBill none;
    none.reasons = {tariff.error().reason};
    return none;
  }
  const Status daily = mdm::check_daily((*tariff)->tariff);
  if (account.data.prepaid && !daily.ok()) {
    RatedBill none;
    none.reasons = {daily.error().reason};
    return none;
  }
  if (const auto earlier = waits_for(account, (*tariff)->tariff, days)) {
    RatedBill none;
    none.reasons = {"the period from " + to_iso(UtcDay(*earlier).start()).substr(0, 10) +
                    " is not billed, and its highest demand counts in this one"};
    return none;
  }
  return rater_.rate(account.data, **tariff, about(account.data), days);
}

std::optional<std::int32_t> BillingRole::waits_for(const Account& account,
                                                   const mdm::Tariff& tariff, DayRange days) {
  if (!looks_back(tariff) || account.data.prepaid || account.billed.contains(days.first))
    return std::nullopt;
  const auto earlier = next_due(account, account.covered, clock_.utc());
  if (!earlier || earlier->first >= days.first) return std::nullopt;
  return earlier->first;
}

// Later bills whose demand looks back at a peak that is another now.
void BillingRole::look_ahead(Account& account, DayRange days) {
  const auto tariff = tariffs_.find(account.data.tariff);
  if (!tariff.ok() || !looks_back((*tariff)->tariff)) return;
  for (auto later = account.billed.upper_bound(days.first); later != account.billed.end(); ++later)
    account.dirty.insert(later->first);
  dirty_changed_ = true;
  waiting_.insert(account.data.id);
}

bool BillingRole::bill_due(Account& account, UtcSeconds now, const std::string& cause,
                           const std::function<void(Outcome)>& told) {
  std::int32_t from = account.covered;
  bool gap = false;
  for (std::size_t i = 0; i < kPeriodsPerStepMax; ++i) {
    const auto due = next_due(account, from, now);
    if (!due) break;
    const Outcome outcome = bill(account, *due, cause);
    told(outcome);
    if (outcome == Outcome::kFailed) return false;
    gap = gap || outcome == Outcome::kHeld;
    from = due->last + 1;
    if (!gap) account.covered = from;
  }
  return true;
}

// A tariff's `rerate_from`: periods from that date on are rated again when its text has changed.
// What was taken is remembered by the text's digest, after what it leads to.
Status BillingRole::take_tariffs() {
  for (const std::string& name : tariffs_.names()) {
    const auto tariff = tariffs_.find(name);
    if (!tariff.ok() || !(*tariff)->tariff.rerate_from) continue;
    const std::int32_t from = *(*tariff)->tariff.rerate_from;
    const std::string key = kReratedPrefix + name;
    AMITY_TRY(const auto taken, store_.registry().value(key));
    if (taken && *taken == (*tariff)->digest) continue;
    for (auto& [id, account] : accounts_) {
      if (account.data.tariff != name) continue;
      for (const auto& [first, billed] : account.billed) {
        if (first >= from) account.retariffed.insert(first);
      }
      if (account.data.prepaid) {
        const auto today = static_cast<std::int32_t>(clock_.utc().value / 86'400);
        for (std::int32_t day = std::max({from, account.data.opened, today - kRatedAgainDaysMax});
             day < today; ++day)
          account.days.insert(day);
      }
      waiting_.insert(id);
    }
    dirty_changed_ = true;
    AMITY_CHECK(keep_dirty());
    AMITY_CHECK(store_.registry().put_value(key, (*tariff)->digest));
  }
  return {};
}

BillingRole::Outcome BillingRole::bill(Account& account, DayRange days, const std::string& cause) {
  auto bill = rated(account, days);
  auto outcome =
      bill.ok() ? post(account, days, std::move(*bill), cause) : Result<Outcome>(bill.error());
  if (outcome.ok()) {
    counts_.issued += *outcome == Outcome::kIssued || *outcome == Outcome::kCorrected;
    counts_.reversed += *outcome == Outcome::kCorrected;
    counts_.unchanged += *outcome == Outcome::kUnchanged;
    counts_.held += *outcome == Outcome::kHeld;
    if (*outcome == Outcome::kCorrected) look_ahead(account, days);
    return *outcome;
  }
  ++counts_.errors;
  spdlog::error("billing: account {}: {}", account.data.name, to_string(outcome.error()));
  if (outcome.error().code == ErrorCode::kConflict) {
    // Somebody else billed it: what is stored counts.
    const auto stored = store_.billing().in_force(account.data.id, days.first);
    if (stored.ok() && *stored)
      account.billed[days.first] = {account.data.id, days.first, days.last, **stored};
  }
  return Outcome::kFailed;
}

Status BillingRole::hold(Account& account, DayRange days, RatedBill rated,
                         StatementNumber expected) {
  const UtcSeconds now = clock_.utc();
  const auto before = account.held.find(days.first);
  BillHold hold{account.data.id,
                days.first,
                days.last,
                before == account.held.end() ? now : before->second.since,
                now,
                std::move(rated.reasons),
                std::move(rated.stretches)};
  store::BillPosting posting{account.data.id, days.first, expected, {}, hold};
  AMITY_TRY([[maybe_unused]] const auto none, store_.billing().post(posting));
  account.held[days.first] = std::move(hold);
  return {};
}

Result<BillingRole::Outcome> BillingRole::post(Account& account, DayRange days, RatedBill rated,
                                               const std::string& cause) {
  const auto known = account.billed.find(days.first);
  const StatementNumber expected =
      known == account.billed.end() ? StatementNumber() : known->second.number;
  if (!rated.reasons.empty()) {
    AMITY_CHECK(hold(account, days, std::move(rated), expected));
    return Outcome::kHeld;
  }
  const UtcSeconds now = clock_.utc();
  store::BillPosting posting{account.data.id, days.first, expected, {}, {}};
  Outcome outcome = Outcome::kIssued;
  if (expected.valid()) {
    AMITY_TRY(const auto stored, store_.billing().statement(expected));
    if (!stored) return make_error(ErrorCode::kCorrupt, "a statement in force is not there");
    AMITY_TRY(mdm::StatementBody before, mdm::decode_statement(stored->body));
    if (before.statement == rated.body.statement) {
      if (account.held.erase(days.first) > 0) {
        AMITY_TRY([[maybe_unused]] const auto none, store_.billing().post(posting));
      }
      return Outcome::kUnchanged;
    }
    before.statement = mdm::reversal_of(std::move(before.statement));
    posting.statements.push_back(record_of(mdm::encode_statement(before), before,
                                           StatementKind::kReversal, days, now, cause));
    outcome = Outcome::kCorrected;
  }
  posting.statements.push_back(record_of(mdm::encode_statement(rated.body), rated.body,
                                         StatementKind::kIssued, days, now, cause));
  AMITY_TRY(const auto numbers, store_.billing().post(posting));
  account.billed[days.first] = {account.data.id, days.first, days.last, numbers.back()};
  account.held.erase(days.first);
  return outcome;
}

}  // namespace amity::roles
