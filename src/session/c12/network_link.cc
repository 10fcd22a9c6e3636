#include "session/c12/network_link.h"

namespace amity::c12 {

NetworkLink::NetworkLink(NetworkOptions options)
    : options_(std::move(options)), iv_(options_.first_iv), invocation_(options_.first_invocation) {
  AMITY_ASSERT(options_.keys != nullptr);
}

Status NetworkLink::send(Header header, ByteView payload) {
  header.calling = options_.own;
  header.control.security = options_.security;
  if (options_.security != SecurityMode::kCleartext) {
    const std::uint32_t iv = iv_++;
    header.authentication =
        Authentication{options_.key_id,
                       {static_cast<std::uint8_t>(iv >> 24), static_cast<std::uint8_t>(iv >> 16),
                        static_cast<std::uint8_t>(iv >> 8), static_cast<std::uint8_t>(iv)}};
  }
  Bytes apdu;
  AMITY_CHECK(seal(header, payload, *options_.keys, apdu));
  last_ = std::move(apdu);
  repeat();
  return {};
}

Result<std::uint32_t> NetworkLink::ask(ByteView service) {
  Header header;
  header.called = options_.peer;
  header.calling_invocation = invocation_;
  Bytes payload;
  put_service(service, payload);
  AMITY_CHECK(send(std::move(header), payload));
  return invocation_++;
}

Status NetworkLink::answer(const Header& to, std::span<const Bytes> responses) {
  Header header;
  header.called = to.calling;
  header.called_invocation = to.calling_invocation;
  header.calling_invocation = to.calling_invocation;
  Bytes payload;
  for (const Bytes& response : responses) put_service(response, payload);
  return send(std::move(header), payload);
}

Status NetworkLink::on_bytes(ByteView bytes) {
  if (options_.datagrams) {
    on_apdu(bytes);
    return {};
  }
  append(buffer_, bytes);
  std::size_t used = 0;
  while (used < buffer_.size()) {
    const ByteView rest = ByteView(buffer_).subspan(used);
    const auto size = apdu_size(rest);
    if (!size.ok() && size.error().code != ErrorCode::kTruncated) return size.error();
    if (!size.ok() || *size > rest.size()) break;
    on_apdu(rest.first(*size));
    used += *size;
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used));
  if (buffer_.size() > kStreamBufferMax) return make_error(ErrorCode::kLimit, "an APDU too large");
  return {};
}

void NetworkLink::on_apdu(ByteView apdu) {
  const auto take = [&]() -> Status {
    AMITY_TRY(const Envelope envelope, parse_envelope(apdu));
    if (envelope.header.control.security < options_.security) {
      return make_error(ErrorCode::kSecurity, "a message that is protected less than agreed");
    }
    Bytes content;
    AMITY_CHECK(open(envelope, *options_.keys, content));
    AMITY_TRY(const Epsem epsem, parse_epsem(content, envelope.header.control.ed_class));
    if (epsem.services.size() > kServicesPerMessageMax || messages_.size() >= kEventsQueuedMax) {
      return make_error(ErrorCode::kLimit, "too many services at once");
    }
    Message message;
    message.header = envelope.header;
    for (const Epsem::Service& s : epsem.services)
      message.services.emplace_back(s.bytes.begin(), s.bytes.end());
    messages_.push_back(std::move(message));
    return {};
  };
  if (Status taken = take(); !taken.ok()) refusal_ = std::move(taken).error();
}

bool NetworkLink::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out = std::move(output_);
  output_.clear();
  return true;
}

std::optional<NetworkLink::Message> NetworkLink::poll_message() {
  if (messages_.empty()) return std::nullopt;
  Message out = std::move(messages_.front());
  messages_.pop_front();
  return out;
}

void NetworkLink::reset() {
  buffer_.clear();
  output_.clear();
  messages_.clear();
  refusal_.reset();
}

}  // namespace amity::c12
