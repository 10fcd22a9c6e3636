#include "session/c12/packet_link.h"

namespace amity::c12 {

Status PacketLink::send(Bytes message, Instant now) {
  if (cutter_) return make_error(ErrorCode::kBusy, "the message before is not acknowledged");
  AMITY_TRY(cutter_, MessageCutter::make(std::move(message), packet_size_, packets_));
  attempts_ = 0;
  transmit(now);
  return {};
}

void PacketLink::transmit(Instant now) {
  if (attempts_ == kPacketAttempts) {
    return fail("a packet was sent " + std::to_string(kPacketAttempts) +
                " times and not acknowledged");
  }
  ++attempts_;
  cutter_->current(0, toggle_, output_);
  resend_at_ = now + kAckTimeout;
}

void PacketLink::acknowledged(Instant now) {
  if (!cutter_) return;  // of a repetition
  cutter_->advance();
  toggle_ = !toggle_;
  attempts_ = 0;
  resend_at_.reset();
  if (cutter_->done()) {
    cutter_.reset();
  } else {
    transmit(now);
  }
}

void PacketLink::on_bytes(ByteView bytes, Instant now) {
  splitter_.feed(bytes);
  while (const auto item = splitter_.next()) {
    switch (item->kind) {
      case PacketSplitter::Kind::kAck:
        acknowledged(now);
        break;
      case PacketSplitter::Kind::kNak:
        if (cutter_) transmit(now);
        break;
      case PacketSplitter::Kind::kDamaged:
        output_.push_back(kNakByte);
        break;
      case PacketSplitter::Kind::kPacket:
        on_packet(item->packet);
        break;
    }
  }
  partial_until_ = splitter_.partial() ? std::optional(now + kCharacterTimeout) : std::nullopt;
  if (output_.size() > kOutputQueuedMax) fail("nobody takes what is to be sent");
}

void PacketLink::on_packet(const Packet& packet) {
  const auto step = joiner_.add(packet);
  if (step == MessageJoiner::Step::kRefused) {
    output_.push_back(kNakByte);
    return;
  }
  output_.push_back(kAckByte);
  if (step == MessageJoiner::Step::kDuplicate) return;
  ++received_;
  if (cutter_) {
    // The other side speaks anew: it has the last packet of ours and its acknowledgement was lost,
    // or it has given the message up.
    cutter_.reset();
    toggle_ = !toggle_;
    resend_at_.reset();
  }
  if (step == MessageJoiner::Step::kComplete && messages_.size() < kEventsQueuedMax)
    messages_.emplace_back(joiner_.message().begin(), joiner_.message().end());
}

void PacketLink::on_timer(Instant now) {
  if (partial_until_ && *partial_until_ <= now) {
    partial_until_.reset();
    if (splitter_.give_up_partial()) output_.push_back(kNakByte);
  }
  if (resend_at_ && *resend_at_ <= now) transmit(now);
}

std::optional<Instant> PacketLink::next_timeout() const {
  if (!resend_at_) return partial_until_;
  return partial_until_ && *partial_until_ < *resend_at_ ? partial_until_ : resend_at_;
}

bool PacketLink::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out = std::move(output_);
  output_.clear();
  return true;
}

std::optional<Bytes> PacketLink::poll_message() {
  if (messages_.empty()) return std::nullopt;
  Bytes out = std::move(messages_.front());
  messages_.pop_front();
  return out;
}

std::optional<Error> PacketLink::poll_failure() {
  return std::exchange(failure_, std::nullopt);
}

void PacketLink::agree(std::uint16_t packet_size, std::uint8_t packets) {
  packet_size_ = std::max<std::uint16_t>(packet_size, kPacketOverhead + 1);
  packets_ = std::max<std::uint8_t>(packets, 1);
}

std::size_t PacketLink::message_bytes_max() const {
  return std::min<std::size_t>((packet_size_ - kPacketOverhead) * std::size_t{packets_},
                               kMessageBytesMax);
}

void PacketLink::fail(std::string reason) {
  cutter_.reset();
  resend_at_.reset();
  failure_ = make_error(ErrorCode::kTimeout, std::move(reason));
}

void PacketLink::reset() {
  *this = PacketLink();
}

}  // namespace amity::c12
