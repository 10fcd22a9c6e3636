#include "session/mbus/slave.h"

namespace amity::mbus {
namespace {

constexpr std::uint8_t kCiReset = 0x50, kCiData = 0x51, kCiBaudFirst = 0xB8, kCiBaudLast = 0xBF;
constexpr std::uint8_t kDifBusAddress = 0x01, kVifBusAddress = 0x7A;
constexpr std::uint8_t kFunctionMask = 0x4F;  // of the control field: direction and function

bool is(std::uint8_t control, std::uint8_t function) {
  return (control & kFunctionMask) == (function & kFunctionMask);
}

}  // namespace

void Slave::on_bytes(ByteView bytes, Instant now) {
  for (std::size_t done = 0; done < bytes.size();) {
    const std::size_t piece = std::min<std::size_t>(bytes.size() - done, 64);
    buffer_.add(bytes.subspan(done, piece));
    done += piece;
    while (!buffer_.empty()) {
      const auto front = buffer_.front();
      if (front.ok() && !*front) break;
      if (!front.ok()) {
        buffer_.drop(1);  // on to what may be a start byte
        continue;
      }
      handle(**front);
      buffer_.drop((*front)->size);
    }
  }
  buffer_.empty() ? deadline_.reset() : void(deadline_ = now + kFrameGapMax);
}

void Slave::on_timer(Instant now) {
  if (!deadline_ || now < *deadline_) return;
  deadline_.reset();
  buffer_.clear();
}

bool Slave::meant(std::uint8_t address) const {
  if (address == kAddressSelected) return selected_;
  return address == config_.primary_address || address == kAddressTest ||
         address == kAddressBroadcast;
}

void Slave::handle(const WiredFrame& frame) {
  if (frame.kind == WiredFrame::Kind::kAck || !(frame.control & 0x40)) return;  // of another slave
  const bool selection = frame.kind == WiredFrame::Kind::kLong &&
                         frame.address == kAddressSelected && frame.user_data[0] == kCiSelect;
  if (selection) return select(frame.user_data.subspan(1));
  if (!meant(frame.address)) return;
  if (frame.kind == WiredFrame::Kind::kLong) {
    if (is(frame.control, kSndUd)) receive(frame);
  } else if (is(frame.control, kSndNke)) {
    acknowledge(frame.address);
    restart();
    if (frame.address == kAddressSelected || frame.address == kAddressBroadcast) selected_ = false;
  } else if (frame.address == kAddressBroadcast) {
    return;  // nobody answers
  } else if (is(frame.control, kReqUd2)) {
    answer_request((frame.control & kFrameCountBit) != 0, (frame.control & kFrameCountValid) != 0);
  } else if (is(frame.control, kReqUd1)) {
    acknowledge(frame.address);  // no alarm
  }
}

void Slave::restart() {
  last_bit_.reset();
  last_data_bit_.reset();
  index_ = 0;
}

void Slave::answer_request(bool bit, bool valid) {
  if (valid && last_bit_ == bit && !last_answer_.empty()) {  // the answer did not arrive
    append(output_, last_answer_);
    return;
  }
  if (valid && last_bit_ && ++index_ >= readout_->telegrams()) index_ = 0;
  if (valid) last_bit_ = bit;
  Bytes data;
  readout_->telegram(index_, ++access_number_, data);
  auto frame = long_frame(kRspUd, config_.primary_address, data);
  if (!frame.ok()) return;  // a meter whose data fit no frame stays silent
  last_answer_ = std::move(*frame);
  append(output_, last_answer_);
}

void Slave::select(ByteView mask) {
  selected_ =
      mask.size() >= kAddressBytes && selects(transport_address_from(mask), config_.address);
  if (!selected_) return;
  restart();
  acknowledge(kAddressSelected);
}

void Slave::receive(const WiredFrame& frame) {
  acknowledge(frame.address);
  const bool valid = (frame.control & kFrameCountValid) != 0;
  const bool bit = (frame.control & kFrameCountBit) != 0;
  if (valid && last_data_bit_ == bit) return;  // the acknowledgement did not arrive
  if (valid) last_data_bit_ = bit;
  const ByteView data = frame.user_data;
  if (data[0] == kCiReset) {
    restart();
  } else if (data[0] >= kCiBaudFirst && data[0] <= kCiBaudLast) {
    events_.emplace_back(SpeedChanged{300u << (data[0] - kCiBaudFirst)});
  } else if (data.size() == 4 && data[0] == kCiData && data[1] == kDifBusAddress &&
             data[2] == kVifBusAddress && data[3] <= kPrimaryAddressMax) {
    config_.primary_address = data[3];
    events_.emplace_back(AddressChanged{data[3]});
  } else {
    events_.emplace_back(DataReceived{Bytes(data.begin(), data.end())});
  }
  if (events_.size() > kEventsQueuedMax) events_.pop_front();
}

void Slave::acknowledge(std::uint8_t address) {
  if (address != kAddressBroadcast) output_.push_back(kAckByte);
}

bool Slave::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out.clear();
  out.swap(output_);
  return true;
}

std::optional<SlaveEvent> Slave::poll_event() {
  if (events_.empty()) return std::nullopt;
  SlaveEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace amity::mbus
