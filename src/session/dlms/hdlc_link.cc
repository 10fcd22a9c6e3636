#include "session/dlms/hdlc_link.h"

#include <fmt/core.h>

#include <algorithm>

namespace amity::dlms {
namespace {

using hdlc::Frame;
using hdlc::FrameType;

// A meter that has nothing to say yet is asked again after this.
constexpr Duration kPollDelay = std::chrono::milliseconds(200);

hdlc::Address server_address(const LinkOptions& options) {
  const std::uint16_t lower =
      options.hdlc.server_address_size == 1 ? 0 : options.hdlc.physical_device;
  return {options.server_sap, lower, options.hdlc.server_address_size};
}

unsigned attempts(const LinkOptions& options) {
  return std::clamp(options.hdlc.attempts, 1u, kHdlcAttemptsMax);
}

}  // namespace

HdlcLink::HdlcLink(const LinkOptions* options, Side side) : options_(options), side_(side) {
  const hdlc::Address client =
      hdlc::Address::client(static_cast<std::uint8_t>(options->client_sap & 0x7F));
  own_ = side == Side::kClient ? client : server_address(*options);
  peer_ = side == Side::kClient ? server_address(*options) : client;
}

void HdlcLink::restart() {
  incoming_.clear();
  incoming_begun_ = out_of_sequence_ = answer_awaited_ = answer_due_ = false;
  send_next_ = acknowledged_ = receive_next_ = 0;
  message_acknowledged_ = 0;
  turn_ = Turn::kOurs;
}

void HdlcLink::reset() {
  restart();
  splitter_.clear();
  unsolicited_.clear();
  message_.clear();
  waiting_.clear();
  output_.clear();
  timer_.reset();
  state_ = LinkState::kClosed;
}

void HdlcLink::put(FrameType type, bool poll_final, bool segmented, ByteView information) {
  Frame frame;
  frame.destination = peer_;
  frame.source = own_;
  frame.control = {type, poll_final, receive_next_, send_next_};
  frame.segmented = segmented;
  frame.information = information;
  hdlc::encode_frame(frame, output_);
}

void HdlcLink::open(Instant now) {
  if (side_ == Side::kServer) return;  // waits for SNRM
  restart();
  state_ = LinkState::kOpening;
  attempts_left_ = attempts(*options_);
  Bytes parameters;
  hdlc::encode_parameters(options_->hdlc.offer, parameters);
  put(FrameType::kSetNormalResponseMode, true, false, parameters);
  timer_ = now + options_->hdlc.reply_timeout;
}

void HdlcLink::close(Instant now) {
  if (state_ != LinkState::kOpen) {
    state_ = LinkState::kClosed;
    timer_.reset();
    return;
  }
  state_ = LinkState::kClosing;
  attempts_left_ = attempts(*options_);
  put(FrameType::kDisconnect, true, false, {});
  timer_ = now + options_->hdlc.reply_timeout;
}

bool HdlcLink::for_us(const Frame& frame) const {
  if (side_ == Side::kClient) return frame.destination == own_ && frame.source == peer_;
  if (frame.source.size != 1 || frame.destination.upper != options_->server_sap) return false;
  const std::uint16_t all = frame.destination.size == 4 ? 0x3FFF : hdlc::kPhysicalAllStations;
  return frame.destination.size == 1 || frame.destination.lower == options_->hdlc.physical_device ||
         frame.destination.lower == all;
}

Result<std::optional<Inbound>> HdlcLink::next(Instant now) {
  while (const std::optional<Frame> frame = splitter_.next()) {
    const bool push = frame->control.type == FrameType::kUnnumberedInformation;
    if (push && side_ == Side::kClient) {
      if (frame->source != peer_) continue;
      AMITY_TRY(const std::optional<Inbound> message, on_unsolicited(*frame));
      if (message) return message;
      continue;
    }
    if (!for_us(*frame)) continue;
    AMITY_TRY(const std::optional<Inbound> message,
              side_ == Side::kClient ? on_client_frame(*frame, now) : on_server_frame(*frame));
    if (message) return message;
  }
  return std::optional<Inbound>();
}

Result<std::optional<Inbound>> HdlcLink::on_unsolicited(const Frame& frame) {
  const auto whole = unsolicited_.add(frame.segmented, frame.information);
  if (!whole.ok() || !whole->has_value()) return std::optional<Inbound>();
  return take_message(**whole, frame);
}

std::optional<Inbound> HdlcLink::take_message(ByteView message, const Frame& frame) {
  const Result<ByteView> apdu = hdlc::strip_llc(message);
  if (!apdu.ok()) return std::nullopt;
  return Inbound{*apdu, frame.source.upper, frame.destination.upper};
}

Status HdlcLink::on_opened(const Frame& frame, Instant now) {
  AMITY_TRY(const hdlc::LinkParameters peers, hdlc::decode_parameters(frame.information));
  agreed_ = hdlc::negotiate(options_->hdlc.offer, peers);
  state_ = LinkState::kOpen;
  ++epoch_;
  timer_.reset();
  attempts_left_ = attempts(*options_);
  turn_ = Turn::kOurs;
  if (!idle()) client_turn(now);
  return {};
}

Result<std::optional<Inbound>> HdlcLink::on_client_frame(const Frame& frame, Instant now) {
  const FrameType type = frame.control.type;
  if (state_ == LinkState::kOpening) {
    if (type == FrameType::kUnnumberedAcknowledge) AMITY_CHECK(on_opened(frame, now));
    if (type == FrameType::kDisconnectedMode)
      return make_error(ErrorCode::kRefused, "the meter refuses the HDLC link");
    return std::optional<Inbound>();
  }
  if (state_ == LinkState::kClosing) {
    if (type == FrameType::kUnnumberedAcknowledge || type == FrameType::kDisconnectedMode) reset();
    return std::optional<Inbound>();
  }
  if (state_ != LinkState::kOpen) return std::optional<Inbound>();
  if (type == FrameType::kDisconnectedMode) {
    return make_error(ErrorCode::kClosed,
                      "the meter has lost the HDLC link: it restarted or timed out");
  }
  if (type == FrameType::kFrameReject) {
    return make_error(ErrorCode::kMalformed,
                      "the meter rejects a frame: " + to_hex(frame.information));
  }
  if (type == FrameType::kInformation) return on_information(frame, now);
  if (type != FrameType::kReceiveReady && type != FrameType::kReceiveNotReady)
    return std::optional<Inbound>();
  attempts_left_ = attempts(*options_);
  on_acknowledge(frame.control.receive);
  if (!frame.control.poll_final) return std::optional<Inbound>();
  turn_ = Turn::kOurs;
  timer_.reset();
  if (type == FrameType::kReceiveNotReady) {
    timer_ = now + kPollDelay;
  } else {
    client_turn(now);
  }
  return std::optional<Inbound>();
}

// I frames, both sides: what comes in order is taken, everything else asked for again by our next
// N(R).
Result<std::optional<Inbound>> HdlcLink::on_information(const Frame& frame, Instant now) {
  on_acknowledge(frame.control.receive);
  std::optional<Inbound> message;
  const bool in_order = frame.control.send == receive_next_;
  if (in_order) {
    attempts_left_ = attempts(*options_);
    receive_next_ = (receive_next_ + 1) & 7;
    out_of_sequence_ = false;
    incoming_begun_ = frame.segmented;
    AMITY_TRY(const std::optional<ByteView> whole,
              incoming_.add(frame.segmented, frame.information));
    if (whole) {
      message = take_message(*whole, frame);
      answer_awaited_ = false;
    }
  } else {
    out_of_sequence_ = true;
  }
  if (!frame.control.poll_final) return message;
  if (side_ == Side::kServer) {
    answer_due_ = true;
  } else if (in_order || ((frame.control.send - receive_next_) & 7) < agreed_.receive_window) {
    turn_ = Turn::kOurs;
    timer_.reset();
    if (!message) client_turn(now);  // otherwise whoever takes the message goes on
  }
  // A repetition of what we have already is no answer to what we sent last: the timer goes on.
  return message;
}

void HdlcLink::on_acknowledge(std::uint8_t receive) {
  const unsigned in_flight = (send_next_ - acknowledged_) & 7u;
  const unsigned taken = (receive - acknowledged_) & 7u;
  if (taken == 0 || taken > in_flight) return;
  acknowledged_ = receive;
  message_acknowledged_ =
      std::min(message_.size(), message_acknowledged_ + taken * agreed_.transmit_bytes_max);
  if (message_acknowledged_ == message_.size()) {
    send_next_ = acknowledged_;
    next_message();
  }
}

void HdlcLink::next_message() {
  message_.clear();
  message_acknowledged_ = 0;
  if (waiting_.empty()) return;
  message_ = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
}

// Everything the window takes from the first unacknowledged byte on; the last frame polls or ends
// the answer.
void HdlcLink::transmit() {
  if (message_.empty()) return put(FrameType::kReceiveReady, true, false, {});
  if (send_next_ != acknowledged_) ++retransmissions_;
  send_next_ = acknowledged_;
  std::size_t at = message_acknowledged_;
  for (unsigned sent = 1; at < message_.size(); ++sent) {
    const std::size_t size =
        std::min<std::size_t>(agreed_.transmit_bytes_max, message_.size() - at);
    const bool more = at + size < message_.size();
    const bool burst_ends = !more || sent >= agreed_.transmit_window;
    put(FrameType::kInformation, burst_ends, more, ByteView(message_).subspan(at, size));
    send_next_ = (send_next_ + 1) & 7;
    at += size;
    if (burst_ends) break;
  }
}

void HdlcLink::poll(Instant now) {
  transmit();
  turn_ = Turn::kPeers;
  out_of_sequence_ = false;
  timer_ = now + options_->hdlc.reply_timeout;
}

// The client may speak: goes on with its message, asks for the rest of an answer, or waits a
// little.
void HdlcLink::client_turn(Instant now) {
  if (!message_.empty() || incoming_begun_ || out_of_sequence_) return poll(now);
  if (answer_awaited_) timer_ = now + kPollDelay;
}

void HdlcLink::await_more(Instant now) {
  if (side_ == Side::kServer || state_ != LinkState::kOpen) return;
  answer_awaited_ = true;
  if (turn_ == Turn::kOurs && !timer_) poll(now);
}

Status HdlcLink::send(std::uint16_t peer_sap, ByteView apdu, Instant now) {
  std::size_t queued = message_.size();
  for (const Bytes& message : waiting_) queued += message.size();
  if (queued + apdu.size() > kOutputQueuedMax)
    return make_error(ErrorCode::kLimit, "too much is waiting to be sent");
  Bytes message;
  message.reserve(apdu.size() + 3);
  append(message, side_ == Side::kClient ? hdlc::kLlcCommand : hdlc::kLlcResponse);
  append(message, apdu);
  if (message_.empty()) {
    message_ = std::move(message);
    message_acknowledged_ = 0;
  } else {
    waiting_.push_back(std::move(message));
  }
  if (side_ == Side::kServer) {
    peer_ = hdlc::Address::client(static_cast<std::uint8_t>(peer_sap & 0x7F));
    return {};
  }
  answer_awaited_ = true;
  if (state_ == LinkState::kOpen && turn_ == Turn::kOurs) poll(now);
  return {};
}

Status HdlcLink::send_unsolicited(std::uint16_t peer_sap, ByteView apdu) {
  if (output_.size() + apdu.size() > kOutputQueuedMax) {
    return make_error(ErrorCode::kLimit, "too much is waiting to be sent");
  }
  Bytes message(hdlc::kLlcResponse.begin(), hdlc::kLlcResponse.end());
  append(message, apdu);
  const std::size_t size_max = options_->hdlc.offer.transmit_bytes_max;
  Frame frame;
  frame.destination = hdlc::Address::client(static_cast<std::uint8_t>(peer_sap & 0x7F));
  frame.source = own_;
  for (std::size_t at = 0; at < message.size(); at += size_max) {
    const std::size_t size = std::min(size_max, message.size() - at);
    frame.segmented = at + size < message.size();
    frame.control = {FrameType::kUnnumberedInformation, !frame.segmented, 0, 0};
    frame.information = ByteView(message).subspan(at, size);
    hdlc::encode_frame(frame, output_);
  }
  return {};
}

void HdlcLink::on_snrm(const Frame& frame) {
  const Result<hdlc::LinkParameters> peers = hdlc::decode_parameters(frame.information);
  if (!peers.ok()) return;
  restart();
  message_.clear();
  waiting_.clear();
  agreed_ = hdlc::negotiate(options_->hdlc.offer, *peers);
  state_ = LinkState::kOpen;
  ++epoch_;
  Bytes parameters;
  hdlc::encode_parameters(agreed_, parameters);
  put(FrameType::kUnnumberedAcknowledge, true, false, parameters);
}

Result<std::optional<Inbound>> HdlcLink::on_server_frame(const Frame& frame) {
  const FrameType type = frame.control.type;
  peer_ = frame.source;
  own_ = server_address(*options_);
  own_.size = frame.destination.size;
  own_.lower = own_.size == 1 ? 0 : options_->hdlc.physical_device;
  if (type == FrameType::kSetNormalResponseMode) {
    on_snrm(frame);
    return std::optional<Inbound>();
  }
  if (type == FrameType::kDisconnect) {
    put(state_ == LinkState::kOpen ? FrameType::kUnnumberedAcknowledge
                                   : FrameType::kDisconnectedMode,
        true, false, {});
    state_ = LinkState::kClosed;
    restart();
    message_.clear();
    waiting_.clear();
    return std::optional<Inbound>();
  }
  if (state_ != LinkState::kOpen) {
    if (frame.control.poll_final) put(FrameType::kDisconnectedMode, true, false, {});
    return std::optional<Inbound>();
  }
  if (type == FrameType::kInformation) return on_information(frame, Instant{});
  if (type == FrameType::kReceiveReady || type == FrameType::kReceiveNotReady) {
    on_acknowledge(frame.control.receive);
    if (frame.control.poll_final) answer_due_ = true;
  }
  return std::optional<Inbound>();
}

Status HdlcLink::on_timer(Instant now) {
  if (!timer_ || *timer_ > now) return {};
  timer_.reset();
  splitter_.give_up_partial();
  if (state_ == LinkState::kOpen && turn_ == Turn::kOurs) {  // the meter had nothing to say yet
    poll(now);
    return {};
  }
  if (--attempts_left_ == 0) {
    if (state_ == LinkState::kClosing) {
      reset();
      return {};
    }
    return Error{ErrorCode::kTimeout, 0,
                 fmt::format("no HDLC frame came back after {} sendings", attempts(*options_))};
  }
  ++retransmissions_;
  if (state_ == LinkState::kOpen) {
    poll(now);
  } else {
    Bytes parameters;
    if (state_ == LinkState::kOpening) hdlc::encode_parameters(options_->hdlc.offer, parameters);
    put(state_ == LinkState::kOpening ? FrameType::kSetNormalResponseMode : FrameType::kDisconnect,
        true, false, parameters);
    timer_ = now + options_->hdlc.reply_timeout;
  }
  return {};
}

bool HdlcLink::poll_output(Bytes& out) {
  if (side_ == Side::kServer && answer_due_) {
    answer_due_ = false;
    transmit();
  }
  if (output_.empty()) return false;
  out = std::move(output_);
  output_.clear();
  return true;
}

void HdlcLink::shrink() {
  splitter_.shrink();
  incoming_.shrink();
  unsolicited_.shrink();
  if (idle()) message_ = Bytes(), waiting_ = std::vector<Bytes>();
  if (output_.empty()) output_ = Bytes();
}

std::size_t HdlcLink::heap_bytes() const {
  return splitter_.heap_bytes() + incoming_.heap_bytes() + unsolicited_.heap_bytes() +
         message_.capacity() + output_.capacity();
}

}  // namespace amity::dlms
