// A client of an MQTT 3.1.1 broker that only listens (libmosquitto, on a thread of its own). The
// broker keeps for us what comes while we are away. One message is in hand at a time, until whoever
// takes it has it; the library acknowledges a message when it hands it over, so that a crash may
// lose the one in hand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace amity::runtime {

struct MqttOptions {
  std::string url;  // mqtt://[USER:PASSWORD@]HOST[:1883], mqtts://HOST[:8883]
  std::string client_id = "amity";
  std::vector<std::string> topics;  // subscribed with quality of service 1
};

class MqttListener {
 public:
  using Done = std::function<void(Status)>;  // from any thread; kBusy and kIo: it is asked again
  // On the client's thread. One message at a time: the next comes after Done.
  using OnMessage = std::function<void(std::string topic, Bytes payload, Done done)>;
  using OnState = std::function<void(bool connected, const std::string& why)>;

  // Connects in the background, and again whenever the connection is lost. kInvalid: the URL.
  static Result<std::unique_ptr<MqttListener>> start(const MqttOptions& options,
                                                     OnMessage on_message, OnState on_state);
  ~MqttListener();  // the message in hand is not acknowledged

 private:
  struct Impl;
  explicit MqttListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace amity::runtime
