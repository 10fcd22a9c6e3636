// Where billing is kept: accounts, statements (never altered), what holds a bill, the bookings of
// prepaid accounts, the tariffs as they were written. Every call is one transaction that is durable
// when it returns: a crash leaves all of a posting or nothing. May be called from any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/billing.h"

namespace amity::store {

// What one account's period comes to at one go.
struct BillPosting {
  AccountId account;
  std::int32_t first_day = 0;
  // The statement that counts for the period, as the caller knows it; none: nothing was billed.
  // kConflict where it is another: the same work done twice changes nothing.
  StatementNumber expected;
  // Of these the numbers are given here, and what a reversal reverses is `expected`. Empty: only
  // the hold changes.
  std::vector<StatementRecord> statements;
  std::optional<BillHold> hold;  // instead of one that is there; none: nothing holds it any more
};

struct InForce {
  AccountId account;
  std::int32_t first_day = 0, last_day = 0;
  StatementNumber number;
};

struct StatementQuery {
  AccountId account;        // none: of all
  StatementNumber before;   // of numbers below; none: from the newest
  std::size_t limit = 100;
};

struct TariffText {
  Bytes digest;  // SHA-256 of the text
  std::string name, text;
  UtcSeconds seen;  // first
};

class Billing {
 public:
  virtual ~Billing() = default;

  // Adds (id none) or replaces; kConflict where the name is another's. Returns the id.
  virtual Result<AccountId> put_account(const BillingAccount& account) = 0;
  // All or nothing; ids are given here.
  virtual Status add_accounts(std::span<const BillingAccount> accounts) = 0;
  virtual Result<std::vector<BillingAccount>> accounts() = 0;
  virtual Result<std::optional<BillingAccount>> account(AccountId id) = 0;

  // The statements' numbers, in order. All or nothing.
  virtual Result<std::vector<StatementNumber>> post(const BillPosting& posting) = 0;
  virtual Result<std::optional<StatementRecord>> statement(StatementNumber number) = 0;
  // Newest first.
  virtual Result<std::vector<StatementRecord>> statements(const StatementQuery& query) = 0;
  virtual Result<std::vector<InForce>> in_force() = 0;
  virtual Result<std::optional<StatementNumber>> in_force(AccountId account,
                                                          std::int32_t first_day) = 0;
  // Sum of all statements of the account.
  virtual Result<std::int64_t> billed(AccountId account) = 0;
  virtual Result<std::vector<BillHold>> holds() = 0;

  // The next booking of the account must have the number of the first; kConflict otherwise, and
  // where a payment's reference was booked before.
  virtual Status book(std::span<const PrepayBooking> bookings) = 0;
  virtual Result<std::vector<PrepayBooking>> bookings(AccountId account) = 0;

  // Keeps it for good, where it is not there yet.
  virtual Status keep_tariff(const TariffText& tariff) = 0;
  virtual Result<std::optional<TariffText>> tariff(ByteView digest) = 0;
};

}  // namespace amity::store
