#include "app/vee_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/exit_codes.h"
#include "app/row_file.h"
#include "app/vee_run.h"
#include "base/json_text.h"
#include "mdm/validate/rules_toml.h"
#include "runtime/system.h"

namespace amity::app {
namespace {

struct Request {
  std::string file, rules, facts, customer_class = "residential", zone = "UTC", shape = "ladder",
                                  format;
  std::uint32_t interval_s = 0;
  bool json = false, all = false, print_rules = false;
};

int failed(const std::string& what, int code) {
  fmt::print(stderr, "amity vee: {}\n", what);
  return code;
}

Result<mdm::RuleBook> rules_of(const Request& request) {
  if (request.rules.empty()) return mdm::rules_from_toml(mdm::default_rules_text());
  AMITY_TRY(const std::string text, read_text_file(request.rules));
  auto book = mdm::rules_from_toml(text);
  if (book.ok()) return book;
  return make_error(book.error().code, request.rules + ": " + book.error().reason);
}

Result<mdm::UtilityFacts> facts_of(const Request& request) {
  if (request.facts.empty()) return mdm::UtilityFacts{};
  AMITY_TRY(const std::string text, read_text_file(request.facts));
  auto facts = mdm::facts_from_toml(text);
  if (facts.ok()) return facts;
  return make_error(facts.error().code, request.facts + ": " + facts.error().reason);
}

void append_csv(std::string& out, const VeeRecord& r) {
  const std::string_view fields[] = {r.record, r.serial, r.name, r.utc,  r.local,   r.raw,
                                     r.final,  r.unit,   r.code, r.rule, r.outcome, r.text};
  for (std::size_t i = 0; i < std::size(fields); ++i) {
    if (i > 0) out += ',';
    // What begins with a minus is a number here, not a formula.
    if (i == 5 || i == 6)
      out += fields[i];
    else
      exchange::append_csv_field(out, fields[i]);
  }
  out += "\r\n";
}

void append_json(std::string& out, const VeeRecord& r) {
  const std::pair<const char*, std::string_view> members[] = {
      {"record", r.record}, {"serial", r.serial}, {"name", r.name},       {"utc", r.utc},
      {"local", r.local},   {"raw", r.raw},       {"final", r.final},     {"unit", r.unit},
      {"code", r.code},     {"rule", r.rule},     {"outcome", r.outcome}, {"text", r.text}};
  out += fmt::format("{{\"channel\":{}", r.channel);
  for (const auto& [name, value] : members) {
    if (value.empty()) continue;
    out += fmt::format(",\"{}\":", name);
    append_json_string(out, value);
  }
  out += "}\n";
}

void print_counts(const char* what, const std::map<std::string, std::size_t>& counts) {
  if (counts.empty()) return;
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  fmt::print(stderr, "{}: {}\n", what, text);
}

void print_summary(const VeeSummary& s, std::size_t bad) {
  fmt::print(stderr,
             "{} readings of {} interval channels and {} registers, {} bad lines left out\n",
             s.readings, s.channels, s.registers, bad);
  if (s.channels == 0 && s.registers > 0)
    fmt::print(stderr, "no series has intervals: a register alone is not validated here\n");
  fmt::print(stderr, "{} days: {} fail, {} warn; with estimates {} fail\n", s.days, s.days_failed,
             s.days_warned, s.days_failed_after);
  print_counts("days by rule", s.by_rule);
  fmt::print(stderr, "{} intervals estimated, {} left open\n", s.estimated, s.open);
  print_counts("by method", s.by_method);
  print_counts("stretches with estimates, against the register", s.by_closure);
}

int run(const Request& request) {
  auto rules = rules_of(request);
  if (!rules.ok()) return failed(to_string(rules.error()), kExitUsage);
  const auto zone = TimeZone::find(request.zone);
  if (!zone.ok()) return failed(zone.error().reason, kExitUsage);
  auto facts = facts_of(request);
  if (!facts.ok()) return failed(to_string(facts.error()), kExitUsage);
  VeeOptions options;
  options.facts = std::move(*facts);
  options.rules = std::move(*rules);
  options.customer_class = request.customer_class;
  options.zone = *zone;
  options.interval_s = request.interval_s;
  options.every_interval = request.all;
  options.now = runtime::SystemClock().utc();
  if (request.shape == "expected") options.policy.shape = mdm::Shape::kExpected;
  if (request.shape == "typical") options.policy.shape = mdm::Shape::kTypical;
  VeeRun vee(std::move(options));
  std::size_t bad = 0;
  const auto take = [&](const exchange::ParsedRow& row) -> exchange::Problem {
    vee.add(row);
    return {};
  };
  const Status read = read_row_file(request.file, request.format, take, bad);
  if (!read.ok()) return failed(read.error().reason, kExitFailed);
  std::string out =
      request.json ? "" : "record,serial,name,utc,local,raw,final,unit,code,rule,outcome,text\r\n";
  const Status done = vee.run([&](const VeeRecord& record) {
    request.json ? append_json(out, record) : append_csv(out, record);
    if (out.size() < 1 << 20) return;
    std::fwrite(out.data(), 1, out.size(), stdout);
    out.clear();
  });
  std::fwrite(out.data(), 1, out.size(), stdout);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return failed("stdout cannot be written", kExitFailed);
  if (!done.ok()) return failed(to_string(done.error()), kExitBadInput);
  for (const std::string& why : vee.summary().refused) (void)failed(why, kExitBadInput);
  print_summary(vee.summary(), bad);
  const bool whole = bad == 0 && vee.summary().refused.empty();
  return !whole || vee.summary().readings == 0 ? kExitBadInput : kExitDone;
}

}  // namespace

int vee_command(int argc, char** argv) {
  CLI::App app{
      "Validates and estimates a file of readings offline. FILE is CSV or JSON Lines as `amity "
      "export` writes it:\n"
      "columns utc and value are needed; serial, channel, name, unit, flags tell series apart and "
      "mark values.\n"
      "Rows up to 6 h apart are intervals; others, and whatever is named ..._total or "
      "..._register, are "
      "a register:\n"
      "that of the same serial and unit, and of the same name or NAME_total, bounds the intervals, "
      "and "
      "estimates then\n"
      "sum to its advance exactly. Raw values are never changed.",
      "amity vee"};
  Request request;
  app.add_option("file", request.file, "the file; - is stdin");
  app.add_option("--rules", request.rules,
                 "validation rules (TOML); without it those that Amity ships");
  app.add_option("--facts", request.facts,
                 "TOML: holidays, ratings, dials, check channels, class profiles "
                 "(docs/formats/vee_facts.md)");
  app.add_flag("--print-rules", request.print_rules, "print the rules that Amity ships, and stop");
  app.add_option("--class", request.customer_class, "customer class, for the choice of rules")
      ->capture_default_str();
  app.add_option("--zone", request.zone, "whose days, 23 and 25 hours where its clock changes")
      ->envname("AMITY_ZONE")
      ->capture_default_str();
  app.add_option("--interval", request.interval_s,
                 "seconds; without it the commonest distance of rows");
  app.add_option("--estimate", request.shape,
                 "ladder: linear to 2 h, then like days. expected, typical: a blend of neighbours "
                 "and the same time of "
                 "other days, right in sum or nearest to each interval")
      ->check(CLI::IsMember({"ladder", "expected", "typical"}))
      ->capture_default_str();
  app.add_option("--format", request.format, "csv or jsonl; without it as the first line looks")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  app.add_flag("--all", request.all,
               "every interval, not only those with a finding or an estimate");
  app.add_flag("--json", request.json, "JSON Lines instead of CSV");
  app.footer(
      "Prints records: finding (a rule that a day broke, with its numbers), interval (raw, final, "
      "code as in NEM12: A\n"
      "actual, E15 average like day, E17 linear, E18 blend, N open), unresolved (a rule that the "
      "day breaks with its\n"
      "estimates too), closure (a stretch between register readings). Without --facts no rating, "
      "dial, check channel or\n"
      "class profile is known; the year before is that of the file.\n"
      "Exit codes: 0 done, 1 failed, 2 usage or rules, 3 bad lines (told with their number; the "
      "good ones are used).\n"
      "Example:  amity export --data DIR --device AMY10000001 | amity vee - --zone Europe/Madrid");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kExitDone : kExitUsage;
  }
  if (request.print_rules) {
    const auto text = mdm::default_rules_text();
    std::fwrite(text.data(), 1, text.size(), stdout);
    return kExitDone;
  }
  if (request.file.empty()) return failed("FILE is missing; amity vee --help", kExitUsage);
  return run(request);
}

}  // namespace amity::app
