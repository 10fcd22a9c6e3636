// The department of billing: follows the journal, rates each account's period once its final values
// are complete enough and issues a statement; otherwise the period is held, with the reasons. When
// final values of a billed period change, the statement is reversed and a new one issued. Days of
// prepaid accounts are taken off their balance as they become final. Statements are posted in one
// transaction that names what it follows on, so that the same cycle twice issues nothing twice, and
// a crash anywhere loses nothing. Any thread may ask.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/services.h"
#include "base/runtime.h"
#include "mdm/rate/prepay.h"
#include "roles/billing_rater.h"
#include "store/store.h"

namespace amity::roles {

struct BillingOptions {
  std::string tariff_directory;  // "" = DATA/tariffs
  // After the last day of a period: validation has had its time.
  std::int64_t bill_after_s = 4 * 3'600;
  std::int64_t try_again_after_s = 3'600;  // a period that is held, when nothing new came
  mdm::PrepayPolicy prepay;
};

struct BillingCounts {
  std::uint64_t issued = 0, reversed = 0, unchanged = 0, held = 0, bookings = 0, errors = 0;
};

class BillingRole {
 public:
  static constexpr const char* kDepartment = "billing";

  BillingRole(store::Store& store, const Clock& clock, TimeZone zone, BillingOptions options);

  // Reads accounts, tariffs, what is billed and what is held.
  Status load();
  void handle(const store::JournalEntry& entry);
  // What is due, and what a person asked for; every second or oftener.
  void tick();
  Status save();

  // A cycle that a person asks for: of one account or all, everything that ended before now; with
  // `again` what is billed already is rated anew with the tariffs as they are.
  api::BillingRun start_run(AccountId account, bool again, std::string who);
  std::vector<api::BillingRun> runs() const;  // newest first
  Result<BillingAccount> put_account(BillingAccount account);
  // False: this payment was booked before.
  Result<bool> credit(AccountId account, const std::string& reference, std::int64_t amount);
  std::vector<std::string> tariff_names() const;
  Result<api::TariffMoney> tariff_money(const std::string& tariff) const;
  BillingCounts counts() const;
  std::size_t held() const;

 private:
  struct Account {
    BillingAccount data;
    std::map<std::int32_t, store::InForce> billed;  // by first day
    std::map<std::int32_t, BillHold> held;
    std::set<std::int32_t> dirty;       // billed periods whose final values have changed
    std::set<std::int32_t> retariffed;  // whose tariff has changed
    std::set<std::int32_t> remetered;   // whose meter or multiplier has
    std::int32_t covered = INT32_MIN;   // every day from `opened` to before this one is billed
    std::set<std::int32_t> days;        // prepaid: that are to be looked at
    UtcSeconds try_at;                  // not before
    std::optional<mdm::PrepayLedger> ledger;
    std::uint32_t booked = 0;
  };
  struct Run {
    api::BillingRun shown;
    std::deque<AccountId> left;
    bool again = false;
  };

  Status load_points();
  Status load_dirty();
  Account& load_account(BillingAccount data);
  void take(const ReadingsFinal& fact);
  std::optional<ServicePointId> point_of(ChannelId channel);
  void sweep(UtcSeconds now);
  bool step(UtcSeconds now);
  void step_account(Account& account, UtcSeconds now);
  void take_exchange(const EventsArrived& exchanged);
  Status load_installations();
  // Periods that a changed tariff says are to be rated again.
  Status take_tariffs();
  Status keep_dirty();
  void step_run(Run& run, UtcSeconds now);

  // The first period on or after `from` that is not billed; nothing while it is not over, or the
  // account is closed.
  std::optional<DayRange> next_due(const Account& account, std::int32_t from, UtcSeconds now) const;
  // Bills every period that is due. A period that is held holds no later one, but those whose
  // tariff looks back at its highest demand. False: the store failed.
  bool over(std::int32_t last_day, UtcSeconds now) const;

  // billing_post.cc
  enum class Outcome { kIssued, kCorrected, kUnchanged, kHeld, kFailed };
  BillingRater::About about(const BillingAccount& account) const;
  Result<RatedBill> rated(const Account& account, DayRange days);
  Outcome bill(Account& account, DayRange days, const std::string& cause);
  bool bill_due(Account& account, UtcSeconds now, const std::string& cause,
                const std::function<void(Outcome)>& told);
  void look_ahead(Account& account, DayRange days);
  // An earlier period that is not billed, whose peak this one's demand depends on.
  std::optional<std::int32_t> waits_for(const Account& account, const mdm::Tariff& tariff,
                                        DayRange days);
  Result<Outcome> post(Account& account, DayRange days, RatedBill rated, const std::string& cause);
  Status hold(Account& account, DayRange days, RatedBill rated, StatementNumber expected);

  // billing_prepaid.cc
  mdm::PrepayPolicy prepay_policy(const Account& account) const;
  Status load_ledger(Account& account);
  void step_prepaid(Account& account, UtcSeconds now);
  Status use_day(Account& account, std::int32_t day);
  Status book(Account& account, PrepayBooking booking);
  void tell_events(Account& account);

  store::Store& store_;
  const Clock& clock_;
  TimeZone zone_;
  BillingOptions options_;

  mutable std::mutex mutex_;
  BillingTariffs tariffs_;
  BillingRater rater_;
  UtcSeconds refreshed_, swept_;
  std::map<AccountId, Account> accounts_;
  std::unordered_map<ServicePointId, std::vector<AccountId>> at_point_;
  std::unordered_map<ServicePointId, std::vector<Installation>> installations_;
  std::unordered_map<DeviceId, ServicePointId> point_of_device_;
  std::unordered_map<ChannelId, ServicePointId> point_of_channel_;
  std::unordered_map<ServicePointId, std::string> address_of_;
  std::unordered_map<CustomerId, std::string> customer_;
  std::set<AccountId> waiting_;  // accounts that something happened to
  std::deque<Run> runs_;         // newest first
  std::uint64_t next_run_ = 1;
  bool dirty_changed_ = false;  // since it was saved
  BillingCounts counts_;
};

}  // namespace amity::roles
