// What meters send unasked, on a connection that they opened or in datagrams: framing, general
// block transfer and general-glo protection undone, DataNotification given out. Same polling shape
// as the client, without output but confirmations.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "session/dlms/client.h"

namespace amity::dlms {

// What is known of a pushing meter.
struct PushPeer {
  SystemTitle title{};
  SecurityPolicy security;  // at least; a plain push of such a peer cannot be told from anybody's:
                            // see Pushed::title
  const GlobalKeys* keys = nullptr;
  InvocationCounters* counters = nullptr;
};

class PushPeers {
 public:
  virtual ~PushPeers() = default;
  virtual std::optional<PushPeer> find(const SystemTitle& title) = 0;
};

struct Pushed {
  std::uint16_t source_sap = 0;         // wPort or HDLC logical device
  std::optional<GatewayRoute> gateway;  // the device behind a gateway
  std::optional<SystemTitle>
      title;  // proven by the tag; absent: the push was plain, anybody may have sent it
  Notification notification;
};

using PushEvent =
    std::variant<Pushed, Failed>;  // Failed{closed = false}: one push was refused or not understood

class PushReceiver {
 public:
  PushReceiver(Transport transport, PushPeers* peers);
  PushReceiver(PushReceiver&&) noexcept;
  PushReceiver& operator=(PushReceiver&&) noexcept;
  ~PushReceiver();

  void on_bytes(ByteView bytes, Instant now);
  std::optional<PushEvent> poll_event();

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace amity::dlms
