// The facts of the journal. Whatever happens is one of these; departments read them in order, at least once.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/command.h"
#include "model/event.h"
#include "model/final.h"
#include "model/reading.h"

namespace amity {

// A delivery that was accepted: new or corrected readings of any number of channels, in arrival order.
struct ReadingsArrived {
  std::string source;  // who brought it: "headend", "push", "import:FILE"
  UtcSeconds received;
  std::vector<Reading> readings;
};

struct EventsArrived {
  std::string source;
  UtcSeconds received;
  std::vector<Event> events;
};

struct CommandRequested {
  Command command;
};

struct CommandChanged {
  CommandId id;
  DeviceId device;
  CommandState state = CommandState::kRunning;
  UtcSeconds at;
  std::string progress;
  std::string result;
};

// One attempt to converse with a meter, successful or not: what communication health is computed from.
struct ContactMade {
  DeviceId device;
  UtcSeconds at;
  bool ok = false;
  std::uint32_t duration_ms = 0;
  std::int32_t clock_offset_s = 0;  // meter minus reference, where it was read
  bool clock_known = false;
  std::string error;  // why it failed
};

// A channel's day as validation, estimation or a person decided it, and the versions that are new by it. A version with
// a `before` is a correction of what was given out.
struct ReadingsFinal {
  VeeDay day;
  Decision decision;
  std::vector<FinalVersion> versions;  // ascending by time
};

// An edit was proposed, or its state changed.
struct EditChanged {
  Edit edit;
};

using Fact = std::variant<ReadingsArrived, EventsArrived, CommandRequested, CommandChanged, ContactMade, ReadingsFinal,
                          EditChanged>;

}  // namespace amity
