// Billing in the registry's SQLite file: in its backups, its checks and its transactions.
#pragma once

#include <mutex>

#include "store/billing.h"
#include "store/sqlite.h"

namespace amity::store {

// Statements are numbered above this (a big-endian u64 value of the registry): what was issued after
// a backup was taken is not known when it is restored.
inline constexpr const char* kStatementsAboveName = "store/statements-above";
inline constexpr std::uint64_t kStatementsSkippedOnRestore = 10'000'000;

class SqliteBilling : public Billing {
 public:
  // The registry's connection and its lock.
  SqliteBilling(Sqlite& db, std::mutex& mutex) : db_(db), mutex_(mutex) {}

  Result<AccountId> put_account(const BillingAccount& account) override;
  Status add_accounts(std::span<const BillingAccount> accounts) override;
  Result<std::vector<BillingAccount>> accounts() override;
  Result<std::optional<BillingAccount>> account(AccountId id) override;
  Result<std::vector<StatementNumber>> post(const BillPosting& posting) override;
  Result<std::optional<StatementRecord>> statement(StatementNumber number) override;
  Result<std::vector<StatementRecord>> statements(const StatementQuery& query) override;
  Result<std::vector<InForce>> in_force() override;
  Result<std::optional<StatementNumber>> in_force(AccountId account,
                                                  std::int32_t first_day) override;
  Result<std::int64_t> billed(AccountId account) override;
  Result<std::vector<BillHold>> holds() override;
  Status book(std::span<const PrepayBooking> bookings) override;
  Result<std::vector<PrepayBooking>> bookings(AccountId account) override;
  Status keep_tariff(const TariffText& tariff) override;
  Result<std::optional<TariffText>> tariff(ByteView digest) override;

 private:
  Result<AccountId> put_one(const BillingAccount& account);
  Result<std::optional<StatementNumber>> current(AccountId account, std::int32_t first_day);
  Result<std::vector<StatementNumber>> append(const BillPosting& posting,
                                              StatementNumber current);
  Status keep_hold(const BillPosting& posting);

  Sqlite& db_;
  std::mutex& mutex_;
};

}  // namespace amity::store
