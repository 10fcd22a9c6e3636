// What the department of validation remembers of one interval channel: about 800 bytes, O(1) per
// reading. docs/formats/vee_state.md.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mdm/estimate/estimate.h"
#include "mdm/profile/channel_state.h"
#include "mdm/validate/rules.h"
#include "model/channel.h"
#include "model/device.h"
#include "roles/mdm_supply.h"

namespace amity::roles {

inline constexpr std::int32_t kNoDay = INT32_MIN;

// A validated day with missing intervals: the meter is asked again before they are estimated.
struct WaitingDay {
  std::int32_t day = 0;
  std::uint32_t attempts = 0;
  UtcSeconds last_attempt;
  UtcSeconds end;  // of the day

  friend bool operator==(const WaitingDay&, const WaitingDay&) = default;
};

struct MdmMemory {
  std::int32_t first_day = kNoDay;  // local dates; the first whole one
  std::int32_t next_day = kNoDay;   // to be validated next
  // Where an initial register bounds its first day: the interval that it was installed in begins.
  UtcSeconds begins;
  mdm::ChannelState state;
  std::vector<WaitingDay> waiting;
  std::vector<std::int32_t> dirty;  // validated days that new readings came for

  friend bool operator==(const MdmMemory&, const MdmMemory&) = default;
};

void encode_memory(const MdmMemory& memory, Bytes& out);
Result<MdmMemory> decode_memory(ByteView bytes);

// A channel with what master data say of it, and its memory.
struct MdmChannel {
  Channel channel;
  std::optional<Channel> total;  // the register that its intervals add up to
  DeviceId device;
  std::string area;  // for storms
  std::string customer_class;
  UtcSeconds commissioned;
  // What the utility's facts say (docs/formats/vee_facts.md).
  std::int64_t dial = 0;  // raw integers; 0: not known
  std::vector<std::int64_t>
      rating_per_hour;  // first, then of each of the channel's steps; 0: not known
  const mdm::ClassProfile* profile = nullptr;  // of its class
  std::int64_t profile_daily = 0;
  std::optional<Channel> check;     // measures the same
  std::optional<Channel> reactive;  // kvarh of the same intervals
  std::vector<Channel> tariffs;     // registers that add up to `total`
  // The meter that was removed: its last interval ends there, whole where a final register bounds
  // it; 0: it hangs there.
  UtcSeconds removed, ends;
  std::optional<Channel> before;  // of the meter that hung there before
  const SupplyHistory* supply = nullptr;  // none: it was never switched
  bool active = true;
  bool leads = true;  // of its meter's channels the first: meters are counted by it
  const mdm::RuleSet* rules = nullptr;  // scaled to the channel
  MdmMemory memory;
  UtcSeconds next_start, next_end;  // of memory.next_day; 0: not known
  bool has_data = false;            // readings came and the first day is not known yet
  bool in_flight = false;           // a decision of it waits to become durable
  bool changed = false;             // the memory, since it was saved
  // Days that readings came for while a decision was in flight: it may not have seen them.
  std::vector<std::int32_t> meanwhile;
};

// When its own values begin and end; what is not bounded is as far as time goes.
struct MeterLife {
  UtcSeconds from{INT64_MIN}, to{INT64_MAX};
};
MeterLife life_of(const MdmChannel& c);
// The part of a local day that the meter hung there; none: it did not.
std::optional<mdm::LocalDay> own_part(const MdmChannel& c, const mdm::LocalDay& day);

// What it measures at most, by the multiplier in force then; 0: not known.
std::int64_t rating_at(const MdmChannel& c, UtcSeconds time);

// A value of one channel in the raw integers of another, rounded half up: for examples and checks,
// never for what is billed. Both with the multipliers of `time`.
std::int64_t as_raw_of(const Channel& to, std::int64_t value, const Channel& from, UtcSeconds time);
// What is remembered of a channel, for one that goes on in its place from `at` on.
mdm::ChannelState inherited(const mdm::ChannelState& state, const Channel& from, const Channel& to,
                            UtcSeconds at);

// Of a multiplier: `share` of what was counted with the other is what would be counted with it.
struct Ratio {
  std::int64_t num = 1, den = 1;
  std::int64_t of(std::int64_t value) const;  // rounded half up
};
// Statistics are of raw values as the multiplier of the day to be validated next has them. When
// that becomes another, or master data say another of the past, they are stated anew.
mdm::ChannelState restated(const mdm::ChannelState& state,
                           const std::function<Ratio(UtcSeconds of)>& ratio);

// "1-0:1.29.0*255" -> its total "1-0:1.8.0*255"; by name ("import" -> "import_total") otherwise.
bool is_total_of(const Channel& total, const Channel& interval);
// A tariff's register of the same quantity: "1-0:1.8.2*255".
bool is_tariff_of(const Channel& tariff, const Channel& interval);
bool is_reactive_of(const Channel& reactive, const Channel& interval);
// The same quantity, of another meter.
bool measures_same(const Channel& a, const Channel& b);
// Energy and volume: what adds up, and is billed.
bool is_validated(const Channel& channel);

}  // namespace amity::roles
