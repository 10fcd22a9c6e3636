// The values that are billed. Raw readings never change; where a final value is not the first raw
// one it is a version of its own: who made it, how, when, why. And edits: what people ask for.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace amity {

using EditId = Id<struct EditTag, std::uint64_t>;

enum class FinalOrigin : std::uint8_t {
  kActual = 0,     // the meter's own value, taken in place of another version
  kEstimated = 1,  // by the method below
  kEdited = 2,     // by a person
  kWithdrawn = 3,  // nothing is claimed any more
};
std::string_view to_string(FinalOrigin origin);

struct FinalValue {
  std::int64_t value = 0;  // in the channel's unit and exponent; 0 when withdrawn
  FinalOrigin origin = FinalOrigin::kActual;
  std::uint8_t method = 0;  // two digits of NEM12; 0: none
  bool scaled = false;      // to the register's advance

  friend bool operator==(const FinalValue&, const FinalValue&) = default;
};
// "A", "E15", "F16", "N" where nothing is claimed: as NEM12 has it.
std::string code_of(const FinalValue& value);

// A new version of one interval. Version 1 of an interval whose raw value was right is not written
// anywhere: it is the first raw value.
struct FinalVersion {
  UtcSeconds time;  // end of the interval
  std::uint32_t version = 1;
  FinalValue now;
  std::optional<FinalValue> before;  // of version - 1: this one is a correction

  friend bool operator==(const FinalVersion&, const FinalVersion&) = default;
};

struct Decision {
  UtcSeconds at;
  std::string who;          // "vee", a user
  std::string why;          // "late actual", a person's reason
  std::string approved_by;  // "" where nobody had to
  EditId edit;              // none: not by an edit

  friend bool operator==(const Decision&, const Decision&) = default;
};

// What a rule of validation found, in numbers; mdm/validate/finding.h says what they mean.
struct VeeFinding {
  std::uint8_t rule = 0, outcome = 0, check = 0;
  std::int16_t slot = -1;   // the first interval it speaks of; -1: the day
  std::uint16_t slots = 0;  // how many
  std::array<std::int64_t, 4> n{};

  friend bool operator==(const VeeFinding&, const VeeFinding&) = default;
};

enum class VeeState : std::uint8_t {
  kClean = 0,      // every interval is the meter's own, no rule failed
  kWaiting = 1,    // intervals are missing and the meter is asked again
  kEstimated = 2,  // nothing is open, something was estimated
  kFailed = 3,     // a rule fails, or nothing could be estimated: a person is to look
  kAccepted = 4,   // a person looked
};
inline constexpr std::uint8_t kVeeStates = 5;
std::string_view to_string(VeeState state);

// How a day's final values stand to the register's advance over it.
enum class DayClosure : std::uint8_t {
  kUnbounded = 0,  // no register readings at both ends
  kExact = 1,
  kTolerated = 2,  // within the sum rule's tolerance
  kOpen = 3,       // intervals are open
  kDiffers = 4,    // flagged
};
std::string_view to_string(DayClosure closure);

// One local day of one channel after validation and estimation.
struct VeeDay {
  ChannelId channel;
  std::int32_t day = 0;  // the local date, days since 1970
  UtcSeconds start;
  std::uint32_t length_s = 0, interval_s = 0;
  std::uint32_t revision = 0;  // 1, 2, 3, ... of this day
  VeeState state = VeeState::kClean;
  DayClosure closure = DayClosure::kUnbounded;
  std::uint8_t worst = 0;      // outcome of the worst rule: 1 pass, 2 warn, 3 fail
  std::int64_t total = 0;      // of the final values
  std::int64_t advance = 0;    // of the register, where it bounds the day, as final values state it
  std::int64_t at_stake = 0;   // what is estimated, open (as far as can be said) or failed
  std::uint16_t estimated = 0, edited = 0;           // intervals
  std::vector<VeeFinding> findings;                  // warnings and failures, in order of the rules
  std::vector<std::pair<std::uint16_t, std::uint16_t>> open;  // [first, last) slots without a value

  std::size_t slots() const { return interval_s == 0 ? 0 : length_s / interval_s; }
  UtcSeconds end() const { return start + length_s; }
  std::size_t open_count() const {
    std::size_t count = 0;
    for (const auto& [first, last] : open) count += static_cast<std::size_t>(last - first);
    return count;
  }
  friend bool operator==(const VeeDay&, const VeeDay&) = default;
};

enum class EditKind : std::uint8_t { kValues = 0, kAccept = 1, kRerun = 2, kUndo = 3 };
enum class EditState : std::uint8_t {
  kProposed = 0,
  kApproved = 1,  // decided; it is being carried out
  kApplied = 2,
  kRejected = 3,
};
std::string_view to_string(EditKind kind);
std::string_view to_string(EditState state);

struct EditValue {
  UtcSeconds time;
  std::int64_t value = 0;
  friend bool operator==(const EditValue&, const EditValue&) = default;
};
struct EditDay {
  ChannelId channel;
  std::int32_t day = 0;
  friend auto operator<=>(const EditDay&, const EditDay&) = default;
};

struct Edit {
  EditId id;
  EditKind kind = EditKind::kValues;
  EditState state = EditState::kProposed;
  std::vector<EditDay> days;      // that it concerns
  std::vector<EditValue> values;  // kValues: of one channel
  EditId undoes;                  // kUndo
  std::string reason, requested_by;
  UtcSeconds requested;
  std::string decided_by, comment;
  UtcSeconds decided;
  std::string result;  // in words, once applied

  friend bool operator==(const Edit&, const Edit&) = default;
};

}  // namespace amity
