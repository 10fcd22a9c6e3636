#include "exchange/writers.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace amity::exchange {

std::optional<WriteFormat> write_format_from(std::string_view name) {
  constexpr std::pair<std::string_view, WriteFormat> kNames[] = {
      {"nem12", WriteFormat::kNem12}, {"cmep", WriteFormat::kCmep},
      {"espi", WriteFormat::kEspi},   {"mscons", WriteFormat::kMscons},
      {"cim", WriteFormat::kCim},     {"parquet", WriteFormat::kParquet}};
  for (const auto& [known, format] : kNames) {
    if (known == name) return format;
  }
  return std::nullopt;
}

std::unique_ptr<SeriesWriter> make_writer(WriteFormat format, const WriteOptions& options) {
  switch (format) {
    case WriteFormat::kNem12:
      return make_nem12_writer(options);
    case WriteFormat::kCmep:
      return make_cmep_writer(options);
    case WriteFormat::kEspi:
      return make_espi_writer(options);
    case WriteFormat::kMscons:
      return make_mscons_writer(options);
    case WriteFormat::kCim:
      return make_cim_writer(options);
    case WriteFormat::kParquet:
      return make_parquet_writer(options);
  }
  return nullptr;
}

std::string minute_digits(const CivilTime& c) {
  return fmt::format("{:04}{:02}{:02}{:02}{:02}", c.year, c.month, c.day, c.hour, c.minute);
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  for (const char c : valid_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

}  // namespace amity::exchange
