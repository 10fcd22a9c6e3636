// `amity read` of a meter that is not DLMS: the head-end's own driver, once, into memory.
#pragma once

#include "app/read_options.h"
#include "runtime/reactor.h"

namespace amity::app {

// Runs the reactor until the meter is read, and prints what it said. Returns the exit code.
int read_meter_of(const headend::Address& address, const ReadOptions& options,
                  runtime::Reactor& reactor);

}  // namespace amity::app
