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

Status take_tls(Address& address, std::string_view name, std::string_view value) {
  if (!address.tls)
    return make_error(ErrorCode::kInvalid, std::string(name) + " is of addresses with +tls alone");
  std::string* const to = name == "tls-ca"     ? &address.tls->authority
                          : name == "tls-cert" ? &address.tls->certificate
                          : name == "tls-key"  ? &address.tls->key
                          : name == "tls-name" ? &address.tls->name
                                               : nullptr;
  if (to == nullptr || value.empty())
    return make_error(ErrorCode::kInvalid, std::string(name) + "=" + std::string(value) +
                                               ": there are tls-ca, tls-cert, tls-key, tls-name");
  *to = value;
  return {};
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
    const Bearer* const known_one = find_bearer(value);
    if (known_one == nullptr) {
      std::string known;
      for (const Bearer& bearer : bearers())
        known += (known.empty() ? "" : ", ") + std::string(bearer.name);
      return make_error(ErrorCode::kInvalid,
                        "bearer=" + std::string(value) + " is none of " + known);
    }
    address.bearer = *known_one;
  } else if (name == "wake") {
    AMITY_TRY(address.wake, wake_window(value));
  } else if (name.starts_with("tls-")) {
    return take_tls(address, name, value);
  } else if (name == "zone") {
    AMITY_TRY(address.zone, TimeZone::find(value));
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

// The rate and the form of a character with which conversations of this kind begin.
SerialLine line_of(Scheme scheme) {
  using Parity = SerialLine::Parity;
  switch (scheme) {
    case Scheme::kMbus: return {2'400, 8, Parity::kEven, 1};
    case Scheme::kIec62056: return {300, 7, Parity::kEven, 1};
    case Scheme::kP1: return {115'200, 8, Parity::kNone, 1};
    default: return {9'600, 8, Parity::kNone, 1};
  }
}

Status take_scheme(Address& address, std::string_view url, std::string_view scheme) {
  struct Known {
    std::string_view name;
    Scheme scheme;
  };
  static constexpr Known kKnown[] = {{"c1222", Scheme::kC1222},       {"mbus", Scheme::kMbus},
                                     {"iec62056", Scheme::kIec62056}, {"modbus", Scheme::kModbus},
                                     {"p1", Scheme::kP1},             {"sml", Scheme::kSml}};
  const bool wrapper = scheme == "dlms+tcp" || scheme == "dlms+tls";
  if (wrapper || scheme == "dlms+hdlc" || scheme == "dlms+hdlc+tls") {
    address.link.transport = wrapper ? dlms::Transport::kWrapperStream : dlms::Transport::kHdlc;
    if (scheme.ends_with("+tls")) address.tls.emplace();
    return {};
  }
  const std::size_t plus = scheme.find('+');
  const std::string_view over = plus == scheme.npos ? std::string_view() : scheme.substr(plus + 1);
  for (const Known& known : kKnown) {
    if (scheme.substr(0, plus) != known.name) continue;
    address.scheme = known.scheme;
    if (over == "tls") address.tls.emplace();
    if (over == "tcp" || over == "tls") return {};
    if (over != "serial" || known.scheme == Scheme::kC1222) break;
    address.serial = line_of(known.scheme);
    return {};
  }
  return make_error(ErrorCode::kUnsupported,
                    "the address \"" + std::string(url) +
                        "\" starts with none of dlms+tcp, dlms+hdlc, c1222+tcp, mbus+tcp, "
                        "iec62056+tcp, modbus+tcp, p1+tcp, sml+tcp (+tls likewise), mbus+serial, iec62056+serial, "
                        "modbus+serial, p1+serial, sml+serial (://)");
}

// baud=2400 line=8E1
Status take_line(Address& address) {
  const std::string form = to_string(*address.serial);
  const std::string baud = address.option("baud"), line = address.option("line");
  const std::size_t blank = form.find(' ');
  AMITY_TRY(address.serial, serial_line_from((baud.empty() ? form.substr(0, blank) : baud) + ' ' +
                                             (line.empty() ? form.substr(blank + 1) : line)));
  return {};
}

}  // namespace

std::string Address::option(const std::string& name) const {
  const auto at = other.find(name);
  return at == other.end() ? std::string() : at->second;
}

Result<std::uint32_t> Address::number_option(const std::string& name, std::uint32_t otherwise,
                                             std::uint32_t max) const {
  const auto at = other.find(name);
  if (at == other.end()) return otherwise;
  return number(name, at->second, max);
}

Result<Address> parse_address(std::string_view url) {
  Address address;
  const std::size_t scheme_end = url.find("://");
  AMITY_CHECK(take_scheme(address, url, url.substr(0, scheme_end == url.npos ? 0 : scheme_end)));
  std::string_view rest = url.substr(scheme_end + 3);
  const std::size_t question = rest.find('?');
  const std::string_view place = rest.substr(0, question);
  rest = question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  if (address.serial) {
    if (!place.starts_with('/'))
      return make_error(ErrorCode::kInvalid, "a serial port is a path: mbus+serial:///dev/ttyUSB0");
    address.endpoint.host = std::string(place);
  } else {
    AMITY_CHECK(take_host(address, place));
  }
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
  if (address.serial) AMITY_CHECK(take_line(address));
  if (const auto hops = address.other.extract("hops"); !hops.empty()) {
    AMITY_TRY(const std::uint32_t count, number("hops", hops.mapped(), kHopsMax));
    AMITY_TRY(address.bearer, address.bearer.over(count));
  }
  if (address.tls && address.tls->certificate.empty() != address.tls->key.empty())
    return make_error(ErrorCode::kInvalid, "tls-cert and tls-key are given together");
  return address;
}

Status keep_files_within(const std::string& folder, Address& address) {
  if (!address.tls) return {};
  for (std::string* file : {&address.tls->authority, &address.tls->certificate, &address.tls->key}) {
    if (file->empty()) continue;
    if (file->find('/') != file->npos || file->front() == '.')
      return make_error(ErrorCode::kInvalid,
                        "\"" + *file + "\" is not the name of a file in the folder for TLS");
    if (folder.empty())
      return make_error(ErrorCode::kInvalid, "there is no folder for the files of TLS");
    *file = folder + "/" + *file;
  }
  return {};
}

}  // namespace amity::headend
