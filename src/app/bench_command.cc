#include "app/bench_command.h"

#include <fmt/core.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <string>

#include "app/bench.h"
#include "app/exit_codes.h"
#include "app/version.h"
#include "base/time.h"
#include "runtime/system.h"

namespace amity::app {
namespace {

struct Bench {
  const char* name;
  const char* what;
  BenchResult (*run)();
};

constexpr Bench kBenches[] = {
    {"dlms-parse", "generic parse of a 96 x 6 load profile, us per buffer", bench_dlms_parse},
    {"frames-decode", "SML, P1 and C12.22 messages to JSON on one core, messages/s, the slowest", bench_frames_decode},
    {"dlms-session", "connect, HLS 5, encrypted GET, release over loopback, conversations/s", bench_dlms_session},
    {"sessions", "100,000 idle associations across processes, bytes of ours per session", bench_sessions},
    {"read-fleet", "nightly read of 20,000 encrypted meters into the store, meters/s", bench_read_fleet},
    {"api", "authenticated reads of one meter-day over HTTP, per second", bench_api},
    {"intake", "durable and stored readings per second; bytes per stored reading", bench_intake},
    {"store", "the embedded store beside SQLite and PostgreSQL: load, size, a channel's month, a day", bench_store},
    {"mdm-rules", "all validation rules over channel-days on one core, ns per reading", bench_mdm_rules},
    {"mdm", "durable load, rules, estimation and energy by price of a day, readings/s/core", bench_mdm},
    {"rate", "account-months of 2,976 intervals to statements on one core, per second", bench_rate},
    {"vee-accuracy", "error of estimates for masked half hours of real homes, kWh", bench_vee_accuracy},
    {"wmbus-decode", "encrypted wireless M-Bus telegrams of 10,000 meters to JSON on one core, per second",
     bench_wmbus_decode},
};

std::string number(double value) {
  const std::string text = fmt::format("{:.6g}", value);
  return text.find_first_of("infa") == std::string::npos ? text : "null";
}

std::string json(const BenchResult& result, double load_average, UtcSeconds now) {
  std::string details;
  for (const auto& [name, value] : result.details) {
    details += fmt::format("{}\"{}\":{}", details.empty() ? "" : ",", name, number(value));
  }
  return fmt::format(
      R"({{"name":"{}","figure":{},"unit":"{}","better":"{}",)"
      R"("details":{{{}}},"load_average":{},"date":"{}","commit":"{}"}})",
      result.name, number(result.figure), result.unit, result.lower_is_better ? "lower" : "higher",
      details, number(load_average), to_iso(now), commit());
}

}  // namespace

int bench_command(int argc, char** argv) {
  CLI::App app{
      "Runs one benchmark and prints one JSON object: figure, details, load average, date, commit.",
      "amity bench"};
  std::string name;
  std::string listing = "Benchmarks:\n";
  for (const Bench& bench : kBenches)
    listing += fmt::format("  {:<14} {}\n", bench.name, bench.what);
  app.add_option("name", name, "which benchmark, see below")->required();
  app.footer(listing);
  CLI11_PARSE(app, argc, argv);
  for (const Bench& bench : kBenches) {
    if (name != bench.name) continue;
    double load[1] = {0};
    if (getloadavg(load, 1) != 1) load[0] = -1;
    const BenchResult result = bench.run();
    fmt::print("{}\n", json(result, load[0], runtime::SystemClock().utc()));
    return kExitDone;
  }
  fmt::print(stderr, "no benchmark is named '{}'\n{}", name, listing);
  return kExitUsage;
}

}  // namespace amity::app
