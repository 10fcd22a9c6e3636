#include "exchange/espi_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <pugixml.hpp>

#include "exchange/limits.h"
#include "exchange/quality_codes.h"

namespace amity::exchange {
namespace {

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// "x/UsagePoint/7/MeterReading" -> "x/UsagePoint/7"; "" where it does not end so.
std::string before(std::string_view address, std::string_view end) {
  return ends_with(address, end) ? std::string(address.substr(0, address.size() - end.size())) : "";
}

template <class T>
bool number_of(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

constexpr std::int64_t kYear2200 = 7'258'118'400;

}  // namespace

EspiReader::Links EspiReader::links_of(const pugi::xml_node& entry) {
  Links links;
  for (const pugi::xml_node& node : entry.children()) {
    if (xml_local_name(node) != "link") continue;
    std::string href = node.attribute("href").value();
    while (!href.empty() && href.back() == '/') href.pop_back();
    const std::string_view rel = node.attribute("rel").value();
    if (rel == "self") links.self = href;
    if (rel == "up") links.up = href;
    if (rel == "related") links.related.push_back(href);
  }
  return links;
}

void EspiReader::on_piece(std::string_view xml, std::size_t line, bool latin1) {
  pugi::xml_document document;
  if (const std::string why = xml_parse(document, xml, latin1); !why.empty())
    return refuse(line, "the entry is no XML: " + why);
  const pugi::xml_node entry = document.document_element();
  const Links links = links_of(entry);
  XmlLines lines(xml, line);
  for (const pugi::xml_node& node : xml_child(entry, "content").children()) {
    const std::string_view name = xml_local_name(node);
    if (name == "MeterReading") on_meter_reading(links, line);
    if (name == "ReadingType") on_reading_type(links, node, lines.of(node));
    if (name == "IntervalBlock") on_block(links, node, lines);
  }
}

void EspiReader::on_meter_reading(const Links& links, std::size_t line) {
  if (links.self.empty()) return refuse(line, "a MeterReading without its own address");
  if (streams_.size() >= kEspiEntriesMax) return refuse(line, "more MeterReadings than are kept");
  Stream& stream = streams_[links.self];
  const std::string_view up = links.up.empty() ? std::string_view(links.self) : links.up;
  const std::string owner = before(up, "/MeterReading");
  const std::string_view path = owner.empty() ? std::string_view(links.self) : owner;
  stream.point = path.substr(path.rfind('/') + 1);
  stream.line = line;
  stream.described = true;
  for (const std::string& href : links.related) {
    if (href.find("ReadingType") != std::string::npos) stream.type = href;
  }
  if (stream.type.empty()) return refuse(line, "a MeterReading that names no ReadingType");
  if (types_.count(stream.type) != 0) release(links.self, stream);
}

void EspiReader::on_reading_type(const Links& links, const pugi::xml_node& node, std::size_t line) {
  if (types_.size() >= kEspiEntriesMax) return refuse(line, "more ReadingTypes than are kept");
  ReadingKind kind;
  const std::pair<std::string_view, int*> numbers[] = {
      {"accumulationBehaviour", &kind.accumulation},
      {"commodity", &kind.commodity},
      {"flowDirection", &kind.flow},
      {"uom", &kind.symbol},
      {"powerOfTenMultiplier", &kind.power_of_ten}};
  for (const auto& [name, number] : numbers) {
    const std::string_view text = xml_text(node, name);
    if (!text.empty() && !number_of(text, *number))
      return refuse(line, fmt::format("{} is {}, no number", name, quoted(text)));
  }
  const std::string_view length = xml_text(node, "intervalLength");
  if (!length.empty() && !number_of(length, kind.interval_s))
    return refuse(line, fmt::format("intervalLength is {}, no number", quoted(length)));
  types_[links.self] = kind;
  for (auto& [address, stream] : streams_) {
    if (stream.described && stream.type == links.self) release(address, stream);
  }
}

void EspiReader::on_block(const Links& links, const pugi::xml_node& node, XmlLines& lines) {
  std::string owner = before(links.up, "/IntervalBlock");
  if (owner.empty()) {
    const std::size_t at = links.self.rfind("/IntervalBlock");
    owner = at == std::string::npos ? "" : links.self.substr(0, at);
  }
  const std::size_t line = lines.of(node);
  if (owner.empty()) return refuse(line, "an IntervalBlock that names no MeterReading");
  if (streams_.size() >= kEspiEntriesMax && streams_.count(owner) == 0)
    return refuse(line, "more MeterReadings than are kept");
  Stream& stream = streams_[owner];
  if (stream.line == 0) stream.line = line;
  for (const pugi::xml_node& child : node.children()) {
    if (xml_local_name(child) != "IntervalReading") continue;
    Held held{};
    const std::size_t at = lines.of(child);
    if (!read_value(child, at, held)) continue;
    if (held_ >= kEspiHeldValuesMax) {
      if (!too_many_told_)
        refuse(at, fmt::format("more than {} values wait for their ReadingType, those that follow "
                               "are left out",
                               kEspiHeldValuesMax));
      too_many_told_ = true;
      return;
    }
    stream.held.push_back(held);
    ++held_;
  }
  if (stream.described && types_.count(stream.type) != 0) release(owner, stream);
}

bool EspiReader::read_value(const pugi::xml_node& node, std::size_t line, Held& held) {
  held.line = line;
  const pugi::xml_node period = xml_child(node, "timePeriod");
  const std::string_view start = xml_text(period, "start"), duration = xml_text(period, "duration"),
                         value = xml_text(node, "value");
  if (!number_of(start, held.start.value) || held.start.value < 0 || held.start.value > kYear2200) {
    refuse(line, fmt::format("an IntervalReading starts at {}", quoted(start)));
    return false;
  }
  if (!duration.empty() && !number_of(duration, held.duration_s)) {
    refuse(line, fmt::format("an IntervalReading lasts {}", quoted(duration)));
    return false;
  }
  if (!number_of(value, held.value)) {
    refuse(line, fmt::format("the value {} is no whole number of 64 bits", quoted(value)));
    return false;
  }
  // The worst of several qualities is kept.
  int worst = 0;
  for (const pugi::xml_node& child : node.children()) {
    if (xml_local_name(child) != "ReadingQuality") continue;
    const std::string_view text = xml_text(child, "quality");
    int code = -1;
    if (!number_of(text, code) || !quality_from_espi(code)) {
      refuse(line, fmt::format("the quality {} is none of ESPI", quoted(text)));
      return false;
    }
    if (quality_from_espi(code)->quality.bits > quality_from_espi(worst)->quality.bits ||
        quality_from_espi(worst)->quality.bits == 0)
      worst = code;
  }
  held.quality = static_cast<std::uint8_t>(worst);
  return true;
}

void EspiReader::release(const std::string& address, Stream& stream) {
  if (stream.held.empty()) return;
  held_ -= stream.held.size();
  const std::vector<Held> values = std::exchange(stream.held, {});
  ReadingKind kind = types_[stream.type];
  if (kind.interval_s == 0) kind.interval_s = values.front().duration_s;
  UnitScale scale;
  auto series = series_of(kind, scale);
  if (!series.ok()) {
    return refuse(values.front().line,
                  fmt::format("{} of {}: {}", stream.type, address, series.error().reason));
  }
  series->point = stream.point;
  series->source = stream.type;
  sink_.on_series(*series, values.front().line);
  const bool interval = series->kind == ChannelKind::kInterval;
  for (const Held& held : values) {
    const std::uint32_t duration = held.duration_s != 0 ? held.duration_s : kind.interval_s;
    if (interval && duration == 0) {
      refuse(held.line, "neither the IntervalReading nor its type says how long it lasts");
      continue;
    }
    const auto ours = scaled(Decimal{held.value, 0}, scale);
    if (!ours.ok()) {
      refuse(held.line, ours.error().reason);
      continue;
    }
    const auto code = *quality_from_espi(held.quality);
    sink_.on_value({held.start + (interval ? duration : 0), interval ? duration : 0, *ours,
                    code.quality, code.method},
                   held.line);
  }
}

void EspiReader::finish() {
  pieces_.finish();
  for (const auto& [address, stream] : streams_) {
    if (stream.held.empty()) continue;
    refuse(stream.held.front().line,
           fmt::format("{} values of {}: {}", stream.held.size(), quoted(address),
                       stream.described ? "its ReadingType is not in the file"
                                        : "its MeterReading is not in the file"));
  }
}

}  // namespace amity::exchange
