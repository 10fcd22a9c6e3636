// Prepaid accounts: every day that became final is taken off the balance, and corrected by the
// difference when it becomes another.
#include <spdlog/spdlog.h>

#include "roles/billing_role.h"

namespace amity::roles {
namespace {

constexpr std::int32_t kDaysBackMax = 400;

}  // namespace

// As the tariff has it, else as the platform does.
mdm::PrepayPolicy BillingRole::prepay_policy(const Account& account) const {
  mdm::PrepayPolicy policy = options_.prepay;
  const auto found = tariffs_.find(account.data.tariff);
  if (!found.ok() || !(*found)->tariff.prepay) return policy;
  const mdm::Tariff& tariff = (*found)->tariff;
  const auto amount = [&tariff](Decimal given, std::int64_t otherwise) {
    const auto money = mdm::priced(1, 0, given, -tariff.decimals, tariff.rounding);
    return money.ok() ? *money : otherwise;
  };
  policy.low_credit = amount(tariff.prepay->low_credit, policy.low_credit);
  policy.emergency_credit = amount(tariff.prepay->emergency_credit, policy.emergency_credit);
  return policy;
}

// The ledger as it was, booking by booking; days that nobody booked are looked at.
Status BillingRole::load_ledger(Account& account) {
  AMITY_TRY(const auto bookings, store_.billing().bookings(account.data.id));
  account.ledger.emplace(prepay_policy(account));
  account.booked = 0;
  std::map<UtcSeconds, std::int64_t> cost;
  for (const PrepayBooking& b : bookings) {
    if (b.kind == PrepayKind::kCredit) {
      AMITY_TRY([[maybe_unused]] const bool one,
                account.ledger->credit(b.reference, b.amount, b.at));
    } else {
      cost[b.at] -= b.amount;
      AMITY_TRY([[maybe_unused]] const bool one, account.ledger->use(b.from, b.at, cost[b.at]));
    }
    account.booked = b.number;
  }
  (void)account.ledger->take_events();  // they were told
  const CivilTime today = zone_.local(clock_.utc());
  const auto last = static_cast<std::int32_t>(
      utc_from_civil(today.year, today.month, today.day, 0, 0, 0).value / 86'400);
  for (std::int32_t day = std::max(account.data.opened, last - kDaysBackMax); day < last; ++day) {
    if (!cost.contains(start_of_date(zone_, day + 1))) account.days.insert(day);
  }
  return {};
}

void BillingRole::step_prepaid(Account& account, UtcSeconds now) {
  if (!account.ledger) return;
  account.ledger->set_policy(prepay_policy(account));
  for (const std::int32_t day : std::set<std::int32_t>(account.days)) {
    const bool ours =
        day >= account.data.opened && (!account.data.closed || day <= *account.data.closed);
    if (ours && !over(day, now)) continue;
    if (ours) {
      if (const Status used = use_day(account, day); !used.ok()) {
        ++counts_.errors;
        spdlog::error("billing: prepaid account {}: {}", account.data.name,
                      to_string(used.error()));
        return;
      }
    }
    if (account.held.contains(day)) continue;  // it is tried again
    account.days.erase(day);
    dirty_changed_ = true;
  }
}

Status BillingRole::use_day(Account& account, std::int32_t day) {
  AMITY_TRY(RatedBill bill, rated(account, {day, day}));
  if (!bill.reasons.empty()) return hold(account, {day, day}, std::move(bill), {});
  if (account.held.erase(day) > 0) {
    AMITY_TRY([[maybe_unused]] const auto none,
              store_.billing().post({account.data.id, day, {}, {}, {}}));
  }
  const mdm::Statement& s = bill.body.statement;
  AMITY_TRY(const bool booked, account.ledger->use(s.from, s.to, s.total));
  if (!booked) return {};
  PrepayBooking booking;
  booking.kind = PrepayKind::kUse;
  booking.at = s.to;
  booking.from = s.from;
  return book(account, std::move(booking));
}

// The ledger's newest entry, made durable. Where that fails the ledger is read again.
Status BillingRole::book(Account& account, PrepayBooking booking) {
  const mdm::PrepayEntry& entry = account.ledger->entries().back();
  booking.account = account.data.id;
  booking.number = account.booked + 1;
  booking.amount = entry.amount;
  booking.balance = entry.balance;
  if (Status kept = store_.billing().book({&booking, 1}); !kept.ok()) {
    AMITY_CHECK(load_ledger(account));
    return kept;
  }
  account.booked = booking.number;
  ++counts_.bookings;
  tell_events(account);
  return {};
}

// Whoever reads events is told: the meter's device has them in its list.
void BillingRole::tell_events(Account& account) {
  const auto events = account.ledger->take_events();
  const auto at = installations_.find(account.data.service_point);
  if (events.empty() || at == installations_.end() || at->second.empty()) return;
  EventsArrived fact{kDepartment, clock_.utc(), {}};
  for (const mdm::PrepayEvent& e : events) {
    static constexpr const char* kTexts[] = {"prepaid credit is low", "prepaid credit is used up",
                                             "prepaid credit is there again"};
    const auto kind = static_cast<std::size_t>(e.kind);
    fact.events.push_back(
        {at->second.back().device, e.at, EventCategory::kDevice,
         e.kind == mdm::PrepayEventKind::kExhausted ? Severity::kMedium : Severity::kLow,
         static_cast<std::uint32_t>(kind + 1), "billing/prepaid", kTexts[kind]});
  }
  store_.journal().append(fact, [](Result<store::Sequence> durable) {
    if (!durable.ok())
      spdlog::error("billing: an event is not kept: {}", to_string(durable.error()));
  });
}

Result<bool> BillingRole::credit(AccountId id, const std::string& reference, std::int64_t amount) {
  const std::lock_guard lock(mutex_);
  const auto at = accounts_.find(id);
  if (at == accounts_.end()) return make_error(ErrorCode::kNotFound, "no such account");
  Account& account = at->second;
  if (!account.ledger) return make_error(ErrorCode::kConflict, "the account is not prepaid");
  account.ledger->set_policy(prepay_policy(account));
  AMITY_TRY(const bool booked, account.ledger->credit(reference, amount, clock_.utc()));
  if (!booked) return false;
  PrepayBooking booking;
  booking.kind = PrepayKind::kCredit;
  booking.at = clock_.utc();
  booking.reference = reference;
  AMITY_CHECK(book(account, std::move(booking)));
  return true;
}

}  // namespace amity::roles
