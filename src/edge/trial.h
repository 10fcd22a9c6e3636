// A program on trial is watched from outside: one that hangs cannot give way by itself.
#pragma once

#include <string>

#include "base/time.h"
#include "edge/update.h"

namespace amity::edge {

// Leaves a small process behind that ends with the trial: when this process (as whatever program it
// goes on) ends, or the state in `directory` says that the server was reached. After `most` it
// gives the program up and kills it. Called while there is no other thread.
Status watch_trial(const std::string& directory, Duration most);

}  // namespace amity::edge
