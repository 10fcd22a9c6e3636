#include "app/admin_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "api/json.h"
#include "api/json_in.h"
#include "app/api_client.h"
#include "app/exit_codes.h"
#include "app/fleet_file.h"
#include "base/crypto.h"
#include "edge/desk.h"
#include "roles/master_secret.h"
#include "runtime/system.h"
#include "store/directory.h"
#include "store/store.h"

namespace amity::app {
namespace {

constexpr Duration kBackupPatience = std::chrono::hours(6);

int failed(const Error& error, int code = kExitFailed) {
  fmt::print(stderr, "amity admin: {}\n", to_string(error));
  return code;
}

int check(const std::string& directory) {
  const auto report = store::check_directory(directory);
  if (!report.ok()) return failed(report.error());
  fmt::print("journal facts  {}\nblocks         {}\nreadings       {}\nevents         {}\n",
             report->journal_facts, report->blocks, report->readings, report->events);
  fmt::print("final days     {}\nversions       {}\nedits          {}\n", report->final_days,
             report->final_versions, report->edits);
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

Result<std::string> file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.good() && text.empty()) return make_error(ErrorCode::kIo, path + " cannot be read");
  return text;
}

struct OnlineBackup {
  std::string url, name, key_file, authority_file;
};

Result<std::string> api_key(const std::string& file) {
  if (file.empty()) {
    const char* key = std::getenv("AMITY_API_KEY");
    if (key == nullptr || *key == '\0')
      return make_error(ErrorCode::kInvalid,
                        "an administrator's API key is needed: --key-file, or AMITY_API_KEY");
    return std::string(key);
  }
  AMITY_TRY(std::string key, file_text(file));
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' '))
    key.pop_back();
  if (key.find_first_of("\r\n") != std::string::npos)
    return make_error(ErrorCode::kInvalid, file + " holds more than one line");
  return key;
}

int back_up_online(const OnlineBackup& asked) {
  auto server = api_server_from(asked.url);
  if (!server.ok()) return failed(server.error(), kExitUsage);
  auto key = api_key(asked.key_file);
  if (!key.ok()) return failed(key.error(), kExitUsage);
  server->key = std::move(*key);
  server->authority_file = asked.authority_file;
  api::Json body;
  body.open();
  if (!asked.name.empty()) body.key("name").text(asked.name);
  body.close();
  const auto answer = post(*server, "/api/v1/backups", body.take(), kBackupPatience);
  if (!answer.ok()) return failed(answer.error());
  const auto fields = api::parse_fields(answer->body);
  if (!fields.ok()) return failed(fields.error());
  const auto text = fields->text(answer->status == 201 ? "path" : "detail");
  if (!text.ok()) return failed(text.error());
  if (answer->status != 201) {
    fmt::print(stderr, "amity admin: {} answered {}: {}\n", asked.url, answer->status, *text);
    return kExitFailed;
  }
  fmt::print("{}\n", *text);
  return kExitDone;
}

int restore(const std::string& source, const std::string& directory) {
  const Status done = store::restore_backup(source, directory, runtime::SystemClock().utc());
  if (!done.ok()) return failed(done.error());
  fmt::print(stderr, "{} is restored from {}; counters skip ahead when it is served\n", directory,
             source);
  return kExitDone;
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
  auto secret = roles::master_secret_of((*store)->registry(), directory + "/master.key", random);
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

// An edge is a device of its own: its events and contacts are filed there.
int register_edge(const std::string& directory, const std::string& name, bool remove) {
  const auto store = store::open_embedded(directory, {});
  if (!store.ok()) return failed(store.error());
  store::Registry& registry = (*store)->registry();
  const auto found = registry.device_by_serial(name);
  if (!found.ok()) return failed(found.error());
  Device device = found->value_or(Device{});
  if (*found && device.protocol != edge::kEdgeProtocol)
    return failed(make_error(ErrorCode::kConflict, "device " + name + " is a meter"));
  if (!*found && remove) return failed(make_error(ErrorCode::kNotFound, "no edge is registered as " + name));
  device.serial = name;
  device.protocol = edge::kEdgeProtocol;
  device.state = remove ? DeviceState::kRemoved : DeviceState::kActive;
  store::MasterData data;
  data.devices.push_back(device);
  const Status done = *found ? registry.update_device(device) : registry.add(data);
  if (!done.ok()) return failed(done.error());
  fmt::print(stderr, "edge {} is {}\n", name, remove ? "refused from now on" : "registered");
  return kExitDone;
}

struct EdgeArguments {
  std::string directory, name;
  bool remove = false;
};

CLI::App* add_edge(CLI::App& app, EdgeArguments& a) {
  CLI::App* edge = app.add_subcommand("edge", "register an `amity edge` gateway, or refuse it from now on");
  edge->add_option("DIR", a.directory, "data directory")->required();
  edge->add_option("NAME", a.name, "the common name of the edge's certificate")->required();
  edge->add_flag("--remove", a.remove, "it is not listened to any more");
  return edge;
}

}  // namespace

int admin_command(int argc, char** argv) {
  CLI::App app{
      "Looks after a data directory that no server has open. A running one is backed up by itself: "
      "backup --url.",
      "amity admin"};
  app.require_subcommand(1);
  std::string directory, other;
  auto* check_app =
      app.add_subcommand("check", "verify every checksum, record, block and the audit's chain");
  check_app->add_option("DIR", directory, "data directory or backup")->required();
  auto* backup_app = app.add_subcommand(
      "backup",
      "copy a data directory to a new one, or have a running server copy its own "
      "(--url); the key ring's master secret is not in it");
  auto* backup_from =
      backup_app->add_option("DIR", directory, "data directory of no running server");
  auto* backup_to = backup_app->add_option("DEST", other, "a directory that does not exist yet");
  backup_from->needs(backup_to);
  OnlineBackup online;
  auto* url =
      backup_app
          ->add_option("--url", online.url,
                       "http[s]://HOST[:PORT] of a running server; prints where the copy is, on "
                       "the server")
          ->excludes(backup_from);
  backup_app->add_option("--name", online.name, "of the copy (default: the moment)")->needs(url);
  backup_app
      ->add_option("--key-file", online.key_file,
                   "holds an administrator's API key (or AMITY_API_KEY in the environment)")
      ->needs(url);
  backup_app
      ->add_option("--ca", online.authority_file,
                   "PEM that the server's certificate is checked against")
      ->needs(url);
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
  EdgeArguments edge;
  auto* edge_app = add_edge(app, edge);
  app.footer("Example:  amity admin check /var/lib/amity");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  if (check_app->parsed()) return check(directory);
  if (edge_app->parsed()) return register_edge(edge.directory, edge.name, edge.remove);
  if (import_app->parsed()) return import(directory, other);
  if (backup_app->parsed()) {
    if (!online.url.empty()) return back_up_online(online);
    if (!directory.empty()) return backup(directory, other);
    return failed(make_error(ErrorCode::kInvalid, "backup needs DIR and DEST, or --url"),
                  kExitUsage);
  }
  return restore(other, directory);
}

}  // namespace amity::app
