// A request's body as one JSON object, of limited depth. Its views live as long as it does.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace amity::api {

struct JsonObject {
  simdjson::dom::parser parser;
  simdjson::padded_string padded;
  simdjson::dom::object object;

  Status parse(std::string_view body, std::size_t depth_max) {
    if (parser.allocate(body.size() + simdjson::SIMDJSON_PADDING, depth_max) !=
        simdjson::SUCCESS) {
      return make_error(ErrorCode::kLimit, "the body is too large");
    }
    padded = simdjson::padded_string(body);
    simdjson::dom::element root;
    if (const auto error = parser.parse(padded).get(root)) {
      return make_error(ErrorCode::kMalformed,
                        std::string("not JSON: ") + simdjson::error_message(error));
    }
    if (root.get(object) != simdjson::SUCCESS)
      return make_error(ErrorCode::kInvalid, "the body must be a JSON object");
    return {};
  }
};

}  // namespace amity::api
