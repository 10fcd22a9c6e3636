// The description of the interface, src/api/openapi.json, as embedded in the binary.
#pragma once

#include <string_view>

namespace amity::api {

std::string_view openapi_json();

}  // namespace amity::api
