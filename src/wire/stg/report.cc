#include "wire/stg/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <pugixml.hpp>

namespace amity::stg {
namespace {

using wire::MeterTime;
using wire::Reading;

// What an attribute measures. `exponent`: the number is in 10^exponent of the unit.
struct Meaning {
  std::string_view attribute, quantity, unit, kind;
  int exponent = 0;
};

constexpr Meaning kCurve[] = {{"AI", "active energy import", "Wh", "interval"},
                              {"AE", "active energy export", "Wh", "interval"},
                              {"R1", "reactive energy QI", "varh", "interval"},
                              {"R2", "reactive energy QII", "varh", "interval"},
                              {"R3", "reactive energy QIII", "varh", "interval"},
                              {"R4", "reactive energy QIV", "varh", "interval"}};
constexpr Meaning kBilling[] = {{"AIa", "active energy import", "Wh", "total", 3},
                                {"AEa", "active energy export", "Wh", "total", 3},
                                {"R1a", "reactive energy QI", "varh", "total", 3},
                                {"R2a", "reactive energy QII", "varh", "total", 3},
                                {"R3a", "reactive energy QIII", "varh", "total", 3},
                                {"R4a", "reactive energy QIV", "varh", "total", 3},
                                {"AIi", "active energy import", "Wh", "period", 3},
                                {"AEi", "active energy export", "Wh", "period", 3},
                                {"R1i", "reactive energy QI", "varh", "period", 3},
                                {"R2i", "reactive energy QII", "varh", "period", 3},
                                {"R3i", "reactive energy QIII", "varh", "period", 3},
                                {"R4i", "reactive energy QIV", "varh", "period", 3}};
constexpr std::string_view kNow = "instantaneous", kMean = "average";
constexpr Meaning kInstant[] = {{"AIa", "active energy import", "Wh", "total", 3},
                                {"AEa", "active energy export", "Wh", "total", 3},
                                {"R1a", "reactive energy QI", "varh", "total", 3},
                                {"R2a", "reactive energy QII", "varh", "total", 3},
                                {"R3a", "reactive energy QIII", "varh", "total", 3},
                                {"R4a", "reactive energy QIV", "varh", "total", 3},
                                {"L1v", "voltage L1", "V", kNow},
                                {"L2v", "voltage L2", "V", kNow},
                                {"L3v", "voltage L3", "V", kNow},
                                {"L1i", "current L1", "A", kNow},
                                {"L2i", "current L2", "A", kNow},
                                {"L3i", "current L3", "A", kNow},
                                {"I3", "current sum", "A", kNow},
                                {"Pimp", "active power import", "W", kNow},
                                {"Pexp", "active power export", "W", kNow},
                                {"Qimp", "reactive power import", "var", kNow},
                                {"Qexp", "reactive power export", "var", kNow},
                                {"PF", "power factor", "", kNow},
                                {"Pimp1", "active power import L1", "W", kNow},
                                {"Pexp1", "active power export L1", "W", kNow},
                                {"Qimp1", "reactive power import L1", "var", kNow},
                                {"Qexp1", "reactive power export L1", "var", kNow},
                                {"PF1", "power factor L1", "", kNow},
                                {"Pimp2", "active power import L2", "W", kNow},
                                {"Pexp2", "active power export L2", "W", kNow},
                                {"Qimp2", "reactive power import L2", "var", kNow},
                                {"Qexp2", "reactive power export L2", "var", kNow},
                                {"PF2", "power factor L2", "", kNow},
                                {"Pimp3", "active power import L3", "W", kNow},
                                {"Pexp3", "active power export L3", "W", kNow},
                                {"Qimp3", "reactive power import L3", "var", kNow},
                                {"Qexp3", "reactive power export L3", "var", kNow},
                                {"PF3", "power factor L3", "", kNow}};
constexpr Meaning kQuality[] = {{"V1", "voltage L1", "V", kMean}, {"V2", "voltage L2", "V", kMean},
                                {"V3", "voltage L3", "V", kMean}, {"I1", "current L1", "A", kMean},
                                {"I2", "current L2", "A", kMean}, {"I3", "current L3", "A", kMean},
                                {"In", "current N", "A", kMean}};

enum class Shape : std::uint8_t { kValues, kClosing, kEvents, kPairs, kAttributes };
struct Type {
  std::string_view name;
  Shape shape;
  std::span<const Meaning> meanings;
};
constexpr Type kTypes[] = {{"S01", Shape::kValues, kInstant},  {"S02", Shape::kValues, kCurve},
                           {"S03", Shape::kAttributes, {}},    {"S04", Shape::kClosing, kBilling},
                           {"S05", Shape::kClosing, kBilling}, {"S06", Shape::kAttributes, {}},
                           {"S09", Shape::kEvents, {}},        {"S12", Shape::kAttributes, {}},
                           {"S13", Shape::kEvents, {}},        {"S14", Shape::kValues, kQuality},
                           {"S15", Shape::kEvents, {}},        {"S17", Shape::kEvents, {}},
                           {"S21", Shape::kValues, kInstant},  {"S23", Shape::kAttributes, {}},
                           {"S24", Shape::kAttributes, {}},    {"S26", Shape::kPairs, kInstant},
                           {"S27", Shape::kClosing, kBilling}, {"S52", Shape::kValues, kCurve}};

const Type* find_type(std::string_view name) {
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const Type& type) { return type.name == name; });
  return found == std::end(kTypes) ? nullptr : found;
}

// A number with decimals, exactly; nullopt for anything else.
std::optional<Decimal> number_of(std::string_view text) {
  auto number = decimal_from(text);
  if (!number.ok()) return std::nullopt;
  return *number;
}

// Powers of ten that Magn names; 0 exponent for 1.
std::optional<int> exponent_of(std::string_view magnitude) {
  int exponent = 0;
  if (magnitude.empty() || magnitude[0] != '1') return std::nullopt;
  for (const char c : magnitude.substr(1)) {
    if (c != '0' || ++exponent > 9) return std::nullopt;
  }
  return exponent;
}

class Parser {
 public:
  Parser(ConcentratorReport& out, const Type* type) : out_(out), type_(type) {}

  Status subject(const pugi::xml_node& node, std::string_view id) {
    if (out_.subjects.size() == kMetersMax)
      return make_error(ErrorCode::kLimit, "too many meters in a report");
    Subject& subject = out_.subjects.emplace_back();
    const std::ptrdiff_t name_at = node.offset_debug();
    subject.offset = name_at > 0 ? static_cast<std::size_t>(name_at) - 1 : 0;
    subject.report.protocol = "stg";
    subject.report.meter.id = id;
    subject.report.meter.manufacturer = id.substr(0, 3);
    subject.report.meter.medium = "electricity";
    magnitude_ = 0;
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      const std::string_view name = attribute.name();
      if (name == "Id") continue;
      if (name == "Magn") {
        const auto exponent = exponent_of(attribute.value());
        if (!exponent) {
          return make_error(ErrorCode::kMalformed,
                            fmt::format("Magn of {} is '{}'", id, attribute.value()));
        }
        magnitude_ = *exponent;
      } else {
        AMITY_CHECK(keep(subject, std::string(name), attribute.value()));
      }
    }
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_element && std::string_view(child.name()) == out_.type) {
        AMITY_CHECK(element(child, subject));
      }
    }
    return {};
  }

  Status element(const pugi::xml_node& node, Subject& subject) {
    switch (type_ == nullptr ? Shape::kAttributes : type_->shape) {
      case Shape::kValues:
        return values(node, subject, parse_time(node.attribute("Fh").value()));
      case Shape::kClosing:
        return billing(node, subject);
      case Shape::kEvents:
        return event(node, subject);
      case Shape::kPairs:
        return pairs(node, subject);
      case Shape::kAttributes:
        break;
    }
    if (const auto time = parse_time(node.attribute("Fh").value())) subject.report.time = *time;
    return attributes(node, subject, "", 0);
  }

 private:
  Status keep(Subject& subject, std::string name, std::string_view value) {
    if (++kept_ > kAttributesMax) return make_error(ErrorCode::kLimit, "too many attributes");
    subject.attributes.emplace_back(std::move(name), value);
    return {};
  }

  // A reading where the attribute is known and its value is a number; otherwise an attribute.
  Result<Reading*> add(Subject& subject, std::string_view name, std::string_view value,
                       const std::optional<MeterTime>& time) {
    const auto meanings = type_ == nullptr ? std::span<const Meaning>{} : type_->meanings;
    const auto meaning = std::find_if(meanings.begin(), meanings.end(),
                                      [&](const Meaning& m) { return m.attribute == name; });
    const auto number = meaning == meanings.end() ? std::nullopt : number_of(value);
    if (!number) {
      AMITY_CHECK(keep(subject, std::string(name), value));
      return static_cast<Reading*>(nullptr);
    }
    if (++readings_ > kReadingsMax) return make_error(ErrorCode::kLimit, "too many readings");
    Reading& reading = subject.report.readings.emplace_back();
    reading.quantity = meaning->quantity;
    reading.unit = meaning->unit;
    reading.kind = meaning->kind;
    reading.id = name;
    const bool energy = meaning->kind == "interval";
    reading.value =
        Decimal{number->value, number->exponent + meaning->exponent + (energy ? magnitude_ : 0)};
    if (time) reading.time = *time;
    return &reading;
  }

  Status values(const pugi::xml_node& node, Subject& subject, std::optional<MeterTime> time) {
    const std::string_view quality = node.attribute("Bc").value();
    for (const pugi::xml_attribute& attribute : node.attributes()) {
      const std::string_view name = attribute.name();
      if (name == "Bc" || (name == "Fh" && time)) continue;
      AMITY_TRY(Reading * reading, add(subject, name, attribute.value(), time));
      if (reading != nullptr && !quality.empty() && quality != "00")
        reading->note = fmt::format("quality {}", quality);
    }
    if (time) subject.report.time = *time;
    return {};
  }

  Status billing(const pugi::xml_node& node, Subject& subject) {
    const std::string_view from = node.attribute("Fhi").value();
    const std::string_view to = node.attribute("Fhf").empty() ? node.attribute("Fh").value()
                                                              : node.attribute("Fhf").value();
    const auto time = parse_time(to), begin = parse_time(from);
    const auto tariff = node.attribute("Pt").as_uint(), contract = node.attribute("Ctr").as_uint();
    for (const pugi::xml_node& value : node.children("Value")) {
      for (const pugi::xml_attribute& attribute : value.attributes()) {
        AMITY_TRY(Reading * reading, add(subject, attribute.name(), attribute.value(), time));
        if (reading == nullptr) continue;
        reading->tariff = tariff;
        reading->subunit = contract;
        if (reading->kind == "period" && begin) reading->note = "from " + to_string(*begin);
      }
    }
    if (const pugi::xml_attribute maximum = node.attribute("Mx")) {
      const auto number = number_of(maximum.value());
      if (!number) return keep(subject, "Mx", maximum.value());
      Reading& reading = subject.report.readings.emplace_back();
      reading.quantity = "active power import";
      reading.unit = "W";
      reading.kind = "maximum";
      reading.id = "Mx";
      reading.value = *number;
      reading.tariff = tariff;
      reading.subunit = contract;
      if (const auto when = parse_time(node.attribute("Fx").value())) reading.time = *when;
    }
    if (time) subject.report.time = *time;
    return {};
  }

  Status event(const pugi::xml_node& node, Subject& subject) {
    if (++readings_ > kReadingsMax) return make_error(ErrorCode::kLimit, "too many events");
    wire::Event& event = subject.report.events.emplace_back();
    event.code = node.attribute("C").as_int();
    event.id = fmt::format("{}.{}", node.attribute("Et").value(), node.attribute("C").value());
    if (const auto time = parse_time(node.attribute("Fh").value())) event.time = *time;
    for (const pugi::xml_node& data : node.children()) {
      if (data.type() != pugi::node_element) continue;
      fmt::format_to(std::back_inserter(event.text), "{}{}: {}", event.text.empty() ? "" : "\n",
                     data.name(), data.child_value());
    }
    return {};
  }

  // <DataId>Pimp</DataId><DataValue>0</DataValue> ...
  Status pairs(const pugi::xml_node& node, Subject& subject) {
    const auto time = parse_time(node.attribute("Fh").value());
    if (time) subject.report.time = *time;
    std::string_view name;
    for (const pugi::xml_node& child : node.children()) {
      const std::string_view element = child.name();
      if (element == "DataId") {
        name = child.child_value();
      } else if (element == "DataValue" && !name.empty()) {
        AMITY_TRY(Reading * reading, add(subject, name, child.child_value(), time));
        (void)reading;
        name = {};
      }
    }
    return {};
  }

  Status attributes(const pugi::xml_node& node, Subject& subject, const std::string& path,
                    int depth) {
    if (depth > kDepthMax) return make_error(ErrorCode::kLimit, "elements nested too deeply");
    for (const pugi::xml_attribute& attribute : node.attributes())
      AMITY_CHECK(keep(subject, path + attribute.name(), attribute.value()));
    for (const pugi::xml_node& child : node.children()) {
      if (child.type() == pugi::node_element) {
        AMITY_CHECK(attributes(child, subject, path + child.name() + ".", depth + 1));
      } else if (child.type() == pugi::node_pcdata && !path.empty()) {
        AMITY_CHECK(keep(subject, path.substr(0, path.size() - 1), child.value()));
      }
    }
    return {};
  }

  ConcentratorReport& out_;
  const Type* type_;
  int magnitude_ = 0;
  std::size_t readings_ = 0, kept_ = 0;
};

bool is_holder(std::string_view name) {
  return name == "Cnc" || name == "Rtu";
}
bool is_subject(std::string_view name) {
  return name == "Cnt" || name == "LVSLine";
}

Status parse_holder(const pugi::xml_node& holder, Parser& parser, ConcentratorReport& report) {
  report.concentrator = holder.attribute("Id").value();
  bool own = false;
  for (const pugi::xml_node& child : holder.children()) {
    if (child.type() != pugi::node_element) continue;
    if (is_subject(child.name())) {
      AMITY_CHECK(parser.subject(child, child.attribute("Id").value()));
    } else if (std::string_view(child.name()) == report.type && !own) {
      own = true;  // of the concentrator itself: all of these in one
      AMITY_CHECK(parser.subject(holder, report.concentrator));
    }
  }
  return {};
}

}  // namespace

std::optional<MeterTime> parse_time(std::string_view text) {
  constexpr std::size_t kDigits = 17;
  if (text.size() != kDigits + 1 || (text.back() != 'S' && text.back() != 'W')) return std::nullopt;
  const auto digits = [&](std::size_t at, std::size_t count) {
    int value = 0;
    for (std::size_t i = at; i < at + count; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  MeterTime time;
  const int year = digits(0, 4), month = digits(4, 2), day = digits(6, 2), hour = digits(8, 2),
            minute = digits(10, 2), second = digits(12, 2), milliseconds = digits(14, 3);
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 24 ||
      minute < 0 || minute > 59 || second < 0 || second > 59 || milliseconds < 0)
    return std::nullopt;
  time.year = static_cast<std::int16_t>(year);
  time.month = static_cast<std::uint8_t>(month);
  time.day = static_cast<std::uint8_t>(day);
  time.hour = static_cast<std::uint8_t>(hour);
  time.minute = static_cast<std::uint8_t>(minute);
  time.second = static_cast<std::uint8_t>(second);
  time.precision = MeterTime::Precision::kSecond;
  time.daylight_saving = text.back() == 'S';
  return time;
}

Result<ConcentratorReport> parse_report(ByteView xml) {
  if (xml.size() > kReportBytesMax)
    return make_error(ErrorCode::kLimit, "a report above 64 MiB", kReportBytesMax);
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(xml.data(), xml.size());
  if (!parsed) {
    return make_error(
        ErrorCode::kMalformed, parsed.description(),
        std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(parsed.offset, 0)), xml.size()));
  }
  const pugi::xml_node root = document.child("Report");
  if (!root) return make_error(ErrorCode::kMalformed, "no element Report");
  ConcentratorReport report;
  report.type = root.attribute("IdRpt").value();
  report.request = root.attribute("IdPet").value();
  report.version = root.attribute("Version").value();
  if (report.type.empty()) return make_error(ErrorCode::kMalformed, "the report has no IdRpt");
  const Type* type = find_type(report.type);
  report.known = type != nullptr;
  Parser parser(report, type);
  for (const pugi::xml_node& holder : root.children()) {
    if (holder.type() == pugi::node_element && is_holder(holder.name()))
      AMITY_CHECK(parse_holder(holder, parser, report));
  }
  return report;
}

Result<std::string> encode_order(std::string_view order) {
  return make_error(ErrorCode::kUnsupported,
                    fmt::format("order {}: what STG orders contain is in no public text", order));
}

}  // namespace amity::stg
