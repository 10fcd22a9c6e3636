#include "session/iec62056_21/server.h"

#include "session/iec62056_21/timing.h"

namespace amity::iec62056_21 {
namespace {

constexpr int kInitialBaud = 300;

Bytes data_message(std::string_view data) {
  Bytes bytes;
  encode_data(data, bytes);
  return bytes;
}

// Until then the reader may ask for it again; then the line has its first rate once more.
Instant end_of_readout(std::size_t bytes, std::optional<int> baud, Instant now) {
  return now + kReactionMax + sending_time(bytes, baud.value_or(kInitialBaud));
}

}  // namespace

Server::Server(ServerConfig config, Contents* contents)
    : config_(std::move(config)), contents_(contents) {}

void Server::on_bytes(ByteView bytes, Instant now) {
  stream_.add(bytes);
  while (!stream_.empty()) {
    // What follows the ACK of an option select comes a moment later.
    const bool begun = stream_.size() == 1 && (stream_.rest()[0] & 0x7F) == kAck;
    if (state_ == State::kIdentified && begun) return;
    std::size_t noise = 0;
    auto message = read_message(stream_.rest(), noise);
    stream_.drop(noise);
    if (!message.ok()) {
      stream_.drop(stream_.size());
      output_.push_back(kNak);
      return;
    }
    if (!message->has_value()) return;
    stream_.take((*message)->size);
    on_message(**message, now);
  }
}

void Server::on_message(const Message& message, Instant now) {
  deadline_ = now + kServerIdleMax;
  switch (message.kind) {
    case Message::Kind::kLine: {
      const auto address = parse_request(as_bytes(message.line));
      if (!address.ok() || (!address->empty() && *address != config_.address)) return;
      reset();
      deadline_ = now + kServerIdleMax;
      state_ = State::kIdentified;
      Bytes bytes;
      encode_identification(config_.identification, bytes);
      const Mode mode = mode_of(config_.identification);
      if (mode == Mode::kA || mode == Mode::kB) {
        if (mode == Mode::kB) speed_ = baud_of(config_.identification.baud);
        append(bytes, data_message(contents_->readout() + "!\r\n"));
        answer(std::move(bytes));
        deadline_ = end_of_readout(last_.size(), speed_, now);
        return;
      }
      return answer(std::move(bytes));
    }
    case Message::Kind::kOption: {
      const auto option = parse_option_select(as_bytes(message.line));
      if (!option.ok() || state_ != State::kIdentified) return;
      speed_ = baud_of(option->baud);
      if (option->mode == '0') {
        answer(data_message(contents_->readout() + "!\r\n"));
        deadline_ = end_of_readout(last_.size(), speed_, now);
        return;
      }
      if (option->mode != '1') return;
      state_ = State::kProgramming;
      unlocked_ = config_.password.empty();
      Bytes bytes;
      encode_command({'P', '0', "(" + config_.operand + ")"}, bytes);
      return answer(std::move(bytes));
    }
    case Message::Kind::kRefused:
      append(output_, last_);
      if (state_ == State::kIdentified) deadline_ = end_of_readout(last_.size(), speed_, now);
      return;
    case Message::Kind::kCommand:
      return on_command(message.command, now);
    case Message::Kind::kAccepted:
    case Message::Kind::kData:
      return;
  }
}

void Server::on_command(const Command& command, Instant) {
  if (command.name == 'B') return reset();
  if (state_ != State::kProgramming) return;
  if (command.name == 'P') {
    const std::string expected = "(" + config_.password + ")";
    unlocked_ = unlocked_ || constant_time_equal(as_bytes(command.data), as_bytes(expected));
    if (unlocked_) return answer({kAck});
    return answer(data_message("(ER02)"));
  }
  if (!unlocked_) return answer(data_message("(ER03)"));
  if (command.name == 'R') {
    const auto data = contents_->read(command.type, command.data);
    return answer(data_message(data.value_or("(ER01)")));
  }
  if (command.name == 'W' || command.name == 'E') {
    if (contents_->write(command.type, command.data)) return answer({kAck});
    return answer(data_message("(ER01)"));
  }
  answer({kNak});
}

void Server::answer(Bytes bytes) {
  append(output_, bytes);
  last_ = std::move(bytes);
}

void Server::on_timer(Instant now) {
  if (deadline_ && now >= *deadline_) reset();
}

void Server::reset() {
  if (state_ != State::kIdle) speed_ = kInitialBaud;
  state_ = State::kIdle;
  unlocked_ = false;
  last_.clear();
  deadline_.reset();
}

bool Server::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  append(out, output_);
  output_.clear();
  return true;
}

std::optional<int> Server::poll_speed() {
  const std::optional<int> speed = speed_;
  speed_.reset();
  return speed;
}

}  // namespace amity::iec62056_21
