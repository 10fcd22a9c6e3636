#include "app/bill_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/bill_run.h"
#include "app/exit_codes.h"
#include "app/row_file.h"
#include "mdm/rate/statement_text.h"
#include "mdm/rate/tariff_file.h"

namespace amity::app {
namespace {

struct Request {
  std::string file, tariff, accounts, from, to, format, zone = "UTC";
  std::uint32_t interval_s = 0;
  bool json = false;
};

int failed(const std::string& what, int code) {
  fmt::print(stderr, "amity bill: {}\n", what);
  return code;
}

Result<BillOptions> options_of(const Request& request) {
  BillOptions options;
  AMITY_TRY(const std::string text, read_text_file(request.tariff));
  auto tariff = mdm::tariff_from_file(text, request.zone);
  if (!tariff.ok())
    return make_error(tariff.error().code, request.tariff + ": " + tariff.error().reason);
  options.tariff = std::move(*tariff);
  if (!request.accounts.empty()) {
    AMITY_TRY(const std::string list, read_text_file(request.accounts));
    auto accounts = accounts_from_toml(list);
    if (!accounts.ok())
      return make_error(accounts.error().code, request.accounts + ": " + accounts.error().reason);
    options.accounts = std::move(*accounts);
  }
  options.from = request.from;
  options.to = request.to;
  options.interval_s = request.interval_s;
  return options;
}

int run(const Request& request) {
  auto options = options_of(request);
  if (!options.ok()) return failed(options.error().reason, kExitUsage);
  const mdm::Tariff tariff = options->tariff;
  const auto zone = TimeZone::find(tariff.zone);
  if (!zone.ok()) return failed(zone.error().reason, kExitUsage);
  for (const std::string& note : tariff.notes)
    fmt::print(stderr, "{}: not taken over: {}\n", request.tariff, note);
  BillRun bills(std::move(*options));
  std::size_t bad = 0, count = 0, held = 0;
  const auto take = [&](const exchange::ParsedRow& row) { return bills.add(row); };
  const Status read = read_row_file(request.file, request.format, take, bad);
  if (!read.ok()) return failed(read.error().reason, kExitFailed);
  const auto print = [&](const Bill& bill) {
    const auto name = [&](ChannelId id) { return bill.channels[id.value - 1]; };
    const std::string out = request.json ? to_json(bill.statement, tariff, *zone, name)
                                         : to_text(bill.statement, tariff, *zone, name);
    std::fwrite(out.data(), 1, out.size(), stdout);
    ++count;
    held += !bill.statement.holds.empty();
  };
  const auto done =
      bills.run(print, [](const std::string& why) { (void)failed(why, kExitBadInput); });
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return failed("stdout cannot be written", kExitFailed);
  fmt::print(stderr,
             "{} bills, {} of them held; {} accounts cannot be billed; {} bad lines left out, {} "
             "times with two values\n",
             count, held, done.ok() ? *done : 0, bad, bills.conflicts());
  if (!done.ok()) return failed(done.error().reason, kExitBadInput);
  return bad > 0 || *done > 0 ? kExitBadInput : kExitDone;
}

}  // namespace

int bill_command(int argc, char** argv) {
  CLI::App app{
      "Bills a file of readings by a tariff, offline. FILE is CSV or JSON Lines as `amity export` "
      "writes it; rows are\n"
      "final intervals (flags: estimated, edited; others hold the bill). Every line of a statement "
      "names the channel,\n"
      "the range, how many intervals and their sum. Money is reckoned in integers, each line "
      "rounded once.",
      "amity bill"};
  Request request;
  app.add_option("file", request.file, "readings; - is stdin")->required();
  app.add_option("--tariff", request.tariff,
                 "TOML (docs/formats/tariff.md), or one rate of OpenEI URDB as JSON")
      ->required();
  app.add_option("--accounts", request.accounts,
                 "TOML: whose series are whose; without it every serial with a series 'import'");
  app.add_option("--from", request.from, "first local date; without it that of the first reading");
  app.add_option("--to", request.to, "last local date, included");
  app.add_option("--zone", request.zone, "of a URDB rate, which names none")->capture_default_str();
  app.add_option("--interval", request.interval_s,
                 "seconds; without it the commonest distance of rows");
  app.add_option("--format", request.format, "csv or jsonl; without it as the first line looks")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  app.add_flag("--json", request.json, "JSON Lines, one statement each, instead of text");
  app.footer(
      "A bill with missing, estimated or failed intervals beyond the tariff's [gate] is printed "
      "with "
      "HELD and the reason.\n"
      "Exit codes: 0 done, 1 failed, 2 usage, tariff or accounts, 3 bad lines (told with their "
      "number; the good ones are\n"
      "used) or accounts whose readings do not fit the tariff (the others are billed).\n"
      "Example:  amity export --data DIR | amity bill - --tariff home.toml --from 2026-03-01 --to "
      "2026-03-31");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  return run(request);
}

}  // namespace amity::app
