#include "exchange/cim_reader.h"

#include <fmt/format.h>

#include <pugixml.hpp>

#include "exchange/quality_codes.h"

namespace amity::exchange {
namespace {

struct EventCode {
  std::string_view code;  // type.domain.subdomain.action; type 3 = electric meter
  EventCategory category;
  Severity severity;
  std::string_view text;
};

constexpr std::string_view kSource = "iec61968-9 ", kConnected = "3.31.0.18",
                           kDisconnected = "3.31.0.23";

constexpr EventCode kEvents[] = {
    {"3.26.9.185", EventCategory::kPower, Severity::kHigh, "power down"},
    {"3.26.9.216", EventCategory::kPower, Severity::kInfo, "power restored"},
    {kConnected, EventCategory::kDevice, Severity::kInfo, "connected"},
    {kDisconnected, EventCategory::kDevice, Severity::kInfo, "disconnected"},
};

// mRID or the first name of an element: how the meter is called.
std::string id_of(const pugi::xml_node& node) {
  const std::string_view id = xml_text(node, "mRID");
  if (!id.empty()) return std::string(id);
  return std::string(xml_text(xml_child(node, "Names"), "name"));
}

// The reference of a type stands in an attribute, or as the element's text.
std::string_view ref_of(const pugi::xml_node& node) {
  const std::string_view ref = node.attribute("ref").value();
  return ref.empty() ? std::string_view(node.text().get()) : ref;
}

// ISO time to the second; fractions of zeros are dropped.
Result<UtcSeconds> time_of(std::string_view text) {
  std::string plain(text);
  const std::size_t point = plain.find('.');
  if (point != std::string::npos) {
    std::size_t end = point + 1;
    while (end < plain.size() && plain[end] == '0') ++end;
    if (end == point + 1 || (end < plain.size() && plain[end] >= '1' && plain[end] <= '9'))
      return make_error(ErrorCode::kMalformed, quoted(text) + " is no time to the second");
    plain.erase(point, end - point);
  }
  if (plain.find('T') == std::string::npos)
    return make_error(ErrorCode::kMalformed, quoted(text) + " is no date and time");
  return from_iso(plain);
}

}  // namespace

Event event_from_cim(std::string_view code) {
  Event event;
  event.source = std::string(kSource) + std::string(code);
  event.text = "event " + std::string(code);
  for (const EventCode& known : kEvents) {
    if (known.code != code) continue;
    event.category = known.category;
    event.severity = known.severity;
    event.text = known.text;
  }
  return event;
}

std::optional<bool> cim_switched_supply(const Event& event) {
  if (!event.source.starts_with(kSource)) return std::nullopt;
  const std::string_view code = std::string_view(event.source).substr(kSource.size());
  if (code == kConnected) return true;
  if (code == kDisconnected) return false;
  return std::nullopt;
}

std::string_view cim_event_code(const Event& event) {
  for (const EventCode& known : kEvents) {
    if (event.text == known.text && event.category == known.category) return known.code;
  }
  return "";
}

void CimReader::on_piece(std::string_view xml, std::size_t line, bool latin1) {
  any_ = true;
  pugi::xml_document document;
  if (const std::string why = xml_parse(document, xml, latin1); !why.empty())
    return refuse(line, "the element is no XML: " + why);
  const pugi::xml_node node = document.document_element();
  if (xml_local_name(node) == "EndDeviceEvent") return on_event(node, line);
  XmlLines lines(xml, line);
  on_meter_reading(node, lines);
}

void CimReader::on_meter_reading(const pugi::xml_node& node, XmlLines& lines) {
  pugi::xml_node meter = xml_child(node, "Meter");
  if (!meter) meter = xml_child(node, "MeterAsset");
  serial_ = id_of(meter);
  pugi::xml_node point = xml_child(node, "UsagePoint");
  if (!point) point = xml_child(node, "ServiceDeliveryPoint");
  point_ = id_of(point);
  type_.clear();
  if (serial_.empty() && point_.empty())
    return refuse(lines.of(node), "a MeterReading that names neither Meter nor UsagePoint");
  for (const pugi::xml_node& child : node.children()) {
    const std::string_view name = xml_local_name(child);
    if (name == "Readings") {
      const std::size_t line = lines.of(child);
      if (begin(ref_of(xml_child(child, "ReadingType")), line)) on_value(child, line);
    } else if (name == "IntervalBlocks") {
      on_values(child, ref_of(xml_child(child, "ReadingType")), lines);
    }
  }
}

void CimReader::on_values(const pugi::xml_node& group, std::string_view type, XmlLines& lines) {
  if (!begin(type, lines.of(group))) return;
  for (const pugi::xml_node& child : group.children()) {
    if (xml_local_name(child) == "IntervalReadings") on_value(child, lines.of(child));
  }
}

bool CimReader::begin(std::string_view type, std::size_t line) {
  if (!type_.empty() && type == type_) return true;
  type_.clear();
  const auto kind = kind_from_cim(type);
  if (!kind.ok()) {
    refuse(line, "the ReadingType: " + kind.error().reason);
    return false;
  }
  auto series = series_of(*kind, scale_);
  if (!series.ok()) {
    refuse(line, series.error().reason);
    return false;
  }
  if (series->kind == ChannelKind::kInterval && series->interval_s == 0) {
    refuse(line, fmt::format("the ReadingType {} tells of no interval length", quoted(type)));
    return false;
  }
  type_ = type;
  series_ = std::move(*series);
  series_.serial = serial_;
  series_.point = point_;
  series_.source = type_;
  sink_.on_series(series_, line);
  return true;
}

void CimReader::on_value(const pugi::xml_node& node, std::size_t line) {
  const auto time = time_of(xml_text(node, "timeStamp"));
  if (!time.ok()) return refuse(line, time.error().reason);
  QualityCode code;
  for (const pugi::xml_node& child : node.children()) {
    if (xml_local_name(child) != "ReadingQualities") continue;
    const std::string_view text = ref_of(xml_child(child, "ReadingQualityType"));
    const auto one = quality_from_cim(text);
    if (!one) return refuse(line, fmt::format("{} is no ReadingQualityType", quoted(text)));
    code.quality.bits = static_cast<std::uint16_t>(code.quality.bits | one->quality.bits);
  }
  const std::string_view text = xml_text(node, "value");
  const auto value = decimal_from(text);
  const auto ours = value.ok() ? scaled(*value, scale_) : value;
  if (!ours.ok()) return refuse(line, ours.error().reason);
  sink_.on_value({*time, series_.interval_s, *ours, code.quality, code.method}, line);
}

void CimReader::on_event(const pugi::xml_node& node, std::size_t line) {
  pugi::xml_node assets = xml_child(node, "Assets");
  if (!assets) assets = xml_child(node, "EndDevice");
  const std::string serial = id_of(assets);
  if (serial.empty()) return refuse(line, "an EndDeviceEvent that names no device");
  const auto time = time_of(xml_text(node, "createdDateTime"));
  if (!time.ok()) return refuse(line, time.error().reason);
  const std::string_view code = ref_of(xml_child(node, "EndDeviceEventType"));
  if (code.empty()) return refuse(line, "an EndDeviceEvent without its type");
  MeterEvent event{serial, event_from_cim(code.substr(0, 64))};
  event.event.time = *time;
  sink_.on_event(event, line);
}

void CimReader::finish() {
  pieces_.finish();
  if (!any_) sink_.on_problem({1, true, "the file holds neither MeterReading nor EndDeviceEvent"});
}

}  // namespace amity::exchange
