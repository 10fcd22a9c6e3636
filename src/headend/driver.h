// One conversation with one meter, whatever it speaks: what the head-end asks of a driver, and what
// a driver works with. The scheme of the device's address says which driver it is.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "headend/event_codes.h"
#include "headend/headend.h"
#include "headend/meter.h"
#include "headend/report_intake.h"

namespace amity::headend {

// What every conversation of a head-end works with.
struct DriverContext {
  Runtime runtime;
  store::Registry& registry;
  store::Readings& readings;
  store::Events& events;
  intake::Intake& intake;
  KeyRing& keys;
  const HeadEndConfig& config;
  LayoutCache& layouts;
  ConnectionPool& pool;
  HeadEndStats& stats;
  ReportIntake& reports;
};

struct CommandOutcome {
  CommandState state = CommandState::kFailed;
  std::string result;
};

struct Traffic {
  std::uint64_t bytes_sent = 0, bytes_received = 0;
};

class Driver {
 public:
  using Progress = std::function<void(std::string)>;

  virtual ~Driver() = default;
  virtual Task<Status> open() = 0;
  // Everything that is due: clock, registers, missing rows, events. What was received before a
  // failure is kept.
  virtual Task<Status> read_scheduled(Progress progress) = 0;
  // `sent_before`: a connect or disconnect that may have reached the meter already; it is only read
  // back.
  virtual Task<CommandOutcome> run(const Command& command, bool sent_before, Progress progress) = 0;
  virtual Task<void> close() = 0;
  // What is awaited fails with `why`: a conversation that lasts too long.
  virtual void abort(Error why) = 0;

  virtual bool connected() const = 0;
  // Keys, passwords or rights: it will not get better by asking again.
  virtual bool security_failure() const = 0;
  // The path's TLS failed: nothing was asked of the meter, and a new certificate puts it right.
  virtual bool untrusted() const = 0;
  virtual std::optional<std::int32_t> clock_offset_s() const = 0;
  // Devices that were read through this one.
  virtual std::vector<DeviceId> also_read() const { return {}; }
  virtual Traffic traffic() const = 0;  // of all connections of this conversation
};

// `context` and `meter` outlive the driver.
std::unique_ptr<Driver> make_driver(DriverContext& context, Meter& meter);

}  // namespace amity::headend
