#pragma once

namespace amity::app {

// `amity read URL [OBIS...]`: one meter, now.
int read_command(int argc, char** argv);

}  // namespace amity::app
