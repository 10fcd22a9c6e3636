// What meters send unasked, over TCP (connections that they open) and UDP (a datagram each). A push is taken when its
// protection satisfies the meter's policy, its counter was never seen and its times are possible; duplicates change
// nothing. Connections are capped, a frame must be whole within kPushFrameTimeout_ms, and buffers are bounded.
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "base/task.h"
#include "headend/dlms_driver.h"
#include "headend/push_body.h"
#include "session/dlms/push_receiver.h"

namespace amity::headend {

// Who the listener asks about the fleet.
class PushSink {
 public:
  virtual ~PushSink() = default;
  virtual std::optional<DeviceId> device_of(const dlms::SystemTitle& title) = 0;
  // A plain push: by the address it came from.
  virtual std::optional<DeviceId> device_at(const Endpoint& from, const dlms::Pushed& pushed) = 0;
  virtual Meter* meter_of(DeviceId device) = 0;
  // Something happened there, or the push could not be understood: read the meter soon.
  virtual void wants_reading(DeviceId device) = 0;
  virtual void pump_later() = 0;
  // Hands on a push of a device that is not of this shard; false where there is no other shard.
  virtual bool forward(const dlms::Pushed& pushed, const Endpoint& from) = 0;
};

class PushListener {
 public:
  PushListener(DriverContext& context, PushSink& sink);
  ~PushListener();

  Status start(const PushPolicy& policy);
  // A push that another shard's listener received and whose protection it has checked.
  void hear(const dlms::Pushed& pushed, const Endpoint& from);
  std::optional<Endpoint> tcp() const;
  std::optional<Endpoint> udp() const;
  std::size_t connections() const { return connections_.size(); }

 private:
  class Peers;
  struct Connection;

  void accept(std::unique_ptr<Stream> stream);
  void datagram(const Endpoint& from, ByteView bytes);
  void drop(Connection* connection);
  // Whatever the receiver has to say. True: at least one whole push came.
  bool drain(dlms::PushReceiver& receiver, Peers& peers, const Endpoint& from, bool& closed);
  void take(const dlms::Pushed& pushed, const Endpoint& from);
  void take(DeviceId device, Meter& meter, const dlms::Pushed& pushed);
  // Of a device that nobody polls: by what the push says of itself. False: there is no such device.
  bool take_heard(std::optional<DeviceId> device, const dlms::Pushed& pushed);
  bool heard_only(DeviceId device) const;
  bool lacks_protection(DeviceId device, const dlms::Pushed& pushed);
  std::optional<DeviceId> sender(const dlms::Pushed& pushed, const Endpoint& from);
  void refused(const Error& why, std::optional<DeviceId> device);
  Task<void> deliver(DeviceId device, PushContent content, bool secured);
  void mark_pushed(DeviceId device, std::span<const UtcSeconds> times);
  void report(DeviceId device, HeadEndEvent event, std::string detail);

  DriverContext& c_;
  PushSink& sink_;
  PushPolicy policy_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<DatagramSocket> socket_;
  std::list<std::unique_ptr<Connection>> connections_;
  TaskScope deliveries_;
};

}  // namespace amity::headend
