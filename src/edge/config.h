// What `amity edge` is told: edge.toml, a person's file with everything, and the part of it that
// says what is read, which the server may send (docs/formats/edge.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/runtime.h"
#include "edge/limits.h"
#include "headend/key_ring.h"

namespace amity::edge {

struct MeterEntry {
  std::string serial, manufacturer, model, protocol;
  std::string service_point;       // name of where it hangs, as the server knows it; "": not told
  std::string address;             // as a device's (headend/address.h); "" = heard by a receiver
  std::uint32_t interval_s = 900;  // of its load profile
  UtcSeconds since;                // it holds nothing older; 0: not known
  Bytes key, authentication_key;
  std::string password;
  // Of DLMS.
  dlms::Mechanism mechanism = dlms::Mechanism::kNone;
  dlms::SecurityPolicy policy;
  dlms::SystemTitle client_title{};  // ours
};

// What is read.
struct ReadingConfig {
  std::string zone = "UTC";
  std::uint32_t read_every_s = 900;
  bool set_clocks = false;
  std::vector<MeterEntry> meters;
  // tcp://HOST:PORT and serial:///dev/ttyX?baud=..&line=.. are opened, listen+tcp://HOST:PORT and
  // udp://HOST:PORT listened to.
  std::vector<std::string> receivers;
};

struct EdgeConfig {
  Endpoint server;
  std::string certificate, key, authority;  // PEM files
  std::string data;                         // directory
  std::uint64_t buffer_bytes = kBufferBytesDefault;
  Bytes update_key;  // Ed25519, 32 bytes; none: no program is taken
  std::uint32_t update_confirm_min = 10;
  ReadingConfig reading;
};

// The error names the file, line and column.
Result<EdgeConfig> parse_edge_config(std::string_view text, std::string_view file);
// The reading part alone: anything else in it is refused.
Result<ReadingConfig> parse_reading_config(std::string_view text, std::string_view file);
// Of a receiver that is opened: an address of a stream, for headend/address.h; "" of one that is
// listened to.
std::string stream_address_of(const std::string& receiver);

}  // namespace amity::edge
