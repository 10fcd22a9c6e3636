// A meter on a wired M-Bus, without I/O, for virtual meters and tests. Same polling shape as the
// master. What the meter sends is behind `Readout`.
#pragma once

#include <deque>
#include <optional>
#include <variant>

#include "session/mbus/frame_buffer.h"
#include "session/mbus/secondary_address.h"

namespace amity::mbus {

// The meter's data, in one telegram or several. All but the last end with DIF 1F.
class Readout {
 public:
  virtual ~Readout() = default;
  virtual std::size_t telegrams() = 0;  // at least 1
  // CI and what follows, at most 253 bytes.
  virtual void telegram(std::size_t index, std::uint8_t access_number, Bytes& user_data) = 0;
};

struct SlaveConfig {
  std::uint8_t primary_address = 0;
  Address address;  // secondary
};

// Somebody changed the meter's bus address.
struct AddressChanged {
  std::uint8_t primary_address = 0;
};
// The acknowledgement is out at the old speed; from now on this one.
struct SpeedChanged {
  unsigned baud = 0;
};
// Data that the slave leaves to its owner: CI and what follows.
struct DataReceived {
  Bytes user_data;
};
using SlaveEvent = std::variant<AddressChanged, SpeedChanged, DataReceived>;

class Slave {
 public:
  // `readout` must outlive the slave.
  Slave(SlaveConfig config, Readout* readout) : config_(config), readout_(readout) {}

  void on_bytes(ByteView bytes, Instant now);
  // A frame that stopped in the middle is forgotten.
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  bool poll_output(Bytes& out);
  std::optional<SlaveEvent> poll_event();

  std::uint8_t primary_address() const { return config_.primary_address; }
  bool selected() const { return selected_; }

 private:
  void handle(const WiredFrame& frame);
  bool meant(std::uint8_t address) const;
  void answer_request(bool frame_count_bit, bool valid);
  void receive(const WiredFrame& frame);
  void select(ByteView mask);
  void acknowledge(std::uint8_t address);
  void restart();

  SlaveConfig config_;
  Readout* readout_;
  bool selected_ = false;
  // Of the last REQ_UD2; nothing after a reset: whatever comes first is new.
  std::optional<bool> last_bit_, last_data_bit_;
  std::size_t index_ = 0;
  std::uint8_t access_number_ = 0;
  Bytes last_answer_;
  FrameBuffer buffer_;
  std::optional<Instant> deadline_;
  Bytes output_;
  std::deque<SlaveEvent> events_;
};

}  // namespace amity::mbus
