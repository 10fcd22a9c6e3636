// A new program for an edge: offered with a manifest that says what it is and a signature that says
// who vouches for it, fetched in pieces that go on where they stopped, checked, put in place, and
// tried: one that does not reach the server in time gives way to the one before it.
//
//   DIR/state            what is started, and whether it is on trial (text, replaced whole)
//   DIR/DIGEST.part      what has been fetched of a program
//   DIR/amity-DIGEST     a program that was put in place
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "edge/limits.h"
#include "edge/message.h"

namespace amity::edge {

struct Manifest {
  std::string version, target;
  std::uint64_t size = 0;
  Digest digest{};  // SHA-256 of the program
};

// "amity-update 1", then lines "version V", "target T", "size N", "sha256 HEX", each once.
Result<Manifest> parse_manifest(std::string_view text);
std::string to_text(const Manifest& manifest);
// Ed25519 over the manifest's text; the key has 32 bytes.
bool vouched_for(ByteView key, std::string_view manifest, ByteView signature);
Result<Digest> digest_of_file(const std::string& path);

// What the edge starts.
struct ProgramState {
  std::string current, previous;  // paths; "": the installed program
  std::string digest;             // of `current`, hexadecimal
  bool trial = false;             // `current` has not reached the server yet
  std::uint32_t starts = 0;       // while on trial
  std::string failed;             // digest of the last one that gave way
};
Result<ProgramState> load_program_state(const std::string& directory);
Status save_program_state(const std::string& directory, const ProgramState& state);
// The one before is started from now on.
ProgramState rolled_back(const ProgramState& state);
// What is to be run now; counts a start of one on trial, and gives up one that was started
// kTrialStartsMax times or is damaged. "": the installed program.
Result<std::string> program_to_run(const std::string& directory);

class Updater {
 public:
  struct Events {
    std::function<void(const Message&)> send;
    std::function<void()> placed;  // the process is to end, and to be started again
    std::function<void(const std::string& what)> tell;
  };
  // `key` "": every offer is refused. `running` is this program's version.
  Updater(std::string directory, Bytes key, std::string running, std::string target, Events events)
      : directory_(std::move(directory)),
        key_(std::move(key)),
        running_(std::move(running)),
        target_(std::move(target)),
        on_(std::move(events)) {}

  void take(const UpdateOffer& offer);
  void take(const UpdatePiece& piece);

 private:
  Status check(const UpdateOffer& offer);
  Status keep(const UpdatePiece& piece);
  Status place();
  void ask();
  void refuse(const Digest& digest, const std::string& why);
  std::string part() const { return directory_ + "/" + to_hex(wanted_->digest) + ".part"; }

  std::string directory_;
  Bytes key_;
  std::string running_, target_;
  Events on_;
  std::optional<Manifest> wanted_;  // under way
  std::uint64_t have_ = 0;
};

}  // namespace amity::edge
