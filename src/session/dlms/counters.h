// Invocation counters of one peer and its global keys. AES-GCM fails completely when a key ever
// sees one nonce twice, so who implements this keeps both marks durable: they survive a crash, a
// restore and a second process.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace amity::dlms {

// Near the end a new key is due: next_own() answers kLimit from here on.
inline constexpr std::uint32_t kInvocationCounterMax = 0xFFFF'FF00;

class InvocationCounters {
 public:
  virtual ~InvocationCounters() = default;

  // A counter that was never given out before and never will be again, greater than all before.
  // Comes out of a range that was reserved durably beforehand, so a crash skips numbers and never
  // repeats one. kLimit: the key is used up.
  virtual Result<std::uint32_t> next_own() = 0;

  // Called only after the tag was found right. kSecurity unless `counter` is strictly greater than
  // the highest accepted so far; then it becomes the new mark (durably before the caller acts on
  // what it protects).
  virtual Status accept_peer(std::uint32_t counter) = 0;

  // The lowest counter of the peer that would be accepted, where a server may tell it
  // (ExceptionResponse).
  virtual std::optional<std::uint32_t> expected_peer() const { return std::nullopt; }
};

// In memory, for tests, for virtual meters, and for one-off reads where the caller chooses the
// start.
class MemoryCounters : public InvocationCounters {
 public:
  // `next` is the first to be given out; a peer's counter must exceed `peer_mark` (-1: any).
  explicit MemoryCounters(std::uint32_t next = 1, std::int64_t peer_mark = -1)
      : next_(next), peer_mark_(peer_mark) {}

  Result<std::uint32_t> next_own() override;
  Status accept_peer(std::uint32_t counter) override;
  std::optional<std::uint32_t> expected_peer() const override {
    return static_cast<std::uint32_t>(peer_mark_ + 1);
  }

  std::uint32_t peek_next() const { return next_; }
  std::int64_t peer_mark() const { return peer_mark_; }
  void set_next(std::uint32_t next) { next_ = next; }
  void set_peer_mark(std::int64_t mark) { peer_mark_ = mark; }

 private:
  std::uint32_t next_;
  std::int64_t peer_mark_;
};

}  // namespace amity::dlms
