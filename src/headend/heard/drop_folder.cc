#include "headend/heard/drop_folder.h"

#include <fstream>
#include <iterator>

namespace amity::heard {
namespace {

namespace fs = std::filesystem;

// What senders call a file that is still on its way.
bool unfinished_name(const fs::path& file) {
  const std::string name = file.filename().string(), extension = file.extension().string();
  return name.empty() || name.front() == '.' || name.back() == '~' || extension == ".tmp" ||
         extension == ".part" || extension == ".filepart";
}

Result<Bytes> content_of(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (!error && size > kDropFileBytesMax) {
    return make_error(ErrorCode::kLimit,
                      "the file is above " + std::to_string(kDropFileBytesMax) + " bytes");
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) return make_error(ErrorCode::kIo, "the file cannot be read");
  Bytes content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return make_error(ErrorCode::kIo, "the file cannot be read to its end");
  return content;
}

bool again(const Status& status) {
  return status.error().code == ErrorCode::kBusy || status.error().code == ErrorCode::kIo;
}

}  // namespace

DropFolder::DropFolder(Runtime runtime, fs::path folder, Take take)
    : runtime_(runtime), folder_(std::move(folder)), take_(std::move(take)) {}

DropFolder::~DropFolder() {
  runtime_.timers.cancel(timer_);
}

Status DropFolder::start() {
  std::error_code error;
  for (const char* name : {"done", "failed"}) {
    fs::create_directories(folder_ / name, error);
    if (error)
      return make_error(ErrorCode::kIo, (folder_ / name).string() + ": " + error.message());
  }
  look();
  return {};
}

void DropFolder::look() {
  std::map<fs::path, Seen> now;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    std::error_code gone;
    if (!entry.is_regular_file(gone) || unfinished_name(entry.path())) continue;
    if (under_way_.contains(entry.path())) continue;
    const Seen state{entry.file_size(gone), entry.last_write_time(gone)};
    if (gone) continue;
    const auto before = seen_.find(entry.path());
    const bool at_rest = before != seen_.end() && before->second.size == state.size &&
                         before->second.changed == state.changed && state.size != 0;
    if (at_rest && under_way_.size() < kDropFilesAtOnce) {
      take(entry.path());
    } else {
      now[entry.path()] = state;
    }
  }
  seen_ = std::move(now);
  const Instant next = runtime_.clock.now() + std::chrono::milliseconds(kDropLook_ms);
  timer_ = runtime_.timers.at(next, [this] { look(); });
}

void DropFolder::take(const fs::path& file) {
  const auto content = content_of(file);
  if (!content.ok()) return finish(file, content.error());
  under_way_.insert(file);
  take_(*content, [this, alive = std::weak_ptr<bool>(alive_), file](const Status& status) {
    if (!alive.expired()) finish(file, status);
  });
}

void DropFolder::finish(const fs::path& file, const Status& status) {
  under_way_.erase(file);
  if (status.ok()) return move_to(file, "done", "");
  if (!again(status)) move_to(file, "failed", to_string(status.error()));
}

// Never over another file of that name. The reason first: a file in failed/ has one.
void DropFolder::move_to(const fs::path& file, const char* folder, const std::string& reason) {
  fs::path to = folder_ / folder / file.filename();
  std::error_code error;
  for (int n = 1; fs::exists(to, error); ++n)
    to = folder_ / folder / (file.filename().string() + "." + std::to_string(n));
  if (!reason.empty()) std::ofstream(to.string() + ".reason") << reason << "\n";
  fs::rename(file, to, error);
}

}  // namespace amity::heard
