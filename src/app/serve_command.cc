#include "app/serve_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "app/exit_codes.h"
#include "app/platform_options.h"
#include "app/process.h"

namespace amity::app {
namespace {

int failed(const Error& error, int code) {
  fmt::print(stderr, "amity serve: {}\n", to_string(error));
  return code;
}

}  // namespace

int serve_command(int argc, char** argv) {
  CLI::App app{
      "Runs the platform over a data directory: head-end, store, operations center and API.\n"
      "The first start makes the directory and prints the administrator's password once.",
      "amity serve"};
  PlatformArguments arguments;
  bool check_config = false;
  app.add_option("--data", arguments.data, "data directory; made when absent")
      ->required()
      ->envname("AMITY_DATA");
  app.add_flag("--check-config", check_config, "check the options and exit");
  add_platform_options(app, arguments);
  app.footer(
      "Example:  amity serve --data /var/lib/amity --zone Europe/Madrid --push 0.0.0.0:4059\n"
      "Devices and keys:  amity admin import DIR FLEET.json");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  if (const Status log = set_up_log(arguments.log_level); !log.ok())
    return failed(log.error(), kExitUsage);
  auto options = platform_options(arguments);
  if (!options.ok()) return failed(options.error(), kExitUsage);
  if (check_config) {
    fmt::print(stderr, "the options are in order\n");
    return kExitDone;
  }
  raise_descriptor_limit();
  block_stop_signals();
  auto platform = roles::Platform::open(std::move(*options));
  if (!platform.ok()) return failed(platform.error(), kExitFailed);
  if (const Status started = (*platform)->start(); !started.ok())
    return failed(started.error(), kExitFailed);
  const bool tls = !arguments.tls_certificate.empty();
  const std::string host = arguments.listen.substr(0, arguments.listen.find_last_of(':'));
  fmt::print(stderr, "operations center: {}://{}:{}\n", tls ? "https" : "http", host,
             (*platform)->http_port());
  if (const auto& password = (*platform)->first_password()) {
    fmt::print(stderr, "first start: sign in as 'admin' with the password {}   (it is shown only now)\n", *password);
  }
  wait_for_stop();
  fmt::print(stderr, "stopping\n");
  (*platform)->stop();
  return kExitDone;
}

}  // namespace amity::app
