// MSCONS out (EDIFACT D.04B, UN 2.4c): one message a series, each value with begin and end in UTC.
// Kilowatt hours; the point is LOC+172, the measured quantity an OBIS code in PIA+5.
#include <fmt/format.h>

#include "exchange/quality_codes.h"
#include "exchange/writers.h"

namespace amity::exchange {
namespace {

struct Register {
  std::string_view name;
  std::string_view interval, total;  // OBIS, C.D.E
};
constexpr Register kRegisters[] = {{"import", "1.29.0", "1.8.0"},
                                   {"export", "2.29.0", "2.8.0"},
                                   {"reactive_import", "3.29.0", "3.8.0"},
                                   {"reactive_export", "4.29.0", "4.8.0"}};

// What separates is released by '?'.
std::string released(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '+' || c == ':' || c == '\'' || c == '?') out += '?';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out;
}

class MsconsWriter : public SeriesWriter {
 public:
  explicit MsconsWriter(const WriteOptions& options) : options_(options) {}

  Status begin_series(const MeterSeries& series, std::string& out) override {
    end_message(out);
    begin_file(out);
    std::string_view name = series.name;
    const std::string_view suffix = "_register";
    const bool total = series.kind == ChannelKind::kRegister;
    if (total && name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix)
      name.remove_suffix(suffix.size());
    std::string obis;
    for (const Register& known : kRegisters) {
      if (known.name == name) obis = total ? known.total : known.interval;
    }
    if (obis.empty() || (series.unit != Unit::kWattHour && series.unit != Unit::kVarHour))
      return make_error(ErrorCode::kUnsupported,
                        "MSCONS is written of active and reactive energy, import and export");
    total_ = total;
    segments_ = 0;
    const std::string& point = series.point.empty() ? series.serial : series.point;
    segment(out, fmt::format("UNH+{}+MSCONS:D:04B:UN:2.4c", ++messages_));
    segment(out, fmt::format("BGM+7+{}-{}+9", options_.created.value, messages_));
    segment(out, fmt::format("DTM+137:{}?+00:303", digits(options_.created)));
    segment(out, fmt::format("NAD+MS+{}::293", released(options_.sender)));
    segment(out, fmt::format("NAD+MR+{}::293", released(options_.receiver)));
    segment(out, "UNS+D");
    segment(out, "NAD+DP");
    segment(out, "LOC+172+" + released(point));
    if (!series.serial.empty()) segment(out, "RFF+MG:" + released(series.serial));
    segment(out, "LIN+1");
    segment(out, fmt::format("PIA+5+1-1?:{}:SRW", obis));
    open_ = true;
    return {};
  }

  Status value(const SeriesValue& value, std::string& out) override {
    if (!open_) return {};
    if (value.time.value % 60 != 0 || value.duration_s % 60 != 0)
      return make_error(ErrorCode::kUnsupported, to_iso(value.time) + " is not a whole minute");
    Decimal theirs = value.value;
    theirs.exponent -= 3;
    segment(out, fmt::format("QTY+{}:{}", mscons_quality({value.quality, value.method}),
                             to_string(theirs)));
    if (total_) {
      segment(out, fmt::format("DTM+7:{}?+00:303", digits(value.time)));
    } else {
      segment(out, fmt::format("DTM+163:{}?+00:303", digits(value.time - value.duration_s)));
      segment(out, fmt::format("DTM+164:{}?+00:303", digits(value.time)));
    }
    return {};
  }

  Status finish(std::string& out) override {
    end_message(out);
    begin_file(out);
    out += fmt::format("UNZ+{}+{}'\n", messages_, options_.created.value);
    return {};
  }

 private:
  static std::string digits(UtcSeconds time) { return minute_digits(civil_from_utc(time)); }
  void segment(std::string& out, std::string_view text) {
    out += text;
    out += "'\n";
    ++segments_;
  }
  void begin_file(std::string& out) {
    if (std::exchange(begun_, true)) return;
    const std::string now = digits(options_.created);
    out += fmt::format("UNA:+.? '\nUNB+UNOC:3+{}:500+{}:500+{}:{}+{}'\n", released(options_.sender),
                       released(options_.receiver), now.substr(2, 6), now.substr(8, 4),
                       options_.created.value);
  }
  void end_message(std::string& out) {
    if (!std::exchange(open_, false)) return;
    out += fmt::format("UNT+{}+{}'\n", segments_ + 1, messages_);
  }

  WriteOptions options_;
  bool begun_ = false, open_ = false, total_ = false;
  std::size_t messages_ = 0, segments_ = 0;
};

}  // namespace

std::unique_ptr<SeriesWriter> make_mscons_writer(const WriteOptions& options) {
  return std::make_unique<MsconsWriter>(options);
}

}  // namespace amity::exchange
