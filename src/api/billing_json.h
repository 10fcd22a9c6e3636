// The JSON of accounts, statements and what holds a bill.
#pragma once

#include <unordered_map>

#include "api/handler_support.h"
#include "mdm/rate/statement_codec.h"
#include "model/billing.h"

namespace amity::api {

// Who and where, of the accounts that an answer names.
class AccountNames {
 public:
  // Reads the accounts and the directory. May wait: for worker threads.
  static Result<AccountNames> load(Api& api);

  const std::vector<BillingAccount>& all() const { return accounts_; }
  const BillingAccount* find(AccountId id) const;
  // A device at the account's service point; null when none hangs there.
  const DirectoryRow* place(const BillingAccount& account) const;

 private:
  std::vector<BillingAccount> accounts_;  // by id
  DirectoryPtr directory_;
  std::unordered_map<ServicePointId, const DirectoryRow*> at_;
};

void put_account(Json& json, const BillingAccount& account, const AccountNames& names);
void put_statement_row(Json& json, const StatementRecord& record, const AccountNames& names);
// Its members, in an object that is open; `channels` names those of its traces.
Status put_statement_body(Json& json, const mdm::StatementBody& body, store::Registry& registry);
void put_hold(Json& json, const BillHold& hold, const AccountNames& names);
void put_run(Json& json, const BillingRun& run);
void put_booking(Json& json, const PrepayBooking& booking, int decimals);
void put_money(Json& json, std::string_view key, std::int64_t amount, int decimals);

void add_exchange_routes(std::vector<Route>& routes);  // by add_billing_routes()

}  // namespace amity::api
