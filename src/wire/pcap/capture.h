// Payloads out of a network capture: pcap (libpcap 2.4, both byte orders, micro- and nanoseconds)
// and pcapng; Ethernet, Linux cooked, raw IP and loopback links; IPv4 and IPv6; UDP datagrams and
// TCP streams in order.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace amity::pcap {

struct Payload {
  std::size_t offset = 0;    // in the capture, of its first byte
  std::int64_t time_us = 0;  // since 1970, UTC, as captured
  bool tcp = false;          // else UDP
  std::string from, to;      // "192.0.2.1:1153", "[2001:db8::1]:4059"
  Bytes bytes;               // of TCP: all that one side said before the other answered
};

struct Capture {
  std::vector<Payload> payloads;     // in the order of the capture
  std::vector<std::string> remarks;  // what could not be read, with its offset: the rest is kept
};

bool looks_like_capture(ByteView bytes);
// An error where this is no capture; what is cut or not understood inside is a remark.
Result<Capture> read_capture(ByteView bytes);

}  // namespace amity::pcap
