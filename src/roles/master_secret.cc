#include "roles/master_secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "headend/key_ring.h"

namespace amity::roles {
namespace {

constexpr std::size_t kSize = headend::KeyRing::kSecretSize;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error system_error(const std::string& path, const char* what) {
  return make_error(ErrorCode::kIo, path + ": " + what + ": " + std::strerror(errno));
}

Result<Bytes> create(const std::string& path, Random& random) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd() < 0) return system_error(path, "cannot be made");
  Bytes secret(kSize);
  random.fill(secret);
  if (::write(file.fd(), secret.data(), secret.size()) != static_cast<ssize_t>(kSize) ||
      ::fsync(file.fd()) != 0) {
    return system_error(path, "cannot be written");
  }
  const std::string folder = path.substr(0, path.find_last_of('/') + 1);
  const File directory(
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd() < 0 || ::fsync(directory.fd()) != 0)
    return system_error(folder, "cannot be synced");
  return secret;
}

}  // namespace

Result<Bytes> master_secret(const std::string& path, bool may_create, Random& random) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) {
    if (errno == ENOENT && may_create) return create(path, random);
    return system_error(path, "the master secret cannot be read");
  }
  struct stat about {};
  if (::fstat(file.fd(), &about) != 0) return system_error(path, "cannot be examined");
  if ((about.st_mode & 077) != 0) {
    return make_error(ErrorCode::kSecurity,
                      path + " may be read by others: chmod 600 it, and change the secret");
  }
  Bytes secret(kSize + 1);
  const ssize_t n = ::read(file.fd(), secret.data(), secret.size());
  if (n != static_cast<ssize_t>(kSize)) {
    return make_error(ErrorCode::kCorrupt,
                      path + " does not hold " + std::to_string(kSize) + " bytes");
  }
  secret.resize(kSize);
  return secret;
}

Result<Bytes> master_secret_of(store::Registry& registry, const std::string& path, Random& random) {
  bool sealed = false;
  AMITY_CHECK(registry.each_value("key/", [&sealed](const std::string&, ByteView) { sealed = true; }));
  auto secret = master_secret(path, !sealed, random);
  if (secret.ok() || !sealed || secret.error().code != ErrorCode::kIo) return secret;
  return make_error(ErrorCode::kSecurity, secret.error().reason +
                                              "; the key ring here was sealed with it: bring the file "
                                              "back from where it is kept, or name it with --master-key");
}

}  // namespace amity::roles
