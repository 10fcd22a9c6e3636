// What this binary is: written by the build (cmake/version.cmake).
#pragma once

namespace amity::app {

const char* version();
const char* commit();

}  // namespace amity::app
