#pragma once

namespace amity::app {

// `amity decode [FILE|HEX|-]...`: one JSON object per frame on stdout.
int decode_command(int argc, char** argv);

}  // namespace amity::app
