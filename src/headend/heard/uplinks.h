// JSON messages of devices (MQTT, HTTP) and uplinks of LoRaWAN network servers (The Things Stack
// v3, ChirpStack v4), by a mapping. Whose a message is: the device whose address is
// "lorawan:DEVEUI" or "mqtt:TOPIC", or whose number stands in the message.
#pragma once

#include <unordered_map>

#include "headend/heard/sink.h"
#include "headend/heard/uplink_map.h"

namespace amity::heard {

class Uplinks {
 public:
  // `map` outlives it.
  Uplinks(Sink& sink, const UplinkMap& map);

  // A message of the source of that name (HTTP) or of the topic (MQTT). kNotFound: no such source.
  void take_named(std::string_view source, ByteView json, Sink::Done done);
  void take_topic(std::string_view topic, ByteView json, Sink::Done done);

  // What a message says, before anybody asks whose it is.
  struct Uplink {
    std::string address;  // "lorawan:70B3D57ED0051234", "mqtt:house/7"; "" where `number` is given
    std::string number;
    std::optional<int> port;
    Bytes payload;
    wire::Report report;  // values of the JSON itself, with their time
    wire::MeterTime time;
  };
  static Result<Uplink> read(const UplinkSource& source, std::string_view topic, ByteView json);

 private:
  void take(const UplinkSource& source, std::string_view topic, ByteView json, Sink::Done done);
  Status read_payload(const UplinkSource& source, Uplink& uplink);
  std::optional<Device> device_of(const Uplink& uplink);

  Sink& sink_;
  const UplinkMap& map_;
  mbus::RecordScratch scratch_;
  std::unordered_map<std::string, DeviceId> by_address_;
  Instant loaded_{INT64_MIN};
};

// RFC 4648, 4, with padding.
Result<Bytes> from_base64(std::string_view text);

}  // namespace amity::heard
