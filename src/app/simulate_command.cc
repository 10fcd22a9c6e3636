#include "app/simulate_command.h"

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>

#include "app/exit_codes.h"
#include "app/simulation/limits.h"
#include "app/simulation/simulation.h"
#include "app/version.h"
#include "runtime/system.h"

namespace amity::app {
namespace {

using simulation::Config;
using simulation::Report;

struct Options {
  std::uint64_t seed = 1;
  std::string seeds, faults, rule, trace;
  std::uint32_t meters = 20, days = 1;
  std::uint32_t c12 = 1, radio = 5;
  unsigned jobs = 0;
};

std::string reproduce(const Options& options, std::uint64_t seed) {
  std::string text =
      fmt::format("amity simulate --seed {} --meters {} --c12 {} --radio {} --days {}", seed,
                  options.meters, options.c12, options.radio, options.days);
  if (!options.faults.empty()) text += " --faults " + options.faults;
  if (!options.rule.empty()) text += " --break " + options.rule;
  return text;
}

void print_faults(const Report& r) {
  fmt::print(
      "faults      the platform died {} times, disk {}, its link cut {}, its clock wrong {}\n",
      r.crashes, r.disk_faults, r.platform_cuts, r.platform_clock_jumps);
  fmt::print(
      "            meters rebooted {}, links cut {}, clocks jumped {}, pushes {} tcp {} udp, {} "
      "sent twice\n",
      r.town.reboots, r.town.cuts, r.town.clock_jumps, r.town.pushes_tcp, r.town.pushes_udp,
      r.town.pushes_doubled);
  fmt::print("            connections {}: broken {}, half-open {}, refused {}, unanswered {}\n",
             r.network.connections, r.network.breaks, r.network.half_open, r.network.refused,
             r.network.blackholed);
  fmt::print("            datagrams {}: lost {}, doubled {}, out of order {}\n",
             r.network.datagrams, r.network.datagrams_lost, r.network.datagrams_duplicated,
             r.network.datagrams_reordered);
}

void print_invariants(const Report& r) {
  const auto& c = r.checked;
  fmt::print(
      "held        nothing acknowledged is lost: {} readings, {} events, {} commands promised; "
      "checked {} times\n",
      c.readings_acknowledged, c.events_acknowledged, c.commands_accepted,
      c.readings_checked + c.events_checked);
  fmt::print("            nothing is counted twice: {} tallies of the operations department\n",
             c.tallies_checked);
  fmt::print("            no invocation counter is used twice: {} seen on the wire\n", r.nonces);
  fmt::print("            no switching command is repeated: {} executed, {} checks\n", r.switchings,
             c.commands_checked);
  fmt::print(
      "            the store equals the meters: {} values compared, {} s after the faults ended\n",
      c.rows_compared, r.settle_s);
  const auto& f = r.finals;
  fmt::print(
      "            final values are the raw ones where valid, estimates close on the register, no "
      "decision is made twice:\n            {} decisions on {} channel-days, {} values, {} still "
      "estimated, {} corrections, {} reads asked again, {} days equal the register\n",
      f.decisions, f.days, f.values, f.estimated, f.corrections, r.rereads, f.days_closed);
}

void print_violation(const Report& r, const Options& options, std::uint64_t seed) {
  fmt::print("VIOLATED    {}\n", r.violation->rule);
  fmt::print("            at {}, device {}: {}\n", to_iso(r.violation->at),
             r.violation->device.value, r.violation->what);
  fmt::print("            reproduce: {}\n", reproduce(options, seed));
}

void print_report(const Report& r, const Options& options, std::uint64_t seed, double real_s) {
  const auto virtual_s = static_cast<double>(r.end - r.start);
  fmt::print("seed        {}, {} DLMS, {} C12.22 and {} radio meters, {} days from {}, commit {}\n",
             seed, options.meters, options.c12, options.radio, options.days, to_iso(r.start),
             commit());
  print_faults(r);
  const auto& h = r.head_end;
  fmt::print(
      "head-end    contacts {} good {} failed, pushes {} taken {} refused, commands {} done {} "
      "not\n",
      h.contacts_ok, h.contacts_failed, h.pushes_accepted, h.pushes_refused, h.commands_done,
      h.commands_failed);
  fmt::print("stored      {} readings; {} facts replayed in recoveries\n", r.readings_stored,
             r.replayed_facts);
  fmt::print("history     {:016X}, {} events\n", r.history_hash, r.events);
  if (r.violation) {
    print_violation(r, options, seed);
  } else {
    print_invariants(r);
  }
  std::fflush(stdout);
  fmt::print(stderr, "time        {:.0f} s virtual in {:.2f} s: {:.0f} x real time\n", virtual_s,
             real_s, virtual_s / real_s);
}

Result<Report> simulate(const Config& config, double& real_s) {
  const runtime::SystemClock clock;
  const Instant begun = clock.now();
  simulation::Simulation simulation(config);
  auto report = simulation.run();
  real_s = static_cast<double>((clock.now() - begun).count()) / 1e6;
  return report;
}

int run_one(const Options& options, Config config) {
  std::FILE* trace = nullptr;
  if (!options.trace.empty()) {
    trace = std::fopen(options.trace.c_str(), "w");
    if (trace == nullptr) {
      fmt::print(stderr, "cannot write {}\n", options.trace);
      return kExitFailed;
    }
    config.trace = [trace](std::string_view line) { fmt::print(trace, "{}\n", line); };
  }
  double real_s = 0;
  const auto report = simulate(config, real_s);
  if (trace != nullptr) std::fclose(trace);
  if (!report.ok()) {
    fmt::print(stderr, "the simulation cannot be set up: {}\n", to_string(report.error()));
    return kExitFailed;
  }
  print_report(*report, options, config.seed, real_s);
  return report->violation ? kExitFailed : kExitDone;
}

// One line per seed; what a failed one says in full is for a run of its own.
int run_quietly(const Options& options, const Config& config) {
  double real_s = 0;
  const auto report = simulate(config, real_s);
  if (!report.ok()) {
    fmt::print("seed {}: {}\n", config.seed, to_string(report.error()));
  } else if (report->violation) {
    fmt::print("seed {}: VIOLATED {}: device {} at {}: {}\n  reproduce: {}\n", config.seed,
               report->violation->rule, report->violation->device.value,
               to_iso(report->violation->at), report->violation->what,
               reproduce(options, config.seed));
  } else {
    fmt::print("seed {}: held; {} readings, {} crashes, history {:016X}\n", config.seed,
               report->readings_stored, report->crashes, report->history_hash);
  }
  std::fflush(stdout);
  return report.ok() && !report->violation ? kExitDone : kExitFailed;
}

// Each seed in a process of its own, `jobs` at a time.
int run_many(const Options& options, const Config& config, std::uint64_t first,
             std::uint64_t last) {
  const unsigned jobs =
      options.jobs != 0 ? options.jobs : static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  std::map<pid_t, std::uint64_t> running;
  std::uint64_t next = first, failed = 0;
  while (next <= last || !running.empty()) {
    while (next <= last && running.size() < jobs) {
      const pid_t pid = fork();
      if (pid < 0) break;
      if (pid == 0) {
        Config one = config;
        one.seed = next;
        _exit(run_quietly(options, one));
      }
      running[pid] = next++;
    }
    if (running.empty()) return kExitFailed;  // no process can be made
    int status = 0;
    const pid_t done = wait(&status);
    if (done < 0) return kExitFailed;
    const std::uint64_t seed = running[done];
    running.erase(done);
    if (WIFSIGNALED(status)) fmt::print("seed {}: ended by signal {}\n", seed, WTERMSIG(status));
    failed += status != 0 ? 1 : 0;
  }
  fmt::print("{} seeds, {} failed\n", last - first + 1, failed);
  return failed == 0 ? kExitDone : kExitFailed;
}

Status parse_range(const std::string& text, std::uint64_t& first, std::uint64_t& last) {
  char dash = 0, rest = 0;
  std::istringstream in(text);
  in >> first >> dash >> last;
  const bool bad = in.fail() || dash != '-' || in >> rest || first > last ||
                   last - first >= simulation::kSeedsMax;
  return bad ? Status(make_error(ErrorCode::kInvalid, "'" + text + "' is no range such as 1-50"))
             : Status{};
}

Status parse_faults(const std::string& text, std::uint32_t& faults) {
  if (text.empty() || text == "all") return {};
  faults = 0;
  if (text == "none") return {};
  std::istringstream in(text);
  for (std::string name; std::getline(in, name, ',');) {
    AMITY_TRY(const simulation::Fault fault, simulation::fault_from(name));
    faults |= 1u << static_cast<int>(fault);
  }
  return {};
}

std::string footer() {
  std::string text = "Faults (--faults links,crashes; all, none):\n";
  for (int i = 0; i < simulation::kFaults; ++i) {
    const auto fault = static_cast<simulation::Fault>(i);
    text += fmt::format("  {:<11} {}\n", to_string(fault), describe(fault));
  }
  text +=
      "\nRules that can be broken on purpose, to see them caught (--break):\n"
      "  ack-before-durable  the journal answers before the sync\n"
      "  reuse-counters      invocation counters are forgotten in a crash\n"
      "  no-dedupe           a department counts what comes again\n"
      "  repeat-commands     switching commands are sent again after a crash\n"
      "\nOne seed and one build give the same history: compare the line 'history'.\n"
      "Exit code 1: a rule was violated; the first one is described, with how to see it again.\n\n"
      "  amity simulate --seed 7 --meters 200 --days 2\n"
      "  amity simulate --seeds 1-50\n"
      "  amity simulate --seed 3 --break reuse-counters\n";
  return text;
}

}  // namespace

int simulate_command(int argc, char** argv) {
  CLI::App app{
      "Runs the whole system in virtual time on one thread: head-end, intake, journal, stores, "
      "operations,\n"
      "virtual meters (DLMS, C12.22, radio) and the network between them, with faults drawn from "
      "a seed. The\n"
      "platform dies and recovers; rules are checked at every crash and at the end, when the store "
      "must be the "
      "meters' truth.",
      "amity simulate"};
  Options options;
  app.add_option("--seed", options.seed, "of everything random")->capture_default_str();
  app.add_option("--seeds", options.seeds, "many, such as 1-50: a process each, a line each");
  app.add_option("--meters", options.meters, "how many that speak DLMS")
      ->capture_default_str()
      ->check(CLI::Range(1u, simulation::kMetersMax));
  app.add_option("--c12", options.c12, "and how many that speak C12.22")
      ->capture_default_str()
      ->check(CLI::Range(0u, simulation::kMetersMax));
  app.add_option("--radio", options.radio, "and how many water and gas meters on the air (wM-Bus)")
      ->capture_default_str()
      ->check(CLI::Range(0u, simulation::kMetersMax));
  app.add_option("--days", options.days, "of faults; then they end and the system settles")
      ->capture_default_str()
      ->check(CLI::Range(1u, simulation::kDaysMax));
  app.add_option("--faults", options.faults, "a list of those below; all by default");
  app.add_option("--break", options.rule, "a rule to break, see below");
  app.add_option("--trace", options.trace,
                 "write every event on the wire and every fault to this file");
  app.add_option("--jobs", options.jobs,
                 "processes at a time with --seeds; one per core by default");
  app.footer(footer());
  CLI11_PARSE(app, argc, argv);

  Config config;
  config.seed = options.seed;
  config.meters = options.meters;
  config.c12_meters = options.c12;
  config.radio_meters = options.radio;
  config.days = options.days;
  Status parsed = parse_faults(options.faults, config.faults);
  if (parsed.ok() && !options.rule.empty()) {
    const auto rule = simulation::break_from(options.rule);
    if (rule.ok()) config.rule_broken = *rule;
    if (!rule.ok()) parsed = rule.error();
  }
  std::uint64_t first = 0, last = 0;
  if (parsed.ok() && !options.seeds.empty()) parsed = parse_range(options.seeds, first, last);
  if (!parsed.ok()) {
    fmt::print(stderr, "amity simulate: {}\n", parsed.error().reason);
    return kExitUsage;
  }
  return options.seeds.empty() ? run_one(options, config) : run_many(options, config, first, last);
}

}  // namespace amity::app
