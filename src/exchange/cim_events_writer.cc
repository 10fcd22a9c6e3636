// IEC 61968-9 EndDeviceEvents out: what has no code of its own there is told by its words alone.
#include <fmt/format.h>

#include "exchange/cim_reader.h"
#include "exchange/writers.h"

namespace amity::exchange {

void append_cim_events_head(std::string& out) {
  out +=
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<EndDeviceEvents "
      "xmlns=\"http://iec.ch/TC57/2011/EndDeviceEvents#\">\n";
}

bool append_cim_event(std::string& out, const MeterEvent& event) {
  const std::string_view code = cim_event_code(event.event);
  if (code.empty()) return false;
  out += fmt::format(
      "<EndDeviceEvent><createdDateTime>{}</createdDateTime><reason>{}</reason><severity>{}</"
      "severity>"
      "<Assets><Names><name>{}</name></Names></Assets><EndDeviceEventType "
      "ref=\"{}\"/></EndDeviceEvent>\n",
      to_iso(event.event.time), xml_escaped(event.event.text), to_string(event.event.severity),
      xml_escaped(event.serial), code);
  return true;
}

void append_cim_events_end(std::string& out) {
  out += "</EndDeviceEvents>\n";
}

}  // namespace amity::exchange
