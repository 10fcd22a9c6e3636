// How a device is reached, as a URL:
//   dlms+tcp://HOST:PORT?client=1&server=1&gateway=NET/HEXADDR     TCP wrapper (IEC 62056-47)
//   dlms+hdlc://HOST:PORT?client=1&server=1&physical=17&size=4     HDLC over TCP
//   dlms+tls, dlms+hdlc+tls, c1222+tls, ... in place of +tcp       the same over TLS
//   ...&tls-ca=FILE&tls-cert=FILE&tls-key=FILE&tls-name=NAME       with these (docs/links.md)
//   ...&bearer=g3-plc&hops=4&wake=PERIOD/OFFSET/LENGTH             what the path can carry, how far
//   it is; when a sleeper listens, in s
// `gateway` is the E6 prefix's network id and physical device address behind a concentrator.
//   c1222+tcp://HOST:PORT?called=APTITLE&calling=APTITLE&user-id=..    C12.22 (c12_driver.h)
//   mbus+tcp://HOST:PORT?primary=5 | secondary=IIIIIIIIMMMMVVTT        wired M-Bus behind a gateway
//   iec62056+tcp://HOST:PORT?device=ADDR&mode=C                        IEC 62056-21 behind a gateway
//   modbus+tcp://HOST:PORT?unit=5&map=FILE&framing=rtu                 Modbus TCP; RTU frames behind
//   a gateway where it says so
//   p1+tcp://HOST:PORT, sml+tcp://HOST:PORT                            telegrams as they come
//   mbus+serial:///dev/ttyX?baud=2400&line=8E1 ...                     a port of this machine; iec62056,
//   modbus (RTU), p1 and sml likewise
// "wmbus:", "stg:", "dlms-mbus:" and the like name devices that nobody calls: they are heard, or read
// through another meter.
// For all: `zone=Europe/Madrid`, of a meter whose clock shows another zone than the utility's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/civil.h"
#include "base/tls_path.h"
#include "headend/bearer.h"
#include "session/dlms/config.h"

namespace amity::headend {

enum class Scheme : std::uint8_t { kDlms, kC1222, kMbus, kIec62056, kModbus, kP1, kSml };

// Where a connection goes and what is spoken on it: who has the same may use the same.
struct Place {
  Endpoint endpoint;
  std::optional<TlsPath> tls;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Address {
  Scheme scheme = Scheme::kDlms;
  Endpoint endpoint;                 // of a serial port: its path, port 0
  std::optional<SerialLine> serial;  // a port of this machine, and how it begins
  std::optional<TlsPath> tls;        // spoken on the connection
  dlms::LinkOptions link;
  Bearer bearer = *find_bearer("ip");
  WakeWindow wake;
  // What else the URL says ("auth", "key", ...), for who reads one meter from the command line.
  std::map<std::string, std::string> other;

  std::optional<TimeZone> zone;  // of the meter's clock

  // One conversation at a time, whoever it is with.
  bool bus() const {
    return scheme == Scheme::kMbus || scheme == Scheme::kModbus || scheme == Scheme::kIec62056 ||
           serial.has_value();
  }
  Place place() const { return {endpoint, tls}; }
  bool shared() const { return link.gateway.has_value() || bus(); }  // the connection serves many meters
  // An option of `other`; "" where it is not given.
  std::string option(const std::string& name) const;
  Result<std::uint32_t> number_option(const std::string& name, std::uint32_t otherwise,
                                      std::uint32_t max) const;
};

Result<Address> parse_address(std::string_view url);

// Of addresses that others than the machine's owner may write: the files of TLS are names within
// `folder`, and nowhere else.
Status keep_files_within(const std::string& folder, Address& address);

}  // namespace amity::headend
