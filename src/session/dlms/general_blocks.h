// General block transfer, both directions (IEC 62056-5-3 clause 9.3.13): one APDU cut into blocks,
// sent in windows, what was lost sent again from the first gap.
#pragma once

#include <optional>

#include "session/dlms/limits.h"
#include "wire/dlms/block_transfer.h"

namespace amity::dlms {

class GeneralBlockSender {
 public:
  // `block_bytes` > 0 of payload each; `window` is what the peer can take, 1 where it never said;
  // `received` blocks of the peer are acknowledged along with it.
  void start(Bytes apdu, std::size_t block_bytes, std::uint8_t window, std::uint8_t own_window,
             std::uint16_t received = 0);
  bool active() const { return !apdu_.empty(); }
  bool all_sent() const { return next_ > block_count(); }
  // Appends the next block of the burst; false when it is the peer's turn.
  bool next_block(Bytes& out);
  // The peer's word: what it has, how much it takes. Afterwards next_block() goes on behind that.
  Status on_acknowledge(std::uint16_t acknowledged, std::uint8_t window);
  // What was sent last goes out again.
  void rewind_burst() { burst_left_ = window_, next_ = acknowledged_ + 1u; }
  void clear();
  std::size_t heap_bytes() const { return apdu_.capacity(); }

 private:
  std::uint32_t block_count() const {
    return static_cast<std::uint32_t>((apdu_.size() + block_bytes_ - 1) / block_bytes_);
  }

  Bytes apdu_;
  std::size_t block_bytes_ = 1;
  std::uint32_t next_ = 1;          // number of the next block
  std::uint32_t acknowledged_ = 0;  // all up to here are with the peer
  std::uint8_t window_ = 1;
  std::uint8_t own_window_ = 1;
  std::uint32_t burst_left_ = 0;
  std::uint16_t received_ = 0;
};

class GeneralBlockReceiver {
 public:
  enum class Outcome : std::uint8_t { kMore, kAcknowledge, kComplete };

  explicit GeneralBlockReceiver(std::size_t apdu_bytes_max = kResponseBytesMax)
      : limit_(apdu_bytes_max) {}

  // kAcknowledge: send acknowledgement() now. kComplete: take() the APDU. kLimit: outgrown, dropped
  // as a whole.
  Result<Outcome> on_block(const GeneralBlockTransfer& block);
  // Appends an empty block that says what was received.
  void acknowledgement(std::uint8_t own_window, Bytes& out);
  Bytes take();
  bool active() const { return received_ > 0; }
  std::uint16_t received() const { return static_cast<std::uint16_t>(received_); }
  void clear();
  std::size_t heap_bytes() const { return apdu_.capacity(); }

 private:
  Bytes apdu_;
  std::size_t limit_;
  std::uint32_t received_ = 0;  // in order, so far
  std::uint16_t acknowledgements_ = 0;
};

}  // namespace amity::dlms
