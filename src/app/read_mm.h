// `amity read mm+tcp://`: Meters and More, the faithful subset in a framing of our own, not
// conformance-tested.
#pragma once

#include "app/read_options.h"
#include "runtime/reactor.h"

namespace amity::app {

bool is_mm(const std::string& url);
// Runs the reactor until what was asked is answered, and prints it. Returns the exit code.
int read_mm(const ReadOptions& options, runtime::Reactor& reactor);

}  // namespace amity::app
