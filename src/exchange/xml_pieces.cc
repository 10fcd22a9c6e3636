#include "exchange/xml_pieces.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "exchange/limits.h"

namespace amity::exchange {
namespace {

std::string_view local(std::string_view name) {
  const std::size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

void XmlPieces::fail(std::string reason) {
  sink_.on_xml_problem({line_, true, std::move(reason) + "; what follows is not read"});
  failed_ = true;
  piece_.clear();
}

void XmlPieces::feed(std::string_view bytes) {
  while (!bytes.empty() && !failed_) {
    if (state_ == State::kText && !open_.empty()) {  // most of a document
      const std::string_view text = bytes.substr(0, bytes.find('<'));
      keep(text);
      line_ += static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
      bytes.remove_prefix(text.size());
      if (bytes.empty()) return;
    }
    take(bytes.front());
    if (bytes.front() == '\n') ++line_;
    bytes.remove_prefix(1);
  }
}

void XmlPieces::keep(std::string_view text) {
  if (piece_depth_ == 0 || piece_too_long_) return;
  if (piece_.size() + text.size() > kXmlPieceBytesMax) {
    sink_.on_xml_problem({piece_line_, true,
                          fmt::format("<{}> is longer than {} octets: it is left out",
                                      open_[piece_depth_ - 1], kXmlPieceBytesMax)});
    piece_too_long_ = true;
    piece_.clear();
    return;
  }
  piece_ += text;
}

void XmlPieces::take(char c) {
  switch (state_) {
    case State::kText:
      if (c == '<') {
        state_ = State::kTag;
        tag_ = "<";
        quote_ = 0;
      } else if (open_.empty() && !is_space(c)) {
        any_octet_ = true;
        const auto octet = static_cast<unsigned char>(c);
        if (!any_element_ && (octet == 0xef || octet == 0xbb || octet == 0xbf)) return;  // the mark
        fail(octet >= 0xfe || octet == 0 ? "UTF-16 XML is not read: convert it to UTF-8"
                                         : "text outside of any element: no XML");
      } else {
        keep({&c, 1});
      }
      return;
    case State::kTag:
      return take_in_tag(c);
    case State::kComment:
    case State::kCdata: {
      keep({&c, 1});
      const char end = state_ == State::kComment ? '-' : ']';
      if (c == '>' && last_[0] == end && last_[1] == end) state_ = State::kText;
      last_[0] = last_[1];
      last_[1] = c;
      return;
    }
  }
}

void XmlPieces::take_in_tag(char c) {
  tag_ += c;
  if (tag_.size() > kXmlTagBytesMax) return fail("a tag without an end");
  if (tag_ == "<!--" || tag_ == "<![CDATA[") {
    state_ = tag_ == "<!--" ? State::kComment : State::kCdata;
    last_[0] = last_[1] = 0;
    keep(tag_);
    return;
  }
  if (c == '\0') return fail("a zero octet: no XML, or UTF-16");
  const bool element = tag_.size() > 1 && tag_[1] != '?' && tag_[1] != '!';
  if (element && quote_ != 0) {
    if (c == quote_) quote_ = 0;
  } else if (element && (c == '"' || c == '\'')) {
    quote_ = c;
  } else if (c == '<') {
    fail("'<' within a tag");
  } else if (c == '>') {
    if (tag_[1] == '?' && (tag_.size() < 4 || tag_[tag_.size() - 2] != '?')) return;
    end_tag();
  }
}

void XmlPieces::end_tag() {
  state_ = State::kText;
  if (tag_[1] == '?') return declaration(tag_);
  if (tag_[1] == '!') return fail("a document type is not accepted");
  const bool closing = tag_[1] == '/', closed = tag_[tag_.size() - 2] == '/';
  std::string_view name = std::string_view(tag_).substr(closing ? 2 : 1);
  const auto end = std::find_if(name.begin(), name.end(),
                                [](char c) { return is_space(c) || c == '>' || c == '/'; });
  name = name.substr(0, static_cast<std::size_t>(end - name.begin()));
  if (name.empty()) return fail("a tag without a name");
  closing ? close(name) : open(name, closed);
}

void XmlPieces::declaration(std::string_view tag) {
  if (tag.substr(0, 5) != "<?xml" || any_element_) return;
  std::string lower;
  for (const char c : tag) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const std::size_t at = lower.find("encoding");
  if (at == std::string::npos) return;
  const std::string_view rest = std::string_view(lower).substr(at);
  for (const char* known : {"utf-8", "us-ascii", "ascii"}) {
    if (rest.find(known) != std::string_view::npos) return;
  }
  latin1_ = rest.find("iso-8859-1\"") != std::string_view::npos ||
            rest.find("iso-8859-1'") != std::string_view::npos;
  if (!latin1_)
    fail(fmt::format("the encoding of {} is not read: convert it to UTF-8", quoted(tag)));
}

void XmlPieces::open(std::string_view name, bool closed) {
  if (open_.empty() && any_element_) return fail("a second document after the first");
  any_element_ = true;
  if (open_.size() >= kXmlDepthMax)
    return fail(fmt::format("elements within elements, deeper than {}", kXmlDepthMax));
  open_.emplace_back(name);
  if (piece_depth_ == 0 && std::find(names_.begin(), names_.end(), local(name)) != names_.end()) {
    piece_depth_ = open_.size();
    piece_line_ = line_ - static_cast<std::size_t>(std::count(tag_.begin(), tag_.end(), '\n'));
    piece_too_long_ = false;
    piece_.clear();
  }
  keep(tag_);
  if (!closed) return;
  if (piece_depth_ == open_.size()) give_piece();
  open_.pop_back();
}

void XmlPieces::close(std::string_view name) {
  if (open_.empty() || open_.back() != name) {
    return fail(fmt::format("</{}> closes {}", name,
                            open_.empty() ? "nothing" : fmt::format("<{}>", open_.back())));
  }
  keep(tag_);
  if (piece_depth_ == open_.size()) give_piece();
  open_.pop_back();
}

void XmlPieces::give_piece() {
  if (!piece_too_long_) sink_.on_piece(piece_, piece_line_, latin1_);
  piece_depth_ = 0;
  piece_.clear();
}

void XmlPieces::finish() {
  if (failed_) return;
  if (piece_depth_ != 0) {
    sink_.on_xml_problem(
        {piece_line_, true,
         fmt::format("the file ends within <{}>, which is left out", open_[piece_depth_ - 1])});
  } else if (!open_.empty()) {
    sink_.on_xml_problem(
        {line_, false, fmt::format("the file ends within <{}>: is it whole?", open_.back())});
  } else if (!any_element_) {
    sink_.on_xml_problem({line_, true, "the file holds no element: no XML"});
  }
}

std::string_view xml_local_name(const pugi::xml_node& node) {
  return local(node.name());
}

pugi::xml_node xml_child(const pugi::xml_node& node, std::string_view local_name) {
  for (const pugi::xml_node& child : node.children()) {
    if (xml_local_name(child) == local_name) return child;
  }
  return {};
}

std::string_view xml_text(const pugi::xml_node& node, std::string_view child) {
  return xml_child(node, child).text().get();
}

std::string xml_parse(pugi::xml_document& document, std::string_view xml, bool latin1) {
  const auto result =
      document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_trim_pcdata,
                           latin1 ? pugi::encoding_latin1 : pugi::encoding_utf8);
  return result ? "" : fmt::format("{} at octet {} of it", result.description(), result.offset);
}

std::size_t XmlLines::of(const pugi::xml_node& node) {
  const auto offset = static_cast<std::size_t>(std::max<std::ptrdiff_t>(node.offset_debug(), 0));
  const std::size_t to = std::min(offset, xml_.size());
  if (to < at_) return line_;
  line_ +=
      static_cast<std::size_t>(std::count(xml_.begin() + static_cast<std::ptrdiff_t>(at_),
                                          xml_.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
  at_ = to;
  return line_;
}

}  // namespace amity::exchange
