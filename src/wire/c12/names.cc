#include "wire/c12/names.h"

#include <iterator>

namespace amity::c12 {
namespace {

// Of one quantity: the words by direction.
struct Words {
  std::string_view none, import, export_, net;
};
constexpr Words kActiveEnergy{"active energy", "active energy import", "active energy export",
                              "active energy net"};
constexpr Words kActivePower{"active power", "active power import", "active power export",
                             "active power net"};
constexpr Words kReactiveEnergy{"reactive energy", "reactive energy import",
                                "reactive energy export", "reactive energy net"};
constexpr Words kReactivePower{"reactive power", "reactive power import", "reactive power export",
                               "reactive power net"};
constexpr Words kApparentEnergy{"apparent energy", "apparent energy import",
                                "apparent energy export", "apparent energy net"};
constexpr Words kApparentPower{"apparent power", "apparent power import", "apparent power export",
                               "apparent power net"};

// Active and apparent: quadrants 1 and 4 are delivered. Reactive: 1 and 2.
std::string_view directed(const Uom& uom, const Words& words, std::uint8_t import) {
  if (uom.net) return words.net;
  const std::uint8_t outwards = 0x0F & ~import;
  if (uom.quadrants != 0 && (uom.quadrants & outwards) == 0) return words.import;
  if (uom.quadrants != 0 && (uom.quadrants & import) == 0) return words.export_;
  return words.none;
}

}  // namespace

Uom Uom::from(std::uint32_t entry) {
  Uom uom;
  uom.id = static_cast<std::uint8_t>(entry);
  uom.time_base = entry >> 8 & 7;
  uom.multiplier = entry >> 11 & 7;
  uom.quadrants = entry >> 14 & 15;
  uom.net = (entry >> 18 & 1) != 0;
  uom.segmentation = entry >> 19 & 7;
  uom.harmonic = (entry >> 22 & 1) != 0;
  uom.non_standard = (entry >> 31 & 1) != 0;
  return uom;
}

std::string_view quantity_of(const Uom& uom) {
  if (uom.non_standard) return {};
  switch (uom.id) {
    case 0:
      return directed(uom, uom.accumulates() ? kActiveEnergy : kActivePower, 0b1001);
    case 1:
      return directed(uom, uom.accumulates() ? kReactiveEnergy : kReactivePower, 0b0011);
    case 2:
    case 3:
      return directed(uom, uom.accumulates() ? kApparentEnergy : kApparentPower, 0b1001);
    case 8:
    case 9:
    case 11:
      return "voltage";
    case 12:
    case 13:
    case 15:
      return "current";
    case 16:
    case 18:
      return "voltage harmonic distortion";
    case 17:
    case 19:
      return "current harmonic distortion";
    case 24:
    case 25:
      return "power factor";
    case 33:
      return "frequency";
    default:
      return {};
  }
}

std::string_view unit_of(const Uom& uom) {
  if (uom.non_standard) return {};
  const bool energy = uom.accumulates();
  switch (uom.id) {
    case 0:
      return energy ? "Wh" : "W";
    case 1:
      return energy ? "varh" : "var";
    case 2:
    case 3:
      return energy ? "VAh" : "VA";
    // Accumulated voltage and current have no unit of this platform: shown without one.
    case 8:
    case 9:
    case 11:
      return energy ? "" : "V";
    case 12:
    case 13:
    case 15:
      return energy ? "" : "A";
    case 16:
    case 17:
    case 18:
    case 19:
      return "%";
    case 33:
      return "Hz";
    default:
      return {};
  }
}

int exponent_of(const Uom& uom) {
  static constexpr int kExponents[] = {0, 2, 3, 6, 9, -2, -3, -6};
  return kExponents[uom.multiplier & 7];
}

std::string_view phase_of(const Uom& uom) {
  static constexpr std::string_view kPhases[] = {"",        "L1-L2", "L2-L3", "L3-L1",
                                                 "neutral", "L1",    "L2",    "L3"};
  return uom.id <= 33 ? kPhases[uom.segmentation & 7] : std::string_view();
}

std::string_view kind_of(const Uom& uom) {
  static constexpr std::string_view kKinds[] = {
      "total", "instantaneous", "instantaneous", "average", "average", "total", "average", "event"};
  return kKinds[uom.time_base & 7];
}

std::string_view event_name(std::uint16_t code) {
  static constexpr std::string_view kNames[] = {
      "no event",
      "primary power down",
      "primary power up",
      "time changed (old time)",
      "time changed (new time)",
      "end device accessed for read",
      "end device accessed for write",
      "procedure invoked",
      "table written to",
      "end device programmed",
      "communication terminated normally",
      "communication terminated abnormally",
      "reset list pointers",
      "update list pointers",
      "history log cleared",
      "history log pointers updated",
      "event log cleared",
      "event log pointers updated",
      "demand reset occurred",
      "self read occurred",
      "daylight saving time on",
      "daylight saving time off",
      "season change",
      "rate change",
      "special schedule activation",
      "tier switch change",
      "pending table activation",
      "pending table activation cleared",
      "metering mode started",
      "metering mode stopped",
      "test mode started",
      "test mode stopped",
      "meter shop mode started",
      "meter shop mode stopped",
      "end device reprogrammed",
      "configuration error detected",
      "self check error detected",
      "RAM failure detected",
      "ROM failure detected",
      "nonvolatile memory failure detected",
      "clock error detected",
      "measurement error detected",
      "low battery detected",
      "low loss potential detected",
      "demand overload detected",
      "power failure detected",
      "tamper detected",
      "reverse rotation detected",
  };
  return code < std::size(kNames) ? kNames[code] : std::string_view();
}

std::string_view procedure_result_name(std::uint8_t code) {
  static constexpr std::string_view kNames[] = {
      "completed",
      "accepted, not fully completed",
      "invalid parameter",
      "conflicts with the device's set-up",
      "timing constraint",
      "no authorization",
      "unrecognized procedure",
  };
  return code < std::size(kNames) ? kNames[code] : std::string_view();
}

std::string_view interval_status_name(std::uint8_t nibble) {
  static constexpr std::string_view kNames[] = {"",
                                                "overflow",
                                                "partial interval",
                                                "long interval",
                                                "skipped interval",
                                                "test mode",
                                                "configuration changed",
                                                "recording stopped"};
  return nibble < std::size(kNames) ? kNames[nibble] : std::string_view();
}

}  // namespace amity::c12
