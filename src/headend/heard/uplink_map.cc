#include "headend/heard/uplink_map.h"

#include "driver/model_table.h"

namespace amity::heard {
namespace {

using driver::ModelTable;

UplinkValue value_from(ModelTable& table) {
  UplinkValue v;
  v.path = table.text("path", true);
  v.quantity = table.text("quantity", true);
  v.unit = table.text("unit");
  v.kind = table.text("kind");
  v.exponent = static_cast<int>(table.integer("exponent", -18, 18, 0));
  if (!v.path.starts_with('/')) table.fail("\"path\" is a JSON pointer: \"/energy/total\"");
  return v;
}

UplinkPayload payload_from(ModelTable& table) {
  UplinkPayload p;
  if (table.has("port")) p.port = static_cast<int>(table.integer("port", 0, 255, 0));
  p.decoder = table.word<PayloadDecoder>("decoder",
                                         {{"fields", PayloadDecoder::kFields},
                                          {"mbus", PayloadDecoder::kMbusRecords},
                                          {"frame", PayloadDecoder::kFrame}},
                                         PayloadDecoder::kFields);
  table.tables("field", [&](ModelTable& t) { p.fields.fields.push_back(driver::field_from(t)); });
  if ((p.decoder == PayloadDecoder::kFields) == p.fields.fields.empty())
    table.fail("fields belong to the decoder \"fields\", and to no other");
  return p;
}

UplinkSource source_from(ModelTable& table) {
  UplinkSource s;
  s.name = table.text("name", true);
  s.topics = table.texts("topics");
  s.kind = table.word<UplinkKind>("kind",
                                  {{"json", UplinkKind::kJson},
                                   {"the-things-stack", UplinkKind::kTheThingsStack},
                                   {"chirpstack", UplinkKind::kChirpStack}},
                                  UplinkKind::kJson);
  s.id = table.text("id");
  s.time = table.text("time");
  s.time_unit = table.text("time_unit");
  table.tables("value", [&](ModelTable& t) { s.values.push_back(value_from(t)); });
  table.tables("payload", [&](ModelTable& t) { s.payloads.push_back(payload_from(t)); });
  if (s.time_unit.empty()) s.time_unit = "iso";
  if (s.time_unit != "iso" && s.time_unit != "s" && s.time_unit != "ms")
    table.fail("\"time_unit\" is iso, s or ms");
  if (s.values.empty() && s.payloads.empty())
    table.fail("a source without values and payloads says nothing");
  if (s.kind == UplinkKind::kJson && !s.payloads.empty())
    table.fail("payloads are of network servers: kind the-things-stack or chirpstack");
  return s;
}

}  // namespace

const UplinkSource* UplinkMap::by_name(std::string_view name) const {
  for (const UplinkSource& source : sources) {
    if (source.name == name) return &source;
  }
  return nullptr;
}

const UplinkSource* UplinkMap::by_topic(std::string_view topic) const {
  for (const UplinkSource& source : sources) {
    for (const std::string& filter : source.topics) {
      if (topic_fits(filter, topic)) return &source;
    }
  }
  return nullptr;
}

bool topic_fits(std::string_view filter, std::string_view topic) {
  while (true) {
    const std::size_t f = filter.find('/'), t = topic.find('/');
    const std::string_view level = filter.substr(0, f);
    if (level == "#") return true;
    if (level != "+" && level != topic.substr(0, t)) return false;
    const bool filter_ends = f == std::string_view::npos, topic_ends = t == std::string_view::npos;
    if (topic_ends) return filter_ends || filter.substr(f) == "/#";
    if (filter_ends) return false;
    filter.remove_prefix(f + 1);
    topic.remove_prefix(t + 1);
  }
}

Result<UplinkMap> parse_uplink_map(std::string_view text, std::string_view file) {
  const toml::parse_result parsed = toml::parse(text, file);
  if (!parsed) {
    const auto& begin = parsed.error().source().begin;
    return make_error(ErrorCode::kMalformed, std::string(file) + ":" + std::to_string(begin.line) +
                                                 ":" + std::to_string(begin.column) + ": " +
                                                 std::string(parsed.error().description()));
  }
  driver::ModelFile about{file, {}};
  ModelTable table(about, parsed.table());
  UplinkMap map;
  table.tables("source", [&](ModelTable& t) {
    UplinkSource source = source_from(t);
    if (map.by_name(source.name) != nullptr) t.fail("two sources have this name");
    map.sources.push_back(std::move(source));
  });
  table.finish();
  AMITY_CHECK(about.status);
  if (map.sources.empty())
    return make_error(ErrorCode::kMalformed, std::string(file) + ": it has no [[source]]");
  return map;
}

}  // namespace amity::heard
