#include "session/iec62056_21/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "session/iec62056_21/timing.h"

namespace amity::iec62056_21 {
namespace {

constexpr int kInitialBaud = 300, kPushBaud = 2'400;

}  // namespace

Client::Client(ClientConfig config) : config_(std::move(config)) {
  config_.attempts = std::clamp(config_.attempts, 1u, kAttemptsMax);
}

void Client::start(Instant now, Duration rest) {
  stream_.clear();
  openings_left_ = config_.attempts - 1;
  change_speed(kInitialBaud);
  if (rest <= Duration{}) return open(now);
  state_ = State::kResting;
  arm(rest, now);
}

void Client::open(Instant now) {
  state_ = State::kOpening;
  Bytes request;
  encode_request(config_.address, request);
  send(std::move(request), now);
}

// The option select is lost, or what it was answered with: which of both, and so the meter's rate,
// is not known. Signed off at the new rate, silent at the first, the meter is at the first in any
// case.
void Client::open_anew(Instant now) {
  --openings_left_;
  ++repetitions_;
  encode_command({'B', '0', {}}, output_);
  change_speed(kInitialBaud);
  state_ = State::kResting;
  arm(kReactionMax, now);
}

void Client::listen(Instant now) {
  state_ = State::kListening;
  stream_.clear();
  change_speed(kPushBaud);
  arm(config_.silence_timeout, now);
}

Status Client::read(std::string_view address, char type, Instant now) {
  return command('R', type, fmt::format("{}()", address), State::kReading, now);
}
Status Client::read_profile(std::string_view address, std::string_view from, std::string_view to,
                            char type, Instant now) {
  return command('R', type, fmt::format("{}({};{})", address, from, to), State::kReading, now);
}
Status Client::write(std::string_view address, std::string_view value, char type, Instant now) {
  return command('W', type, fmt::format("{}({})", address, value), State::kWriting, now);
}
Status Client::execute(std::string_view address, std::string_view value, char type, Instant now) {
  return command('E', type, fmt::format("{}({})", address, value), State::kWriting, now);
}

Status Client::command(char name, char type, std::string data, State next, Instant now) {
  if (state_ != State::kReady)
    return make_error(ErrorCode::kBusy, "programming mode does not stand, or is busy");
  for (const char c : data) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E)
      return make_error(ErrorCode::kInvalid, "a character that the line does not carry");
  }
  Bytes bytes;
  encode_command({name, type, std::move(data)}, bytes);
  state_ = next;
  send(std::move(bytes), now);
  return {};
}

void Client::close(Instant now) {
  if (state_ == State::kOver || state_ == State::kIdle) return;
  if (state_ != State::kHdlc && state_ != State::kListening) {
    Bytes bytes;
    encode_command({'B', '0', {}}, bytes);
    send(std::move(bytes), now);
  }
  over(ClientEvent::Kind::kClosed);
}

void Client::change_speed(int baud) {
  baud_ = baud;
  ClientEvent speed;
  speed.kind = ClientEvent::Kind::kSpeed;
  speed.baud = baud;
  events_.push_back(std::move(speed));
}

void Client::send(Bytes bytes, Instant now) {
  append(output_, bytes);
  last_ = std::move(bytes);
  attempts_left_ = config_.attempts - 1;
  await_answer(now);
}

// The time begins when the last character has left.
void Client::await_answer(Instant now) {
  arm(config_.answer_timeout + sending_time(last_.size(), baud_), now);
}

void Client::on_bytes(ByteView bytes, Instant now) {
  if (state_ == State::kOver || state_ == State::kIdle || state_ == State::kHdlc ||
      state_ == State::kResting)
    return;
  stream_.add(bytes);
  if (deadline_) arm(config_.silence_timeout, now);
  pump(now);
}

void Client::pump(Instant now) {
  while (state_ != State::kOver && state_ != State::kHdlc && !stream_.empty()) {
    if (state_ == State::kListening) {
      const std::string_view text = as_text(stream_.rest());
      const std::size_t end = text.find("\n!");
      const std::size_t line = end == std::string_view::npos ? end : text.find('\n', end + 2);
      if (line == std::string_view::npos) return;
      emit(ClientEvent::Kind::kData, std::string(text.substr(0, line + 1)));
      stream_.take(line + 1);
      return over(ClientEvent::Kind::kClosed);
    }
    std::size_t noise = 0;
    auto message = read_message(stream_.rest(), noise);
    stream_.drop(noise);
    if (!message.ok()) {
      stream_.drop(stream_.size());
      return repeat(message.error().reason, message.error().offset, now);
    }
    if (!message->has_value()) return;
    stream_.take((*message)->size);
    on_message(**message, now);
  }
}

void Client::on_message(const Message& message, Instant now) {
  switch (message.kind) {
    case Message::Kind::kRefused:
      return on_refused(now);
    case Message::Kind::kAccepted:
      if (state_ == State::kAuthenticating) {
        state_ = State::kReady;
        deadline_.reset();
        return emit(ClientEvent::Kind::kReady);
      }
      if (state_ == State::kWriting) {
        state_ = State::kReady;
        deadline_.reset();
        emit(ClientEvent::Kind::kWritten);
      }
      return;
    case Message::Kind::kLine:
      if (state_ == State::kOpening) on_identification(message, now);
      return;  // an echo of our own request, or noise
    case Message::Kind::kOption:
      return;
    case Message::Kind::kCommand:
      return on_command(message, now);
    case Message::Kind::kData:
      break;
  }
  if (state_ == State::kReadout || state_ == State::kOpening) {
    emit(ClientEvent::Kind::kData, message.data);
    return over(ClientEvent::Kind::kClosed);
  }
  if (state_ != State::kReading && state_ != State::kWriting && state_ != State::kAuthenticating)
    return;
  deadline_.reset();
  // "(ER01)": the meter's own error message (clause 6.5 and makers' lists).
  if (message.data.starts_with("(ER") || message.data.starts_with("ER")) {
    if (state_ == State::kAuthenticating)
      return fail(ErrorCode::kRefused, "password: " + message.data);
    state_ = State::kReady;
    return emit(ClientEvent::Kind::kAnswer, message.data);
  }
  state_ = State::kReady;
  emit(ClientEvent::Kind::kAnswer, message.data);
}

void Client::on_identification(const Message& message, Instant now) {
  auto identification = parse_identification(as_bytes(message.line));
  if (!identification.ok()) return;  // our own request, echoed
  const Mode mode = mode_of(*identification);
  ClientEvent identified;
  identified.kind = ClientEvent::Kind::kIdentified;
  identified.identification = *identification;
  events_.push_back(std::move(identified));
  if (mode == Mode::kA || mode == Mode::kB) {
    if (config_.goal != Goal::kReadout && mode == Mode::kA)
      return fail(ErrorCode::kUnsupported, "the meter offers readout alone");
    state_ = config_.goal == Goal::kProgramming ? State::kEntering : State::kReadout;
    last_.clear();
    const int baud = baud_of(identification->baud).value_or(kInitialBaud);
    if (baud != kInitialBaud) change_speed(baud);
    return arm(config_.silence_timeout, now);
  }
  if (config_.goal == Goal::kHdlc && mode != Mode::kE)
    return fail(ErrorCode::kUnsupported, "the meter does not offer HDLC");
  OptionSelect option;
  option.baud = std::min(identification->baud, config_.baud_max);
  if (config_.goal == Goal::kProgramming) option.mode = '1';
  if (config_.goal == Goal::kHdlc) option.protocol = option.mode = '2';
  state_ = config_.goal == Goal::kReadout ? State::kReadout : State::kEntering;
  Bytes bytes;
  encode_option_select(option, bytes);
  send(std::move(bytes), now);
  change_speed(baud_of(option.baud).value_or(kInitialBaud));
  if (config_.goal == Goal::kHdlc) {
    state_ = State::kHdlc;
    deadline_.reset();
    emit(ClientEvent::Kind::kHdlc);
  }
}

void Client::on_command(const Message& message, Instant now) {
  if (message.command.name == 'B') return fail(ErrorCode::kClosed, "the meter signed off");
  if (state_ != State::kEntering || message.command.name != 'P') return;
  if (config_.password.empty()) {
    state_ = State::kReady;
    deadline_.reset();
    return emit(ClientEvent::Kind::kReady, message.command.data);
  }
  Bytes bytes;
  encode_command({'P', config_.password_type, "(" + config_.password + ")"}, bytes);
  state_ = State::kAuthenticating;
  send(std::move(bytes), now);
}

void Client::on_refused(Instant now) {
  if (state_ == State::kOpening || state_ == State::kReady) return;
  repeat("the meter answered NAK", 0, now);
}

// A block that did not arrive whole, or was refused: NAK asks for the block again; a NAK is
// answered with the message.
void Client::repeat(std::string_view why, std::size_t offset, Instant now) {
  const bool nak_from_meter = why == "the meter answered NAK";
  if (attempts_left_ == 0) {
    return fail(nak_from_meter ? ErrorCode::kRefused : ErrorCode::kMalformed, std::string(why),
                offset);
  }
  --attempts_left_;
  ++repetitions_;
  if (nak_from_meter || state_ == State::kOpening) {
    append(output_, last_);
  } else {
    output_.push_back(kNak);
  }
  await_answer(now);
}

void Client::on_timer(Instant now) {
  if (!deadline_ || now < *deadline_) return;
  if (state_ == State::kListening) return fail(ErrorCode::kTimeout, "no telegram", stream_.size());
  if (state_ == State::kResting) return open(now);
  const bool selecting = state_ == State::kReadout || state_ == State::kEntering;
  if (selecting && !last_.empty() && stream_.empty() && openings_left_ > 0) return open_anew(now);
  if (selecting && stream_.empty()) attempts_left_ = 0;
  if (attempts_left_ == 0 || last_.empty()) {
    return fail(ErrorCode::kTimeout,
                stream_.empty() ? "the meter does not answer" : "the answer breaks off",
                stream_.size());
  }
  --attempts_left_;
  ++repetitions_;
  stream_.drop(stream_.size());
  append(output_, last_);
  await_answer(now);
}

bool Client::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  append(out, output_);
  output_.clear();
  return true;
}

std::optional<ClientEvent> Client::poll_event() {
  if (events_.empty()) return std::nullopt;
  ClientEvent event = std::move(events_.front());
  events_.erase(events_.begin());
  return event;
}

void Client::emit(ClientEvent::Kind kind, std::string text) {
  ClientEvent event;
  event.kind = kind;
  event.text = std::move(text);
  events_.push_back(std::move(event));
}

void Client::fail(ErrorCode code, std::string reason, std::size_t offset) {
  ClientEvent event;
  event.kind = ClientEvent::Kind::kFailed;
  event.error = make_error(code, std::move(reason), offset);
  events_.push_back(std::move(event));
  state_ = State::kOver;
  deadline_.reset();
}

void Client::over(ClientEvent::Kind kind) {
  emit(kind);
  state_ = State::kOver;
  deadline_.reset();
}

}  // namespace amity::iec62056_21
