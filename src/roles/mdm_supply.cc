#include "roles/mdm_supply.h"

#include <algorithm>

#include "exchange/cim_reader.h"
#include "headend/event_codes.h"
#include "roles/mdm_role.h"

namespace amity::roles {
namespace {

constexpr std::string_view kSupplyPrefix = "supply/";
constexpr std::uint8_t kVersion = 1;

}  // namespace

bool SupplyHistory::add(UtcSeconds at, bool on) {
  const auto place = std::ranges::lower_bound(switches_, at, {}, &Switch::at);
  if (place != switches_.end() && place->at == at) {
    if (place->on == on) return false;
    place->on = on;
    return true;
  }
  switches_.insert(place, {at, on});
  if (switches_.size() > kSwitchesMax) switches_.erase(switches_.begin());
  return true;
}

bool SupplyHistory::off(UtcSeconds from, UtcSeconds to) const {
  auto later = std::ranges::upper_bound(switches_, from, {}, &Switch::at);
  if (later == switches_.begin() || std::prev(later)->on) return false;
  for (; later != switches_.end() && later->at < to; ++later) {
    if (later->on) return false;
  }
  return true;
}

bool SupplyHistory::off_at_all(UtcSeconds from, UtcSeconds to) const {
  const auto later = std::ranges::upper_bound(switches_, from, {}, &Switch::at);
  if (later != switches_.begin() && !std::prev(later)->on) return true;
  return std::any_of(later, switches_.end(), [to](const Switch& s) { return !s.on && s.at < to; });
}

std::optional<UtcSeconds> SupplyHistory::next(UtcSeconds at) const {
  const auto later = std::ranges::upper_bound(switches_, at, {}, &Switch::at);
  return later == switches_.end() ? std::nullopt : std::optional(later->at);
}

void SupplyHistory::encode(Bytes& out) const {
  ByteWriter w(out);
  w.u8(kVersion);
  w.u32(static_cast<std::uint32_t>(switches_.size()));
  for (const Switch& s : switches_) {
    w.u64(static_cast<std::uint64_t>(s.at.value));
    w.u8(s.on ? 1 : 0);
  }
}

Result<SupplyHistory> SupplyHistory::decode(ByteView bytes) {
  ByteReader in(bytes);
  SupplyHistory history;
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != kVersion) return in.malformed("switchings of another version");
  AMITY_TRY(const std::uint32_t count, in.u32());
  if (count > kSwitchesMax) return in.malformed("too many switchings");
  for (std::uint32_t i = 0; i < count; ++i) {
    AMITY_TRY(const std::uint64_t at, in.u64());
    AMITY_TRY(const std::uint8_t on, in.u8());
    history.add(UtcSeconds(static_cast<std::int64_t>(at)), on != 0);
  }
  return history;
}

std::optional<bool> switched(const Event& event) {
  const auto of_log = headend::switched_supply(event);
  return of_log ? of_log : exchange::cim_switched_supply(event);
}

// Days that were estimated without knowing of it are looked at again, to where supply is switched
// next.
void MdmRole::take_switch(DeviceId device, UtcSeconds at, bool on) {
  SupplyHistory& supply = supplies_[device];
  if (!supply.add(at, on)) return;
  supplies_changed_.insert(device);
  const auto channels = store_.registry().channels_of(device);
  if (!channels.ok()) {
    ++counts_.errors;
    return;
  }
  for (const Channel& channel : *channels) {
    MdmChannel* c = channel_of(channel.id);
    if (c == nullptr) continue;
    c->supply = &supply;
    if (c->memory.next_day == kNoDay) continue;
    const std::int32_t from = calendar_.day_at(at).number;
    std::int32_t to = c->memory.next_day;
    if (const auto next = supply.next(at))
      to = std::min(to, calendar_.day_of_end(*next).number + 1);
    for (std::int32_t day = std::max(from, c->memory.first_day); day < to; ++day) {
      const auto stored = store_.finals().day(channel.id, day);
      if (!stored.ok() || !*stored) continue;
      if ((*stored)->day.estimated > 0 || !(*stored)->day.open.empty())
        look_again(*c, day, day + 1);
    }
  }
}

void MdmRole::take_switches(const EventsArrived& arrived) {
  for (const Event& event : arrived.events) {
    if (const auto on = switched(event)) take_switch(event.device, event.time, *on);
  }
}

void MdmRole::take_switch(const CommandChanged& changed) {
  if (changed.state != CommandState::kDone) return;
  const auto command = store_.registry().command(changed.id);
  if (!command.ok() || !*command) return;
  const CommandKind kind = (*command)->kind;
  if (kind == CommandKind::kDisconnect || kind == CommandKind::kConnect)
    take_switch(changed.device, changed.at, kind == CommandKind::kConnect);
}

Status MdmRole::load_supplies() {
  Status damaged;
  AMITY_CHECK(store_.finals().each_state(
      std::string(kSupplyPrefix), [&](const std::string& name, ByteView bytes) {
        auto history = SupplyHistory::decode(bytes);
        if (!history.ok()) {
          damaged = make_error(history.error().code, name + ": " + history.error().reason);
          return;
        }
        const auto id = std::strtoul(name.c_str() + kSupplyPrefix.size(), nullptr, 10);
        supplies_[DeviceId(static_cast<std::uint32_t>(id))] = std::move(*history);
      }));
  for (MdmChannel* c : order_) {
    if (const auto known = supplies_.find(c->device); known != supplies_.end())
      c->supply = &known->second;
  }
  return damaged;
}

void MdmRole::save_supplies(std::vector<std::pair<std::string, Bytes>>& states) {
  for (const DeviceId device : supplies_changed_) {
    Bytes bytes;
    supplies_[device].encode(bytes);
    states.emplace_back(std::string(kSupplyPrefix) + std::to_string(device.value),
                        std::move(bytes));
  }
}

}  // namespace amity::roles
