// IEC 62056-21 through a line-to-TCP gateway or an optical head on a port of this machine: the
// readout, and the rows of the load profile P.01 that are missing. Address:
//   iec62056+tcp://HOST:PORT?device=ADDR&mode=C[&password=..]
//   iec62056+serial:///dev/ttyX?device=ADDR
// mode D listens; A, B, C and E ask: which of them it is, the meter says.
#pragma once

#include "headend/link_driver.h"
#include "session/iec62056_21/client.h"

namespace amity::headend {

class IecDriver final : public LinkDriver<iec62056_21::Client> {
 public:
  IecDriver(DriverContext& context, Meter& meter) : LinkDriver(context, meter) {}

  Task<Status> open() override;
  Task<void> close() override;

 private:
  using Event = iec62056_21::ClientEvent;

  // Begins a session on the line; the event that it comes to.
  Task<Result<Event>> begin(iec62056_21::Goal goal);
  Task<Result<Event>> event();  // the next that is not about the line's speed
  Task<void> sign_off();
  Task<Status> read_clock() override;  // the whole readout
  Task<Status> read_registers(Progress) override { co_return Status{}; }
  Task<Status> read_profile(Progress progress) override;
  Task<Status> read_rows(TimeRange range, std::uint32_t period_s, bool& none);
  bool has_profile() const override { return !listens(); }
  bool listens() const { return meter_.address.option("mode") == "D"; }

  iec62056_21::ClientConfig config_;
  iec62056_21::Identification identification_;
  wire::MeterIdentity identity_;
  std::optional<Instant> rests_until_;  // a meter on a line of its own rate, after a readout
};

}  // namespace amity::headend
