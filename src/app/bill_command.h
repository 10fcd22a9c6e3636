#pragma once

namespace amity::app {

int bill_command(int argc, char** argv);

}  // namespace amity::app
