// amity simulate: a whole utility in virtual time, with faults; prints the rules that held.
#pragma once

namespace amity::app {

int simulate_command(int argc, char** argv);

}  // namespace amity::app
