// Text as JSON has it (RFC 8259), for whoever writes JSON without a writer in between.
#pragma once

#include <string>
#include <string_view>

namespace amity {

// Replaces what is not UTF-8 (RFC 3629) by U+FFFD, an octet at a time.
std::string valid_utf8(std::string_view text);
// With its quotes; what is not UTF-8 is repaired, never passed on.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

}  // namespace amity
