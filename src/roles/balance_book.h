// Virtual meters and loss balances over the last days: what each transformer and feeder delivers is
// the sum of its meters' final days (docs/formats/virtual_meters.md adds others by name, and says
// which of them measure what is fed in). Kept as final values change: a late value touches only the
// day it belongs to. Any thread may ask.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/services.h"
#include "base/runtime.h"
#include "mdm/aggregate/board.h"
#include "mdm/profile/local_day.h"
#include "store/store.h"

namespace amity::roles {

class BalanceBook {
 public:
  // `file`: definitions; one that is not there defines nothing.
  BalanceBook(store::Store& store, const Clock& clock, TimeZone zone, std::string file)
      : store_(store), clock_(clock), zone_(zone), file_(std::move(file)) {}

  void handle(const store::JournalEntry& entry);
  // Local days first .. last, of the last kBalanceDays. The first time it reads every channel's days.
  Result<std::vector<api::BalanceRow>> balances(const api::BalanceQuery& query);
  std::uint64_t reckoned();  // intervals of virtual meters so far: what late values cost

 private:
  struct Node {  // a transformer, a feeder or a named virtual meter
    api::BalanceRow about;
    ChannelId id;
    std::vector<std::pair<ChannelId, bool>> inputs;  // real channels beneath it; true: feeds in
    ChannelId supply;               // none: nothing measures what is fed in
  };
  struct Input {
    std::int64_t multiplier = 1;
    int exponent = 0;
  };
  struct Term {
    std::string serial, channel, meter, transformer, feeder;
    std::int64_t coefficient = mdm::kUnitCoefficient;
  };
  struct Named {
    std::string name;
    std::vector<Term> terms;
  };
  struct Supply {
    std::string transformer, feeder;
    Term measured;
  };
  struct Names;

  Status prepare();
  Status build(std::int32_t first);
  Status add_grid(Names& names, std::vector<mdm::VirtualMeter>& meters);
  Status add_named(Names& names, std::vector<mdm::VirtualMeter>& meters);
  Status read_file(std::vector<Named>& named, std::vector<Supply>& supplies) const;
  Status set(const VeeDay& day);
  api::BalanceRow row(const Node& node, std::size_t first, std::size_t last) const;

  store::Store& store_;
  const Clock& clock_;
  TimeZone zone_;
  std::string file_;
  std::mutex mutex_;
  std::optional<mdm::Board> board_;
  std::int32_t first_day_ = 0;
  std::vector<Node> nodes_;
  std::unordered_map<ChannelId, Input> inputs_;
};

inline constexpr std::int32_t kBalanceDays = 62;

}  // namespace amity::roles
