// From what a frame says to channels: with the meter's model, or with the generic mapping where it
// has none.
#pragma once

#include <string>
#include <vector>

#include "driver/meter_model.h"
#include "wire/report/report.h"

namespace amity::driver {

struct MappedReading {
  std::string channel;  // name
  ChannelKind kind = ChannelKind::kRegister;
  Unit unit = Unit::kNone;
  std::int8_t exponent = 0;
  std::int64_t value = 0;  // in the unit x 10^exponent
  wire::MeterTime time;    // kNone: as of the frame
};

struct MappedEvent {
  std::string text;
  EventCategory category = EventCategory::kDevice;
  Severity severity = Severity::kLow;
  wire::MeterTime time;
  std::int64_t code = 0;  // the meter's own number, or the bits of its status word
};

struct Mapped {
  std::vector<MappedReading> readings;
  std::vector<MappedEvent> events;
  // Readings that no channel takes or that do not fit it, with the reason: kept in sight, never
  // dropped.
  std::vector<std::string> left;
};

// Adds to the report what the model knows beyond the protocol: its name, the values inside
// manufacturers' blocks.
void complete(const MeterModel& model, wire::Report& report);

// `model` null: the generic mapping, where every numeric reading with a known quantity becomes a
// channel named after it: "volume", "active_energy_import_t1", "volume_s1" (tariff 1, storage 1),
// "volume_u2" (subunit 2). Values of intervals (kind "interval") become interval channels with the
// names that load profiles of every protocol have: "import", "reactive_export", "import_l1",
// "volume".
Mapped map_to_channels(const MeterModel* model, const wire::Report& report);

}  // namespace amity::driver
