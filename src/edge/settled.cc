#include "edge/settled.h"

#include "edge/limits.h"

namespace amity::edge {
namespace {

constexpr const char* kKey = "edge/settled";

}  // namespace

Status Settled::load() {
  AMITY_TRY(const auto value, registry_.value(kKey));
  if (!value) return {};
  ByteReader in(*value);
  AMITY_TRY(const std::uint8_t version, in.u8());
  if (version != 1) return in.malformed("settled commands of version " + std::to_string(version));
  AMITY_TRY(upto_, in.u64());
  AMITY_TRY(const std::uint32_t count, in.u32());
  for (std::uint32_t i = 0; i < count; ++i) {
    AMITY_TRY(const std::uint64_t id, in.u64());
    AMITY_TRY(const std::uint8_t state, in.u8());
    all_.emplace(CommandId(id), static_cast<CommandState>(state));
  }
  return {};
}

void Settled::read_up(const store::JournalEntry& entry) {
  if (entry.sequence <= upto_) return;
  upto_ = entry.sequence;
  const auto* const command = std::get_if<CommandChanged>(&entry.fact);
  if (command == nullptr || !is_settled(command->state)) return;
  all_.emplace(command->id, command->state);
  changed_ = true;
}

bool Settled::add(CommandId id, CommandState state) {
  if (!all_.emplace(id, state).second) return false;
  under_way_.emplace(id, state);
  changed_ = true;
  while (all_.size() > kSettledMax) all_.erase(all_.begin());
  return true;
}

void Settled::arrived(CommandId id, CommandState state, bool durable) {
  under_way_.erase({id, state});
  if (!durable) all_.erase({id, state});
}

bool Settled::has(CommandId id) const {
  const auto at = all_.lower_bound({id, CommandState{}});
  return at != all_.end() && at->first == id;
}

bool Settled::to_be_saved(store::Sequence last) const {
  return under_way_.empty() && (changed_ || last > upto_ + kSettledScanMax);
}

Status Settled::save(store::Sequence last) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(1);
  writer.u64(last);
  writer.u32(static_cast<std::uint32_t>(all_.size()));
  for (const auto& [id, state] : all_) {
    writer.u64(id.value);
    writer.u8(static_cast<std::uint8_t>(state));
  }
  AMITY_CHECK(registry_.put_value(kKey, out));
  upto_ = last;
  changed_ = false;
  return {};
}

}  // namespace amity::edge
