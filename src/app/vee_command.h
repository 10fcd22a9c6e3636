#pragma once

namespace amity::app {

int vee_command(int argc, char** argv);

}  // namespace amity::app
