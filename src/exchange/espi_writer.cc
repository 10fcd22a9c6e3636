// Green Button out: an Atom feed, for each series a UsagePoint, a MeterReading, its ReadingType and
// IntervalBlocks of kBlockValues values. Values are whole numbers of 10^-3 units (10^-6 of m3).
#include <fmt/format.h>

#include "exchange/quality_codes.h"
#include "exchange/reading_type.h"
#include "exchange/writers.h"

namespace amity::exchange {
namespace {

constexpr std::size_t kBlockValues = 2'976;  // a month of quarter hours

class EspiWriter : public SeriesWriter {
 public:
  explicit EspiWriter(const WriteOptions& options) : options_(options) {}

  Status begin_series(const MeterSeries& series, std::string& out) override {
    end_block(out);
    open_ = false;
    begin_file(out);
    AMITY_TRY(ReadingKind kind, kind_of(series));
    power_ = series.unit == Unit::kCubicMetre ? -6 : -3;
    const std::string& point = series.point.empty() ? series.serial : series.point;
    address_ = fmt::format("UsagePoint/{}/MeterReading/{}", xml_escaped(point), ++number_);
    const int service = kind.commodity == 7    ? 1
                        : kind.commodity == 9  ? 2
                        : kind.commodity == 13 ? 4
                                               : 0;
    entry(out, fmt::format("UsagePoint/{}", xml_escaped(point)), "UsagePoint", "",
          fmt::format("<UsagePoint xmlns=\"http://naesb.org/espi\"><ServiceCategory><kind>{}</kind>"
                      "</ServiceCategory></UsagePoint>",
                      service),
          point);
    entry(out, address_, address_.substr(0, address_.rfind('/')),
          fmt::format("ReadingType/{}", number_), "<MeterReading xmlns=\"http://naesb.org/espi\"/>",
          series.name);
    entry(out, fmt::format("ReadingType/{}", number_), "ReadingType", "",
          fmt::format("<ReadingType xmlns=\"http://naesb.org/espi\"><accumulationBehaviour>{}"
                      "</accumulationBehaviour><commodity>{}</commodity><flowDirection>{}"
                      "</flowDirection>{}<kind>12</kind><powerOfTenMultiplier>{}"
                      "</powerOfTenMultiplier><uom>{}</uom></ReadingType>",
                      kind.accumulation, kind.commodity, kind.flow,
                      kind.interval_s == 0
                          ? std::string()
                          : fmt::format("<intervalLength>{}</intervalLength>", kind.interval_s),
                      power_, kind.symbol),
          series.name);
    open_ = true;
    return {};
  }

  Status value(const SeriesValue& value, std::string& out) override {
    if (!open_) return {};
    const auto whole = rescale(value.value, power_);
    if (!whole.ok())
      return make_error(ErrorCode::kUnsupported,
                        to_string(value.value) + " has more digits than are written");
    if (count_ == 0) begin_ = value.time - value.duration_s;
    end_ = value.time;
    const int quality = espi_quality({value.quality, value.method});
    values_ += "<IntervalReading>";
    if (quality != 0)
      values_ += fmt::format("<ReadingQuality><quality>{}</quality></ReadingQuality>", quality);
    values_ += fmt::format(
        "<timePeriod><duration>{}</duration><start>{}</start></timePeriod><value>{}"
        "</value></IntervalReading>\n",
        value.duration_s, value.time.value - value.duration_s, *whole);
    if (++count_ == kBlockValues) end_block(out);
    return {};
  }

  Status finish(std::string& out) override {
    begin_file(out);
    end_block(out);
    out += "</feed>\n";
    return {};
  }

 private:
  void begin_file(std::string& out) {
    if (std::exchange(begun_, true)) return;
    out += fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed "
        "xmlns=\"http://www.w3.org/2005/Atom\">\n<id>urn:amity:{}</id>\n"
        "<title>Green Button usage</title>\n<updated>{}</updated>\n",
        options_.created.value, to_iso(options_.created));
  }
  void entry(std::string& out, std::string_view self, std::string_view up, std::string_view related,
             std::string_view content, std::string_view title) {
    out += fmt::format(
        "<entry><id>urn:amity:{}:{}</id><link rel=\"self\" href=\"{}\"/><link "
        "rel=\"up\" href=\"{}\"/>",
        options_.created.value, ++entries_, self, up);
    if (!related.empty()) out += fmt::format("<link rel=\"related\" href=\"{}\"/>", related);
    out += fmt::format("<title>{}</title><updated>{}</updated><content>{}</content></entry>\n",
                       xml_escaped(title), to_iso(options_.created), content);
  }
  void end_block(std::string& out) {
    if (count_ == 0) return;
    const std::string up = address_ + "/IntervalBlock";
    entry(out, fmt::format("{}/{}", up, ++blocks_), up, "",
          fmt::format("<IntervalBlock xmlns=\"http://naesb.org/espi\"><interval><duration>{}"
                      "</duration><start>{}</start></interval>\n{}</IntervalBlock>",
                      end_ - begin_, begin_.value, values_),
          "");
    values_.clear();
    count_ = 0;
  }

  WriteOptions options_;
  bool begun_ = false, open_ = false;
  int power_ = -3;
  std::size_t number_ = 0, entries_ = 0, blocks_ = 0, count_ = 0;
  std::string address_, values_;
  UtcSeconds begin_, end_;
};

}  // namespace

std::unique_ptr<SeriesWriter> make_espi_writer(const WriteOptions& options) {
  return std::make_unique<EspiWriter>(options);
}

}  // namespace amity::exchange
