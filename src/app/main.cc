// amity: one program that runs a utility's smart meters. Dispatches to the commands.

#include <fmt/core.h>

#include <cstdio>
#include <cstring>
#include <string_view>

#include "app/admin_command.h"
#include "app/bench_command.h"
#include "app/bill_command.h"
#include "app/decode_command.h"
#include "app/demo_command.h"
#include "app/edge_command.h"
#include "app/exit_codes.h"
#include "app/export_command.h"
#include "app/import_command.h"
#include "app/read_command.h"
#include "app/serve_command.h"
#include "app/sim_command.h"
#include "app/simulate_command.h"
#include "app/vee_command.h"
#include "app/version.h"

namespace {

using amity::app::kExitDone;
using amity::app::kExitUsage;

struct Command {
  const char* name;
  const char* what;
  int (*run)(int argc, char** argv);
};

constexpr Command kCommands[] = {
    {"demo", "a simulated utility and the operations center, http://localhost:8080",
     amity::app::demo_command},
    {"serve", "the platform over a data directory", amity::app::serve_command},
    {"edge", "the gateway at the load point: reads meters, buffers, forwards once", amity::app::edge_command},
    {"read", "one meter, now: objects, registers, rows of a profile", amity::app::read_command},
    {"sim", "virtual meters on real sockets", amity::app::sim_command},
    {"decode", "any frame of any protocol as one JSON object", amity::app::decode_command},
    {"import", "readings of other systems' files into a data directory",
     amity::app::import_command},
    {"export", "readings of a data directory, as rows or in other systems' formats",
     amity::app::export_command},
    {"vee", "validate and estimate a file of readings offline", amity::app::vee_command},
    {"bill", "bill a file of readings by a tariff offline", amity::app::bill_command},
    {"admin", "check, back up and restore a data directory", amity::app::admin_command},
    {"simulate", "the whole system in virtual time, with faults; the rules it held", amity::app::simulate_command},
    {"bench", "a benchmark; one JSON object on stdout", amity::app::bench_command},
};

void print_help(std::FILE* out) {
  fmt::print(out, "amity {}: the smart metering platform of a utility in one program\n\n",
             amity::app::version());
  fmt::print(out, "usage: amity COMMAND [ARGUMENTS]      amity COMMAND --help teaches each\n\n");
  for (const Command& command : kCommands)
    fmt::print(out, "  {:<9} {}\n", command.name, command.what);
  fmt::print(out,
             "\nTo look around:   amity demo\nData go to stdout, messages to stderr. Exit codes: 0 "
             "done, 1 failed, "
             "2 usage, 3 bad input.\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc > 1 ? argv[1] : "";
  if (name == "--version") {
    fmt::print("amity {} ({})\n", amity::app::version(), amity::app::commit());
    return kExitDone;
  }
  if (name == "--help" || name == "-h" || name == "help") {
    print_help(stdout);
    return kExitDone;
  }
  for (const Command& command : kCommands) {
    if (name == command.name) return command.run(argc - 1, argv + 1);
  }
  if (!name.empty()) fmt::print(stderr, "amity: no command is named '{}'\n\n", name);
  print_help(stderr);
  return kExitUsage;
}
