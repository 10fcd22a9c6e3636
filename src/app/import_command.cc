#include "app/import_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "app/exit_codes.h"
#include "app/import_run.h"
#include "app/import_source.h"
#include "app/row_file.h"
#include "exchange/nem12_reader.h"
#include "intake/make_intake.h"
#include "runtime/system.h"

namespace amity::app {
namespace {

constexpr std::size_t kProblemsShown = 50;

struct Request {
  std::vector<std::string> files;
  FetchArguments fetch;
  std::string data, format, zone, meter, mapping;
  std::uint32_t interval_s = 0;
  bool add = false, atomic = false, check = false;
};

int failed(const std::string& what, int code) {
  fmt::print(stderr, "amity import: {}\n", what);
  return code;
}

class Teller {
 public:
  void operator()(const std::string& file, const exchange::Problem& problem) {
    if (++told_ == kProblemsShown + 1) fmt::print(stderr, "... and more, counted below\n");
    if (told_ > kProblemsShown) return;
    fmt::print(stderr, "{}:{}: {}{}\n", file, problem.line,
               problem.refused ? "" : "note: ", problem.reason);
  }

 private:
  std::size_t told_ = 0;
};

void print_counts(const std::string& file, const ImportCounts& c, const Request& request) {
  fmt::print("{}: {} values of {} series", file, c.values, c.series);
  if (c.events > 0) fmt::print(", {} events", c.events);
  if (c.kept) {
    fmt::print("; {} new, {} known already, {} corrected", c.fresh, c.known, c.corrected);
    if (c.devices_added + c.channels_added > 0)
      fmt::print("; added {} meters, {} channels", c.devices_added, c.channels_added);
  } else {
    fmt::print("{}", request.check ? "; checked, nothing kept" : "; nothing kept (--atomic)");
  }
  fmt::print("; {} refused, {} notes\n", c.refused, c.noted);
}

Result<ImportOptions> options_of(const Request& request) {
  ImportOptions options;
  if (!request.format.empty()) options.format = exchange::format_from(request.format);
  const bool nem = request.zone.empty();
  AMITY_TRY(options.reading.zone, TimeZone::find(nem ? "UTC" : request.zone));
  AMITY_TRY(options.reading.market_zone, TimeZone::find(nem ? exchange::kNemZone : request.zone));
  options.reading.interval_s = request.interval_s;
  options.meter = request.meter;
  if (!request.mapping.empty()) {
    AMITY_TRY(const std::string text, read_text_file(request.mapping));
    auto mapping = exchange::csv_mapping_from_toml(text);
    if (!mapping.ok())
      return make_error(ErrorCode::kInvalid, request.mapping + ": " + mapping.error().reason);
    options.reading.mapping = std::move(*mapping);
    options.format = exchange::FileFormat::kCsv;
  }
  options.add = request.add;
  options.atomic = request.atomic;
  options.check_only = request.check;
  return options;
}

int run(const Request& request) {
  const auto options = options_of(request);
  if (!options.ok()) return failed(options.error().reason, kExitUsage);
  const auto headers = fetch_headers(request.fetch);
  if (!headers.ok()) return failed(headers.error().reason, kExitUsage);
  const runtime::SystemClock system_clock;
  runtime::SystemClock clock;
  const auto store = store::open_embedded(request.data, {});
  if (!store.ok()) return failed(to_string(store.error()), kExitFailed);
  const auto intake = intake::make_intake(**store, clock);
  if (!intake.ok()) return failed(to_string(intake.error()), kExitFailed);
  bool bad = false;
  Teller teller;
  const auto import = [&](const Result<ImportSource>& source) -> Status {
    if (!source.ok()) return source.error();
    AMITY_TRY(const auto counts, import_file({source->path(), source->name()}, **store, **intake,
                                             system_clock.utc(), *options, std::ref(teller)));
    print_counts(source->name(), counts, request);
    bad = bad || counts.refused > 0;
    return {};
  };
  Status done;
  for (std::size_t i = 0; done.ok() && i < request.files.size(); ++i)
    done = import(ImportSource::file(request.files[i]));
  for (std::size_t i = 0; done.ok() && i < request.fetch.urls.size(); ++i)
    done = import(ImportSource::fetched(request.fetch.urls[i], request.fetch, *headers));
  if (!done.ok()) return failed(to_string(done.error()), kExitFailed);
  if (std::fflush(stdout) != 0) return failed("stdout cannot be written", kExitFailed);
  return bad ? kExitBadInput : kExitDone;
}

void add_fetch_options(CLI::App& app, FetchArguments& fetch) {
  auto* url = app.add_option("--url", fetch.urls,
                             "http[s]://... of such a file, fetched whole before anything is kept; "
                             "may be given again")
                  ->allow_extra_args(false);
  app.add_option("--header-file", fetch.header_file,
                 "lines \"Name: value\" that the requests carry; not sent on to other hosts")
      ->needs(url);
  app.add_option("--token-file", fetch.token_file, "holds the token of \"Authorization: Bearer\"")
      ->needs(url);
  app.add_option("--ca", fetch.authority_file,
                 "PEM that the server's certificate is checked against (default: the system's)")
      ->needs(url);
  app.add_option("--max-mib", fetch.mebibytes_max, "longer documents are refused")
      ->needs(url)
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  app.add_option("--timeout", fetch.timeout_s, "seconds for a document")
      ->needs(url)
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  app.add_option("--redirects", fetch.redirects_max, "that are followed; none from https to http")
      ->needs(url)
      ->check(CLI::Range(0, 50))
      ->capture_default_str();
}

}  // namespace

int import_command(int argc, char** argv) {
  CLI::App app{
      "Reads files of other systems into a data directory, through the same door as a meter's own "
      "readings.\n"
      "Formats: nem12 (NEM12, NEM13), cmep, espi (Green Button), cim (IEC 61968-9 MeterReadings "
      "and "
      "EndDeviceEvents), csv and\njsonl (as `amity export` writes them);\n"
      "a zip of such files is read as they are. The directory must not be in use by a running "
      "platform.\n"
      "What is wrong is told with file, line and reason, and the rest is kept; the same file twice "
      "changes nothing.",
      "amity import"};
  Request request;
  app.add_option("files", request.files, "files; - is stdin");
  add_fetch_options(app, request.fetch);
  app.add_option("--data", request.data, "data directory")->required()->envname("AMITY_DATA");
  app.add_option("--format", request.format, "without it as the file looks")
      ->check(CLI::IsMember({"nem12", "cmep", "espi", "cim", "csv", "jsonl"}));
  app.add_option("--zone", request.zone,
                 "of times that name none (default: UTC; of NEM12 Australia/Brisbane, UTC+10)");
  app.add_option("--meter", request.meter,
                 "serial of the meter, for a file that holds one and calls it otherwise");
  app.add_option(
      "--mapping", request.mapping,
      "TOML: what the columns of a CSV are: time, value, meter, channel, unit, multiplier, "
      "quality,\ncode (NEM12's A, S14, F16, or words of your own) or method (14), as "
      "docs/formats/csv_mapping.md has it");
  app.add_option("--interval", request.interval_s,
                 "seconds, of csv and jsonl rows that are to make a new channel");
  app.add_flag("--add", request.add, "adds meters and channels that are not known");
  app.add_flag("--atomic", request.atomic, "keeps nothing of a file with anything wrong in it");
  app.add_flag("--check", request.check, "reads and tells, keeps nothing");
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 usage, 3 something was refused (told; the rest was kept, "
      "with --atomic nothing).\n"
      "Examples:  amity import --data DIR --add NEM12_202304.zip\n"
      "           amity import --data DIR --meter AMY10000001 GreenButton.xml\n"
      "           amity import --data DIR --add --mapping meters.toml meters.csv\n"
      "           amity import --data DIR --add --token-file T --url https://HOST/espi/Batch/1\n"
      "           amity export --data A --format jsonl | amity import --data B --add --interval "
      "900 -");
  try {
    app.parse(argc, argv);
    if (request.files.empty() && request.fetch.urls.empty())
      throw CLI::RequiredError("a file or --url");
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  return run(request);
}

}  // namespace amity::app
