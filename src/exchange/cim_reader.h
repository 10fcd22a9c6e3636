// IEC 61968-9 messages in XML: MeterReadings (registers and intervals, by ReadingType) and
// EndDeviceEvents. Each MeterReading, each EndDeviceEvent is read by itself; a message of any
// length takes the memory of one. What surrounds them (header, verb and noun) is not looked at.
#pragma once

#include <optional>

#include "exchange/reading_type.h"
#include "exchange/xml_pieces.h"

namespace amity::exchange {

// "3.26.9.185" in words and kind; unknown codes keep their number as text.
Event event_from_cim(std::string_view code);
// Whether it says, by its code, that supply was switched; true: on.
std::optional<bool> cim_switched_supply(const Event& event);
// The way back; "" for what has none.
std::string_view cim_event_code(const Event& event);

class CimReader : public SeriesReader, private XmlPieceSink {
 public:
  explicit CimReader(SeriesSink& sink)
      : sink_(sink), pieces_(*this, {"MeterReading", "EndDeviceEvent"}) {}
  void feed(std::string_view bytes) override { pieces_.feed(bytes); }
  void finish() override;

 private:
  void on_piece(std::string_view xml, std::size_t line, bool latin1) override;
  void on_xml_problem(const Problem& problem) override { sink_.on_problem(problem); }
  void on_meter_reading(const pugi::xml_node& node, XmlLines& lines);
  void on_values(const pugi::xml_node& group, std::string_view type, XmlLines& lines);
  void on_value(const pugi::xml_node& node, std::size_t line);
  bool begin(std::string_view type, std::size_t line);
  void on_event(const pugi::xml_node& node, std::size_t line);
  void refuse(std::size_t line, std::string reason) {
    sink_.on_problem({line, true, std::move(reason)});
  }

  SeriesSink& sink_;
  XmlPieces pieces_;
  std::string serial_, point_;
  std::string type_;  // of the series that was begun last, in this MeterReading
  MeterSeries series_;
  UnitScale scale_;
  bool any_ = false;
};

}  // namespace amity::exchange
