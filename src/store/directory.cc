#include "store/directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "store/sqlite_registry.h"

namespace amity::store {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "amity 1";

Error io_error(const std::string& what, const std::string& path) {
  return make_error(ErrorCode::kIo, what + " " + path + ": " + std::strerror(errno));
}

Status sync_path(const std::string& path, bool is_directory) {
  const int file = ::open(path.c_str(), is_directory ? O_RDONLY | O_DIRECTORY : O_RDONLY);
  if (file < 0) return io_error("cannot open", path);
  const bool synced = ::fsync(file) == 0;
  ::close(file);
  return synced ? Status() : Status(io_error("cannot sync", path));
}

Status write_text(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::trunc);
  out << text << '\n';
  out.close();
  if (!out) return io_error("cannot write", path);
  return sync_path(path, false);
}

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

Status sync_tree(const std::string& directory) {
  std::error_code failed;
  for (fs::recursive_directory_iterator it(directory, failed), end; !failed && it != end; it.increment(failed)) {
    AMITY_CHECK(sync_path(it->path().string(), it->is_directory()));
  }
  if (failed) return make_error(ErrorCode::kIo, "cannot list " + directory + ": " + failed.message());
  return sync_path(directory, true);
}

}  // namespace

Status copy_files(const std::string& from, const std::string& to) {
  constexpr const char* kFolder = "/edge-quarantine";
  const fs::path top = from + kFolder;
  std::error_code failed;
  if (!fs::exists(top, failed)) return {};
  for (fs::recursive_directory_iterator it(top, failed), end; !failed && it != end;
       it.increment(failed)) {
    const fs::path target = fs::path(to + kFolder) / fs::relative(it->path(), top);
    std::error_code copying;
    fs::create_directories(it->is_directory(copying) ? target : target.parent_path(), copying);
    if (!copying && it->is_regular_file(copying))
      fs::copy_file(it->path(), target, fs::copy_options::overwrite_existing, copying);
    if (copying && copying != std::errc::no_such_file_or_directory)
      return make_error(ErrorCode::kIo, "cannot copy " + it->path().string() + ": " +
                                            copying.message());
  }
  if (failed)
    return make_error(ErrorCode::kIo, "cannot list " + top.string() + ": " + failed.message());
  return {};
}

std::string kv_path(const std::string& directory) { return directory + "/kv"; }
std::string registry_path(const std::string& directory) { return directory + "/registry.sqlite"; }

Result<std::unique_ptr<DirectoryLock>> DirectoryLock::take(const std::string& directory) {
  const std::string path = directory + "/lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return io_error("cannot open", path);
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(file));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    return make_error(ErrorCode::kConflict, "another process uses " + directory);
  }
  return lock;
}

DirectoryLock::~DirectoryLock() { ::close(file_); }

Status create_new_directory(const std::string& directory) {
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed) return make_error(ErrorCode::kIo, "cannot create " + directory + ": " + failed.message());
  if (!fs::is_empty(directory, failed) || failed) {
    return make_error(ErrorCode::kConflict, directory + " is not empty");
  }
  return {};
}

Status prepare_directory(const std::string& directory, bool create) {
  const std::string format = directory + "/format";
  if (fs::exists(directory + "/backup")) {
    return make_error(ErrorCode::kConflict, directory + " is a backup: restore it to another directory first");
  }
  if (fs::exists(format)) {
    if (first_line(format) == kFormat) return {};
    return make_error(ErrorCode::kUnsupported, directory + " has the format '" + first_line(format) + "'");
  }
  if (!create) return make_error(ErrorCode::kNotFound, directory + " is not a data directory");
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed) return make_error(ErrorCode::kIo, "cannot create " + directory + ": " + failed.message());
  AMITY_CHECK(write_text(format, kFormat));
  return sync_path(directory, true);
}

Status seal_backup(const std::string& directory) {
  AMITY_CHECK(write_text(directory + "/format", kFormat));
  AMITY_CHECK(sync_tree(directory));
  // The mark comes last: without it the directory is not a backup to restore.
  AMITY_CHECK(write_text(directory + "/backup", "restore with: amity admin restore"));
  AMITY_CHECK(sync_path(directory, true));
  return sync_path(fs::absolute(directory).parent_path().string(), true);
}

Status restore_backup(const std::string& backup, const std::string& directory, UtcSeconds now) {
  if (!fs::exists(backup + "/backup") || first_line(backup + "/format") != kFormat) {
    return make_error(ErrorCode::kNotFound, backup + " is not a complete backup");
  }
  AMITY_CHECK(create_new_directory(directory));
  std::error_code failed;
  fs::copy(kv_path(backup), kv_path(directory), fs::copy_options::recursive, failed);
  if (!failed) fs::copy_file(registry_path(backup), registry_path(directory), failed);
  if (failed) return make_error(ErrorCode::kIo, "cannot copy " + backup + ": " + failed.message());
  AMITY_CHECK(copy_files(backup, directory));
  {
    AMITY_TRY(const auto registry, SqliteRegistry::open(registry_path(directory), {.create = false}));
    AMITY_CHECK(registry->mark_restored(now));
  }
  // The format comes last: without it the directory is not one to serve.
  AMITY_CHECK(sync_tree(directory));
  AMITY_CHECK(write_text(directory + "/format", kFormat));
  return sync_path(directory, true);
}

}  // namespace amity::store
