#pragma once

namespace amity::app {

// `amity demo`: a simulated utility on real sockets and the operations center over it.
int demo_command(int argc, char** argv);

}  // namespace amity::app
