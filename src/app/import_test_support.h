// What the tests of `amity import` share: commands run as the binary runs them, a folder that is
// gone afterwards, days of NEM12.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "app/exit_codes.h"
#include "app/export_command.h"
#include "app/import_command.h"

namespace amity::app::testing {

struct Outcome {
  int exit_code;
  std::string out, err;
};

inline Outcome run(int (*command)(int, char**), std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "amity");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = command(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  std::string out = ::testing::internal::GetCapturedStdout();
  return {code, std::move(out), ::testing::internal::GetCapturedStderr()};
}

class ImportTest : public ::testing::Test {
 protected:
  ImportTest() : folder_(::testing::TempDir() + "/import_" + std::to_string(::getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~ImportTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << text;
    return folder_ + "/" + name;
  }
  Outcome import(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--data", folder_ + "/data"});
    return run(import_command, arguments);
  }
  Outcome rows(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(),
                     {"--data", folder_ + "/data", "--from", "2004-01-01", "--to", "2004-12-31"});
    return run(export_command, arguments);
  }

  std::string folder_;
};

inline std::string nem12_day(const std::string& date, const std::string& value, int count) {
  std::string line = "300," + date;
  for (int i = 0; i < count; ++i) line += "," + value;
  return line + ",A,,,20040202120025,\n";
}
inline const std::string kHead =
    "100,NEM12,200405011135,MDA1,Ret1\n200,NMI1,E1,1,E1,N1,MET1,kWh,30,\n";

}  // namespace amity::app::testing
