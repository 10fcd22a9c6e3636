// The values that are billed, and every version they had: who made them, how, when, and why. A
// change of one that was given out before is a correction, to be published downstream.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "mdm/estimate/method.h"
#include "model/ids.h"

namespace amity::mdm {

enum class Origin : std::uint8_t { kActual = 0, kEstimated = 1, kEdited = 2 };

struct FinalValue {
  std::int64_t value = 0;
  Origin origin = Origin::kActual;
  Method method = Method::kNone;
  bool scaled = false;

  friend bool operator==(const FinalValue&, const FinalValue&) = default;
};

struct Version {
  FinalValue final;
  UtcSeconds when;
  std::string who;  // "vee", a user
  std::string why;  // "late actual", "gap of 4 intervals", a person's reason
};

struct Correction {
  ChannelId channel;
  UtcSeconds time;
  FinalValue before, after;
  std::uint32_t version = 0;  // of `after`, from 1
  UtcSeconds when;
  std::string why;
};

struct FinalInterval {
  UtcSeconds time;
  FinalValue final;
};

class FinalSeries {
 public:
  explicit FinalSeries(ChannelId channel) : channel_(channel) {}

  // What validation and estimation now hold to be right. The same again changes nothing. An
  // interval that a person edited stays as it is. kLimit when an interval would have too many
  // versions; nothing is changed then.
  Result<std::vector<Correction>> settle(std::span<const FinalInterval> intervals, UtcSeconds when,
                                         const std::string& why);
  // Oldest first; empty where nothing was ever settled.
  std::span<const Version> versions(UtcSeconds time) const;
  const FinalValue* current(UtcSeconds time) const;

 private:
  ChannelId channel_;
  std::map<UtcSeconds, std::vector<Version>> versions_;
};

}  // namespace amity::mdm
