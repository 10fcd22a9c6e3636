// Thin prepayment: the balance of an account kept here, in the smallest unit of its currency.
// Credit and use are entries that never change; a payment or a stretch of use that comes again
// changes nothing, a stretch that was rated anew is corrected by the difference.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "mdm/profile/local_day.h"

namespace amity::mdm {

struct PrepayPolicy {
  std::int64_t low_credit = 0;        // at or below: the customer is told
  std::int64_t emergency_credit = 0;  // how far below zero before disconnection
  // No disconnection outside these hours of the wall clock, nor on the days that are not named.
  std::int32_t disconnect_from_s = 9 * 3'600, disconnect_to_s = 14 * 3'600;
  std::uint8_t disconnect_days = 0b0000'1111;  // Monday .. Thursday; holidays never
};

enum class PrepayEntryKind : std::uint8_t { kCredit = 0, kUse = 1, kCorrection = 2 };
struct PrepayEntry {
  PrepayEntryKind kind = PrepayEntryKind::kCredit;
  UtcSeconds at;             // of a payment, or the end of the stretch
  std::int64_t amount = 0;   // added to the balance
  std::int64_t balance = 0;  // after it
  std::string reference;     // of a payment
};

enum class PrepayEventKind : std::uint8_t { kLowCredit = 0, kExhausted = 1, kRestored = 2 };
struct PrepayEvent {
  PrepayEventKind kind = PrepayEventKind::kLowCredit;
  UtcSeconds at;
  std::int64_t balance = 0;
};

class PrepayLedger {
 public:
  explicit PrepayLedger(PrepayPolicy policy) : policy_(policy) {}

  // For what is booked from now on.
  void set_policy(const PrepayPolicy& policy) { policy_ = policy; }
  // False: this payment was booked before. kConflict: booked with another amount.
  Result<bool> credit(const std::string& reference, std::int64_t amount, UtcSeconds at);
  // What (from, to] cost; stretches do not overlap. False: booked before with the same amount.
  Result<bool> use(UtcSeconds from, UtcSeconds to, std::int64_t cost);

  std::int64_t balance() const { return balance_; }
  const std::vector<PrepayEntry>& entries() const { return entries_; }
  // What crossed a threshold since the last call.
  std::vector<PrepayEvent> take_events() { return std::exchange(events_, {}); }
  // The credit is used up and it is an hour when somebody may be disconnected.
  bool disconnect_due(UtcSeconds now, const LocalDay& today) const;

 private:
  Status book(PrepayEntryKind kind, UtcSeconds at, std::int64_t amount,
              const std::string& reference);

  struct Stretch {
    UtcSeconds from;
    std::int64_t cost = 0;
  };
  PrepayPolicy policy_;
  std::int64_t balance_ = 0;
  std::vector<PrepayEntry> entries_;
  std::vector<PrepayEvent> events_;
  std::map<std::string, std::int64_t> payments_;
  std::map<UtcSeconds, Stretch> stretches_;  // by end
};

}  // namespace amity::mdm
