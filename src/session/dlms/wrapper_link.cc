#include "session/dlms/wrapper_link.h"

namespace amity::dlms {

WrapperLink::WrapperLink(const LinkOptions* options, Side side) : options_(options), side_(side) {}

void WrapperLink::on_bytes(ByteView bytes) {
  if (datagrams()) {
    datagram_.assign(bytes.begin(), bytes.end());
    datagram_fresh_ = true;
  } else {
    splitter_.feed(bytes);
  }
}

Result<std::optional<Inbound>> WrapperLink::next() {
  if (datagrams()) {
    if (!datagram_fresh_) return std::optional<Inbound>();
    datagram_fresh_ = false;
    const Result<WrapperFrame> frame = decode_wrapper(datagram_);
    if (!frame.ok()) return std::optional<Inbound>();  // a stray datagram harms nothing
    return std::optional<Inbound>(Inbound{frame->apdu, frame->source, frame->destination});
  }
  AMITY_TRY(const std::optional<WrapperFrame> frame, splitter_.next());
  if (!frame) return std::optional<Inbound>();
  return std::optional<Inbound>(Inbound{frame->apdu, frame->source, frame->destination});
}

Status WrapperLink::send(std::uint16_t peer_sap, ByteView apdu) {
  if (queued_bytes() + apdu.size() > kOutputQueuedMax) {
    return make_error(ErrorCode::kLimit, "too much is waiting to be sent");
  }
  const std::uint16_t own = side_ == Side::kClient ? options_->client_sap : options_->server_sap;
  if (output_.empty() || datagrams()) output_.emplace_back();
  return encode(WrapperFrame{own, peer_sap, apdu}, output_.back());
}

bool WrapperLink::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out = std::move(output_.front());
  output_.erase(output_.begin());
  return true;
}

void WrapperLink::reset() {
  splitter_.reset();
  datagram_fresh_ = false;
  output_.clear();
}

void WrapperLink::shrink() {
  if (!splitter_.in_frame()) splitter_ = WrapperSplitter();
  if (!datagram_fresh_) datagram_ = Bytes();
  if (output_.empty()) output_ = std::vector<Bytes>();
}

std::size_t WrapperLink::queued_bytes() const {
  std::size_t total = 0;
  for (const Bytes& bytes : output_) total += bytes.size();
  return total;
}

std::size_t WrapperLink::heap_bytes() const {
  std::size_t total =
      datagram_.capacity() + output_.capacity() * sizeof(Bytes) + splitter_.buffered();
  for (const Bytes& bytes : output_) total += bytes.capacity();
  return total;
}

}  // namespace amity::dlms
