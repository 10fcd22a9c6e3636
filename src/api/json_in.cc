#include "api/json_in.h"

#include "api/json_object.h"

namespace amity::api {

namespace {

Error invalid(std::string reason) {
  return make_error(ErrorCode::kInvalid, std::move(reason));
}
constexpr std::size_t kFieldsMax = 32;
constexpr std::size_t kDepthMax = 4;

}  // namespace

const Fields::Value* Fields::find(std::string_view name) const {
  for (const auto& [key, value] : all) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<std::string> Fields::text(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr) return invalid("\"" + std::string(name) + "\" is missing");
  const auto* text = std::get_if<std::string>(value);
  if (text == nullptr) return invalid("\"" + std::string(name) + "\" must be a text");
  return *text;
}

Result<std::optional<std::string>> Fields::optional_text(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || std::holds_alternative<std::monostate>(*value))
    return std::optional<std::string>();
  AMITY_TRY(auto found, text(name));
  return std::optional<std::string>(std::move(found));
}

Result<std::optional<bool>> Fields::optional_bool(std::string_view name) const {
  const Value* value = find(name);
  if (value == nullptr || std::holds_alternative<std::monostate>(*value))
    return std::optional<bool>();
  const auto* flag = std::get_if<bool>(value);
  if (flag == nullptr) return invalid("\"" + std::string(name) + "\" must be true or false");
  return std::optional<bool>(*flag);
}

Status Fields::only(std::initializer_list<std::string_view> names) const {
  for (const auto& [key, value] : all) {
    bool known = false;
    for (const auto name : names) known = known || key == name;
    if (!known) return invalid("\"" + key + "\" is not a field of this request");
  }
  return {};
}

Result<Fields> parse_fields(std::string_view body) {
  JsonObject json;
  AMITY_CHECK(json.parse(body, kDepthMax));
  Fields fields;
  for (const auto field : json.object) {
    if (fields.all.size() == kFieldsMax) return make_error(ErrorCode::kLimit, "too many fields");
    std::string name(field.key);
    if (fields.find(name) != nullptr) return invalid("\"" + name + "\" is given twice");
    Fields::Value value;
    if (field.value.is_string()) {
      value = std::string(field.value.get_string().value_unsafe());
    } else if (field.value.is_bool()) {
      value = field.value.get_bool().value_unsafe();
    } else if (field.value.is_number()) {
      value = field.value.get_double().value_unsafe();
    } else if (!field.value.is_null()) {
      return invalid("\"" + name + "\" must be a text, a number or true or false");
    }
    fields.all.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

}  // namespace amity::api
