#include "mdm/rate/rebill.h"

#include "mdm/rate/limits.h"
#include "mdm/rate/statement_codec.h"

namespace amity::mdm {

Result<std::span<const LedgerEntry>> BillLedger::post(const Statement& statement) {
  if (!statement.holds.empty())
    return make_error(ErrorCode::kConflict, "held: " + explain(statement.holds.front()));
  if (entries_.size() + 2 > kLedgerEntriesMax)
    return make_error(ErrorCode::kLimit, "the ledger is full");
  auto& periods = in_force_[statement.account];
  const auto same = periods.find(statement.from);
  for (const auto& [from, index] : periods) {
    const Statement& other = entries_[index].statement;
    const bool rebills = from == statement.from && other.to == statement.to;
    if (!rebills && other.from < statement.to && statement.from < other.to) {
      return make_error(ErrorCode::kConflict, "bill " + std::to_string(entries_[index].number) +
                                                  " of this account overlaps its period");
    }
  }
  const std::size_t before = entries_.size();
  if (same != periods.end()) {
    const LedgerEntry issued = entries_[same->second];  // push_back may move it
    if (issued.statement == statement) return std::span<const LedgerEntry>();
    entries_.push_back({static_cast<std::uint32_t>(before + 1), EntryKind::kReversal, issued.number,
                        reversal_of(issued.statement)});
  }
  const auto number = static_cast<std::uint32_t>(entries_.size() + 1);
  entries_.push_back({number, EntryKind::kIssued, 0, statement});
  periods[statement.from] = entries_.size() - 1;
  return std::span<const LedgerEntry>(entries_).subspan(before);
}

std::int64_t BillLedger::balance(const std::string& account) const {
  std::int64_t sum = 0;
  for (const LedgerEntry& entry : entries_) {
    if (entry.statement.account == account) sum += entry.statement.total;
  }
  return sum;
}

}  // namespace amity::mdm
