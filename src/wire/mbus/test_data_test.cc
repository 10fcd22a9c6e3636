#include "wire/mbus/test_data.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace amity::mbus::testing {

std::string frames_folder(std::string_view name) {
  return AMITY_SOURCE_DIR "/../shared/data/frames/" + std::string(name);
}

bool exists(const std::string& path) {
  return std::filesystem::exists(path);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> files_of(const std::string& folder, std::string_view extension) {
  std::vector<std::string> paths;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    if (entry.path().extension() == extension) paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string stem(const std::string& path) {
  return std::filesystem::path(path).stem().string();
}

}  // namespace amity::mbus::testing
