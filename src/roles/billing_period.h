// When an account is billed for what.
#pragma once

#include "base/civil.h"
#include "mdm/profile/local_day.h"
#include "model/billing.h"

namespace amity::roles {

struct DayRange {
  std::int32_t first = 0, last = 0;  // local dates, both included

  friend bool operator==(const DayRange&, const DayRange&) = default;
};

// The cycle's period that contains `day`, within the account's own days. `day` is one of them.
DayRange billing_period(const BillingAccount& account, std::int32_t day);
// The instant that local date `day` begins.
UtcSeconds start_of_date(const TimeZone& zone, std::int32_t day);

}  // namespace amity::roles
