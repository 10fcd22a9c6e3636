#pragma once

namespace amity::app {

// `amity bench NAME`: one JSON object on stdout.
int bench_command(int argc, char** argv);

}  // namespace amity::app
