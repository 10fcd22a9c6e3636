// Bytes as they come from a pipe, a terminal or a serial line, in pieces that end where the sender
// pauses: meters and collectors send a frame and fall silent.
#pragma once

#include <string>

namespace amity::app {

class LiveInput {
 public:
  explicit LiveInput(int descriptor) : descriptor_(descriptor) {}

  // Appends what comes until the sender pauses, until there is much of it, or until the end.
  // False: it has ended, and nothing was appended.
  bool read(std::string& out);
  bool ended() const { return ended_; }

 private:
  int descriptor_;
  bool ended_ = false;
};

}  // namespace amity::app
