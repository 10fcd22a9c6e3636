#include "exchange/formats.h"

#include "exchange/cim_reader.h"
#include "exchange/cmep_reader.h"
#include "exchange/espi_reader.h"
#include "exchange/nem12_reader.h"
#include "exchange/row_reader.h"

namespace amity::exchange {
namespace {

constexpr std::size_t kHeadOctets = 4'096;

struct Name {
  FileFormat format;
  std::string_view name;
};
constexpr Name kNames[] = {{FileFormat::kNem12, "nem12"}, {FileFormat::kCmep, "cmep"},
                           {FileFormat::kEspi, "espi"},   {FileFormat::kCim, "cim"},
                           {FileFormat::kCsv, "csv"},     {FileFormat::kJsonLines, "jsonl"}};

// The first line that holds anything, without a byte order mark, the zero octets of UTF-16 left
// out.
std::string first_line(std::string_view head) {
  std::string line;
  for (const char c : head) {
    if (c == '\n' && !line.empty()) return line;
    const auto octet = static_cast<unsigned char>(c);
    const bool mark =
        line.empty() && (octet >= 0xfe || octet == 0xef || octet == 0xbb || octet == 0xbf);
    if (c != '\0' && c != '\r' && c != '\n' && !mark) line += c;
  }
  return line;
}

}  // namespace

std::string_view to_string(FileFormat format) {
  for (const Name& name : kNames) {
    if (name.format == format) return name.name;
  }
  return "?";
}

std::optional<FileFormat> format_from(std::string_view text) {
  for (const Name& name : kNames) {
    if (name.name == text) return name.format;
  }
  return std::nullopt;
}

std::optional<FileFormat> detect_format(std::string_view head) {
  const std::string line = first_line(head);
  const auto starts = [&](std::string_view with) {
    return line.compare(0, with.size(), with) == 0;
  };
  for (const char* record : {"100,NEM1", "200,", "250,", "300,", "900"}) {
    if (starts(record)) return FileFormat::kNem12;
  }
  if (starts("MEPMD01")) return FileFormat::kCmep;
  if (starts("{")) return FileFormat::kJsonLines;
  if (line.find_first_not_of(" \t") != std::string::npos &&
      line[line.find_first_not_of(" \t")] == '<') {
    for (const char* cim : {"MeterReadings", "EndDeviceEvents", "EventMessage"}) {
      if (head.find(cim) != std::string_view::npos) return FileFormat::kCim;
    }
    return FileFormat::kEspi;
  }
  if (line.find("utc") != std::string::npos && line.find("value") != std::string::npos)
    return FileFormat::kCsv;
  return std::nullopt;
}

std::unique_ptr<SeriesReader> make_reader(FileFormat format, const ReadOptions& options,
                                          SeriesSink& sink) {
  switch (format) {
    case FileFormat::kNem12:
      return std::make_unique<Nem12Reader>(sink, options.market_zone);
    case FileFormat::kEspi:
      return std::make_unique<EspiReader>(sink);
    case FileFormat::kCmep:
      return std::make_unique<CmepReader>(sink, options.zone);
    case FileFormat::kCim:
      return std::make_unique<CimReader>(sink);
    case FileFormat::kCsv:
      if (options.mapping) return std::make_unique<CsvReader>(sink, *options.mapping);
      return std::make_unique<RowsReader>(sink, RowFormat::kCsv, options.interval_s);
    case FileFormat::kJsonLines:
      return std::make_unique<RowsReader>(sink, RowFormat::kJsonLines, options.interval_s);
  }
  return nullptr;
}

void FileReader::on_problem(const Problem& problem) {
  if (member_.empty()) return sink_.on_problem(problem);
  sink_.on_problem({problem.line, problem.refused, member_ + ": " + problem.reason});
}

void FileReader::begin() {
  begun_ = true;
  zip_ = ZipStream::looks_like_zip(head_);
  if (zip_) unzip_ = std::make_unique<ZipStream>(static_cast<ZipSink&>(*this));
  const std::string head = std::exchange(head_, {});
  if (!zip_) return feed_inner(head);
  if (const Status status = unzip_->feed(head); !status.ok()) {
    failed_ = true;
    sink_.on_problem({0, true, "the zip file: " + to_string(status.error())});
  }
}

void FileReader::feed(std::string_view bytes) {
  if (failed_) return;
  if (!begun_) {
    head_ += bytes;
    if (head_.size() >= 4) begin();
    return;
  }
  if (!zip_) return feed_inner(bytes);
  if (const Status status = unzip_->feed(bytes); !status.ok()) {
    failed_ = true;
    sink_.on_problem({0, true, "the zip file: " + to_string(status.error())});
  }
}

void FileReader::feed_inner(std::string_view bytes) {
  if (unknown_) return;
  if (reader_ != nullptr) return reader_->feed(bytes);
  if (!format_) {
    inner_head_ += bytes;
    if (inner_head_.size() < kHeadOctets) return;
    bytes = {};
  }
  const auto format =
      format_ ? format_ : detect_format(std::string_view(inner_head_).substr(0, kHeadOctets));
  if (!format) {
    unknown_ = true;
    return on_problem({1, true, "it begins like none of the formats: name one with --format"});
  }
  reader_ = make_reader(*format, options_, *this);
  reader_->feed(std::exchange(inner_head_, {}));
  reader_->feed(bytes);
}

void FileReader::finish_inner() {
  if (reader_ == nullptr && !unknown_) {
    const auto format = format_ ? format_ : detect_format(inner_head_);
    if (!format) {
      on_problem({1, true,
                  inner_head_.empty() ? "the file is empty"
                                      : "it begins like none of the formats: name one "
                                        "with --format"});
    } else {
      reader_ = make_reader(*format, options_, *this);
      reader_->feed(inner_head_);
    }
  }
  inner_head_.clear();
  unknown_ = false;
  if (reader_ != nullptr) reader_->finish();
  reader_.reset();
}

void FileReader::on_member(std::string_view name) {
  member_ = quoted(name);
}

void FileReader::on_member_end() {
  finish_inner();
  member_.clear();
}

void FileReader::finish() {
  if (!begun_) begin();
  if (failed_) {
    if (reader_ != nullptr) finish_inner();
    return;
  }
  if (!zip_) return finish_inner();
  if (const Status status = unzip_->finish(); !status.ok())
    sink_.on_problem({0, true, "the zip file: " + to_string(status.error())});
}

}  // namespace amity::exchange
