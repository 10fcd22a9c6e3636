#include "wire/mm/decode.h"

namespace amity::mm {
namespace {

std::string_view word_of(Kind kind) {
  return kind == Kind::kRequest ? "request" : kind == Kind::kAnswer ? "answer" : "refusal";
}

void lay_out(const Parsed& parsed, wire::Report& report) {
  struct Field {
    std::size_t size;
    const char* meaning;
    std::string value;
  };
  const Message& m = parsed.message;
  const Field fields[] = {{4, "mark of our framing", {}},
                          {1, "kind", std::string(word_of(m.kind))},
                          {1, "attribute code", std::string(to_string(m.attribute))},
                          {6, "source", to_hex(m.source)},
                          {6, "destination", to_hex(m.destination)},
                          {4, "number", std::to_string(m.number)},
                          {2, "item", std::to_string(m.item)},
                          {2, "offset", std::to_string(m.offset)},
                          {2, "count", std::to_string(m.count)},
                          {2, "size of the data", std::to_string(m.data.size())},
                          {m.data.size(), "data", {}},
                          {parsed.mac.size(), "AES-CMAC", {}}};
  std::size_t at = 0;
  for (const Field& field : fields) {
    if (field.size > 0) report.layout.push_back({at, field.size, 0, field.meaning, field.value});
    at += field.size;
  }
}

}  // namespace

Status decode(ByteView bytes, ByteView key, wire::Report& report) {
  report.clear();
  report.protocol = "mm";
  report.details.emplace_back("conformance", std::string(kLabel));
  AMITY_TRY(const Parsed parsed, parse(bytes));
  const Message& m = parsed.message;
  const bool from_meter = m.kind != Kind::kRequest;
  report.meter.id = to_hex(from_meter ? m.source : m.destination);
  report.details.emplace_back("kind", std::string(word_of(m.kind)));
  report.details.emplace_back("attribute", std::string(to_string(m.attribute)));
  report.details.emplace_back("number", std::to_string(m.number));
  report.details.emplace_back("item", std::to_string(m.item));
  if (report.explain) lay_out(parsed, report);
  if (m.authenticated) {
    report.security.mode = key.empty() ? "AES-CMAC, not checked" : "AES-CMAC";
    const Status right = key.empty() ? Status{} : verify(parsed, key);
    if (!right.ok()) {
      report.security.ok = false;
      report.security.reason = right.error().reason;
      report.unknown.push_back({0, "message", to_hex(bytes)});
      return {};
    }
  }
  if (m.kind == Kind::kRefusal) {
    report.events.push_back({0, std::string(as_text(m.data)), {}, {}});
  } else if (!m.data.empty()) {
    report.unknown.push_back(
        {kHeaderBytes, "data of item " + std::to_string(m.item), to_hex(m.data)});
  }
  return {};
}

}  // namespace amity::mm
