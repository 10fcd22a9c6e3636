#include "roles/meter_exchange.h"

#include <algorithm>

namespace amity::roles {
namespace {

constexpr std::int64_t kLookBack_s = 400 * std::int64_t{86'400};

// A dial that stood this high rolls over rather than falls.
bool may_roll_over(std::int64_t value) {
  std::int64_t dial = 10;
  while (dial <= value && dial < INT64_MAX / 10) dial *= 10;
  return value > dial / 10 * 9;
}

Status check(store::Store& store, UtcSeconds now, const MeterExchange& x, const Device& installed) {
  if (x.removed == x.installed)
    return make_error(ErrorCode::kInvalid, "the meter that comes is the one that goes");
  if (x.at - now > kToldAhead_s) return make_error(ErrorCode::kInvalid, "it lies in the future");
  if (installed.service_point.valid() && installed.service_point != x.point &&
      installed.state == DeviceState::kActive)
    return make_error(ErrorCode::kConflict,
                      "meter " + installed.serial + " hangs at another service point");
  AMITY_CHECK(check_registers(store, x.removed, true, x.at, x.last));
  return check_registers(store, x.installed, false, x.at, x.first);
}

// What was recorded before is left as it is.
Status keep(store::Store& store, const MeterExchange& x) {
  AMITY_TRY(auto hung, store.registry().installations());
  std::erase_if(hung, [&](const Installation& i) { return i.service_point != x.point; });
  const auto out = std::ranges::find(hung, x.removed, &Installation::device);
  const auto in = std::ranges::find(hung, x.installed, &Installation::device);
  if (out != hung.end() && in != hung.end() && out->to == x.at && in->from == x.at) return {};
  if (out != hung.end() && out->from >= x.at)
    return make_error(ErrorCode::kInvalid, "the meter came on " + to_iso(out->from));
  Installation removed{x.point, x.removed, {}, x.at}, installed{x.point, x.installed, x.at, {}};
  return store.registry().exchange(removed, installed);
}

EventsArrived events_of(const MeterExchange& x, UtcSeconds now, const Device& removed,
                        const Device& installed) {
  EventsArrived fact{kExchangeSource, now, {}};
  const std::string why =
      (x.reason.empty() ? "; " : ": " + x.reason + "; ") + "recorded by " + x.who;
  const auto add = [&](DeviceId device, const std::string& text) {
    fact.events.push_back(
        {device, x.at, EventCategory::kDevice, Severity::kInfo, 1, kExchangeSource, text + why});
  };
  add(x.removed, "removed, meter " + installed.serial + " came");
  add(x.installed, "installed in place of meter " + removed.serial);
  return fact;
}

}  // namespace

Status check_registers(store::Store& store, DeviceId device, bool last, UtcSeconds at,
                       const RegistersRead& registers) {
  for (const auto& [id, value] : registers) {
    AMITY_TRY(const auto channel, store.registry().channel(id));
    if (!channel || channel->device != device || channel->kind != ChannelKind::kRegister) {
      return make_error(ErrorCode::kInvalid,
                        "channel " + std::to_string(id.value) + " is no register of that meter");
    }
    if (value < 0) return make_error(ErrorCode::kInvalid, "a register is not below zero");
    if (!last) continue;
    AMITY_TRY(const auto read, store.readings().read(id, at - kLookBack_s, at));
    if (!read.empty() && read.back().value > value && !may_roll_over(read.back().value)) {
      return make_error(ErrorCode::kInvalid, channel->name + " was read higher on " +
                                                 to_iso(read.back().time) + ": " +
                                                 std::to_string(read.back().value));
    }
  }
  return {};
}

void tell_with_registers(store::Store& store, ReadingsArrived registers, EventsArrived events,
                         std::function<void(Status)> done) {
  const auto tell = [&store, events = std::move(events), done](Result<store::Sequence> durable) {
    if (!durable.ok()) return done(durable.error());
    store.journal().append(events, [done](Result<store::Sequence> last) {
      done(last.ok() ? Status() : Status(last.error()));
    });
  };
  if (registers.readings.empty()) return tell(store::Sequence{});
  store.journal().append(std::move(registers), tell);
}

void record_exchange(store::Store& store, UtcSeconds now, const MeterExchange& x,
                     std::function<void(Status)> done) {
  const auto removed = store.registry().device(x.removed);
  const auto installed = store.registry().device(x.installed);
  if (!removed.ok()) return done(removed.error());
  if (!installed.ok()) return done(installed.error());
  if (!*removed || !*installed) return done(make_error(ErrorCode::kNotFound, "no such meter"));
  Status fits = check(store, now, x, **installed);
  if (fits.ok()) fits = keep(store, x);
  if (!fits.ok()) return done(std::move(fits));
  ReadingsArrived registers{kExchangeSource, now, {}};
  for (const auto* list : {&x.last, &x.first}) {
    for (const auto& [channel, value] : *list)
      registers.readings.push_back({channel, x.at, value, {}});
  }
  tell_with_registers(store, std::move(registers), events_of(x, now, **removed, **installed),
                      std::move(done));
}

}  // namespace amity::roles
