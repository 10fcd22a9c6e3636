// Captured frames beside the project, for the tests of this room. They are never copied into it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace amity::mbus::testing {

std::string frames_folder(std::string_view name);
bool exists(const std::string& path);
std::string read_file(const std::string& path);
// Sorted; empty where the folder is not there.
std::vector<std::string> files_of(const std::string& folder, std::string_view extension);
std::string stem(const std::string& path);

}  // namespace amity::mbus::testing

#define SKIP_WITHOUT(path) \
  if (!::amity::mbus::testing::exists(path)) GTEST_SKIP() << "no captured frames at " << (path)
