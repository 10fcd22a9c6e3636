// Who is billed for what, and what was billed. What a statement says in detail is bytes here: its
// format is docs/formats/statement.md, its meaning mdm/rate's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "model/ids.h"

namespace amity {

using AccountId = Id<struct AccountTag>;
using StatementNumber = Id<struct StatementTag, std::uint64_t>;  // 1, 2, 3, ... without gaps

enum class BillingCycle : std::uint8_t {
  kMonth = 0,  // from `bill_day` of a month (1..28) to the day before the next
  kWeek = 1,   // `bill_day` 1 Monday .. 7 Sunday
};
std::string_view to_string(BillingCycle cycle);

struct BillingAccount {
  AccountId id;
  std::string name;  // the utility's own number, unique
  ServicePointId service_point;
  CustomerId customer;
  std::string tariff;  // name of its file, without the ending
  BillingCycle cycle = BillingCycle::kMonth;
  int bill_day = 1;
  std::int32_t opened = 0;             // local date, days since 1970: the first that is billed
  std::optional<std::int32_t> closed;  // the last that is billed; none: open
  bool prepaid = false;                // its days are taken off a balance as they become final
  // Names of channels; "" = the first interval channel of the tariff's unit (import), or none.
  std::string import_channel, export_channel, reactive_channel;

  friend bool operator==(const BillingAccount&, const BillingAccount&) = default;
};

enum class StatementKind : std::uint8_t {
  kIssued = 0,
  kReversal = 1,  // takes back the statement that it names, amount by amount
};
std::string_view to_string(StatementKind kind);

// One statement; never altered once it is kept.
struct StatementRecord {
  StatementNumber number;
  AccountId account;
  StatementKind kind = StatementKind::kIssued;
  StatementNumber reverses;                  // of a reversal
  std::int32_t first_day = 0, last_day = 0;  // local dates, both included
  UtcSeconds issued;
  std::int64_t total = 0;  // smallest unit of the currency
  std::string currency;
  int decimals = 2;
  std::string cause;  // "cycle", "final values changed", ...
  Bytes body;         // docs/formats/statement.md

  friend bool operator==(const StatementRecord&, const StatementRecord&) = default;
};

// A period of an account that is due and not billed, and why.
struct BillHold {
  AccountId account;
  std::int32_t first_day = 0, last_day = 0;
  UtcSeconds since, tried;
  std::vector<std::string> reasons;  // each a sentence
  struct Stretch {                   // intervals (from, to] that hold it
    ChannelId channel;
    UtcSeconds from, to;
    std::string what;  // "missing", "not validated", "failed", "estimated", "differs"
    friend bool operator==(const Stretch&, const Stretch&) = default;
  };
  std::vector<Stretch> stretches;  // the first kHoldStretchesMax of them

  friend bool operator==(const BillHold&, const BillHold&) = default;
};
inline constexpr std::size_t kHoldStretchesMax = 200;

enum class PrepayKind : std::uint8_t { kCredit = 0, kUse = 1 };
std::string_view to_string(PrepayKind kind);

// A booking of a prepaid account. The balance is the sum of all amounts; what a stretch cost in
// the end is the sum of its bookings.
struct PrepayBooking {
  AccountId account;
  std::uint32_t number = 0;  // 1, 2, 3, ... of the account
  PrepayKind kind = PrepayKind::kCredit;
  UtcSeconds at;          // of a payment, or the end of the stretch
  UtcSeconds from;        // of the stretch
  std::int64_t amount = 0, balance = 0;  // added, and after it; smallest unit of the currency
  std::string reference;  // of a payment

  friend bool operator==(const PrepayBooking&, const PrepayBooking&) = default;
};

// A meter hung at a service point from then to then.
struct Installation {
  ServicePointId service_point;
  DeviceId device;
  UtcSeconds from;
  std::optional<UtcSeconds> to;  // none: still there

  friend bool operator==(const Installation&, const Installation&) = default;
};

}  // namespace amity
