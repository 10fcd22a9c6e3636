#include <algorithm>

#include "wire/decode/layout.h"

namespace amity::decode {
namespace {

constexpr int kTagDepth = 1, kAttributeDepth = 2;
constexpr std::string_view kBlank = " \t\r\n";

std::string tag_meaning(std::string_view tag) {
  if (tag.starts_with("<?")) return "declaration";
  if (tag.starts_with("<!")) return "comment";
  const bool end = tag.starts_with("</");
  const std::size_t from = end ? 2 : 1;
  const std::size_t to = tag.find_first_of(" \t\r\n/>", from);
  return std::string(tag.substr(from, to - std::min(from, to))) + (end ? " ends" : "");
}

// Where the tag that begins at `at` ends; '>' inside quotes is none.
std::size_t tag_end(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with("<!--")) {
    const std::size_t end = text.find("-->", at + 4);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  char quote = 0;
  for (std::size_t i = at; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text[i] == '>') {
      return i + 1;
    }
  }
  return text.size();
}

// Name, then attributes, then the end of the tag: one behind the other.
void put_attributes(std::string_view tag, std::size_t at, wire::Report& report) {
  const auto put = [&](std::size_t from, std::size_t to, std::string meaning, std::string value) {
    if (from < to)
      report.layout.push_back(
          {at + from, to - from, kAttributeDepth, std::move(meaning), std::move(value)});
  };
  std::size_t from = std::min(tag.find_first_of(kBlank), tag.size());
  put(0, from, "name", "");
  while (from < tag.size()) {
    const std::size_t equals = tag.find('=', from);
    const std::size_t open = tag.find_first_of("\"'", std::min(equals, tag.size()));
    const std::size_t close = open == std::string_view::npos ? open : tag.find(tag[open], open + 1);
    if (close == std::string_view::npos) return put(from, tag.size(), "end of tag", "");
    const std::size_t name = tag.find_first_not_of(kBlank, from);
    const std::size_t name_end = tag.find_first_of(" \t\r\n=", name);
    put(from, close + 1, std::string(tag.substr(name, name_end - name)),
        std::string(tag.substr(open + 1, close - open - 1)));
    from = close + 1;
  }
}

}  // namespace

void append_xml_layout(ByteView piece, wire::Report& report) {
  const std::string_view text = as_text(piece);
  report.layout.push_back({0, piece.size(), 0, "frame", ""});
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '<') {
      const std::size_t end = std::min(text.find('<', at), text.size());
      const std::string_view between = text.substr(at, end - at);
      const bool blank = between.find_first_not_of(kBlank) == std::string_view::npos;
      report.layout.push_back({at, end - at, kTagDepth, blank ? "blanks" : "text",
                               blank ? std::string() : to_hex(as_bytes(between))});
      at = end;
      continue;
    }
    const std::size_t end = tag_end(text, at);
    const std::string_view tag = text.substr(at, end - at);
    report.layout.push_back({at, end - at, kTagDepth, tag_meaning(tag), ""});
    if (tag.find('=') != std::string_view::npos) put_attributes(tag, at, report);
    at = end;
  }
}

}  // namespace amity::decode
