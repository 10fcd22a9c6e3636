// What the head-end keeps in memory of one meter.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "headend/address.h"
#include "headend/backoff.h"
#include "headend/meter_layout.h"
#include "headend/profile_rows.h"
#include "model/channel.h"
#include "model/device.h"

namespace amity::headend {

struct TimeRange {
  UtcSeconds after, until;  // (after, until]
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// "FROM/TO" in ISO time, as a command's argument says it.
Result<TimeRange> range_from(std::string_view argument);

// The turns of a profile's capture: a load profile's are on the UTC grid of its period; a daily one's at the meter's
// own midnight, 23 to 25 hours apart.
struct CaptureGrid {
  std::uint32_t period_s = 900;
  bool exact = true;
  UtcSeconds floor(UtcSeconds time) const {
    return exact ? UtcSeconds(time.value - time.value % static_cast<std::int64_t>(period_s)) : time;
  }
  std::int64_t step_min() const { return exact ? period_s : period_s - period_s / 24; }
  std::int64_t step_max() const { return exact ? period_s : period_s + period_s / 2; }
};

// How far one profile has been read. Found from what is stored at the first contact after a start; from then on a
// range counts as read when the meter has answered for it and the answer is durable.
class ProfileProgress {
 public:
  bool known() const { return known_; }
  // From the stored times, ascending, of the window (from, now]: every hole of the grid is missing.
  void learn(std::span<const UtcSeconds> stored, UtcSeconds from, UtcSeconds now, CaptureGrid grid);
  // What to ask for now, oldest first; the last one ends at the newest turn of the period.
  std::vector<TimeRange> missing(UtcSeconds now, CaptureGrid grid) const;
  // The range was answered; `last` is its newest row (0: none). A recent range is only as complete as its newest row.
  void answered(TimeRange range, UtcSeconds last, UtcSeconds now, CaptureGrid grid);
  // A push brought the next row.
  void pushed(UtcSeconds time, CaptureGrid grid);
  UtcSeconds complete() const { return complete_; }

 private:
  std::vector<TimeRange> holes_;  // before complete_
  UtcSeconds complete_;
  bool known_ = false;
};

CaptureGrid load_grid(const Profile& profile);
CaptureGrid daily_grid(const Profile& profile);  // event-captured profiles count as daily

// A gas, water or heat meter that this meter reads for us.
struct MbusBehind {
  struct Value {
    dlms::Obis obis;
    ChannelId channel;  // 0: it goes nowhere
    ScalerUnit scale;   // as the meter gives it
    std::int8_t exponent = 0;  // as the channel has it
  };
  DeviceId device;
  UtcSeconds since;           // nothing older is this device's
  std::vector<Value> values;  // as in the layout; empty: not learnt yet
  ProfileProgress progress;
};

struct Meter {
  Device device;
  Address address;
  std::uint32_t segment = 0;  // of the dispatcher
  std::vector<Channel> channels;
  std::shared_ptr<const MeterLayout> layout;
  std::vector<ProfileProgress> loads, daily;  // as in the layout
  std::vector<std::optional<UtcSeconds>> log_newest;
  std::map<std::uint8_t, MbusBehind> mbus;  // by channel
  MeterTime time;
  Backoff backoff;
  bool busy = false;          // a conversation is under way
  bool stale = false;         // the registry has changed meanwhile
  bool offered = false;       // waits in the dispatcher for its scheduled reading
  bool clock_alarm = false;   // reported once until the clock is right again
  bool profile_alarm = false;  // reported once: the meter refuses its load profile
  bool tls_alarm = false;      // reported once, until a conversation succeeds
  bool ever_connected = false;
};

}  // namespace amity::headend
