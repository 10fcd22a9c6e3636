#include "roles/ratio_change.h"

#include <algorithm>

#include "roles/meter_exchange.h"

namespace amity::roles {
namespace {

constexpr std::int64_t kProductMax = 1'000'000'000;

Error wrong(std::string why) {
  return make_error(ErrorCode::kInvalid, std::move(why));
}

// The newest that was told of each instant, ascending by instant.
std::vector<RatioChange> in_force(std::vector<RatioChange> told) {
  std::ranges::stable_sort(told, [](const RatioChange& a, const RatioChange& b) {
    return a.at != b.at ? a.at < b.at : a.number > b.number;
  });
  const auto same =
      std::ranges::unique(told, [](const auto& a, const auto& b) { return a.at == b.at; });
  told.erase(same.begin(), same.end());
  return told;
}

Status check(const Device& device, UtcSeconds now, const RatioChange& change) {
  for (const std::int64_t ratio : {change.ct, change.vt}) {
    if (ratio < 1 || ratio > kRatioMax)
      return wrong("a ratio is a whole number from 1 to " + std::to_string(kRatioMax));
  }
  if (change.ct * change.vt > kProductMax)
    return wrong("CT x VT is at most " + std::to_string(kProductMax));
  if (change.reason.empty()) return wrong("a reason is needed");
  if (change.at - now > kToldAhead_s) return wrong("it lies in the future");
  if (change.at < device.commissioned)
    return wrong("meter " + device.serial + " came on " + to_iso(device.commissioned));
  return {};
}

std::string ratios_text(std::int64_t ct, std::int64_t vt) {
  return "CT " + std::to_string(ct) + ", VT " + std::to_string(vt);
}

// `code`: which of the meter's changes it is, from 1; events of one instant and code are one.
EventsArrived event_of(const RatioChange& change, UtcSeconds now, std::uint32_t code,
                       const std::vector<RatioChange>& before) {
  std::string text = ratios_text(change.ct, change.vt) + " from then on";
  const auto earlier = std::ranges::find_if(before.rbegin(), before.rend(),
                                            [&](const auto& c) { return c.at < change.at; });
  if (earlier != before.rend()) text += ", " + ratios_text(earlier->ct, earlier->vt) + " before";
  text += ": " + change.reason + "; recorded by " + change.who;
  return {kRatioSource,
          now,
          {{change.device, change.at, EventCategory::kDevice, Severity::kInfo, code, kRatioSource,
            std::move(text)}}};
}

}  // namespace

void record_ratio_change(store::Store& store, UtcSeconds now,
                         const api::RatioChangeRequest& request, std::function<void(Status)> done) {
  RatioChange change = request.change;
  change.told = now;
  const auto device = store.registry().device(change.device);
  if (!device.ok()) return done(device.error());
  if (!*device) return done(make_error(ErrorCode::kNotFound, "no such meter"));
  Status fits = check(**device, now, change);
  if (fits.ok()) fits = check_registers(store, change.device, true, change.at, request.registers);
  if (!fits.ok()) return done(std::move(fits));
  const auto told = store.registry().ratio_changes(change.device);
  if (!told.ok()) return done(told.error());
  if (told->size() >= kRatioChangesMax)
    return done(make_error(ErrorCode::kLimit, "too many changes of one meter's ratios"));
  const auto counts = in_force(*told);
  const auto same = std::ranges::find(counts, change.at, &RatioChange::at);
  auto code = static_cast<std::uint32_t>(told->size() + 1);
  if (same != counts.end() && same->ct == change.ct && same->vt == change.vt) {
    const auto known = std::ranges::find(*told, same->number, &RatioChange::number);
    code = static_cast<std::uint32_t>(known - told->begin() + 1);
  } else if (Status kept = store.registry().add_ratio_change(change); !kept.ok()) {
    return done(std::move(kept));
  }
  ReadingsArrived registers{kRatioSource, now, {}};
  for (const auto& [channel, value] : request.registers)
    registers.readings.push_back({channel, change.at, value, {}});
  tell_with_registers(store, std::move(registers), event_of(change, now, code, counts),
                      std::move(done));
}

}  // namespace amity::roles
