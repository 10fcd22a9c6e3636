// What an edge forwards at once: one fact, with what its ids stand for, so that it can be
// understood alone, however much later. Ids are the edge's own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "edge/limits.h"
#include "model/channel.h"
#include "model/device.h"
#include "model/facts.h"

namespace amity::edge {

struct Batch {
  std::vector<Device> devices;    // id, serial, manufacturer, model, protocol, interval
  std::vector<Channel> channels;  // of readings; their devices are among `devices`
  // ReadingsArrived, EventsArrived, ContactMade, or CommandChanged (whose id is the server's)
  Fact fact;
  std::map<DeviceId, std::string> service_points = {};  // their names, where they are told
};

// kLimit when it is larger than limits.h allows.
Result<Bytes> encode_batch(const Batch& batch);
// Every channel and device of the fact is among those named (an event's device, and a
// command's, may be none). Safe
// on any input.
Result<Batch> decode_batch(ByteView body);

}  // namespace amity::edge
