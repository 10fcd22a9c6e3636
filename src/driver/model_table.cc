#include "driver/model_table.h"

namespace amity::driver {

const toml::node* ModelTable::ask(std::string_view key) {
  asked_.emplace(key);
  return table_.get(key);
}

std::string ModelTable::text(std::string_view key, bool required) {
  const toml::node* node = ask(key);
  if (node == nullptr) {
    if (required) fail("\"" + std::string(key) + "\" is missing");
    return {};
  }
  if (!node->is_string()) {
    fail(*node, key, "must be text");
    return {};
  }
  return node->value_or(std::string());
}

Bytes ModelTable::hex(std::string_view key, bool required) {
  auto bytes = from_hex(text(key, required));
  if (bytes.ok()) return std::move(bytes).value();
  if (const toml::node* node = table_.get(key))
    fail(*node, key, "is no hexadecimal text: " + bytes.error().reason);
  return {};
}

std::vector<std::string> ModelTable::texts(std::string_view key) {
  std::vector<std::string> all;
  const toml::node* node = ask(key);
  if (node == nullptr) return all;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    fail(*node, key, "must be an array of texts");
    return all;
  }
  for (const toml::node& item : *array) {
    if (!item.is_string()) fail(item, key, "must be an array of texts");
    all.push_back(item.value_or(std::string()));
  }
  return all;
}

std::int64_t ModelTable::integer(std::string_view key, std::int64_t least, std::int64_t most,
                                 std::int64_t otherwise) {
  const toml::node* node = ask(key);
  if (node == nullptr) return otherwise;
  const auto given = node->value_exact<std::int64_t>();
  if (given && *given >= least && *given <= most) return *given;
  fail(*node, key,
       "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

void ModelTable::finish() {
  for (const auto& [key, value] : table_) {
    if (!asked_.contains(key.str()))
      file_.fail(key.source(), "\"" + std::string(key.str()) + "\" is not known here");
  }
}

}  // namespace amity::driver
