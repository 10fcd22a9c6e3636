#include "store/kv.h"

#include "base/assert.h"

namespace amity::store {

std::string_view to_string(Family family) {
  switch (family) {
    case Family::kMeta: return "meta";
    case Family::kJournal: return "journal";
    case Family::kBlocks: return "blocks";
    case Family::kEvents: return "events";
    case Family::kFinals: return "finals";
  }
  return "?";
}

void append_key_u32(std::string& key, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(v >> shift));
}

void append_key_u64(std::string& key, std::uint64_t v) {
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(v >> shift));
}

void append_key_i32(std::string& key, std::int32_t v) {
  append_key_u32(key, static_cast<std::uint32_t>(v) ^ 0x8000'0000u);
}

void append_key_i64(std::string& key, std::int64_t v) {
  append_key_u64(key, static_cast<std::uint64_t>(v) ^ 0x8000'0000'0000'0000u);
}

std::uint32_t key_u32(std::string_view key, std::size_t at) {
  AMITY_ASSERT(at + 4 <= key.size());
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v = (v << 8) | static_cast<std::uint8_t>(key[at + i]);
  return v;
}

std::uint64_t key_u64(std::string_view key, std::size_t at) {
  return (std::uint64_t{key_u32(key, at)} << 32) | key_u32(key, at + 4);
}

}  // namespace amity::store
