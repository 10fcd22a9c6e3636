#include "edge/update.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "edge/file.h"

namespace amity::edge {
namespace {

constexpr std::string_view kFirstLine = "amity-update 1";

Error refused(std::string why) {
  return make_error(ErrorCode::kRefused, std::move(why));
}

// "NAME VALUE" lines; false at the end.
bool next_line(std::string_view& text, std::string_view& name, std::string_view& value) {
  if (text.empty()) return false;
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  const std::size_t blank = line.find(' ');
  name = line.substr(0, blank);
  value = blank == line.npos ? std::string_view() : line.substr(blank + 1);
  return true;
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Result<Manifest> parse_manifest(std::string_view text) {
  const auto malformed = [](const char* why) {
    return make_error(ErrorCode::kMalformed, std::string("manifest: ") + why);
  };
  if (!text.starts_with(std::string(kFirstLine) + "\n"))
    return malformed("it does not begin with amity-update 1");
  text.remove_prefix(kFirstLine.size() + 1);
  Manifest manifest;
  std::string_view name, value;
  std::string seen;
  while (next_line(text, name, value)) {
    const std::string mark = ";" + std::string(name) + ";";
    if (value.empty() || seen.find(mark) != seen.npos)
      return malformed("a line is empty or comes twice");
    seen += mark;
    if (name == "version") {
      manifest.version = std::string(value);
    } else if (name == "target") {
      manifest.target = std::string(value);
    } else if (name == "size") {
      const char* const end = value.data() + value.size();
      if (std::from_chars(value.data(), end, manifest.size).ptr != end)
        return malformed("size is no number");
    } else if (name == "sha256") {
      const auto digest = from_hex(value);
      if (!digest.ok() || digest->size() != manifest.digest.size())
        return malformed("sha256 has 64 digits");
      std::copy(digest->begin(), digest->end(), manifest.digest.begin());
    } else {
      return malformed("an unknown line");
    }
  }
  if (std::count(seen.begin(), seen.end(), ';') != 8) return malformed("a line is missing");
  if (manifest.size == 0 || manifest.size > kProgramBytesMax)
    return malformed("such a size is not taken");
  return manifest;
}

std::string to_text(const Manifest& m) {
  return std::string(kFirstLine) + "\nversion " + m.version + "\ntarget " + m.target + "\nsize " +
         std::to_string(m.size) + "\nsha256 " + to_hex(m.digest) + "\n";
}

bool vouched_for(ByteView key, std::string_view manifest, ByteView signature) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> own(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  if (!own || !context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, own.get()) != 1)
    return false;
  const ByteView text = as_bytes(manifest);
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), text.data(),
                          text.size()) == 1;
}

Result<Digest> digest_of_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0) return io_error(path);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  AMITY_ASSERT(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  std::uint8_t buffer[16'384];
  while (true) {
    const ssize_t n = ::read(file.fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(path);
    if (n == 0) break;
    EVP_DigestUpdate(context.get(), buffer, static_cast<std::size_t>(n));
  }
  Digest digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return digest;
}

Result<ProgramState> load_program_state(const std::string& directory) {
  const auto bytes = read_file(directory + "/state", 16'384);
  if (!bytes.ok() && bytes.error().code == ErrorCode::kNotFound) return ProgramState{};
  if (!bytes.ok()) return bytes.error();
  ProgramState state;
  std::string_view text = as_text(*bytes), name, value;
  while (next_line(text, name, value)) {
    if (name == "current") state.current = value;
    if (name == "previous") state.previous = value;
    if (name == "digest") state.digest = value;
    if (name == "failed") state.failed = value;
    if (name == "trial") {
      state.trial = true;
      std::from_chars(value.data(), value.data() + value.size(), state.starts);
    }
  }
  return state;
}

Status save_program_state(const std::string& directory, const ProgramState& state) {
  std::string text = "current " + state.current + "\nprevious " + state.previous + "\ndigest " +
                     state.digest + "\nfailed " + state.failed + "\n";
  if (state.trial) text += "trial " + std::to_string(state.starts) + "\n";
  return replace_file(directory + "/state", as_bytes(text));
}

ProgramState rolled_back(const ProgramState& state) {
  ProgramState back;
  back.current = state.previous;
  back.failed = state.digest;
  const std::size_t dash = back.current.rfind('-');
  if (dash != back.current.npos) back.digest = back.current.substr(dash + 1);
  return back;
}

Result<std::string> program_to_run(const std::string& directory) {
  AMITY_TRY(ProgramState state, load_program_state(directory));
  while (!state.current.empty()) {
    const auto digest = digest_of_file(state.current);
    const bool sound = digest.ok() && to_hex(*digest) == state.digest;
    if (sound && !state.trial) return state.current;
    if (sound && state.starts < kTrialStartsMax) {
      ++state.starts;
      AMITY_CHECK(save_program_state(directory, state));
      return state.current;
    }
    state = rolled_back(state);
    AMITY_CHECK(save_program_state(directory, state));
  }
  return std::string();
}

void Updater::refuse(const Digest& digest, const std::string& why) {
  wanted_.reset();
  on_.tell("the program that was offered is refused: " + why);
  on_.send(UpdateReport{digest, why});
}

Status Updater::check(const UpdateOffer& offer) {
  if (key_.empty()) return refused("this edge takes no programs: it has no update_key");
  if (!vouched_for(key_, offer.manifest, offer.signature))
    return refused("the signature is not of update_key");
  AMITY_TRY(Manifest manifest, parse_manifest(offer.manifest));
  if (manifest.target != target_)
    return refused("it is for " + manifest.target + ", this is " + target_);
  AMITY_TRY(const ProgramState state, load_program_state(directory_));
  if (state.failed == to_hex(manifest.digest))
    return refused("it was tried and did not reach the server");
  wanted_ = std::move(manifest);
  return {};
}

void Updater::take(const UpdateOffer& offer) {
  if (wanted_) wanted_.reset();
  const auto named = parse_manifest(offer.manifest);
  if (named.ok() && named->version == running_) return;
  const auto state = load_program_state(directory_);
  if (named.ok() && state.ok() && state->digest == to_hex(named->digest))
    return;  // whatever it calls itself
  if (const Status checked = check(offer); !checked.ok())
    return refuse(named.ok() ? named->digest : Digest{}, checked.error().reason);
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  const auto size = std::filesystem::file_size(part(), error);
  have_ = error ? 0 : size;
  on_.tell("program " + wanted_->version + " is fetched, from byte " + std::to_string(have_));
  ask();
}

void Updater::ask() {
  if (have_ < wanted_->size) return on_.send(UpdateAsk{wanted_->digest, have_});
  const Manifest manifest = *wanted_;
  if (const Status placed = place(); !placed.ok()) {
    std::error_code ignored;
    std::filesystem::remove(part(), ignored);
    return refuse(manifest.digest, placed.error().reason);
  }
  wanted_.reset();
  on_.tell("program " + manifest.version + " is in place and on trial");
  on_.send(UpdateReport{manifest.digest, ""});
  on_.placed();
}

void Updater::take(const UpdatePiece& piece) {
  if (!wanted_ || piece.digest != wanted_->digest) return;  // of an offer that was replaced
  if (const Status kept = keep(piece); !kept.ok()) return refuse(piece.digest, kept.error().reason);
  ask();
}

Status Updater::keep(const UpdatePiece& piece) {
  if (piece.offset != have_ || piece.bytes.empty() || piece.bytes.size() > wanted_->size - have_)
    return refused("the server has no bytes from " + std::to_string(have_) + " on");
  const Descriptor file{::open(part().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
  if (file.fd < 0) return io_error(part());
  std::size_t done = 0;
  while (done < piece.bytes.size()) {
    const ssize_t n = ::pwrite(file.fd, piece.bytes.data() + done, piece.bytes.size() - done,
                               static_cast<off_t>(have_ + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io_error(part());
    done += static_cast<std::size_t>(n);
  }
  have_ += piece.bytes.size();
  return {};
}

// Checked whole; durable before anything names it.
Status Updater::place() {
  AMITY_TRY(const Digest digest, digest_of_file(part()));
  if (digest != wanted_->digest || have_ != wanted_->size)
    return refused("what was fetched is not what the manifest says");
  {
    const Descriptor file{::open(part().c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.fd < 0 || ::fchmod(file.fd, 0700) != 0 || ::fsync(file.fd) != 0)
      return io_error(part());
  }
  const std::string path = directory_ + "/amity-" + to_hex(digest);
  if (std::rename(part().c_str(), path.c_str()) != 0) return io_error(path);
  AMITY_CHECK(sync_directory(directory_));
  AMITY_TRY(const ProgramState before, load_program_state(directory_));
  return save_program_state(directory_,
                            {path, before.current, to_hex(digest), true, 0, before.failed});
}

}  // namespace amity::edge
