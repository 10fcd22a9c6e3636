// What the department of validation remembers of one interval channel: about 800 bytes, O(1) per
// reading. docs/formats/vee_state.md.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mdm/profile/channel_state.h"
#include "mdm/validate/rules.h"
#include "model/channel.h"
#include "model/device.h"

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

// "1-0:1.29.0*255" -> its total "1-0:1.8.0*255"; by name ("import" -> "import_total") otherwise.
bool is_total_of(const Channel& total, const Channel& interval);
// Energy and volume: what adds up, and is billed.
bool is_validated(const Channel& channel);

}  // namespace amity::roles
