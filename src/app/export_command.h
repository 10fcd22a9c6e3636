#pragma once

namespace amity::app {

// `amity export`: readings of a data directory on stdout, in any supported format.
int export_command(int argc, char** argv);

}  // namespace amity::app
