// Statements that were issued, and what happens when late data or a corrected tariff change one:
// the issued one is reversed and the new one issued; neither is ever altered.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "mdm/rate/statement.h"

namespace amity::mdm {

enum class EntryKind : std::uint8_t { kIssued = 0, kReversal = 1 };

struct LedgerEntry {
  std::uint32_t number = 0;  // 1, 2, 3 ... of this ledger
  EntryKind kind = EntryKind::kIssued;
  std::uint32_t reverses = 0;  // number of the entry it takes back
  Statement statement;         // of a reversal: every amount negated
};

class BillLedger {
 public:
  // Issues a statement. Of the same account and period: nothing when it is the same again, else a
  // reversal of the one in force and the new one. A held statement is refused (kConflict); an
  // overlap with another period of the account too. Returns the entries added.
  Result<std::span<const LedgerEntry>> post(const Statement& statement);
  const std::vector<LedgerEntry>& entries() const { return entries_; }
  // Sum of all entries of the account: what it owes for all periods.
  std::int64_t balance(const std::string& account) const;

 private:
  std::vector<LedgerEntry> entries_;
  std::map<std::string, std::map<UtcSeconds, std::size_t>> in_force_;  // by account and start
};

}  // namespace amity::mdm
