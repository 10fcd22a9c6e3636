// Stands outside the platform and writes down what it promised: every acknowledged reading and
// event, every command that was accepted. After each recovery and at the end the promises are held
// against what the platform still has.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "app/simulation/config.h"
#include "intake/intake.h"
#include "store/store.h"

namespace amity::simulation {

struct Counts {
  std::uint64_t readings_acknowledged = 0, events_acknowledged = 0, commands_accepted = 0;
  std::uint64_t readings_checked = 0, events_checked = 0, commands_checked = 0;
  std::uint64_t rows_compared = 0, tallies_checked = 0;
};

class Witness {
 public:
  // The first one is kept.
  void violated(UtcSeconds at, DeviceId device, std::string rule, std::string what);
  const std::optional<Violation>& violation() const { return violation_; }

  void acknowledged(const ReadingsArrived& delivery, const intake::Receipt& receipt);
  void acknowledged(const EventsArrived& delivery);
  void accepted(const Command& command);

  // Holds what was promised since the last check, or `everything`, against the store.
  void check(store::Store& store, UtcSeconds now, bool everything);
  const std::map<std::uint64_t, Command>& commands() const { return commands_; }

  Counts counts;

 private:
  struct Kept {
    std::int64_t value = 0;
    std::uint16_t quality = 0;
  };
  using ByTime = std::map<std::int64_t, Kept>;
  using ByChannel = std::map<std::uint32_t, ByTime>;

  void check_readings(store::Store& store, UtcSeconds now, const ByChannel& promised);
  void check_channel(store::Store& store, UtcSeconds now, ChannelId channel,
                     const ByTime& promised);
  bool was_a_version(store::Store& store, ChannelId channel, UtcSeconds time,
                     const Kept& kept) const;
  void check_events(store::Store& store, UtcSeconds now, const std::vector<Event>& promised);
  void check_commands(store::Store& store, UtcSeconds now);

  std::optional<Violation> violation_;
  ByChannel readings_, readings_new_;
  std::vector<Event> events_, events_new_;
  std::map<std::uint64_t, Command> commands_;
};

// Between the head-end and the intake: what is acknowledged passes the witness.
class WitnessedIntake : public intake::Intake {
 public:
  WitnessedIntake(intake::Intake& intake, Witness& witness) : intake_(intake), witness_(witness) {}
  void accept(ReadingsArrived delivery, OnDone on_done) override;
  void accept(EventsArrived delivery, OnDone on_done) override;

 private:
  intake::Intake& intake_;
  Witness& witness_;
};

}  // namespace amity::simulation
