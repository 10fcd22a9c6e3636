// The reader's side of Modbus: one request at a time, repeated when no right answer comes. Without
// I/O. On RTU lines the pause between frames is the caller's; the silence before a repetition
// empties the line.
#pragma once

#include <deque>
#include <optional>

#include "base/stream_buffer.h"
#include "base/time.h"
#include "session/modbus/limits.h"
#include "wire/modbus/frame.h"

namespace amity::modbus {

struct ClientConfig {
  Transport transport = Transport::kTcp;
  std::uint8_t unit = 1;
  Duration answer_timeout = std::chrono::seconds(1);
  unsigned attempts = 3;
};

struct Answer {
  Request request;
  Result<Response> response;  // refused: an exception
};

class Client {
 public:
  explicit Client(ClientConfig config);
  // Queued; answered in order.
  Status submit(Request request, Instant now);
  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  bool poll_output(Bytes& out);
  std::optional<Answer> poll_answer();
  bool idle() const { return queue_.empty(); }
  unsigned repetitions() const { return repetitions_; }

 private:
  void send(Instant now);
  void finish(Result<Response> response, Instant now);

  ClientConfig config_;
  std::deque<Request> queue_;  // the first is under way
  std::deque<Answer> answers_;
  StreamBuffer stream_{kStreamBytesMax};
  Bytes output_;
  std::optional<Instant> deadline_;
  std::uint16_t transaction_ = 0;
  unsigned attempts_left_ = 0, repetitions_ = 0;
};

}  // namespace amity::modbus
