// Sums and loss balances over the last days: what each transformer, feeder, area and class of
// customers takes is the sum of its meters' days, and virtual meters are sums by name
// (docs/formats/virtual_meters.md, which says too what measures what is fed in). An interval
// channel counts with its final days; a register, where a meter has no intervals, with its advance
// from midnight to midnight. Kept as values change: a late one touches only the days it belongs to.
// Any thread may ask.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/services.h"
#include "base/civil.h"
#include "base/runtime.h"
#include "mdm/aggregate/board.h"
#include "roles/balance_graph.h"
#include "store/store.h"

namespace amity::roles {

class BalanceBook {
 public:
  // `file`: definitions of the utility's own; what is made here is kept beside it, in
  // "made_" + its name. A file that is not there defines nothing.
  BalanceBook(store::Store& store, const Clock& clock, TimeZone zone, std::string file);

  void handle(const store::JournalEntry& entry);
  // Local days first .. last, of the last kBalanceDays. The first time it reads every channel's
  // days.
  Result<std::vector<api::BalanceRow>> balances(const api::BalanceQuery& query);
  Result<api::Sums> sums(const api::SumsQuery& query);
  std::uint64_t reckoned();  // days of sums so far: what late values cost

  Result<std::vector<api::VirtualMeter>> virtual_meters();
  // Refused with the reason where it could not be reckoned. Durable before it returns.
  Status add(const api::VirtualMeter& meter);
  Status change(const api::VirtualMeter& meter);
  Status remove(const std::string& name);
  // Its intervals, after `from` up to `to`, made of the final values of its inputs.
  Result<api::VirtualSeries> series(const std::string& name, UtcSeconds from, UtcSeconds to);

 private:
  enum class Change { kAdd, kReplace, kRemove };

  Result<BalanceDefinitions> definitions() const;
  Status alter(const api::VirtualMeter& meter, Change change);
  Status prepare();
  Status build(std::int32_t first);
  Status set(const VeeDay& day);
  Status set_registers(const BalanceInput& input, std::int32_t first, std::int32_t last);
  Status catch_up();
  Status put(ChannelId channel, std::int32_t day, std::int64_t value, mdm::SlotQuality quality);
  void note_arrivals(const ReadingsArrived& fact);
  Status check_range(const api::BalanceQuery& query) const;
  UtcSeconds midnight(std::int32_t day) const;
  mdm::IntervalView days_of(ChannelId id, std::size_t first, std::size_t last) const;
  api::BalanceRow row(const BalanceNode& node, std::size_t first, std::size_t last) const;
  std::uint64_t unread(const BalanceNode& node, std::size_t first, std::size_t last) const;

  store::Store& store_;
  const Clock& clock_;
  TimeZone zone_;
  std::string file_, made_file_;
  std::mutex mutex_;
  std::optional<mdm::Board> board_;
  std::int32_t first_day_ = 0;
  std::vector<BalanceNode> nodes_;
  std::unordered_map<ChannelId, BalanceInput> inputs_;
  std::set<ChannelId> summed_registers_;                // registers that a sum is made of
  std::set<std::pair<ChannelId, std::int32_t>> stale_;  // days of theirs that readings came for
};

inline constexpr std::int32_t kBalanceDays = 93;
inline constexpr std::size_t kStaleDaysMax = 1'000'000;  // beyond, all is read anew

}  // namespace amity::roles
