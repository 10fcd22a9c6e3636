#include "headend/address.h"

#include <charconv>

#include "headend/limits.h"

namespace amity::headend {

namespace {

Result<std::uint32_t> number(std::string_view name, std::string_view text, std::uint32_t max) {
  std::uint32_t v = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), v);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size() || v > max) {
    return make_error(ErrorCode::kInvalid, std::string(name) + "=" + std::string(text) + " is not a number up to " +
                                               std::to_string(max));
  }
  return v;
}

Result<dlms::GatewayRoute> gateway(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return make_error(ErrorCode::kInvalid, "gateway=" + std::string(text) + " is not NET/HEXADDR");
  }
  dlms::GatewayRoute route;
  AMITY_TRY(const std::uint32_t network, number("gateway", text.substr(0, slash), 255));
  route.network_id = static_cast<std::uint8_t>(network);
  AMITY_TRY(route.device_address, from_hex(text.substr(slash + 1)));
  if (route.device_address.empty() || route.device_address.size() > 255) {
    return make_error(ErrorCode::kInvalid, "a device address behind a gateway has 1 to 255 bytes");
  }
  return route;
}

Result<WakeWindow> wake_window(std::string_view text) {
  const std::size_t first = text.find('/'),
                    second = text.find('/', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) {
    return make_error(ErrorCode::kInvalid,
                      "wake=" + std::string(text) + " is not PERIOD/OFFSET/LENGTH in seconds");
  }
  WakeWindow wake;
  AMITY_TRY(wake.period_s, number("wake period", text.substr(0, first), kWakePeriodMax_s));
  AMITY_TRY(wake.offset_s,
            number("wake offset", text.substr(first + 1, second - first - 1), kWakePeriodMax_s));
  AMITY_TRY(wake.length_s, number("wake length", text.substr(second + 1), kWakePeriodMax_s));
  if (wake.length_s == 0 || wake.length_s > wake.period_s || wake.offset_s >= wake.period_s) {
    return make_error(ErrorCode::kInvalid,
                      "wake=" + std::string(text) +
                          ": the length is 1 to the period, the offset less than the period");
  }
  return wake;
}

Status take_option(Address& address, std::string_view name, std::string_view value) {
  dlms::LinkOptions& link = address.link;
  if (name == "client") {
    AMITY_TRY(const std::uint32_t v, number(name, value, 0xFFFF));
    link.client_sap = static_cast<std::uint16_t>(v);
  } else if (name == "server") {
    AMITY_TRY(const std::uint32_t v, number(name, value, 0xFFFF));
    link.server_sap = static_cast<std::uint16_t>(v);
  } else if (name == "physical") {
    AMITY_TRY(const std::uint32_t v, number(name, value, 0x3FFF));
    link.hdlc.physical_device = static_cast<std::uint16_t>(v);
    if (link.hdlc.server_address_size == 1) link.hdlc.server_address_size = v > 0x7F ? 4 : 2;
  } else if (name == "size") {
    AMITY_TRY(const std::uint32_t v, number(name, value, 4));
    if (v != 1 && v != 2 && v != 4) return make_error(ErrorCode::kInvalid, "an HDLC address has 1, 2 or 4 bytes");
    link.hdlc.server_address_size = static_cast<std::uint8_t>(v);
  } else if (name == "gateway") {
    AMITY_TRY(link.gateway, gateway(value));
  } else if (name == "bearer") {
    address.bearer = find_bearer(value);
    if (address.bearer == nullptr) {
      std::string known;
      for (const Bearer& bearer : bearers())
        known += (known.empty() ? "" : ", ") + std::string(bearer.name);
      return make_error(ErrorCode::kInvalid,
                        "bearer=" + std::string(value) + " is none of " + known);
    }
  } else if (name == "wake") {
    AMITY_TRY(address.wake, wake_window(value));
  } else {
    address.other.emplace(name, value);
  }
  return {};
}

Status take_host(Address& address, std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return make_error(ErrorCode::kInvalid, "the address says no HOST:PORT");
  }
  std::string_view name = host.substr(0, colon);
  if (name.size() > 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
  address.endpoint.host = std::string(name);
  AMITY_TRY(const std::uint32_t port, number("port", host.substr(colon + 1), 0xFFFF));
  address.endpoint.port = static_cast<std::uint16_t>(port);
  return {};
}

}  // namespace

Result<Address> parse_address(std::string_view url) {
  Address address;
  const std::size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end);
  if (scheme == "dlms+tcp") {
    address.link.transport = dlms::Transport::kWrapperStream;
  } else if (scheme == "dlms+hdlc") {
    address.link.transport = dlms::Transport::kHdlc;
  } else {
    return make_error(ErrorCode::kUnsupported, "the address \"" + std::string(url) +
                                                   "\" starts with neither dlms+tcp:// nor dlms+hdlc://");
  }
  std::string_view rest = url.substr(scheme_end + 3);
  const std::size_t question = rest.find('?');
  AMITY_CHECK(take_host(address, rest.substr(0, question)));
  rest = question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t amp = rest.find('&');
    const std::string_view option = rest.substr(0, amp);
    rest = amp == std::string_view::npos ? std::string_view() : rest.substr(amp + 1);
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos) {
      return make_error(ErrorCode::kInvalid, "\"" + std::string(option) + "\" is not NAME=VALUE");
    }
    AMITY_CHECK(take_option(address, option.substr(0, equals), option.substr(equals + 1)));
  }
  return address;
}

}  // namespace amity::headend
