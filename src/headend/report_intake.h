// What a frame says, on its way to the intake: to which device it belongs, which channels its
// values go to (made where the registry has none yet), at which UTC time, and which of its events
// are new. For every protocol whose decoder fills a wire::Report, polled or heard.
//
// One thread per instance. A device's reports go through one instance: its head-end's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "driver/mapping.h"
#include "driver/model_set.h"
#include "headend/known_meters.h"
#include "model/facts.h"
#include "store/registry.h"
#include "wire/report/report.h"

namespace amity::headend {

struct TakeOptions {
  // Of the report's interval values; 0: as the device has it.
  std::uint32_t interval_s = 0;
  // A report that came without protection is refused: the device has a key.
  bool require_security = false;
  // The report's meter must be the device; false where the protocol does not say who answers.
  bool check_identity = true;
  std::optional<TimeZone> zone;  // of the meter's clock; absent: the one of the head-end
};

// One delivery each for the intake; either may be empty.
struct Taken {
  ReadingsArrived readings;
  EventsArrived events;
  std::vector<std::string> left;               // values that no channel takes, with the reason
  std::optional<std::int64_t> clock_offset_s;  // meter minus reference, where the report has a time
};

class ReportIntake {
 public:
  // `source` names the deliveries: "headend", "push". All references outlive the object.
  ReportIntake(store::Registry& registry, const driver::ModelSet& models, TimeZone zone,
               std::string source);

  // kSecurity: what is protected could not be opened or has a wrong MAC; nothing is taken.
  // kConflict: another meter answered than the device; an event says so once, in `refusals()`.
  Result<Taken> take_report(DeviceId device, const wire::Report& report, UtcSeconds received,
                            const TakeOptions& options = {});
  // Events about refused reports, to be delivered; each is handed out once.
  std::vector<Event> refusals() { return std::exchange(refusals_, {}); }

  // Whom a frame is from, for frames that come unasked. See known_meters.h.
  Result<Found> find_device(std::string_view protocol, const wire::MeterIdentity& meter,
                            UtcSeconds now);
  Result<Found> find_device(std::string_view protocol, std::string_view manufacturer,
                            std::string_view id, UtcSeconds now);
  const KnownMeters& known_meters() const { return known_; }

  // The registry has changed.
  void refresh(DeviceId device);

  // The channel of that name and kind; made where there is none. The returned reference holds until
  // the next call of any function.
  Result<const Channel*> channel_for(DeviceId device, const Channel& wanted);
  // The device's channels; loaded at first.
  Result<const std::vector<Channel>*> channels_of(DeviceId device);
  const TimeZone& zone() const { return zone_; }
  // Of the vendors' DLMS pushes.
  const obis::ValueLists& value_lists() const { return models_.value_lists(); }

 private:
  struct State {
    Device device;
    std::vector<Channel> channels;
    std::set<std::string> standing;                        // conditions that hold, reported once
    std::set<std::pair<std::int64_t, std::string>> dated;  // events with a time, reported once
    bool mismatch = false, downgrade = false;              // reported once
    std::set<std::string> conflicts;                       // channels; reported once
  };
  Result<State*> state_of(DeviceId device);
  Status admit(State& state, const wire::Report& report, UtcSeconds now,
               const TakeOptions& options);
  void take_readings(State& state, const driver::Mapped& mapped, const wire::Report& report,
                     const TimeZone& zone, const TakeOptions& options, Taken& taken);
  void take_events(State& state, const driver::Mapped& mapped, const wire::Report& report,
                   const TimeZone& zone, Taken& taken);
  void conflict(State& state, const std::string& channel, const std::string& reason, Taken& taken);

  store::Registry& registry_;
  const driver::ModelSet& models_;
  TimeZone zone_;
  std::string source_;
  KnownMeters known_;
  std::unordered_map<DeviceId, State> states_;
  std::vector<Event> refusals_;
};

}  // namespace amity::headend
