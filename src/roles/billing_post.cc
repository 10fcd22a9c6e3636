// From a rated period to statements that are kept, or to a hold.
#include <spdlog/spdlog.h>

#include "roles/billing_role.h"

namespace amity::roles {
namespace {

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
  return rater_.rate(account.data, **tariff, about(account.data), days);
}

BillingRole::Outcome BillingRole::bill(Account& account, DayRange days, const std::string& cause) {
  auto bill = rated(account, days);
  auto outcome = bill.ok() ? post(account, days, std::move(*bill), cause)
                           : Result<Outcome>(bill.error());
  if (outcome.ok()) {
    counts_.issued += *outcome == Outcome::kIssued || *outcome == Outcome::kCorrected;
    counts_.reversed += *outcome == Outcome::kCorrected;
    counts_.unchanged += *outcome == Outcome::kUnchanged;
    counts_.held += *outcome == Outcome::kHeld;
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
