// Request targets (RFC 9112 section 3.2, RFC 3986): taken apart, percent-decoded once, nothing
// normalised away.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace amity::api {

struct Target {
  std::string path;  // as received, without the query
  std::vector<std::string>
      segments;  // decoded; "/a/b" gives a, b; a trailing "/" gives an empty last one
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order

  // "" where there is none; the first of several.
  std::string_view parameter(std::string_view name) const;
  bool has(std::string_view name) const;
};

// Origin form ("/path?query") or absolute form; control characters, bad escapes and excess are
// refused.
Result<Target> parse_target(std::string_view text);
Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

// Without padding (RFC 4648 section 5).
std::string base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);

}  // namespace amity::api
