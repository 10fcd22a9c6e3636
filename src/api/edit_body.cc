#include "api/edit_body.h"

#include <simdjson.h>

#include <algorithm>

#include "api/json_object.h"
#include "api/limits.h"

namespace amity::api {

namespace {

constexpr std::size_t kDepthMax = 6;

Error invalid(std::string reason) {
  return make_error(ErrorCode::kInvalid, std::move(reason));
}

Status take_text(const simdjson::dom::element& from, std::string_view name, std::string& to) {
  std::string_view text;
  if (from.get(text) != simdjson::SUCCESS)
    return invalid("\"" + std::string(name) + "\" must be a text");
  if (text.size() > kReasonBytesMax) return invalid("\"" + std::string(name) + "\" is too long");
  to = text;
  return {};
}

Status take_id(const simdjson::dom::element& from, std::string_view name, std::uint64_t& to) {
  if (from.get(to) != simdjson::SUCCESS || to == 0)
    return invalid("\"" + std::string(name) + "\" must be a whole number above 0");
  return {};
}

Result<EditBody::Item> item_of(const simdjson::dom::element& element, std::string_view list) {
  simdjson::dom::object object;
  if (element.get(object) != simdjson::SUCCESS)
    return invalid("\"" + std::string(list) + "\" is a list of objects");
  EditBody::Item item;
  for (const auto field : object) {
    const std::string_view name = field.key;
    if (list == "values" && name == "time") {
      AMITY_CHECK(take_text(field.value, name, item.time));
    } else if (list == "values" && name == "value") {
      AMITY_CHECK(take_text(field.value, name, item.value));
    } else if (list == "days" && name == "channel") {
      AMITY_CHECK(take_id(field.value, name, item.channel));
    } else if (list == "days" && name == "date") {
      AMITY_CHECK(take_text(field.value, name, item.date));
    } else {
      return invalid("\"" + std::string(name) + "\" does not belong into \"" + std::string(list) +
                     "\"");
    }
  }
  const bool whole = list == "values" ? !item.time.empty() && !item.value.empty()
                                      : item.channel != 0 && !item.date.empty();
  if (!whole) return invalid("an item of \"" + std::string(list) + "\" is not complete");
  return item;
}

Status take_items(const simdjson::dom::element& value, std::string_view list, EditBody& body) {
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS)
    return invalid("\"" + std::string(list) + "\" must be a list");
  for (const auto element : array) {
    if (body.items.size() == kEditItemsMax) {
      return invalid("at most " + std::to_string(kEditItemsMax) + " " + std::string(list));
    }
    AMITY_TRY(auto item, item_of(element, list));
    body.items.push_back(std::move(item));
  }
  body.has_items = true;
  return {};
}

Status take_field(const simdjson::dom::element& value, std::string_view name, EditBody& body) {
  if (name == "channel") return take_id(value, name, body.channel);
  if (name == "edit") return take_id(value, name, body.edit);
  if (name == "comment") return take_text(value, name, body.comment);
  if (name == "from") return take_text(value, name, body.from);
  if (name == "to") return take_text(value, name, body.to);
  body.has_reason = true;
  return take_text(value, name, body.reason);
}

}  // namespace

Result<EditBody> parse_edit_body(std::string_view text,
                                 const std::vector<std::string_view>& allowed,
                                 std::string_view items) {
  JsonObject json;
  AMITY_CHECK(json.parse(text, kDepthMax));
  EditBody body;
  for (const auto field : json.object) {
    const std::string_view name = field.key;
    if (!items.empty() && name == items) {
      AMITY_CHECK(take_items(field.value, items, body));
    } else if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) {
      AMITY_CHECK(take_field(field.value, name, body));
    } else {
      return invalid("\"" + std::string(name) + "\" is not a field of this request");
    }
  }
  if (!items.empty() && body.items.empty())
    return invalid("\"" + std::string(items) + "\" is missing or empty");
  return body;
}

}  // namespace amity::api
