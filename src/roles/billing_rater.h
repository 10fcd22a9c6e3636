// One account's days as a statement: final values of whichever meters hung at its service point,
// laid into the period, rated. Reads the store, writes nothing; the same stored data give the same
// statement.
#pragma once

#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "mdm/rate/rate.h"
#include "mdm/rate/statement_codec.h"
#include "roles/billing_period.h"
#include "roles/billing_tariffs.h"
#include "store/store.h"

namespace amity::roles {

struct RatedBill {
  mdm::StatementBody body;  // where nothing holds it
  // Why it is not billed; empty: it is.
  std::vector<std::string> reasons;
  std::vector<BillHold::Stretch> stretches;
};

class BillingRater {
 public:
  explicit BillingRater(store::Store& store) : store_(store) {}

  // What a bill says of who and where.
  struct About {
    std::string customer, address;
    std::vector<Installation> installations;  // of the service point, ascending
  };
  // What keeps it from being rated (a meter without the channel, a tariff of another unit) is a
  // reason; errors are the store's.
  Result<RatedBill> rate(const BillingAccount& account, const BillingTariff& tariff,
                         const About& about, DayRange days);

 private:
  struct Series;
  struct Work;

  Status rate_series(Work& work);
  Status fill(Work& work, Series& series, Unit unit, const char* fallback,
              const std::string& wanted);
  void describe(Work& work);
  void explain_holds(Work& work);
  Status add_channel(Work& work, Series& series, const Channel& channel, UtcSeconds from,
                     UtcSeconds to, bool splits);
  Status add_meter(Work& work, const Channel& channel, UtcSeconds from, UtcSeconds to);
  Result<std::shared_ptr<const mdm::RatePlan>> plan_of(const Work& work, std::uint32_t interval_s,
                                                       std::int8_t exponent);
  Result<std::vector<std::vector<std::int64_t>>> earlier_peaks(const Work& work,
                                                               std::int8_t exponent);

  store::Store& store_;
  using PlanKey = std::tuple<Bytes, std::int32_t, std::int32_t, std::uint32_t, std::int8_t>;
  std::map<PlanKey, std::shared_ptr<const mdm::RatePlan>> plans_;
};

}  // namespace amity::roles
