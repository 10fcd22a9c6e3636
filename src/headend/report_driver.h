// What the drivers share whose meters' answers become wire::Reports: taking reports to channels,
// what is missing of the load profile, the policy of the clock, the commands.
#pragma once

#include "headend/driver.h"

namespace amity::headend {

class ReportDriver : public Driver {
 public:
  Task<Status> read_scheduled(Progress progress) override;
  Task<CommandOutcome> run(const Command& command, bool sent_before, Progress progress) override;

  bool security_failure() const override { return security_failure_; }
  std::optional<std::int32_t> clock_offset_s() const override { return clock_offset_s_; }

 protected:
  // Both outlive the driver.
  ReportDriver(DriverContext& context, Meter& meter) : c_(context), meter_(meter) {}

  // Asks for the clock, where the meter has one, and hands what it says to take().
  virtual Task<Status> read_clock() = 0;
  // Registers and whatever else is read each time, not the load profile.
  virtual Task<Status> read_registers(Progress progress) = 0;
  // Rows of the load profile, those that are missing(). Nothing where there is none.
  virtual Task<Status> read_profile(Progress) { co_return Status{}; }
  virtual Task<Status> read_events() { co_return Status{}; }
  // Whether the driver reads load profiles, sets clocks.
  virtual bool has_profile() const { return false; }
  virtual bool sets_clock() const { return false; }
  virtual Task<Status> write_clock() { co_return Status{}; }
  // Refused where no public text says how meters of the protocol switch.
  virtual Task<CommandOutcome> run_switch(bool connect, bool sent_before);

  // Into the delivery. `only`: interval values outside of it were not asked for and are left out.
  Status take(const wire::Report& report, const TakeOptions& options = {},
              const TimeRange* only = nullptr);
  Task<Status> deliver();
  // The same; the newest interval of what was delivered (0: none).
  Task<Result<UtcSeconds>> deliver_rows();
  Task<Status> report(HeadEndEvent event, std::string detail);
  // Notes that a failure is one of keys, for the lock-out.
  Error note(Error error);

  // Of the load profile with this period: what is missing. A command asks for a range instead.
  std::vector<TimeRange> missing(std::uint32_t period_s);
  void answered(TimeRange range, UtcSeconds last, std::uint32_t period_s);

  TimeZone zone() const { return meter_.address.zone.value_or(c_.config.zone); }
  UtcSeconds utc() const { return c_.runtime.clock.utc(); }
  TakeOptions options() const;
  bool quarantined() const;

  DriverContext& c_;
  Meter& meter_;

 private:
  void learn(ProfileProgress& progress, const CaptureGrid& grid);
  void keep_new_events(std::vector<Event>& events);
  Task<CommandOutcome> run_read(bool profile_only, Progress progress);
  Task<CommandOutcome> run_set_clock();
  Task<Status> check_clock();

  ReadingsArrived readings_;
  EventsArrived events_;
  UtcSeconds newest_row_;  // not yet delivered
  std::optional<std::int32_t> clock_offset_s_;
  std::optional<TimeRange> wanted_;                 // of a command
  std::map<std::string, UtcSeconds> newest_event_;  // stored, by source
  std::size_t readings_accepted_ = 0;
  bool security_failure_ = false;
};

}  // namespace amity::headend
