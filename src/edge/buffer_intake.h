// The edge's door: what drivers and listeners deliver becomes batches of the buffer, and counts as
// taken once it is durable there. One thread: the loop's.
#pragma once

#include <functional>
#include <map>

#include "base/runtime.h"
#include "edge/batch.h"
#include "edge/buffer.h"
#include "edge/local_store.h"
#include "intake/intake.h"

namespace amity::edge {

class BufferIntake final : public intake::Intake {
 public:
  struct Events {
    std::function<void()> durable;                 // there is more to forward
    std::function<void(const Error& why)> failed;  // the disk: nothing is taken any more
    std::function<void(bool full, std::uint64_t refused)>
        full;  // began, or ended: how many deliveries
  };
  // All references outlive it.
  BufferIntake(Runtime runtime, Buffer& buffer, store::Registry& registry, LocalReadings& readings,
               LocalEvents& events, Events on)
      : runtime_(runtime),
        buffer_(buffer),
        registry_(registry),
        readings_(readings),
        local_events_(events),
        on_(std::move(on)) {}
  ~BufferIntake() override { runtime_.timers.cancel(flush_); }

  void accept(ReadingsArrived delivery, OnDone on_done) override;
  void accept(EventsArrived delivery, OnDone on_done) override;
  void accept(ContactMade contact);
  // The server waits for it: taken into the reserve of a full buffer.
  void accept(CommandChanged changed, std::function<void(Status)> on_done);
  // What the edge says of itself.
  void tell(Severity severity, std::uint32_t code, std::string text);
  // Devices or channels have changed.
  void forget_names() { devices_.clear(), channels_.clear(), service_points_.clear(); }
  // The name of where a device hangs; after forget_names().
  void set_service_point(DeviceId device, std::string name) {
    service_points_[device] = std::move(name);
  }

 private:
  struct Pending {
    std::vector<Reading> readings;
    std::vector<Event> events;
    OnDone on_done;
    intake::Receipt receipt;
  };
  Result<Bytes> encode(Fact fact);
  Status name(DeviceId device, Batch& batch);
  void take(std::vector<Fact> facts, Pending pending, bool urgent);
  Status append(const std::vector<Fact>& facts, bool urgent);
  void flush();

  Runtime runtime_;
  Buffer& buffer_;
  store::Registry& registry_;
  LocalReadings& readings_;
  LocalEvents& local_events_;
  Events on_;
  std::map<DeviceId, Device> devices_;
  std::map<ChannelId, Channel> channels_;
  std::map<DeviceId, std::string> service_points_;
  std::vector<Pending> pending_;
  TimerId flush_ = 0;
  bool full_ = false;
  std::uint64_t refused_ = 0;
};

}  // namespace amity::edge
