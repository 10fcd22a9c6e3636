// One channel's days, from stored readings to the decision about them: validate, estimate what is
// open, close on the register, compare with what was given out before. Reads the store, writes
// nothing; the same stored data give the same decisions.
#pragma once

#include <vector>

#include "mdm/edit/final_diff.h"
#include "mdm/estimate/estimate.h"
#include "mdm/validate/validate.h"
#include "roles/mdm_channel.h"
#include "store/finals.h"

namespace amity::roles {

struct SettleRequest {
  std::int32_t day = 0;
  UtcSeconds now;
  bool estimate = false;  // what is missing; otherwise it stays open
  bool first = false;     // the day that the channel's state waits for
  std::optional<std::int32_t> clock_offset_s;
  Decision decision;    // `at`, who, why
  bool always = false;  // a decision also where no value changes
};

struct Settled {
  std::vector<ReadingsFinal> facts;  // what is new, to be made durable; may be empty
  mdm::ChannelState state;           // after the day, where it was the first time
  VeeDay day;                        // of the request, as it now is
  std::size_t missing = 0;           // intervals of it without a reading
  std::size_t present = 0;
};

class MdmSettler {
 public:
  MdmSettler(store::Readings& readings, store::Finals& finals, const mdm::DayCalendar& calendar,
             mdm::EstimatePolicy policy)
      : readings_(readings), finals_(finals), calendar_(calendar), policy_(policy) {}

  // Days that share estimates with the one asked for (between the same two register readings) are
  // settled with it.
  Result<Settled> settle(const MdmChannel& channel, const SettleRequest& request);

  // The day a channel begins on, from its first reading on, taken as read: the rules that need
  // neither another day nor a whole one look at it, and nothing is estimated. Nothing where there
  // is no reading, or none that was not there already.
  Result<std::optional<ReadingsFinal>> first_part(const MdmChannel& channel, std::int32_t day,
                                                  UtcSeconds now);

  mdm::LocalDay local_day(std::int32_t number) const;
  // The day's current raw readings laid into slots.
  Result<mdm::DayGrid> grid_of(const Channel& channel, const mdm::LocalDay& day);

 private:
  struct Day;

  Status load(const MdmChannel& c, std::int32_t number, Day& day);
  void judge(const MdmChannel& c, const SettleRequest& request, const mdm::ChannelState& state,
             Day& day);
  Status judge_part(const MdmChannel& c, std::span<const Reading> raw, UtcSeconds now, Day& day);
  Result<std::vector<std::int32_t>> linked_days(const MdmChannel& c, const Day& day);
  Result<std::vector<mdm::RegisterPoint>> points(const MdmChannel& c, UtcSeconds from,
                                                 UtcSeconds to);
  Status fill(const MdmChannel& c, std::vector<Day>& days);
  Result<std::vector<Reading>> values_of(const MdmChannel& c, std::int32_t number,
                                         const mdm::LocalDay& local);
  Status add_day(const MdmChannel& c, std::int32_t number, const Day* ours,
                 mdm::SeriesWindow& window);
  Status add_check(const MdmChannel& c, const mdm::SeriesWindow& window,
                   std::vector<std::int64_t>& values, std::vector<std::uint8_t>& known);
  Status add_last_year(const MdmChannel& c, std::int32_t first, std::int32_t last,
                       mdm::SeriesWindow& window);
  Status add_tariffs(const MdmChannel& c, Day& day);
  // Of intervals that the multiplier changed within, what each part counted.
  static void apportion(const MdmChannel& c, Day& day);
  static std::optional<std::int64_t> counted_until(const MdmChannel& c, const Day& day,
                                                   std::size_t slot, UtcSeconds at);
  void withdraw(const SettleRequest& request, Day& day, Settled& out);
  void finish(const MdmChannel& c, const SettleRequest& request, const mdm::ChannelState& state,
              Day& day);

  store::Readings& readings_;
  store::Finals& finals_;
  const mdm::DayCalendar& calendar_;
  mdm::EstimatePolicy policy_;
};

// What every interval of a stored day was given out as, and the first raw values.
std::vector<mdm::SlotFinal> slots_of(const VeeDay& day, const store::FinalDay* stored,
                                     std::span<const std::optional<std::int64_t>> first_raw);
// Adds up totals, counts and open intervals from the values; the register's part is left alone.
// `absent`: slots that need no value, as the meter did not hang there; empty: none.
void count_values(VeeDay& day, std::span<const std::optional<FinalValue>> values,
                  std::span<const std::uint8_t> absent = {});

}  // namespace amity::roles
