// The formats by name, and a reader for each; zip files are opened on the way.
#pragma once

#include <memory>
#include <optional>

#include "base/civil.h"
#include "exchange/csv_mapping.h"
#include "exchange/meter_series.h"
#include "exchange/zip_stream.h"

namespace amity::exchange {

enum class FileFormat : std::uint8_t { kNem12, kCmep, kEspi, kCim, kCsv, kJsonLines };

struct ReadOptions {
  TimeZone zone = TimeZone::utc();         // of times that name none
  TimeZone market_zone = TimeZone::utc();  // NEM12's, without daylight saving
  std::uint32_t interval_s = 0;            // of Amity's own rows, which do not tell; 0: not known
  std::optional<CsvMapping> mapping;       // then a CSV is not of Amity's own rows
};

std::string_view to_string(FileFormat format);
std::optional<FileFormat> format_from(std::string_view name);
// From the first octets of a file (some hundred): nothing where they tell nothing.
std::optional<FileFormat> detect_format(std::string_view head);
std::unique_ptr<SeriesReader> make_reader(FileFormat format, const ReadOptions& options,
                                          SeriesSink& sink);

// A whole file: a zip's members one after the other, else the file itself, each in the format
// given, or in that which it looks like.
class FileReader : public SeriesReader, private ZipSink, private SeriesSink {
 public:
  FileReader(SeriesSink& sink, std::optional<FileFormat> format, ReadOptions options)
      : sink_(sink), format_(format), options_(std::move(options)) {}
  void feed(std::string_view bytes) override;
  void finish() override;

 private:
  void begin();
  void feed_inner(std::string_view bytes);
  void finish_inner();
  void on_member(std::string_view name) override;
  void on_bytes(std::string_view bytes) override { feed_inner(bytes); }
  void on_member_end() override;
  void on_series(const MeterSeries& series, std::size_t line) override {
    sink_.on_series(series, line);
  }
  void on_value(const SeriesValue& value, std::size_t line) override {
    sink_.on_value(value, line);
  }
  void on_event(const MeterEvent& event, std::size_t line) override { sink_.on_event(event, line); }
  void on_problem(const Problem& problem) override;

  SeriesSink& sink_;
  std::optional<FileFormat> format_;
  ReadOptions options_;
  std::string head_;  // until it is clear what it is
  bool zip_ = false, begun_ = false, failed_ = false, unknown_ = false;
  std::unique_ptr<ZipStream> unzip_;
  std::string member_;
  std::string inner_head_;
  std::unique_ptr<SeriesReader> reader_;
};

}  // namespace amity::exchange
