// Reading a TOML table strictly: every key is asked for once, what is left over is an error, and
// the first error wins. Header for parsers of meter models alone: it includes all of toml++.
#pragma once

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "driver/meter_model.h"

namespace amity::driver {

// What all tables of one file share: its name and the first error.
struct ModelFile {
  std::string_view name;
  Status status;

  void fail(const toml::source_region& where, std::string reason) {
    if (!status.ok()) return;
    status = make_error(ErrorCode::kMalformed,
                        std::string(name) + ":" + std::to_string(where.begin.line) + ":" +
                            std::to_string(where.begin.column) + ": " + reason);
  }
};

class ModelTable {
 public:
  ModelTable(ModelFile& file, const toml::table& table) : file_(file), table_(table) {}

  bool has(std::string_view key) const { return table_.contains(key); }
  std::string text(std::string_view key, bool required = false);
  Bytes hex(std::string_view key, bool required = false);
  std::vector<std::string> texts(std::string_view key);
  std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most,
                       std::int64_t otherwise);
  // Calls `each` with every table of an array of tables.
  template <class Each>
  void tables(std::string_view key, Each each) {
    const toml::node* node = ask(key);
    if (node == nullptr) return;
    const toml::array* array = node->as_array();
    if (array == nullptr) return fail(*node, key, "must be an array of tables");
    for (const toml::node& item : *array) {
      if (const toml::table* table = item.as_table()) {
        ModelTable inner(file_, *table);
        each(inner);
        inner.finish();
      } else {
        fail(item, key, "must be an array of tables");
      }
    }
  }
  // One of the words, by its position.
  template <class Enum>
  Enum word(std::string_view key, std::initializer_list<std::pair<std::string_view, Enum>> words,
            Enum otherwise) {
    const toml::node* node = ask(key);
    if (node == nullptr) return otherwise;
    const std::string given = node->value_or(std::string());
    std::string known;
    for (const auto& [name, value] : words) {
      if (name == given) return value;
      known += known.empty() ? "" : ", ";
      known += name;
    }
    fail(*node, key, "must be one of " + known);
    return otherwise;
  }
  void fail(std::string_view reason) { file_.fail(table_.source(), std::string(reason)); }
  void finish();  // what nobody asked for is an error

 private:
  const toml::node* ask(std::string_view key);
  void fail(const toml::node& node, std::string_view key, std::string_view reason) {
    file_.fail(node.source(), "\"" + std::string(key) + "\" " + std::string(reason));
  }

  ModelFile& file_;
  const toml::table& table_;
  std::set<std::string, std::less<>> asked_;
};

// A [[field]] of a meter model (docs/formats/meter_model.md), for whoever reads bytes by such fields.
VendorField field_from(ModelTable& table);
// Its number alone: all but the block that holds it.
VendorField number_from(ModelTable& table);

}  // namespace amity::driver
