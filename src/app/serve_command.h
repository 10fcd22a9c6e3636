#pragma once

namespace amity::app {

// `amity serve`: the platform, until SIGINT or SIGTERM.
int serve_command(int argc, char** argv);

}  // namespace amity::app
