// The meter's side of IEC 62056-21, for virtual meters and tests. What the meter has stands behind
// `Contents`.
#pragma once

#include <optional>
#include <string>

#include "base/stream_buffer.h"
#include "base/time.h"
#include "session/iec62056_21/limits.h"
#include "wire/iec62056_21/message.h"

namespace amity::iec62056_21 {

class Contents {
 public:
  virtual ~Contents() = default;
  // Data sets, each line ended by CR LF.
  virtual std::string readout() = 0;
  // Data sets that answer a read command ("1.8.0()", "P.01(from;to)"); nullopt: the meter answers
  // (ER01).
  virtual std::optional<std::string> read(char type, std::string_view request) = 0;
  virtual bool write(char type, std::string_view request) = 0;
};

struct ServerConfig {
  std::string address;  // answered to beside the empty one
  Identification identification;
  std::string operand;   // of P0
  std::string password;  // of P1; empty: none is asked for
};

class Server {
 public:
  // `contents` must outlive the server.
  Server(ServerConfig config, Contents* contents);

  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  bool poll_output(Bytes& out);
  // The line changes to this speed once the output so far is sent.
  std::optional<int> poll_speed();
  bool programming() const { return state_ == State::kProgramming; }

 private:
  enum class State : std::uint8_t { kIdle, kIdentified, kProgramming };

  void on_message(const Message& message, Instant now);
  void on_command(const Command& command, Instant now);
  void answer(Bytes bytes);
  void reset();

  ServerConfig config_;
  Contents* contents_;
  State state_ = State::kIdle;
  bool unlocked_ = false;
  StreamBuffer stream_{kStreamBytesMax};
  Bytes output_, last_;
  std::optional<int> speed_;
  std::optional<Instant> deadline_;
};

}  // namespace amity::iec62056_21
