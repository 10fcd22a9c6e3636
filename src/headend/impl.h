// The inside of HeadEnd: the fleet of one shard, its schedule, the conversations in flight.
#pragma once

#include <deque>
#include <map>
#include <unordered_map>

#include "base/task.h"
#include "headend/dispatcher.h"
#include "headend/driver.h"
#include "headend/headend.h"
#include "headend/push_listener.h"
#include "headend/schedule.h"

namespace amity::headend {

class HeadEnd::Impl : public std::enable_shared_from_this<HeadEnd::Impl>, private PushSink {
 public:
  Impl(Runtime runtime, store::Registry& registry, store::Readings& readings, store::Events& events,
       intake::Intake& intake, KeyRing& keys, HeadEndConfig config, Emit emit);
  ~Impl() override;

  Status start();
  void stop();
  void submit(const Command& command);   // any thread
  void refresh(DeviceId device);         // any thread
  void set_forward(Forward forward) { forward_ = std::move(forward); }
  void hear(const dlms::Pushed& pushed, const Endpoint& from);  // any thread
  HeadEndStats stats() const;
  const PushListener* push() const { return push_.get(); }

 private:
  struct Queued {
    Command command;
    unsigned attempts = 0;
  };
  // What one conversation is for.
  struct Visit {
    Meter* meter;
    Priority priority;
    std::uint32_t segment;
  };

  bool ours(DeviceId device) const { return device.value % config_.shards == config_.shard; }
  Meter* add_meter(const Device& device);
  std::uint32_t segment_of(const Device& device, const Address& address);
  void reload(DeviceId device);
  void plan(Meter& meter, bool catch_up);
  void plan_at(Meter& meter, UtcSeconds due);

  // schedule
  void pump();
  void arm();
  void start_visit(const Dispatcher::Job& job);
  Task<void> converse(Visit visit);
  void finish(const Visit& visit, const Status& status, const Driver& driver, Instant started);
  Duration air_time(const Meter& meter, const Driver& driver) const;
  void reschedule(Meter& meter, const Status& status, const Driver& driver);
  void alarm(const Meter& meter, HeadEndEvent event, const std::string& detail);

  // commands (commands.cc)
  void take_command(const Command& command);
  Task<Status> run_commands(Meter& meter, Driver& driver);
  void commands_unreachable(Meter& meter, const Error& why);
  void call_when_awake(const Meter& meter, UtcSeconds wakes);
  void expire_commands();
  void changed(const Command& command, CommandState state, std::string progress, std::string result);

  // pushes
  std::optional<DeviceId> device_of(const dlms::SystemTitle& title) override;
  std::optional<DeviceId> device_at(const Endpoint& from, const dlms::Pushed& pushed) override;
  Meter* meter_of(DeviceId device) override;
  void wants_reading(DeviceId device) override;
  void pump_later() override;
  bool forward(const dlms::Pushed& pushed, const Endpoint& from) override;

  HeadEndConfig config_;
  Emit emit_;
  Forward forward_;
  HeadEndStats stats_;
  LayoutCache layouts_;
  ConnectionPool pool_;
  std::shared_ptr<const driver::ModelSet> models_;
  ReportIntake reports_;
  DriverContext context_;
  std::unordered_map<DeviceId, std::unique_ptr<Meter>> meters_;
  std::unordered_map<std::string, DeviceId> by_host_;  // of meters reached directly
  std::unordered_map<DeviceId, std::deque<Queued>> commands_;
  std::multimap<std::int64_t, DeviceId> deadlines_;    // of queued commands
  std::size_t waiting_commands_ = 0;
  Schedule schedule_;
  Dispatcher dispatcher_;
  std::unique_ptr<PushListener> push_;
  TimerId timer_ = 0;
  Instant timer_at_;
  bool running_ = false;
  bool pumping_ = false;
  TaskScope conversations_;  // last: ended first
};

}  // namespace amity::headend
