// One table of a TOML file, read strictly: each key asked for once, what is left over is an error
// with its line. Numbers that are billed are written as text, so that no digit is lost.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <set>
#include <string>

#include "base/decimal.h"
#include "mdm/rate/limits.h"

namespace amity::mdm {

inline Error toml_error(const toml::node& node, const std::string& why) {
  return make_error(ErrorCode::kMalformed,
                    fmt::format("line {}: {}", node.source().begin.line, why));
}

// Debian's libtomlplusplus is built with exceptions: they end here.
inline Result<toml::table> parse_toml(std::string_view text) {
  if (text.size() > kTariffTextMax)
    return make_error(ErrorCode::kLimit, "a file of more than 4 MB");
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& e) {
    return make_error(ErrorCode::kMalformed,
                      fmt::format("line {}: {}", e.source().begin.line, e.description()));
  }
}

class TomlFields {
 public:
  static Result<TomlFields> of(const toml::node& node, std::string_view what) {
    if (!node.is_table()) return toml_error(node, fmt::format("'{}' is a table", what));
    return TomlFields(*node.as_table());
  }
  explicit TomlFields(const toml::table& table) : table_(&table) {}

  const toml::node* find(std::string_view key) {
    known_.emplace(key);
    return table_->get(key);
  }
  Error error(const std::string& why) const { return toml_error(*table_, why); }

  Result<std::string> text(std::string_view key, const char* otherwise = nullptr) {
    const toml::node* node = find(key);
    if (node == nullptr) {
      if (otherwise == nullptr) return error(fmt::format("'{}' is missing", key));
      return std::string(otherwise);
    }
    if (!node->is_string()) return toml_error(*node, fmt::format("'{}' is text", key));
    return node->as_string()->get();
  }
  Result<std::int64_t> whole(std::string_view key, std::int64_t otherwise, std::int64_t min,
                             std::int64_t max) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    if (!node->is_integer() || node->as_integer()->get() < min || node->as_integer()->get() > max)
      return toml_error(*node, fmt::format("'{}' is a whole number from {} to {}", key, min, max));
    return node->as_integer()->get();
  }
  Result<bool> flag(std::string_view key, bool otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    if (!node->is_boolean()) return toml_error(*node, fmt::format("'{}' is true or false", key));
    return node->as_boolean()->get();
  }
  Result<Decimal> decimal(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return error(fmt::format("'{}' is missing", key));
    return decimal_of(*node, key);
  }
  static Result<Decimal> decimal_of(const toml::node& node, std::string_view key) {
    if (!node.is_string())
      return toml_error(node,
                        fmt::format("'{}' is a decimal written as text, such as \"0.125\"", key));
    const auto value = decimal_from(node.as_string()->get());
    if (!value.ok()) return toml_error(node, value.error().reason);
    if (value->value > kDecimalValueMax || value->value < -kDecimalValueMax ||
        value->exponent < -kDecimalsMax)
      return toml_error(node, fmt::format("'{}' has more than 12 digits", key));
    return *value;
  }
  // The index of the key's text among `names`; `otherwise` where the key is absent.
  Result<std::size_t> choice(std::string_view key, std::initializer_list<std::string_view> names,
                             std::size_t otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    std::size_t at = 0;
    std::string all;
    for (const std::string_view name : names) {
      if (node->is_string() && node->as_string()->get() == name) return at;
      all += (all.empty() ? "\"" : ", \"") + std::string(name) + "\"";
      ++at;
    }
    return toml_error(*node, fmt::format("'{}' is one of {}", key, all));
  }
  Status nothing_else(std::string_view what) const {
    for (const auto& [key, node] : *table_) {
      if (known_.find(key.str()) == known_.end())
        return toml_error(node, fmt::format("{} has no setting '{}'", what, key.str()));
    }
    return {};
  }

 private:
  const toml::table* table_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace amity::mdm
