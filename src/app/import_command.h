#pragma once

namespace amity::app {

// `amity import`: files of other systems into a data directory.
int import_command(int argc, char** argv);

}  // namespace amity::app
