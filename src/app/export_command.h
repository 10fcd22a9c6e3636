#pragma once

namespace amity::app {

// `amity export`: readings of a data directory as CSV or JSON Lines on stdout.
int export_command(int argc, char** argv);

}  // namespace amity::app
