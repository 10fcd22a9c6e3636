#include "app/edge_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/exit_codes.h"
#include "app/platform_options.h"
#include "app/process.h"
#include "app/version.h"
#include "edge/trial.h"
#include "roles/edge_agent.h"

namespace amity::app {
namespace {

constexpr const char* kFooter =
    "edge.toml:\n"
    "  server = \"amity.example.org:7443\"      # amity serve --edge-listen\n"
    "  certificate = \"/etc/amity/edge.crt\"    # its common name is this edge's name there\n"
    "  key = \"/etc/amity/edge.key\"\n"
    "  ca = \"/etc/amity/ca.crt\"               # who vouches for the server\n"
    "  data = \"/var/lib/amity-edge\"           # buffer, keys, what the server configures\n"
    "  buffer_mib = 256                       # when full: new readings are refused, nothing is "
    "dropped\n"
    "  read_every_s = 900\n"
    "  [[meter]]\n"
    "  serial = \"12345678\"\n"
    "  address = \"mbus+serial:///dev/ttyUSB0?secondary=12345678\"\n"
    "  [[meter]]\n"
    "  serial = \"87654321\"                    # without address: heard by a receiver\n"
    "  key = \"000102030405060708090A0B0C0D0E0F\"\n"
    "  [[receiver]]\n"
    "  address = \"serial:///dev/ttyUSB1?baud=115200\"   # or tcp://, listen+tcp://, udp://\n"
    "Addresses are those of `amity read`: mbus, iec62056, modbus, p1, sml, dlms over +tcp or "
    "+serial.\n"
    "A reading counts as taken once it is on this machine's disk, and arrives at the server "
    "exactly once.\n"
    "On the server:  amity admin edge DIR NAME, then serve --edge-listen 0.0.0.0:7443 --edge-ca "
    "ca.crt ...\n"
    "With `update_key` the server may send programs that this key signs; the process then ends "
    "with 10 and wants\n"
    "to be started again (systemd: Restart=always).\n"
    "Exit codes: 0 stopped, 1 failed (the disk, a port), 2 usage, 3 the configuration is wrong "
    "(file:line:column), 10 another program is in place: start again.\n"
    "All of it: docs/formats/edge.md";

int failed(const Error& error, int code) {
  fmt::print(stderr, "amity edge: {}\n", to_string(error));
  return code;
}

Result<edge::EdgeConfig> config_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return make_error(ErrorCode::kNotFound, path + " cannot be read");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return edge::parse_edge_config(text, path);
}

std::string target() {
#if defined(__x86_64__)
  return "x86_64-linux";
#elif defined(__aarch64__)
  return "aarch64-linux";
#elif defined(__arm__)
  return "arm-linux";
#else
  return "linux";
#endif
}

constexpr const char* kStartedBy =
    "AMITY_EDGE_PROGRAM";  // set for the program that is started in place of this one

std::string own_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

// Goes on as the program that was put in place, where there is one. Returns where this one is to go
// on.
Status become_program(const edge::EdgeConfig& config, char** argv) {
  if (std::getenv(kStartedBy) != nullptr) return {};
  const std::string directory = config.data + "/program";
  AMITY_TRY(const std::string program, edge::program_to_run(directory));
  if (program.empty() || program == own_path()) return {};
  AMITY_TRY(const edge::ProgramState state, edge::load_program_state(directory));
  // A little longer than the program gives itself.
  if (state.trial)
    AMITY_CHECK(edge::watch_trial(
        directory, std::chrono::minutes(config.update_confirm_min) + std::chrono::seconds(10)));
  ::setenv(kStartedBy, program.c_str(), 1);
  std::string name = "amity", command = "edge";
  std::vector<char*> arguments{name.data(), command.data()};
  for (char** argument = argv + 1; *argument != nullptr; ++argument) arguments.push_back(*argument);
  arguments.push_back(nullptr);
  ::execv(program.c_str(), arguments.data());
  ::unsetenv(kStartedBy);
  return make_error(ErrorCode::kIo, program + " does not start; it is given up after some starts");
}

}  // namespace

int edge_command(int argc, char** argv) {
  CLI::App app{
      "The gateway at the load point: reads local meters (serial, wired and wireless M-Bus, IEC "
      "62056-21, Modbus,\n"
      "P1, SML, DLMS), keeps what they say on disk while the server is away, forwards it over TLS, "
      "once.",
      "amity edge"};
  std::string path, log_level = "info";
  bool check_config = false;
  app.add_option("CONFIG", path, "edge.toml")->required()->envname("AMITY_EDGE_CONFIG");
  app.add_flag("--check-config", check_config, "check the file and exit");
  app.add_option("--log", log_level, "trace, debug, info, warn, error")->capture_default_str();
  app.footer(kFooter);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  if (const Status log = set_up_log(log_level); !log.ok()) return failed(log.error(), kExitUsage);
  auto config = config_of(path);
  if (!config.ok()) return failed(config.error(), kExitBadInput);
  if (check_config) {
    fmt::print(stderr, "{} is in order: {} meters, {} receivers\n", path,
               config->reading.meters.size(), config->reading.receivers.size());
    return kExitDone;
  }
  if (const Status became = become_program(*config, argv); !became.ok())
    return failed(became.error(), kExitFailed);
  block_stop_signals();
  auto agent = roles::EdgeAgent::open(
      {std::move(*config), fmt::format("{}-{}", version(), commit()), target(), own_path()});
  if (!agent.ok()) return failed(agent.error(), kExitFailed);
  if (const Status started = (*agent)->start(); !started.ok())
    return failed(started.error(), kExitFailed);
  while (!wait_for_stop(1)) {
    if ((*agent)->restart_wanted()) {
      (*agent)->stop();
      return kExitRestart;
    }
    if (const auto why = (*agent)->ended()) {
      (*agent)->stop();
      return failed(*why, kExitFailed);
    }
  }
  (*agent)->stop();
  return kExitDone;
}

}  // namespace amity::app
