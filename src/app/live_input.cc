#include "app/live_input.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace amity::app {
namespace {

constexpr int kPauseMs = 200;  // of a sender: a frame is whole
constexpr std::size_t kChunkBytes = 64 * 1024, kPieceBytesMax = 8 * 1024 * 1024;

}  // namespace

bool LiveInput::read(std::string& out) {
  const std::size_t before = out.size();
  while (!ended_ && out.size() - before < kPieceBytesMax) {
    pollfd wait{descriptor_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, out.size() == before ? -1 : kPauseMs);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) return true;
    const std::size_t size = out.size();
    out.resize(size + kChunkBytes);
    const ssize_t count = ready < 0 ? -1 : ::read(descriptor_, out.data() + size, kChunkBytes);
    out.resize(size + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) ended_ = true;
  }
  return out.size() > before;
}

}  // namespace amity::app
