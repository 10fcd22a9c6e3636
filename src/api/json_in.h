// JSON in: the body of an unsafe request is one flat object of texts, numbers and truth values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace amity::api {

class Fields {
 public:
  using Value = std::variant<std::monostate, std::string, bool, double>;

  std::vector<std::pair<std::string, Value>> all;

  const Value* find(std::string_view name) const;
  // The text under a name; an error in words when it is absent or of another type.
  Result<std::string> text(std::string_view name) const;
  // Nothing when absent or null; an error when of another type.
  Result<std::optional<std::string>> optional_text(std::string_view name) const;
  Result<std::optional<bool>> optional_bool(std::string_view name) const;
  // Refuses names that are not among these: a misspelt field is never ignored.
  Status only(std::initializer_list<std::string_view> names) const;
};

Result<Fields> parse_fields(std::string_view body);

}  // namespace amity::api
