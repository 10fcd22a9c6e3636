#include "mdm/rate/prepay.h"

#include "mdm/rate/limits.h"

namespace amity::mdm {

Status PrepayLedger::book(PrepayEntryKind kind, UtcSeconds at, std::int64_t amount,
                          const std::string& reference) {
  if (entries_.size() >= kLedgerEntriesMax)
    return make_error(ErrorCode::kLimit, "the ledger is full");
  const std::int64_t before = balance_, after = balance_ + amount;
  if (amount > kAmountMax || amount < -kAmountMax || after > kAmountMax || after < -kAmountMax)
    return make_error(ErrorCode::kLimit, "an amount beyond any credit");
  balance_ = after;
  entries_.push_back({kind, at, amount, after, reference});
  if (before > policy_.low_credit && after <= policy_.low_credit)
    events_.push_back({PrepayEventKind::kLowCredit, at, after});
  if (before > -policy_.emergency_credit && after <= -policy_.emergency_credit)
    events_.push_back({PrepayEventKind::kExhausted, at, after});
  if (before <= -policy_.emergency_credit && after > -policy_.emergency_credit &&
      entries_.size() > 1)
    events_.push_back({PrepayEventKind::kRestored, at, after});
  return {};
}

Result<bool> PrepayLedger::credit(const std::string& reference, std::int64_t amount,
                                  UtcSeconds at) {
  if (amount <= 0) return make_error(ErrorCode::kInvalid, "a payment is more than nothing");
  const auto known = payments_.find(reference);
  if (known != payments_.end()) {
    if (known->second == amount) return false;
    return make_error(ErrorCode::kConflict,
                      "payment " + reference + " was booked with another amount");
  }
  AMITY_CHECK(book(PrepayEntryKind::kCredit, at, amount, reference));
  payments_.emplace(reference, amount);
  return true;
}

Result<bool> PrepayLedger::use(UtcSeconds from, UtcSeconds to, std::int64_t cost) {
  if (to <= from) return make_error(ErrorCode::kInvalid, "a stretch ends after it begins");
  const auto next = stretches_.upper_bound(from);
  if (next != stretches_.end() && next->first == to && next->second.from == from) {
    const std::int64_t difference = next->second.cost - cost;
    if (difference == 0) return false;
    AMITY_CHECK(book(PrepayEntryKind::kCorrection, to, difference, ""));
    next->second.cost = cost;
    return true;
  }
  if (next != stretches_.end() && next->second.from < to)
    return make_error(ErrorCode::kConflict,
                      "the stretch overlaps one that ends at " + to_iso(next->first));
  AMITY_CHECK(book(PrepayEntryKind::kUse, to, -cost, ""));
  stretches_.emplace(to, Stretch{from, cost});
  return true;
}

bool PrepayLedger::disconnect_due(UtcSeconds now, const LocalDay& today) const {
  if (balance_ > -policy_.emergency_credit || entries_.empty() || today.holiday) return false;
  const std::int32_t wall_s = today.wall_of(static_cast<std::int32_t>(now - today.start));
  return (policy_.disconnect_days >> today.kind & 1) != 0 && wall_s >= policy_.disconnect_from_s &&
         wall_s < policy_.disconnect_to_s;
}

}  // namespace amity::mdm
