// What every long-running command sets up in its process.
#pragma once

namespace amity::app {

// As many descriptors as the system lets this process have.
void raise_descriptor_limit();
// Blocks SIGINT and SIGTERM in every thread started afterwards, and ignores SIGPIPE; wait_for_stop()
// returns when one of the two comes, or after most_s (0: never).
void block_stop_signals();
bool wait_for_stop(unsigned most_s = 0);  // whether a signal came

}  // namespace amity::app
