#include "edge/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace amity::edge {
namespace {

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Error io_error(const std::string& doing) {
  return make_error(ErrorCode::kIo, doing + ": " + std::strerror(errno));
}

Result<Bytes> read_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0 && errno == ENOENT)
    return make_error(ErrorCode::kNotFound, "there is no " + path);
  if (file.fd < 0) return io_error(path);
  Bytes content;
  std::uint8_t buffer[16'384];
  while (true) {
    const ssize_t n = ::read(file.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path);
    if (n == 0) return content;
    append(content, ByteView(buffer, static_cast<std::size_t>(n)));
    if (content.size() > bytes_max)
      return make_error(ErrorCode::kLimit,
                        path + " has more than " + std::to_string(bytes_max) + " bytes");
  }
}

Status replace_file(const std::string& path, ByteView content, bool fsync) {
  const std::string beside = path + ".new";
  {
    const Descriptor file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (file.fd < 0) return io_error(beside);
    std::size_t done = 0;
    while (done < content.size()) {
      const ssize_t n = ::write(file.fd, content.data() + done, content.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error(beside);
      done += static_cast<std::size_t>(n);
    }
    if (fsync && ::fsync(file.fd) != 0) return io_error(beside);
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0) return io_error(path);
  if (!fsync) return {};
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return sync_directory(parent.empty() ? "." : parent);
}

Status sync_directory(const std::string& path) {
  const Descriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.fd < 0 || ::fsync(directory.fd) != 0) return io_error(path);
  return {};
}

}  // namespace amity::edge
