#include "session/mbus/master.h"

#include "wire/mbus/records.h"

namespace amity::mbus {
namespace {

constexpr unsigned kBauds[] = {300, 600, 1'200, 2'400, 4'800, 9'600, 19'200, 38'400};
constexpr std::uint8_t kCiBaud = 0xB8, kCiData = 0x51;
constexpr std::size_t kUserDataAt = 6;

std::optional<Address> address_in(ByteView frame) {
  const ByteView data = frame.subspan(kUserDataAt, frame.size() - kUserDataAt - 2);
  if (data.size() < 1 + kAddressBytes || data[0] != 0x72) return std::nullopt;
  return transport_address_from(data.subspan(1));
}

}  // namespace

Master::Master(MasterConfig config) : config_(config) {
  config_.attempts = std::clamp(config_.attempts, 1u, kAttemptsMax);
  config_.telegrams_max = std::clamp<std::size_t>(config_.telegrams_max, 1, kTelegramsPerReadMax);
}

Status Master::start(Operation operation, const Target& target, Instant now) {
  if (busy()) return make_error(ErrorCode::kBusy, "another operation is under way");
  operation_ = operation;
  target_ = target;
  telegrams_ = 0;
  response_.clear();
  reset(now);
  return {};
}

Status Master::read(const Target& target, Instant now) {
  if (!target.secondary && target.primary_address > kPrimaryAddressMax &&
      target.primary_address != kAddressTest) {
    return make_error(ErrorCode::kInvalid, "no primary address of a meter");
  }
  return start(Operation::kRead, target, now);
}

Status Master::scan_primary(std::uint8_t first, std::uint8_t last, Instant now) {
  if (first > last || last > kPrimaryAddressMax)
    return make_error(ErrorCode::kInvalid, "primary addresses are 0 to 250");
  if (busy()) return make_error(ErrorCode::kBusy, "another operation is under way");
  scan_last_ = last;
  return start(Operation::kScanPrimary, Target::primary(first), now);
}

Status Master::scan_secondary(const Address& mask, Instant now) {
  if (busy()) return make_error(ErrorCode::kBusy, "another operation is under way");
  masks_.clear();
  return start(Operation::kScanSecondary, Target::selected(mask), now);
}

Status Master::send(const Target& target, ByteView user_data, Instant now) {
  if (busy()) return make_error(ErrorCode::kBusy, "another operation is under way");
  AMITY_TRY([[maybe_unused]] const Bytes fits,
            long_frame(kSndUd, target.primary_address, user_data));
  user_data_.assign(user_data.begin(), user_data.end());
  return start(Operation::kSend, target, now);
}

Status Master::set_baud(const Target& target, unsigned baud, Instant now) {
  const auto* found = std::find(std::begin(kBauds), std::end(kBauds), baud);
  if (found == std::end(kBauds))
    return make_error(ErrorCode::kInvalid, std::to_string(baud) + " is no baud rate of M-Bus");
  if (busy()) return make_error(ErrorCode::kBusy, "another operation is under way");
  user_data_ = {static_cast<std::uint8_t>(kCiBaud + (found - std::begin(kBauds)))};
  baud_ = baud;
  return start(Operation::kBaud, target, now);
}

Status Master::set_primary_address(const Target& target, std::uint8_t address, Instant now) {
  if (address == 0 || address > kPrimaryAddressMax)
    return make_error(ErrorCode::kInvalid, "a meter's primary address is 1 to 250");
  const std::uint8_t data[] = {kCiData, 0x01, 0x7A, address};
  return send(target, data, now);
}

void Master::abort() {
  operation_ = Operation::kNone;
  deadline_.reset();
  output_.clear();
  buffer_.clear();
}

void Master::exchange(Step step, Bytes frame, unsigned attempts, Instant now) {
  step_ = step;
  frame_ = std::move(frame);
  attempts_left_ = attempts;
  noise_ = false;
  transmit(now);
}

void Master::transmit(Instant now) {
  --attempts_left_;
  buffer_.clear();
  deaf_ = false;
  append(output_, frame_);
  ++statistics_.frames_out;
  deadline_ = now + config_.response_timeout;
}

// Addressing 253 again makes those forget that were selected before: nobody needs to answer.
void Master::reset(Instant now) {
  frame_count_bit_ = true;
  const bool anybody = target_.secondary.has_value();
  exchange(Step::kReset, short_frame(kSndNke, target_.primary_address),
           anybody ? 1 : config_.attempts, now);
}

void Master::select(Instant now) {
  const Bytes data = select_user_data(*target_.secondary);
  exchange(Step::kSelect, *long_frame(kSndUd, kAddressSelected, data), config_.attempts, now);
}

void Master::request(Instant now) {
  const auto control = static_cast<std::uint8_t>((kReqUd2 & ~kFrameCountBit) |
                                                 (frame_count_bit_ ? kFrameCountBit : 0));
  exchange(Step::kRequest, short_frame(control, target_.primary_address), config_.attempts, now);
}

void Master::on_bytes(ByteView bytes, Instant now) {
  if (!deadline_) return;  // nothing was asked
  deadline_ = now + config_.response_timeout;
  buffer_.add(bytes);
  while (!deaf_ && !buffer_.empty()) {
    const auto front = buffer_.front();
    if (front.ok() && !*front) return;
    if (!front.ok() || !take(**front, now)) {
      noise_ = deaf_ = true;
      ++statistics_.noise;
      return;
    }
    if (!deadline_ || buffer_.empty()) return;
  }
}

// False: the frame is none that could answer. An answer empties the buffer.
bool Master::take(const WiredFrame& frame, Instant now) {
  if (frame.kind == WiredFrame::Kind::kAck) {
    if (step_ == Step::kRequest) {  // a late one
      buffer_.drop(frame.size);
    } else {
      answered(Outcome::kAcknowledged, now);
    }
    return true;
  }
  const bool from_it =
      target_.primary_address > kPrimaryAddressMax || frame.address == target_.primary_address;
  if (frame.kind != WiredFrame::Kind::kLong || !from_it || (frame.control & 0x0F) != kRspUd)
    return false;
  const ByteView whole = buffer_.bytes(frame.size);
  // Its access number counts: the same bytes again are an answer that came twice.
  if (step_ != Step::kRequest || std::ranges::equal(whole, response_)) {
    buffer_.drop(frame.size);
    return true;
  }
  response_.assign(whole.begin(), whole.end());
  answered(Outcome::kResponse, now);
  return true;
}

void Master::answered(Outcome what, Instant now) {
  ++statistics_.frames_in;
  buffer_.clear();
  outcome(what, now);
}

void Master::on_timer(Instant now) {
  if (!deadline_ || now < *deadline_) return;
  if (!buffer_.empty()) noise_ = true;
  if (attempts_left_ > 0) {
    ++statistics_.retries;
    return transmit(now);
  }
  outcome(noise_ ? Outcome::kNoise : Outcome::kNothing, now);
}

void Master::outcome(Outcome what, Instant now) {
  deadline_.reset();
  switch (step_) {
    case Step::kReset:
      return after_reset(what, now);
    case Step::kSelect:
      return after_select(what, now);
    case Step::kRequest:
      if (operation_ == Operation::kRead) return after_request(what, now);
      return after_scan_request(what, now);
    case Step::kSend:
      if (what != Outcome::kAcknowledged)
        return fail(ErrorCode::kTimeout, "the data are not acknowledged");
      if (operation_ == Operation::kBaud) emit(BaudChanged{baud_});
      return done();
  }
}

void Master::after_reset(Outcome what, Instant now) {
  if (target_.secondary) return select(now);
  if (operation_ == Operation::kScanPrimary) {
    if (what == Outcome::kNothing) return next_of_scan(now);
    return request(now);
  }
  if (what != Outcome::kAcknowledged) {
    return fail(ErrorCode::kTimeout,
                "no meter answers at primary address " + std::to_string(target_.primary_address));
  }
  after_select(Outcome::kAcknowledged, now);
}

void Master::after_select(Outcome what, Instant now) {
  if (operation_ == Operation::kScanSecondary && what == Outcome::kNothing)
    return next_of_scan(now);
  if (operation_ != Operation::kScanSecondary && what != Outcome::kAcknowledged)
    return fail(ErrorCode::kTimeout, "no meter answers to the selection");
  if (operation_ != Operation::kSend && operation_ != Operation::kBaud) return request(now);
  exchange(Step::kSend, *long_frame(kSndUd | kFrameCountBit, target_.primary_address, user_data_),
           config_.attempts, now);
}

void Master::after_request(Outcome what, Instant now) {
  if (what == Outcome::kNoise)
    return fail(ErrorCode::kMalformed, "the meter's answers are damaged");
  if (what != Outcome::kResponse) return fail(ErrorCode::kTimeout, "the meter sends no data");
  const ByteView data =
      ByteView(response_).subspan(kUserDataAt, response_.size() - kUserDataAt - 2);
  const bool more = more_records_follow(data) && ++telegrams_ < config_.telegrams_max;
  emit(TelegramRead{response_, more});
  if (!more) return done();
  frame_count_bit_ = !frame_count_bit_;
  request(now);
}

void Master::after_scan_request(Outcome what, Instant now) {
  if (what == Outcome::kResponse) {
    emit(MeterFound{response_[kUserDataAt - 1], address_in(response_), response_});
  } else if (operation_ == Operation::kScanSecondary) {
    return descend(now);
  } else if (what == Outcome::kNoise) {
    emit(Conflict{target_.primary_address, std::nullopt});
  } else {
    emit(MeterFound{target_.primary_address, std::nullopt, {}});  // acknowledges, sends nothing
  }
  next_of_scan(now);
}

// Several were selected: one more digit of the id tells them apart.
void Master::descend(Instant now) {
  const Address mask = *target_.secondary;
  const int nibble = first_wildcard(mask.id);
  if (nibble < 0) {
    emit(Conflict{kAddressSelected, mask});
  } else {
    for (unsigned digit = 10; digit-- > 0;) {
      masks_.push_back(mask);
      masks_.back().id = with_digit(mask.id, nibble, digit);
    }
  }
  next_of_scan(now);
}

void Master::next_of_scan(Instant now) {
  if (!busy()) return;  // events nobody fetches ended it
  response_.clear();
  if (operation_ == Operation::kScanPrimary) {
    if (target_.primary_address >= scan_last_) return done();
    ++target_.primary_address;
    return reset(now);
  }
  if (masks_.empty()) return done();
  target_.secondary = masks_.back();
  masks_.pop_back();
  reset(now);
}

bool Master::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out.clear();
  out.swap(output_);
  return true;
}

std::optional<MasterEvent> Master::poll_event() {
  if (events_.empty()) return std::nullopt;
  MasterEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Master::emit(MasterEvent event) {
  if (events_.size() >= kEventsQueuedMax)
    return fail(ErrorCode::kLimit, "nobody fetches the events");
  events_.push_back(std::move(event));
}

void Master::done() {
  if (!busy()) return;
  abort();
  events_.emplace_back(Done{});
}

void Master::fail(ErrorCode code, std::string reason) {
  abort();
  events_.emplace_back(Failed{make_error(code, std::move(reason))});
}

}  // namespace amity::mbus
