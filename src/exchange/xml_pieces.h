// A long XML document cut into pieces that are parsed one by one (a feed into its entries), while
// it comes: memory holds one piece. What surrounds them is followed only as far as its tags. A
// document type is refused, so no entity is ever expanded but the five of XML itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exchange/meter_series.h"

namespace pugi {
class xml_node;
class xml_document;
}  // namespace pugi

namespace amity::exchange {

class XmlPieceSink {
 public:
  virtual ~XmlPieceSink() = default;
  // One whole element; `line` is where it begins. `latin1`: of that encoding, else UTF-8.
  virtual void on_piece(std::string_view xml, std::size_t line, bool latin1) = 0;
  virtual void on_xml_problem(const Problem& problem) = 0;
};

class XmlPieces {
 public:
  // Elements of these local names are pieces; those within a piece belong to it.
  XmlPieces(XmlPieceSink& sink, std::vector<std::string_view> names)
      : sink_(sink), names_(std::move(names)) {}

  void feed(std::string_view bytes);
  void finish();

 private:
  enum class State : std::uint8_t { kText, kTag, kComment, kCdata };

  void take(char c);
  void take_in_tag(char c);
  void end_tag();
  void open(std::string_view name, bool closed);
  void close(std::string_view name);
  void declaration(std::string_view tag);
  void give_piece();
  void keep(std::string_view text);
  void fail(std::string reason);

  XmlPieceSink& sink_;
  std::vector<std::string_view> names_;
  State state_ = State::kText;
  std::string tag_;    // from '<'
  char quote_ = 0;     // within a tag
  char last_[2] = {};  // before the current one, in a comment or CDATA
  std::vector<std::string> open_;
  std::string piece_;
  std::size_t piece_depth_ = 0;  // 0: not within a piece
  std::size_t piece_line_ = 0;
  bool piece_too_long_ = false;
  bool latin1_ = false, failed_ = false, any_element_ = false, any_octet_ = false;
  std::size_t line_ = 1;
};

// Readers of formats that are XML: each piece parsed, as elements by their local names.
std::string_view xml_local_name(const pugi::xml_node& node);
pugi::xml_node xml_child(const pugi::xml_node& node, std::string_view local_name);
std::string_view xml_text(const pugi::xml_node& node, std::string_view child);
// Why a piece is no XML; "" when it is.
std::string xml_parse(pugi::xml_document& document, std::string_view xml, bool latin1);

// Lines of nodes, in order of the document.
class XmlLines {
 public:
  XmlLines(std::string_view xml, std::size_t line) : xml_(xml), line_(line) {}
  std::size_t of(const pugi::xml_node& node);

 private:
  std::string_view xml_;
  std::size_t line_, at_ = 0;
};

}  // namespace amity::exchange
