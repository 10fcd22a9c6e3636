#include "app/admin_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "app/exit_codes.h"
#include "app/fleet_file.h"
#include "base/crypto.h"
#include "roles/master_secret.h"
#include "runtime/system.h"
#include "store/directory.h"
#include "store/store.h"

namespace amity::app {
namespace {

int failed(const Error& error) {
  fmt::print(stderr, "amity admin: {}\n", to_string(error));
  return kExitFailed;
}

int check(const std::string& directory) {
  const auto report = store::check_directory(directory);
  if (!report.ok()) return failed(report.error());
  fmt::print("journal facts  {}\nblocks         {}\nreadings       {}\nevents         {}\n",
             report->journal_facts, report->blocks, report->readings, report->events);
  for (const std::string& line : report->damage) fmt::print("DAMAGED        {}\n", line);
  if (!report->damage.empty()) {
    fmt::print(
        stderr,
        "amity admin check: {} of the parts above fail; restore a backup, or ask before going on\n",
        report->damage.size());
    return kExitFailed;
  }
  fmt::print("every checksum is right\n");
  return kExitDone;
}

int backup(const std::string& directory, const std::string& destination) {
  auto store = store::open_embedded(directory, {.create = false});
  if (!store.ok()) return failed(store.error());
  if (const Status done = (*store)->backup(destination); !done.ok()) return failed(done.error());
  fmt::print(stderr, "{} holds a backup of {}\n", destination, directory);
  return kExitDone;
}

int restore(const std::string& source, const std::string& directory) {
  const Status done = store::restore_backup(source, directory, runtime::SystemClock().utc());
  if (!done.ok()) return failed(done.error());
  fmt::print(stderr, "{} is restored from {}; counters skip ahead when it is served\n", directory,
             source);
  return kExitDone;
}

Result<std::string> file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.good() && text.empty()) return make_error(ErrorCode::kIo, path + " cannot be read");
  return text;
}

int import(const std::string& directory, const std::string& file) {
  const auto text = file_text(file);
  if (!text.ok()) return failed(text.error());
  const auto fleet = parse_fleet(*text);
  if (!fleet.ok()) {
    fmt::print(stderr, "amity admin import: {}: {}; nothing was taken\n", file,
               to_string(fleet.error()));
    return kExitBadInput;
  }
  const auto store = store::open_embedded(directory, {});
  if (!store.ok()) return failed(store.error());
  runtime::SystemRandom random;
  auto secret = roles::master_secret(directory + "/master.key", true, random);
  if (!secret.ok()) return failed(secret.error());
  const auto keys = headend::KeyRing::open((*store)->registry(), *secret, random, false);
  crypto::wipe(*secret);
  if (!keys.ok()) return failed(keys.error());
  if (const Status done = import_fleet(*fleet, (*store)->registry(), **keys); !done.ok())
    return failed(done.error());
  fmt::print(stderr, "{} devices, {} channels, keys of {} devices taken\n",
             fleet->master.devices.size(), fleet->master.channels.size(), fleet->keys.size());
  return kExitDone;
}

}  // namespace

int admin_command(int argc, char** argv) {
  CLI::App app{
      "Looks after a data directory. A running server makes its own backups; these commands need "
      "it stopped.",
      "amity admin"};
  app.require_subcommand(1);
  std::string directory, other;
  auto* check_app =
      app.add_subcommand("check", "verify every checksum, record, block and the audit's chain");
  check_app->add_option("DIR", directory, "data directory or backup")->required();
  auto* backup_app =
      app.add_subcommand("backup", "copy a data directory to a new one, as it is at one moment");
  backup_app->add_option("DIR", directory, "data directory")->required();
  backup_app->add_option("DEST", other, "a directory that does not exist yet")->required();
  auto* restore_app = app.add_subcommand("restore", "make a data directory of a backup");
  restore_app->add_option("BACKUP", other, "the backup")->required();
  restore_app->add_option("DIR", directory, "a directory that does not exist yet")->required();
  auto* import_app = app.add_subcommand(
      "import", "take devices, channels, grid and keys from an amity-fleet file");
  import_app->add_option("DIR", directory, "data directory; made when absent")->required();
  import_app
      ->add_option("FILE", other,
                   "as `amity sim --registry FILE` writes it (docs/formats/fleet.md)")
      ->required();
  app.footer("Example:  amity admin check /var/lib/amity");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  if (check_app->parsed()) return check(directory);
  if (import_app->parsed()) return import(directory, other);
  if (backup_app->parsed()) return backup(directory, other);
  return restore(other, directory);
}

}  // namespace amity::app
