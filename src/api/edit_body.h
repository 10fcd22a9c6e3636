// The bodies of edits: flat fields, and one list of flat objects.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace amity::api {

struct EditBody {
  struct Item {  // of "values" or "days"; what is not given is empty or 0
    std::uint64_t channel = 0;
    std::string time, value, date;
  };
  std::uint64_t channel = 0, edit = 0;
  std::string reason, comment, from, to;
  std::vector<Item> items;
  bool has_reason = false, has_items = false;
};

// `allowed`: names of fields; `items`: "values", "days" or "". Anything else is refused.
Result<EditBody> parse_edit_body(std::string_view body,
                                 const std::vector<std::string_view>& allowed,
                                 std::string_view items);

}  // namespace amity::api
