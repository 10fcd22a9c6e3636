#include "mdm/rate/tariff_file.h"

#include "mdm/rate/tariff_toml.h"
#include "mdm/rate/urdb.h"

namespace amity::mdm {

// TOML may begin with a table in brackets, never with a brace.
Result<Tariff> tariff_from_file(std::string_view text, std::string_view zone) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n[");
  const bool is_json = begin != std::string_view::npos && text[begin] == '{';
  return is_json ? tariff_from_urdb(text, zone) : tariff_from_toml(text);
}

}  // namespace amity::mdm
