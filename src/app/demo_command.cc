#include "app/demo_command.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <thread>

#include "app/exit_codes.h"
#include "app/platform_options.h"
#include "app/process.h"
#include "app/replay_option.h"
#include "app/simulated_utility.h"

namespace amity::app {
namespace {

struct Options {
  PlatformArguments platform;
  world::FleetConfig fleet;
  std::string profiles, password = "amity-demo";
  std::string mix =
      "dlms=74,c1222=5,iec62056=3,sml=1,p1=1,modbus=2,stg=3,wmbus=5,mbus=3,dlms-mbus=3";
  bool faults = true;
  unsigned seconds = 0;
};

int failed(const Error& error, int code) {
  fmt::print(stderr, "amity demo: {}\n", to_string(error));
  return code;
}

// A data directory of the demo's own, gone with it.
class ScratchDirectory {
 public:
  static Result<std::unique_ptr<ScratchDirectory>> make() {
    std::string path = (std::filesystem::temp_directory_path() / "amity-demo-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr)
      return make_error(ErrorCode::kIo, path + " cannot be made");
    return std::unique_ptr<ScratchDirectory>(new ScratchDirectory(path));
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Tells the way to 100 %, a line whenever it is worth one.
void report_progress(SimulatedUtility& utility, std::stop_token stop) {
  double told = -1;
  while (!stop.stop_requested() && told < 0.99995) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const double now = utility.platform().completeness().value_or(0);
    if (now - told < 0.05 && now < 0.99995) continue;
    told = now;
    fmt::print(stderr, "read completeness of the last 24 h: {:.2f} %\n", 100 * now);
  }
}

int run(Options& o, roles::PlatformOptions options) {
  std::unique_ptr<ScratchDirectory> scratch;
  if (options.data_directory.empty()) {
    auto made = ScratchDirectory::make();
    if (!made.ok()) return failed(made.error(), kExitFailed);
    scratch = std::move(*made);
    options.data_directory = scratch->path();
  }
  const std::string host = options.http.listen.host;
  auto utility = SimulatedUtility::start(o.fleet, std::move(options));
  if (!utility.ok()) return failed(utility.error(), kExitFailed);
  roles::Platform& platform = (*utility)->platform();
  const std::string shown = host == "127.0.0.1" || host == "0.0.0.0" ? "localhost" : host;
  fmt::print("http://{}:{}\n", shown, platform.http_port());
  std::fflush(stdout);
  fmt::print(stderr,
             "{} simulated meters, {} of them DLMS and {} of the grid itself, {} concentrators and "
             "{} radio collectors on port {}\n"
             "sign in as 'admin' with the password '{}'; Ctrl-C ends the demo\n",
             (*utility)->fleet().master_data().devices.size(), (*utility)->fleet().dlms_meters(),
             (*utility)->fleet().grid_plan().meters.size(),
             (*utility)->fleet().grid().concentrators, (*utility)->fleet().side().collectors(),
             (*utility)->fleet().port(), o.password);
  std::jthread progress([&](std::stop_token stop) { report_progress(**utility, stop); });
  wait_for_stop(o.seconds);
  progress.request_stop();
  progress.join();
  fmt::print(stderr, "stopping\n");
  return kExitDone;
}

}  // namespace

int demo_command(int argc, char** argv) {
  CLI::App app{
      "A simulated utility on this machine: virtual meters that speak DLMS on loopback sockets, "
      "read by the\n"
      "platform, with the operations center over it. Everything is gone when it ends, unless "
      "--data is given.",
      "amity demo"};
  Options o;
  o.fleet.port = 0;
  o.fleet.history_days = 8;
  o.fleet.grid_meter_share = 0.6;
  o.platform.zone = "Australia/Sydney";
  o.platform.utility = "Amity demo utility";
  o.platform.read_every_min = 15;
  o.platform.push = "127.0.0.1:0";
  app.add_option("--meters", o.fleet.meters,
                 "how many (default 200; with --profiles all the homes there are)");
  app.add_option("--profiles", o.profiles,
                 "replay the real homes of this directory (sgsc_households)");
  app.add_option("--mix", o.mix, "shares of protocols, e.g. dlms=85,wmbus=15 (see amity sim); real homes are all dlms")
      ->capture_default_str();
  app.add_option(
         "--grid-meters", o.fleet.grid_meter_share,
         "share of the transformers that have a meter of their own; with any, feeders have too")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--seed", o.fleet.seed, "of the town")->capture_default_str();
  app.add_option("--history-days", o.fleet.history_days, "how long ago the meters were installed")
      ->capture_default_str();
  app.add_option("--data", o.platform.data, "keep everything in this directory (must be empty)");
  app.add_option("--admin-password", o.password, "of the user 'admin'")->capture_default_str();
  app.add_flag("!--no-faults", o.faults, "no outages, tampering, lost rows or clock drift");
  app.add_option("--seconds", o.seconds, "end after so many seconds; 0: on Ctrl-C");
  add_platform_options(app, o.platform);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  if (const Status log = set_up_log(o.platform.log_level); !log.ok())
    return failed(log.error(), kExitUsage);
  o.fleet.zone = o.platform.zone;
  if (!o.faults) o.fleet.faults = world::FaultRates::none();
  if (const Status loaded = load_profiles(o.profiles, app.count("--meters") > 0, o.fleet); !loaded.ok()) {
    return failed(loaded.error(), kExitBadInput);
  }
  if (o.profiles.empty()) {
    auto mix = world::DeviceMix::parse(o.mix);
    if (!mix.ok()) return failed(mix.error(), kExitUsage);
    o.fleet.mix = *mix;
  }
  auto options = platform_options(o.platform);
  if (!options.ok()) return failed(options.error(), kExitUsage);
  options->demo = true;
  if (options->heard.frames_tcp.empty()) options->heard.frames_tcp = {Endpoint{"127.0.0.1", 0}};
  options->admin_password = o.password;
  options->headend.read.backfill_s = static_cast<std::uint32_t>(o.fleet.history_days + 1) * 86'400;
  options->headend.read.offset_s = 5;
  options->headend.read.spread_s = 30;
  raise_descriptor_limit();
  block_stop_signals();
  return run(o, std::move(*options));
}

}  // namespace amity::app
