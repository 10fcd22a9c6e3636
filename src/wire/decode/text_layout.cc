#include "wire/decode/layout.h"
#include "wire/iec62056_21/data_set.h"
#include "wire/obis/quantity.h"

namespace amity::decode {
namespace {

std::string_view control_words(char c) {
  switch (c) {
    case 0x01:
      return "SOH";
    case 0x02:
      return "STX";
    case 0x03:
      return "ETX";
    case 0x04:
      return "EOT";
    case 0x06:
      return "ACK";
    case 0x15:
      return "NAK";
    default:
      return "";
  }
}

std::string line_meaning(std::string_view line) {
  if (line.empty()) return "line end";
  if (line[0] == '/') return line.starts_with("/?") ? "request" : "identification";
  if (line[0] == '!') return line.size() > 1 ? "end of data, check" : "end of data";
  const std::string_view address = line.substr(0, line.find('('));
  if (address.empty()) return "values";
  const auto obis = iec62056_21::parse_address(address);
  const std::string_view quantity = obis ? obis::quantity_of(*obis).name : std::string_view();
  return quantity.empty() ? "data set " + std::string(address) : std::string(quantity);
}

}  // namespace

void append_text_layout(ByteView frame, wire::Report& report) {
  const std::string_view text = as_text(frame);
  report.layout.push_back({0, frame.size(), 0, "frame", ""});
  bool check_next = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view control = control_words(text[at]);
    if (check_next || !control.empty()) {
      report.layout.push_back({at, 1, 1, check_next ? "block check" : std::string(control),
                               to_hex(frame.subspan(at, 1))});
      check_next = !check_next && text[at] == 0x03;
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && text[end] != '\n' && control_words(text[end]).empty()) ++end;
    std::string_view line = text.substr(at, end - at);
    if (end < text.size() && text[end] == '\n') ++end;
    if (line.ends_with('\r')) line.remove_suffix(1);
    report.layout.push_back({at, end - at, 1, line_meaning(line), std::string(line)});
    at = end;
  }
}

}  // namespace amity::decode
