#include "edge/orders.h"

#include <algorithm>

#include "store/codec_parts.h"

namespace amity::edge {
namespace {

constexpr const char* kName = "edge/orders";
constexpr std::uint8_t kVersion = 1;

bool open_state(CommandState state) {
  return state == CommandState::kQueued || state == CommandState::kRunning;
}
bool switches(CommandKind kind) {
  return kind == CommandKind::kDisconnect || kind == CommandKind::kConnect;
}

}  // namespace

Status Orders::save() {
  Bytes out{kVersion};
  store::put_varint(out, entries_.size());
  for (const auto& [id, entry] : entries_) {
    const Command& c = entry.command;
    store::put_varint(out, id.value);
    store::put_text(out, entry.serial);
    out.push_back(static_cast<std::uint8_t>(c.kind));
    out.push_back(static_cast<std::uint8_t>(c.state));
    out.push_back(entry.told ? 1 : 0);
    store::put_text(out, c.argument);
    store::put_zigzag(out, c.deadline.value);
    store::put_zigzag(out, c.changed.value);
    store::put_text(out, c.result);
  }
  return registry_.put_value(kName, out);
}

Status Orders::load() {
  AMITY_TRY(const auto stored, registry_.value(kName));
  if (!stored) return {};
  ByteReader in(*stored);
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != kVersion) return in.malformed("orders of version " + std::to_string(version));
  AMITY_TRY(const std::uint64_t count, store::get_varint(in));
  for (std::uint64_t i = 0; i < count; ++i) {
    Entry entry;
    Command& c = entry.command;
    AMITY_TRY(const std::uint64_t id, store::get_varint(in));
    c.id = CommandId(id);
    AMITY_TRY(entry.serial, store::get_text(in));
    AMITY_TRY(const std::uint8_t kind,
              store::get_enum(in, static_cast<std::uint8_t>(kCommandKindLast)));
    AMITY_TRY(const std::uint8_t state,
              store::get_enum(in, static_cast<std::uint8_t>(CommandState::kUnknown)));
    c.kind = static_cast<CommandKind>(kind);
    c.state = static_cast<CommandState>(state);
    AMITY_TRY(const std::uint8_t told, in.u8());
    entry.told = told != 0;
    AMITY_TRY(c.argument, store::get_text(in));
    AMITY_TRY(c.deadline, store::get_time(in));
    AMITY_TRY(c.changed, store::get_time(in));
    AMITY_TRY(c.result, store::get_text(in));
    entries_[c.id] = std::move(entry);
  }
  return {};
}

void Orders::take(const CommandOrder& order) {
  const CommandId id(order.id);
  if (const auto known = entries_.find(id); known != entries_.end()) {
    if (!open_state(known->second.command.state)) tell(known->second);
    return;
  }
  forget_old();
  Entry& entry = entries_[id];
  entry.serial = order.serial;
  Command& c = entry.command;
  c.id = id;
  c.kind = order.kind;
  c.argument = order.argument;
  c.requested_by = "server";
  const UtcSeconds now = clock_.utc();
  c.requested = c.changed = now;
  c.deadline = now + static_cast<std::int64_t>(std::min<std::uint64_t>(order.left_s, 86'400 * 31));
  if (order.left_s == 0)
    return settle(entry, CommandState::kExpired, "it reached the edge after its deadline");
  if (const Status kept = save(); !kept.ok())
    return settle(entry, CommandState::kFailed, "the edge's disk: " + to_string(kept.error()));
  run(entry);
}

void Orders::run(Entry& entry) {
  const auto device = registry_.device_by_serial(entry.serial);
  if (!device.ok()) return settle(entry, CommandState::kFailed, to_string(device.error()));
  if (!*device || (*device)->state != DeviceState::kActive)
    return settle(entry, CommandState::kFailed, "the edge reads no meter " + entry.serial);
  entry.command.device = (*device)->id;
  Command command = entry.command;
  // What only reads is run again from the beginning.
  if (!switches(command.kind)) command.state = CommandState::kQueued;
  on_.run(command);
}

void Orders::resume() {
  const UtcSeconds now = clock_.utc();
  for (auto& [id, entry] : entries_) {
    const Command& c = entry.command;
    if (!open_state(c.state)) {
      if (!entry.told) tell(entry);
    } else if (c.deadline >= now || (switches(c.kind) && c.state == CommandState::kRunning)) {
      run(entry);
    } else if (c.state == CommandState::kQueued) {
      settle(entry, CommandState::kExpired, "not started before its deadline");
    } else {
      settle(entry, CommandState::kFailed, "the edge restarted while it ran");
    }
  }
}

void Orders::changed(const CommandChanged& changed) {
  const auto at = entries_.find(changed.id);
  if (at == entries_.end() || !open_state(at->second.command.state)) return;
  Entry& entry = at->second;
  if (!open_state(changed.state)) return settle(entry, changed.state, changed.result);
  if (changed.state != CommandState::kRunning || entry.command.state == CommandState::kRunning)
    return;
  // On disk before anything is sent to the meter.
  entry.command.state = CommandState::kRunning;
  (void)save().ok();  // a disk that fails shows at the next batch
}

void Orders::settle(Entry& entry, CommandState state, std::string result) {
  Command& c = entry.command;
  c.state = state;
  c.result = std::move(result);
  c.changed = clock_.utc();
  (void)save().ok();  // told in any case: the buffer is what counts
  tell(entry);
}

void Orders::tell(Entry& entry) {
  if (std::exchange(entry.telling, true)) return;
  const Command& c = entry.command;
  CommandChanged changed;
  changed.id = c.id;
  changed.state = c.state;
  changed.at = c.changed;
  changed.result = c.result;
  on_.tell(std::move(changed), [weak = std::weak_ptr<Orders*>(self_), id = c.id](Status durable) {
    const auto self = weak.lock();
    if (!self) return;
    const auto at = (*self)->entries_.find(id);
    if (at == (*self)->entries_.end()) return;
    at->second.telling = false;
    if (!durable.ok()) return;
    at->second.told = true;
    (void)(*self)->save().ok();  // otherwise it is told again
  });
}

void Orders::forget_old() {
  while (entries_.size() >= kOrdersKeptMax) {
    auto oldest = entries_.end();
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      if (open_state(at->second.command.state) || !at->second.told) continue;
      const bool older =
          oldest == entries_.end() || at->second.command.changed < oldest->second.command.changed;
      if (older) oldest = at;
    }
    if (oldest == entries_.end()) return;
    entries_.erase(oldest);
  }
}

std::size_t Orders::open() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [](const auto& e) { return open_state(e.second.command.state); }));
}

}  // namespace amity::edge
