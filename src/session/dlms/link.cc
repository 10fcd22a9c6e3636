#include "session/dlms/link.h"

#include <algorithm>

namespace amity::dlms {

Link::Link(const LinkOptions* options, Side side) : options_(options), side_(side), wrapper_(options, side) {}

void Link::open(Instant) { state_ = LinkState::kOpen; }

void Link::close(Instant) { state_ = LinkState::kClosed; }

void Link::reset() {
  state_ = LinkState::kClosed;
  wrapper_.reset();
}

Status Link::on_bytes(ByteView bytes, Instant) { return wrapper_.on_bytes(bytes); }

// Ours only when it came by the same route that we were given.
bool Link::strip_prefix(Inbound& inbound) const {
  if (!has_gateway_prefix(inbound.apdu)) return !options_->gateway;
  if (!options_->gateway) return false;
  ByteReader in(inbound.apdu);
  const Result<GatewayPrefix> prefix = read_gateway_prefix(in);
  if (!prefix.ok()) return false;
  if (prefix->from_device != (side_ == Side::kClient) || prefix->network_id != options_->gateway->network_id) return false;
  if (!std::ranges::equal(prefix->device_address, options_->gateway->device_address)) return false;
  inbound.apdu = in.rest();
  return true;
}

Result<std::optional<Inbound>> Link::next(Instant) {
  for (;;) {
    AMITY_TRY(std::optional<Inbound> inbound, wrapper_.next());
    if (!inbound) return inbound;
    const bool peer = side_ == Side::kClient ? inbound->source_sap == options_->server_sap
                                             : inbound->destination_sap == options_->server_sap;
    if (peer && strip_prefix(*inbound) && !inbound->apdu.empty()) return inbound;
    ++strays_;
  }
}

Status Link::with_prefix(ByteView apdu, Bytes& out) const {
  AMITY_CHECK(encode(GatewayPrefix{side_ == Side::kServer, options_->gateway->network_id, options_->gateway->device_address},
                     out));
  append(out, apdu);
  return {};
}

Status Link::send(std::uint16_t peer_sap, ByteView apdu, Instant) {
  if (!options_->gateway) return wrapper_.send(peer_sap, apdu);
  Bytes prefixed;
  AMITY_CHECK(with_prefix(apdu, prefixed));
  return wrapper_.send(peer_sap, prefixed);
}

Status Link::send_unsolicited(std::uint16_t peer_sap, ByteView apdu, Instant now) { return send(peer_sap, apdu, now); }

Status Link::on_timer(Instant) { return {}; }
std::optional<Instant> Link::next_timeout() const { return std::nullopt; }
bool Link::poll_output(Bytes& out) { return wrapper_.poll_output(out); }
void Link::shrink() { wrapper_.shrink(); }
std::size_t Link::heap_bytes() const { return wrapper_.heap_bytes(); }

}  // namespace amity::dlms
