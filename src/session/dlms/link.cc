#include "session/dlms/link.h"

#include <algorithm>

namespace amity::dlms {

namespace {

std::variant<WrapperLink, HdlcLink> make_link(const LinkOptions* options, Side side) {
  if (options->transport == Transport::kHdlc) return HdlcLink(options, side);
  return WrapperLink(options, side);
}

}  // namespace

Link::Link(const LinkOptions* options, Side side)
    : options_(options), side_(side), link_(make_link(options, side)) {}

void Link::open(Instant now) {
  stream_open_ = true;
  if (auto* hdlc = std::get_if<HdlcLink>(&link_)) hdlc->open(now);
}

void Link::close(Instant now) {
  stream_open_ = false;
  if (auto* hdlc = std::get_if<HdlcLink>(&link_)) hdlc->close(now);
}

void Link::reset() {
  stream_open_ = false;
  std::visit([](auto& link) { link.reset(); }, link_);
}

LinkState Link::state() const {
  if (const auto* hdlc = std::get_if<HdlcLink>(&link_)) return hdlc->state();
  return stream_open_ ? LinkState::kOpen : LinkState::kClosed;
}

std::uint32_t Link::epoch() const {
  const auto* hdlc = std::get_if<HdlcLink>(&link_);
  return hdlc == nullptr ? 0 : hdlc->epoch();
}

Status Link::on_bytes(ByteView bytes, Instant) {
  std::visit([bytes](auto& link) { link.on_bytes(bytes); }, link_);
  return {};
}

// Ours only when it came by the same route that we were given.
bool Link::strip_prefix(Inbound& inbound) const {
  if (!has_gateway_prefix(inbound.apdu)) return !options_->gateway;
  if (!options_->gateway) return false;
  ByteReader in(inbound.apdu);
  const Result<GatewayPrefix> prefix = read_gateway_prefix(in);
  if (!prefix.ok()) return false;
  if (prefix->from_device != (side_ == Side::kClient) ||
      prefix->network_id != options_->gateway->network_id)
    return false;
  if (!std::ranges::equal(prefix->device_address, options_->gateway->device_address)) return false;
  inbound.apdu = in.rest();
  return true;
}

Result<std::optional<Inbound>> Link::next(Instant now) {
  for (;;) {
    auto* hdlc = std::get_if<HdlcLink>(&link_);
    AMITY_TRY(std::optional<Inbound> inbound,
              hdlc ? hdlc->next(now) : std::get<WrapperLink>(link_).next());
    if (!inbound) return inbound;
    const bool peer = side_ == Side::kClient ? inbound->source_sap == options_->server_sap
                                             : inbound->destination_sap == options_->server_sap;
    if (peer && strip_prefix(*inbound) && !inbound->apdu.empty()) return inbound;
    ++strays_;
  }
}

Status Link::with_prefix(ByteView apdu, Bytes& out) const {
  AMITY_CHECK(encode(GatewayPrefix{side_ == Side::kServer, options_->gateway->network_id,
                                   options_->gateway->device_address},
                     out));
  append(out, apdu);
  return {};
}

Status Link::send(std::uint16_t peer_sap, ByteView apdu, Instant now) {
  Bytes prefixed;
  if (options_->gateway) {
    AMITY_CHECK(with_prefix(apdu, prefixed));
    apdu = prefixed;
  }
  if (auto* hdlc = std::get_if<HdlcLink>(&link_)) return hdlc->send(peer_sap, apdu, now);
  return std::get<WrapperLink>(link_).send(peer_sap, apdu);
}

Status Link::send_unsolicited(std::uint16_t peer_sap, ByteView apdu, Instant now) {
  auto* hdlc = std::get_if<HdlcLink>(&link_);
  if (hdlc == nullptr) return send(peer_sap, apdu, now);
  Bytes prefixed;
  if (options_->gateway) {
    AMITY_CHECK(with_prefix(apdu, prefixed));
    apdu = prefixed;
  }
  return hdlc->send_unsolicited(peer_sap, apdu);
}

void Link::await_more(Instant now) {
  if (auto* hdlc = std::get_if<HdlcLink>(&link_)) hdlc->await_more(now);
}

Status Link::on_timer(Instant now) {
  auto* hdlc = std::get_if<HdlcLink>(&link_);
  return hdlc == nullptr ? Status() : hdlc->on_timer(now);
}

std::optional<Instant> Link::next_timeout() const {
  const auto* hdlc = std::get_if<HdlcLink>(&link_);
  return hdlc == nullptr ? std::nullopt : hdlc->next_timeout();
}

bool Link::poll_output(Bytes& out) {
  return std::visit([&out](auto& link) { return link.poll_output(out); }, link_);
}

void Link::shrink() {
  std::visit([](auto& link) { link.shrink(); }, link_);
}

std::size_t Link::heap_bytes() const {
  return std::visit([](const auto& link) { return link.heap_bytes(); }, link_);
}

std::uint32_t Link::retransmissions() const {
  const auto* hdlc = std::get_if<HdlcLink>(&link_);
  return hdlc == nullptr ? 0 : hdlc->retransmissions();
}

}  // namespace amity::dlms
