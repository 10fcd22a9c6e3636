// A folder that somebody puts files into, as by FTP. A file is taken when it has stopped growing,
// and moved to done/ when all of it is durable; to failed/, with the reason in a file NAME.reason
// beside it, when it never can be taken. Whatever happens in between, the file stays where it is
// and is taken again: what takes it must not mind.
#pragma once

#include <filesystem>
#include <map>
#include <set>

#include "headend/heard/sink.h"

namespace amity::heard {

class DropFolder {
 public:
  // Takes the content of one file; the status as Sink::Done has it.
  using Take = std::function<void(ByteView content, Sink::Done done)>;
  DropFolder(Runtime runtime, std::filesystem::path folder, Take take);
  ~DropFolder();

  // Makes done/ and failed/ where they are missing and begins to look.
  Status start();

 private:
  struct Seen {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type changed;
  };
  void look();
  void take(const std::filesystem::path& file);
  void finish(const std::filesystem::path& file, const Status& status);
  void move_to(const std::filesystem::path& file, const char* folder, const std::string& reason);

  Runtime runtime_;
  std::filesystem::path folder_;
  Take take_;
  std::map<std::filesystem::path, Seen> seen_;
  std::set<std::filesystem::path> under_way_;
  TimerId timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace amity::heard
