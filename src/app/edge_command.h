// amity edge: the gateway at the load point.
#pragma once

namespace amity::app {

int edge_command(int argc, char** argv);

}  // namespace amity::app
