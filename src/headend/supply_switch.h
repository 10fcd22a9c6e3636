// Switching a supply off and on: once. Where the reply is lost the state is unknown, and it is read
// back, never sent again.
#pragma once

#include <optional>

#include "headend/driver.h"

namespace amity::headend {

// What a driver knows how to do.
class SupplySwitch {
 public:
  virtual ~SupplySwitch() = default;
  // Whether the supply is on; nullopt: the meter does not say.
  virtual Task<Result<std::optional<bool>>> supply() = 0;
  // "": the meter has taken it; else why it refuses. An error: nobody knows whether it arrived.
  virtual Task<Result<std::string>> send_switch(bool connect) = 0;
  // After a lost connection.
  virtual Task<Status> open_again() = 0;
};

// `sent_before`: the command may have reached the meter already.
Task<CommandOutcome> switch_supply(SupplySwitch& meter, Runtime runtime, bool connect,
                                   bool sent_before);

}  // namespace amity::headend
