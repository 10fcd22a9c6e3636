// For the fuzz targets: a file read as one piece and in small ones must come to the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "exchange/formats.h"
#include "exchange/series_check.h"

namespace amity::exchange {

// Folds all that it is given into one number.
class FoldingSink : public SeriesSink {
 public:
  void on_series(const MeterSeries& s, std::size_t line) override {
    fold(s.serial + "\x1f" + s.point + "\x1f" + s.name + "\x1f" + s.source);
    fold(s.interval_s ^ static_cast<std::uint64_t>(s.multiplier) << 20);
    fold(line);
  }
  void on_value(const SeriesValue& v, std::size_t line) override {
    for (const std::uint64_t n :
         {static_cast<std::uint64_t>(v.time.value), std::uint64_t{v.duration_s},
          static_cast<std::uint64_t>(v.value.value), static_cast<std::uint64_t>(v.value.exponent),
          std::uint64_t{v.quality.bits}, std::uint64_t{v.method}, std::uint64_t{line}}) {
      fold(n);
    }
    fold(v.reason);
    if (v.value.exponent < -18 || v.value.exponent > 18) std::abort();
  }
  void on_event(const MeterEvent& event, std::size_t line) override {
    fold(event.serial + event.event.text);
    fold(line);
  }
  void on_problem(const Problem& problem) override {
    if (problem.reason.empty()) std::abort();
    fold(problem.reason);
    fold(problem.line);
  }

  std::uint64_t folded = 14695981039346656037u;

 private:
  void fold(std::uint64_t n) { folded = (folded ^ n) * 1099511628211u + 7; }
  void fold(const std::string& text) {
    for (const char c : text) fold(static_cast<unsigned char>(c));
  }
};

inline std::uint64_t folded_of(FileFormat format, std::string_view text, std::size_t piece) {
  FoldingSink sink;
  SeriesCheck check(sink);
  FileReader reader(check, format, {});
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size())))
    reader.feed(text.substr(0, piece));
  reader.finish();
  return sink.folded;
}

inline int fuzz_reader(FileFormat format, const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::uint64_t whole = folded_of(format, text, size + 1);
  if (folded_of(format, text, size % 13 + 1) != whole) std::abort();
  return 0;
}

}  // namespace amity::exchange
