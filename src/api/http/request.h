// One HTTP request as the handlers see it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/uri.h"

namespace amity::api {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOther };
std::string_view to_string(Method method);

struct Header {
  std::string name;  // lower case
  std::string value;
};

struct Request {
  Method method = Method::kGet;
  std::string target;  // as received
  Target uri;          // taken apart and decoded
  std::vector<Header> headers;
  std::string body;
  bool keep_alive = true;
  bool http10 = false;

  // "" where there is none; the first of several.
  std::string_view header(std::string_view lower_case_name) const;
  // A cookie of the Cookie field, "" where there is none.
  std::string_view cookie(std::string_view name) const;
  // True when the client accepts gzip without a zero weight.
  bool accepts_gzip() const;
};

}  // namespace amity::api
