#include "headend/event_codes.h"

#include <algorithm>

#include "wire/dlms/obis.h"

namespace amity::headend {

namespace {

using enum EventCategory;

struct Known {
  std::uint16_t code;
  EventCategory category;
  Severity severity;
  const char* text;
};

constexpr Severity kI = Severity::kInfo, kL = Severity::kLow, kM = Severity::kMedium, kH = Severity::kHigh;

// Ascending by code.
constexpr Known kKnown[] = {
    {1, kPower, kM, "power down"},
    {2, kPower, kI, "power up"},
    {3, kClock, kI, "daylight saving time changed"},
    {4, kClock, kI, "clock adjusted, old time"},
    {5, kClock, kI, "clock adjusted, new time"},
    {6, kClock, kM, "clock invalid"},
    {7, kDevice, kM, "replace battery"},
    {8, kDevice, kM, "battery voltage low"},
    {9, kDevice, kI, "tariff activated"},
    {10, kDevice, kI, "error register cleared"},
    {11, kDevice, kI, "alarm register cleared"},
    {12, kDevice, kH, "program memory error"},
    {13, kDevice, kH, "RAM error"},
    {14, kDevice, kH, "non-volatile memory error"},
    {15, kDevice, kH, "watchdog error"},
    {16, kDevice, kH, "measurement system error"},
    {17, kDevice, kI, "firmware ready for activation"},
    {18, kDevice, kI, "firmware activated"},
    {19, kDevice, kI, "passive tariff programmed"},
    {20, kTamper, kM, "external alert detected"},
    {21, kDevice, kI, "end of a non-periodic billing interval"},
    {40, kTamper, kH, "terminal cover removed"},
    {41, kTamper, kL, "terminal cover closed"},
    {42, kTamper, kH, "strong DC field detected"},
    {43, kTamper, kL, "strong DC field gone"},
    {44, kTamper, kH, "meter cover removed"},
    {45, kTamper, kL, "meter cover closed"},
    {46, kSecurity, kH, "association authentication failed repeatedly"},
    {47, kDevice, kI, "parameters changed"},
    {48, kSecurity, kI, "keys changed"},
    {49, kSecurity, kH, "decryption or authentication failed repeatedly"},
    {50, kSecurity, kH, "replay attack"},
    {51, kDevice, kM, "firmware verification failed"},
    {52, kDevice, kM, "unexpected consumption"},
    {59, kDevice, kI, "disconnector ready for manual reconnection"},
    {60, kDevice, kI, "disconnected by hand"},
    {61, kDevice, kI, "connected by hand"},
    {62, kDevice, kL, "disconnected remotely"},
    {63, kDevice, kL, "connected remotely"},
    {64, kDevice, kL, "disconnected by the meter"},
    {65, kDevice, kM, "limiter threshold exceeded"},
    {66, kDevice, kI, "limiter threshold ok"},
    {67, kDevice, kI, "limiter threshold changed"},
    {68, kDevice, kH, "disconnector failed"},
    {69, kDevice, kL, "connected by the meter"},
    {76, kQuality, kM, "undervoltage L1"},
    {77, kQuality, kM, "undervoltage L2"},
    {78, kQuality, kM, "undervoltage L3"},
    {79, kQuality, kM, "overvoltage L1"},
    {80, kQuality, kM, "overvoltage L2"},
    {81, kQuality, kM, "overvoltage L3"},
    {82, kQuality, kH, "voltage L1 missing"},
    {83, kQuality, kH, "voltage L2 missing"},
    {84, kQuality, kH, "voltage L3 missing"},
    {85, kQuality, kI, "voltage L1 normal"},
    {86, kQuality, kI, "voltage L2 normal"},
    {87, kQuality, kI, "voltage L3 normal"},
    {88, kQuality, kM, "phase sequence reversed"},
    {89, kQuality, kH, "neutral missing"},
    {90, kQuality, kM, "phase asymmetry"},
    {91, kTamper, kH, "current reversed"},
    {92, kQuality, kM, "bad voltage quality L1"},
    {93, kQuality, kM, "bad voltage quality L2"},
    {94, kQuality, kM, "bad voltage quality L3"},
    {230, kDevice, kH, "fatal error"},
    {231, kDevice, kI, "billing reset"},
    {254, kDevice, kM, "load profile cleared"},
    {255, kDevice, kM, "event log cleared"},
};

}  // namespace

EventMeaning event_meaning(std::uint32_t code) {
  const auto at = std::lower_bound(std::begin(kKnown), std::end(kKnown), code,
                                   [](const Known& k, std::uint32_t c) { return k.code < c; });
  if (at == std::end(kKnown) || at->code != code) return {kDevice, kI, "event " + std::to_string(code)};
  return {at->category, at->severity, at->text};
}

std::optional<bool> switched_supply(const Event& event) {
  const auto log = dlms::obis_from(event.source);
  const bool codes = log.ok() && ((log->c() == 99 && log->d() == 98) ||   // event log
                                  (log->c() == 96 && log->d() == 11));  // event code
  if (!codes) return std::nullopt;
  switch (event.code) {
    case 60:  // by hand, remotely, by the meter
    case 62:
    case 64:
      return false;
    case 61:
    case 63:
    case 69:
      return true;
    default:
      return std::nullopt;
  }
}

Event headend_event(DeviceId device, UtcSeconds at, HeadEndEvent event,
                    const std::string& detail) {
  struct Own {
    EventCategory category;
    Severity severity;
    const char* text;
  };
  static constexpr Own kOwn[] = {
      {kSecurity, kH, "locked out after repeated security failures"},
      {kClock, kH, "clock far off"},
      {kClock, kI, "clock set"},
      {kSecurity, kH, "invocation counter near its end: a new key is due"},
      {kSecurity, kM, "replayed push refused"},
      {kSecurity, kH, "push below the security policy refused"},
      {kDevice, kM, "push contradicts what is known"},
      {kDevice, kM, "meter does not fit its channels"},
      {kClock, kH, "rows with impossible times quarantined"},
      {kSecurity, kM, "meter still uses the previous key"},
      {kSecurity, kM, "invocation counter raised to what the meter expects"},
      {kDevice, kL, "heard, but not known"},
      {kDevice, kH, "two meters have one number"},
      {kDevice, kH, "another meter answers at this address"},
      {kSecurity, kH, "TLS failed"},
  };
  const Own& own = kOwn[static_cast<std::size_t>(event) - 1];
  std::string text = own.text;
  if (!detail.empty()) text += ": " + detail;
  return Event{device, at, own.category, own.severity, static_cast<std::uint32_t>(event), "headend", std::move(text)};
}

}  // namespace amity::headend
