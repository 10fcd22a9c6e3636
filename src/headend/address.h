// How a device is reached, as a URL:
//   dlms+tcp://HOST:PORT?client=1&server=1&gateway=NET/HEXADDR     TCP wrapper (IEC 62056-47)
//   dlms+hdlc://HOST:PORT?client=1&server=1&physical=17&size=4     HDLC over TCP
//   ...&bearer=g3-plc&wake=PERIOD/OFFSET/LENGTH                    what the path can carry; when a
//   sleeper listens, in s
// `gateway` is the E6 prefix's network id and physical device address behind a concentrator.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/runtime.h"
#include "headend/bearer.h"
#include "session/dlms/config.h"

namespace amity::headend {

struct Address {
  Endpoint endpoint;
  dlms::LinkOptions link;
  const Bearer* bearer = find_bearer("ip");
  WakeWindow wake;
  // What else the URL says ("auth", "key", ...), for who reads one meter from the command line.
  std::map<std::string, std::string> other;

  bool shared() const { return link.gateway.has_value(); }  // the connection serves many meters
};

Result<Address> parse_address(std::string_view url);

}  // namespace amity::headend
