// Green Button (NAESB REQ.21, ESPI): an Atom feed whose entries hold UsagePoint, MeterReading,
// ReadingType and IntervalBlock, joined by the addresses of their links. Entries may come in any
// order: values wait for their ReadingType, kEspiHeldValuesMax of them at most. Times are UTC, a
// reading's start and duration; costs and summaries are not kept.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "exchange/reading_type.h"
#include "exchange/xml_pieces.h"

namespace amity::exchange {

class EspiReader : public SeriesReader, private XmlPieceSink {
 public:
  explicit EspiReader(SeriesSink& sink) : sink_(sink), pieces_(*this, {"entry"}) {}
  void feed(std::string_view bytes) override { pieces_.feed(bytes); }
  void finish() override;

 private:
  struct Held {
    UtcSeconds start;
    std::uint32_t duration_s;  // 0: as the ReadingType says
    std::int64_t value;
    std::uint8_t quality;
    std::size_t line;
  };
  struct Stream {  // a MeterReading
    std::string point, type;
    bool described = false;  // its entry has come
    std::vector<Held> held;
    std::size_t line = 0;
  };
  struct Links {
    std::string self, up;
    std::vector<std::string> related;
  };

  void on_piece(std::string_view xml, std::size_t line, bool latin1) override;
  void on_xml_problem(const Problem& problem) override { sink_.on_problem(problem); }
  static Links links_of(const pugi::xml_node& entry);
  void on_meter_reading(const Links& links, std::size_t line);
  void on_reading_type(const Links& links, const pugi::xml_node& node, std::size_t line);
  void on_block(const Links& links, const pugi::xml_node& node, XmlLines& lines);
  bool read_value(const pugi::xml_node& node, std::size_t line, Held& held);
  void release(const std::string& address, Stream& stream);
  void refuse(std::size_t line, std::string reason) {
    sink_.on_problem({line, true, std::move(reason)});
  }

  SeriesSink& sink_;
  XmlPieces pieces_;
  std::map<std::string, Stream> streams_;  // by the address of the MeterReading
  std::unordered_map<std::string, ReadingKind> types_;
  std::size_t held_ = 0;
  bool too_many_told_ = false;
};

}  // namespace amity::exchange
