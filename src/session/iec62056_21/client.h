// The reader's side of IEC 62056-21: opens, reads out, or reads and writes in programming mode.
// Without I/O: bytes and time go in, bytes and events come out. Speed changes are events; what
// follows in the output is for the new speed.
//
//   kIdle -> kResting -> kOpening (request sent) -> kReadout -> kDone
//                                    \-> kEntering (P0) -> kReady <-> kBusy -> kDone (break)
//                                    \-> kHdlc (mode E): the line belongs to HDLC
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/stream_buffer.h"
#include "base/time.h"
#include "session/iec62056_21/limits.h"
#include "wire/iec62056_21/message.h"

namespace amity::iec62056_21 {

enum class Goal : std::uint8_t { kReadout, kProgramming, kHdlc };

struct ClientConfig {
  std::string address;  // empty: whoever is there
  Goal goal = Goal::kReadout;
  char baud_max = '6';                                 // the meter's offer is taken up to this
  char password_type = '1';                            // P1 or P2
  std::string password;                                // empty: none is sent
  unsigned attempts = 3;                               // of each message
  Duration answer_timeout = kReactionMax;              // until the answer begins
  Duration silence_timeout = std::chrono::seconds(3);  // within an answer
};

struct ClientEvent {
  enum class Kind : std::uint8_t {
    kSpeed,       // the line changes to `baud` once the output so far is sent
    kIdentified,  // `identification`
    kData,        // `text`: a whole readout
    kReady,       // programming mode stands; `text`: the meter's operand of P0
    kAnswer,      // `text`: of a read command
    kWritten,     // acknowledged
    kHdlc,        // mode E: HDLC begins
    kClosed,
    kFailed  // `error`; the session is over
  };
  Kind kind = Kind::kClosed;
  int baud = 0;
  Identification identification;
  std::string text;
  Error error;
};

class Client {
 public:
  explicit Client(ClientConfig config);

  // Opens after `rest`, in which the meter of the conversation before may still wait for a NAK.
  void start(Instant now, Duration rest = {});
  // Mode D: the meter sends by itself, at 2,400 baud; one telegram up to the line with '!'.
  void listen(Instant now);
  // In programming mode. type: '1' ASCII, '2' formatted, '3' ASCII with partial blocks, '5'
  // register, '6' ...
  Status read(std::string_view address, char type, Instant now);
  // A load profile: R5 or R6 "P.01(from;to)".
  Status read_profile(std::string_view address, std::string_view from, std::string_view to,
                      char type, Instant now);
  Status write(std::string_view address, std::string_view value, char type, Instant now);
  Status execute(std::string_view address, std::string_view value, char type, Instant now);
  // Signs off.
  void close(Instant now);

  void on_bytes(ByteView bytes, Instant now);
  void on_timer(Instant now);
  std::optional<Instant> next_timeout() const { return deadline_; }
  bool poll_output(Bytes& out);
  std::optional<ClientEvent> poll_event();
  bool ready() const { return state_ == State::kReady; }
  // Messages that had to be sent or asked for again.
  unsigned repetitions() const { return repetitions_; }

 private:
  enum class State : std::uint8_t {
    kIdle,
    kResting,  // at the first rate, until the meter is back there too
    kOpening,
    kReadout,
    kListening,
    kEntering,  // P0 expected
    kAuthenticating,
    kReady,
    kReading,
    kWriting,
    kHdlc,
    kOver
  };

  void open(Instant now);
  void open_anew(Instant now);
  void pump(Instant now);
  void on_message(const Message& message, Instant now);
  void on_identification(const Message& message, Instant now);
  void on_command(const Message& message, Instant now);
  void on_refused(Instant now);
  void repeat(std::string_view why, std::size_t offset, Instant now);
  Status command(char name, char type, std::string data, State next, Instant now);
  void change_speed(int baud);
  void send(Bytes bytes, Instant now);
  void await_answer(Instant now);
  void arm(Duration timeout, Instant now) { deadline_ = now + timeout; }
  void emit(ClientEvent::Kind kind, std::string text = {});
  void fail(ErrorCode code, std::string reason, std::size_t offset = 0);
  void over(ClientEvent::Kind kind);

  ClientConfig config_;
  State state_ = State::kIdle;
  StreamBuffer stream_{kStreamBytesMax};
  Bytes output_, last_;
  std::vector<ClientEvent> events_;
  std::optional<Instant> deadline_;
  unsigned attempts_left_ = 0, openings_left_ = 0, repetitions_ = 0;
  int baud_ = 300;
};

}  // namespace amity::iec62056_21
