// amity sim: virtual meters on real sockets.
#pragma once

namespace amity::app {

int sim_command(int argc, char** argv);

}  // namespace amity::app
