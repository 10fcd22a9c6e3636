// Octets into lines of UTF-8, in bounded memory: byte order marks, UTF-16 (with its mark) and
// Latin-1 are read; what is no text is refused, line by line. A line longer than kLineBytesMax is
// told once and skipped up to its end, however far that is.
#pragma once

#include <string>
#include <string_view>

#include "exchange/limits.h"
#include "exchange/meter_series.h"

namespace amity::exchange {

class LineSink {
 public:
  virtual ~LineSink() = default;
  // Without its end; valid UTF-8, valid during the call.
  virtual void on_line(std::string_view line, std::size_t number) = 0;
  virtual void on_line_problem(const Problem& problem) = 0;
};

class TextLines {
 public:
  explicit TextLines(LineSink& sink, std::size_t line_bytes_max = kLineBytesMax)
      : sink_(sink), line_bytes_max_(line_bytes_max) {}

  void feed(std::string_view bytes);
  void finish();  // the last line may have no end

 private:
  enum class Encoding : std::uint8_t { kUnknown, kOctets, kUtf16Little, kUtf16Big };

  void detect(bool at_end);
  void take(std::string_view text);
  void take_utf16(std::string_view bytes);
  void take_unit(std::uint16_t unit);
  void end_line();
  void refuse(std::string reason);

  LineSink& sink_;
  std::size_t line_bytes_max_;
  Encoding encoding_ = Encoding::kUnknown;
  std::string start_;  // the first octets, until the encoding is known
  std::string line_, converted_;
  std::size_t number_ = 1;
  bool skipping_ = false;  // a line that is too long
  bool latin1_told_ = false;
  int odd_octet_ = -1;                // first half of a UTF-16 unit
  std::uint16_t high_surrogate_ = 0;  // waiting for its pair
};

// Readers of formats that are lines.
class LineReader : public SeriesReader, protected LineSink {
 public:
  explicit LineReader(SeriesSink& sink) : sink_(sink), lines_(*this) {}
  void feed(std::string_view bytes) override { lines_.feed(bytes); }
  void finish() override {
    lines_.finish();
    on_end();
  }

 protected:
  void on_line_problem(const Problem& problem) override { sink_.on_problem(problem); }
  virtual void on_end() {}
  void refuse(std::size_t line, std::string reason) {
    sink_.on_problem({line, true, std::move(reason)});
  }
  void note(std::size_t line, std::string reason) {
    sink_.on_problem({line, false, std::move(reason)});
  }

  SeriesSink& sink_;

 private:
  TextLines lines_;
};

}  // namespace amity::exchange
