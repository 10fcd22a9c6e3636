#include "app/sim_command.h"

#include <fmt/core.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <thread>

#include "app/exit_codes.h"
#include "app/platform_options.h"
#include "app/process.h"
#include "app/replay_option.h"
#include "runtime/reactor.h"
#include "world/fleet.h"

namespace amity::app {
namespace {

struct Options {
  world::FleetConfig fleet;
  std::string profiles;  // directory
  std::string registry;  // file to write
  std::string push;      // HOST:PORT
  std::string frames;    // HOST:PORT
  std::string mix;
  unsigned report_s = 60;
  bool faults = true;
};

void add_options(CLI::App& app, Options& o) {
  app.add_option("--meters", o.fleet.meters, "how many (default 200; with --profiles all the homes there are)");
  app.add_option("--mix", o.mix,
                 "shares of protocols, e.g. dlms=80,c1222=5,wmbus=15; one of dlms, c1222, iec62056, sml, p1, modbus, "
                 "stg (electricity), wmbus (water, gas), mbus (heat), dlms-mbus (gas, water, heat behind DLMS meters); "
                 "default: all dlms");
  app.add_option("--seed", o.fleet.seed, "of the town: same seed, same homes, grid, keys and faults");
  app.add_option("--port", o.fleet.port, "TCP port; meter N answers at 127.16.0.N, concentrators from 127.24.0.1");
  app.add_option("--bind", o.fleet.bind, "address to listen on; connections from other machines are dropped anyway");
  app.add_option("--profiles", o.profiles, "replay the real homes of this directory (sgsc_households)");
  app.add_option("--registry", o.registry, "write master data and keys to this file, as JSON");
  app.add_option("--push", o.push, "HOST:PORT that meters push their last interval and alarms to");
  app.add_option("--push-spread", o.fleet.push_spread_s, "seconds after the interval over which pushes are spread");
  app.add_option("--frames", o.frames, "HOST:PORT that collectors forward radio telegrams to (serve --listen-frames)");
  app.add_option("--telegram-every", o.fleet.telegram_every_s, "seconds between forwarded telegrams of one meter");
  app.add_option("--stg-drop", o.fleet.stg_drop,
                 "existing folder that PRIME concentrators deliver reports to (serve --stg-drop)")
      ->check(CLI::ExistingDirectory);
  app.add_option("--stg-every", o.fleet.stg_every_s, "seconds between the reports of one concentrator");
  app.add_option("--history-days", o.fleet.history_days, "how long ago the meters were installed");
  app.add_option("--concentrators", o.fleet.concentrator_share, "share of the grid behind concentrators, 0..1");
  app.add_option("--grid-meters", o.fleet.grid_meter_share,
                 "share of the transformers that have a meter of their own; with any, feeders have "
                 "too, and a home "
                 "or two draws past its meter")
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--hdlc", o.fleet.hdlc,
               "meters reached directly speak HDLC over TCP (dlms+hdlc://), concentrators the wrapper as ever");
  app.add_option("--delay-ms", o.fleet.link.delay_ms, "delay of each answer");
  app.add_option("--loss", o.fleet.link.loss, "share of answers that never arrive, 0..1")->check(CLI::Range(0.0, 1.0));
  app.add_option("--drop", o.fleet.link.drop, "share of answers cut in the middle, 0..1")->check(CLI::Range(0.0, 1.0));
  app.add_option("--bytes-per-second", o.fleet.link.bytes_per_second, "speed of each link; 0: that of the loopback");
  app.add_flag("!--no-faults", o.faults, "no outages, dips, tampering, lost rows, reboots or wrong clocks");
  app.add_option("--report", o.report_s, "seconds between lines of statistics; 0: none");
  app.footer("Keys are derived from the seed and written to --registry: for simulated meters only.\n"
             "Runs until interrupted.");
}

bool take_targets(Options& o) {
  const auto take = [](const char* name, const std::string& text, std::optional<Endpoint>& out) {
    if (text.empty()) return true;
    auto target = endpoint_from(text);
    if (target.ok() && target->port != 0) return out = *target, true;
    fmt::print(stderr, "{}: {}\n", name, target.ok() ? "a port is needed" : target.error().reason);
    return false;
  };
  if (!take("--push", o.push, o.fleet.push) || !take("--frames", o.frames, o.fleet.frames)) return false;
  if (o.mix.empty()) return true;
  auto mix = world::DeviceMix::parse(o.mix);
  if (!mix.ok()) return fmt::print(stderr, "--mix: {}\n", mix.error().reason), false;
  o.fleet.mix = *mix;
  return true;
}

Status write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return make_error(ErrorCode::kIo, path + " cannot be written");
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written) return make_error(ErrorCode::kIo, path + " was not written whole");
  return {};
}

// Statistics on stderr, every so many seconds.
void report_later(Runtime runtime, world::Fleet& fleet, unsigned every_s) {
  runtime.timers.at(runtime.clock.now() + std::chrono::seconds(every_s), [runtime, &fleet, every_s] {
    const world::HostStats& s = fleet.stats();
    fmt::print(stderr, "connections {} open, {} ever; requests {}; {} bytes in, {} out; pushes {} sent, {} failed; "
               "telegrams {}; reports {}\n",
               fleet.connections(), s.connections, s.requests, s.bytes_in, s.bytes_out, fleet.pushes_sent(),
               fleet.pushes_failed(), fleet.collector_stats().sent, fleet.stg_stats().files);
    report_later(runtime, fleet, every_s);
  });
}

Status serve(const Options& o, runtime::Reactor& reactor) {
  AMITY_TRY(const auto fleet, world::Fleet::make(reactor.runtime(), o.fleet));
  AMITY_CHECK(fleet->listen());
  if (!o.registry.empty()) {
    const std::string json = world::fleet_to_json(fleet->master_data(), fleet->secrets(), fleet->side_keys());
    AMITY_CHECK(write_file(o.registry, json));
  }
  fleet->start_pushes();
  fleet->start_frames();
  fleet->start_reports();
  fleet->start_disturbances();
  fmt::print(stderr, "{} devices, {} of them DLMS meters, {} concentrators, {} collectors on port {}\n",
             fleet->master_data().devices.size(), fleet->dlms_meters(), fleet->grid().concentrators,
             fleet->side().collectors(), fleet->port());
  if (o.report_s > 0) report_later(reactor.runtime(), *fleet, o.report_s);
  reactor.run();
  return {};
}

}  // namespace

int sim_command(int argc, char** argv) {
  CLI::App app{"Serves virtual meters on loopback addresses, directly, behind concentrators and by radio collectors.",
      "amity sim"};
  Options o;
  add_options(app, o);
  CLI11_PARSE(app, argc, argv);
  if (!take_targets(o)) return kExitUsage;
  if (!o.faults) o.fleet.faults = world::FaultRates::none();
  if (const Status loaded = load_profiles(o.profiles, app.count("--meters") > 0, o.fleet); !loaded.ok()) {
    fmt::print(stderr, "{}: {}\n", o.profiles, to_string(loaded.error()));
    return kExitBadInput;
  }
  raise_descriptor_limit();
  block_stop_signals();
  runtime::Reactor reactor;
  std::thread waiter([&] {  // a handler could not stop the loop safely
    wait_for_stop();
    reactor.stop();
  });
  const Status served = serve(o, reactor);
  if (!served.ok()) {
    fmt::print(stderr, "amity sim: {}\n", to_string(served.error()));
    pthread_kill(waiter.native_handle(), SIGTERM);
  }
  waiter.join();
  return served.ok() ? kExitDone : kExitFailed;
}

}  // namespace amity::app
