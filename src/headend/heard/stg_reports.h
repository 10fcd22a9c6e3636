// Reports of PRIME concentrators (STG 3.1.c), brought as files of a drop folder or by HTTP:
// readings and events of the meters behind, state and events of the concentrator. A meter that a
// concentrator reports is of its segment from then on.
#pragma once

#include "headend/heard/sink.h"
#include "wire/stg/report.h"

namespace amity::heard {

class StgReports {
 public:
  explicit StgReports(Sink& sink);

  // `done` as the sink's; kMalformed with its offset for what is no report.
  void take(ByteView xml, Sink::Done done);

 private:
  void take_subject(const stg::ConcentratorReport& report, const stg::Subject& subject,
                    Sink::Done done);
  std::optional<Device> registered(const std::string& id);
  // What the report says of the device itself: the concentrator it is behind, its firmware.
  void learn(Device device, const stg::ConcentratorReport& report, const stg::Subject& subject);
  void keep_state(const stg::ConcentratorReport& report, const stg::Subject& subject,
                  bool is_registered);

  Sink& sink_;
};

// The registry's name of what a concentrator last reported of itself: "stg/CIR4621247027/S12", a
// line NAME=VALUE for each attribute.
std::string stg_state_name(const std::string& concentrator, const std::string& type);

}  // namespace amity::heard
