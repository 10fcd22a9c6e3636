#include "roles/balance_definitions.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/json_text.h"
#include "mdm/aggregate/limits.h"
#include "mdm/rate/toml_fields.h"

namespace amity::roles {
namespace {

// Serial and channel, or the name of another sum.
Status read_term(mdm::TomlFields& f, api::VirtualTerm& term, bool supply) {
  AMITY_TRY(term.serial, f.text("serial", ""));
  AMITY_TRY(term.channel, f.text("channel", ""));
  AMITY_TRY(term.meter, f.text("meter", ""));
  if (!supply) {
    AMITY_TRY(term.transformer, f.text("transformer", ""));
    AMITY_TRY(term.feeder, f.text("feeder", ""));
  }
  const int named = int{!term.serial.empty()} + int{!term.meter.empty()} +
                    int{!term.transformer.empty()} + int{!term.feeder.empty()};
  if (named != 1) return f.error("one of 'serial', 'meter', 'transformer', 'feeder' is wanted");
  return {};
}

Status read_meter(mdm::TomlFields& f, api::VirtualMeter& meter) {
  AMITY_TRY(meter.name, f.text("name"));
  const toml::node* terms = f.find("terms");
  if (terms == nullptr || !terms->is_array()) return f.error("'terms' is a list");
  for (const toml::node& one : *terms->as_array()) {
    AMITY_TRY(mdm::TomlFields t, mdm::TomlFields::of(one, "terms"));
    api::VirtualTerm& term = meter.terms.emplace_back();
    AMITY_CHECK(read_term(t, term, false));
    if (const toml::node* factor = t.find("coefficient")) {
      AMITY_TRY(const Decimal value, mdm::TomlFields::decimal_of(*factor, "coefficient"));
      AMITY_TRY(term.coefficient, rescale(value, -6));
    }
    AMITY_CHECK(t.nothing_else("terms"));
  }
  return {};
}

Status read_supply(mdm::TomlFields& f, SupplyPoint& supply) {
  AMITY_TRY(supply.transformer, f.text("transformer", ""));
  AMITY_TRY(supply.feeder, f.text("feeder", ""));
  AMITY_TRY(supply.area, f.text("area", ""));
  AMITY_TRY(supply.sum, f.text("sum", ""));
  AMITY_TRY(supply.commodity, f.text("commodity", "electricity"));
  const int named = int{!supply.transformer.empty()} + int{!supply.feeder.empty()} +
                    int{!supply.area.empty()} + int{!supply.sum.empty()};
  if (named != 1) return f.error("one of 'transformer', 'feeder', 'area', 'sum' is wanted");
  return read_term(f, supply.measured, true);
}

Status read_text(const std::string& text, bool fixed, BalanceDefinitions& out) {
  AMITY_TRY(const toml::table table, mdm::parse_toml(text));
  mdm::TomlFields top(table);
  AMITY_TRY(const std::int64_t version, top.whole("version", 0, 1, 1));
  if (version != 1) return make_error(ErrorCode::kMalformed, "line 1: 'version = 1' is missing");
  const auto each = [&top](const char* key, const auto& read) -> Status {
    const toml::node* list = top.find(key);
    if (list == nullptr) return {};
    if (!list->is_array()) return mdm::toml_error(*list, std::string(key) + " is a list");
    for (const toml::node& one : *list->as_array()) {
      AMITY_TRY(mdm::TomlFields fields, mdm::TomlFields::of(one, key));
      AMITY_CHECK(read(fields));
      AMITY_CHECK(fields.nothing_else(key));
    }
    return {};
  };
  AMITY_CHECK(each("meter", [&](mdm::TomlFields& f) {
    out.meters.emplace_back().fixed = fixed;
    return read_meter(f, out.meters.back());
  }));
  AMITY_CHECK(each(
      "supply", [&](mdm::TomlFields& f) { return read_supply(f, out.supplies.emplace_back()); }));
  return top.nothing_else("virtual meters");
}

// TOML's basic strings take JSON's escapes, and JSON's writer uses none that TOML lacks but "\/".
std::string quoted(const std::string& text) {
  return json_string(text);
}

}  // namespace

Status read_definitions(const std::string& file, bool fixed, BalanceDefinitions& out) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (Status read = read_text(text, fixed, out); !read.ok())
    return make_error(read.error().code, file + ": " + read.error().reason);
  return {};
}

Status write_definitions(const std::string& file, const std::vector<api::VirtualMeter>& meters) {
  std::string text = "# Written by the platform: what was made in its page.\nversion = 1\n";
  for (const api::VirtualMeter& m : meters) {
    if (m.fixed) continue;
    text += "\n[[meter]]\nname = " + quoted(m.name) + "\nterms = [\n";
    for (const api::VirtualTerm& t : m.terms) {
      text += "  { ";
      const auto put = [&text](const char* key, const std::string& value) {
        if (!value.empty()) text += std::string(key) + " = " + quoted(value) + ", ";
      };
      put("serial", t.serial), put("channel", t.channel), put("meter", t.meter);
      put("transformer", t.transformer), put("feeder", t.feeder);
      text += "coefficient = \"" + to_string(Decimal{t.coefficient, -6}) + "\" },\n";
    }
    text += "]\n";
  }
  const std::string fresh = file + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (fd < 0) return make_error(ErrorCode::kIo, fresh + " cannot be written");
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(fd) == 0;
  if (::close(fd) != 0 || !written || std::rename(fresh.c_str(), file.c_str()) != 0)
    return make_error(ErrorCode::kIo, file + " was not written whole");
  return {};
}

}  // namespace amity::roles
