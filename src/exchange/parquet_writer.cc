// Parquet out (Apache Parquet format 2, uncompressed): a row a value, strings by dictionary with
// run lengths, times as UTC milliseconds, values exactly as DECIMAL(38, 9).
// docs/formats/exchange.md has the columns.
#include <fmt/format.h>

#include <bit>
#include <map>
#include <vector>

#include "exchange/quality_codes.h"
#include "exchange/thrift_out.h"
#include "exchange/writers.h"
#include "model/final.h"

namespace amity::exchange {
namespace {

constexpr std::size_t kGroupRows = 131'072;
constexpr int kScale = 9, kDecimalOctets = 16;

enum Type : std::int32_t { kInt32 = 1, kInt64 = 2, kByteArray = 6, kFixed = 7 };
enum Encoding : std::int32_t { kPlain = 0, kRle = 3, kRleDictionary = 8 };
enum Converted : std::int32_t { kUtf8 = 0, kDecimal = 5, kTimestampMillis = 9 };

struct Column {
  const char* name;
  Type type;
};
constexpr Column kColumns[] = {
    {"serial", kByteArray}, {"point", kByteArray},  {"name", kByteArray}, {"unit", kByteArray},
    {"utc", kInt64},        {"duration_s", kInt32}, {"value", kFixed},    {"quality", kByteArray},
    {"flags", kByteArray},  {"code", kByteArray}};
constexpr std::size_t kColumnCount = std::size(kColumns);
constexpr std::size_t kTimeColumn = 4, kDurationColumn = 5, kValueColumn = 6, kQualityColumn = 7;

template <class T>
void put(std::string& out, T value, int octets) {
  for (int i = 0; i < octets; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

FinalOrigin origin_of(Quality quality) {
  if (quality.has(QualityFlag::kEdited)) return FinalOrigin::kEdited;
  return quality.has(QualityFlag::kEstimated) ? FinalOrigin::kEstimated : FinalOrigin::kActual;
}

// Indices of a dictionary, as runs.
struct Texts {
  std::map<std::string, std::uint32_t, std::less<>> index;
  std::string plain;                                          // the dictionary page
  std::vector<std::pair<std::uint32_t, std::uint32_t>> runs;  // index, count

  void add(std::string_view text) {
    auto found = index.find(text);
    if (found == index.end()) {
      found = index.emplace(text, static_cast<std::uint32_t>(index.size())).first;
      put(plain, text.size(), 4);
      plain += text;
    }
    if (runs.empty() || runs.back().first != found->second) runs.emplace_back(found->second, 0);
    ++runs.back().second;
  }
  std::string data() const {
    const int bits = std::max(1, static_cast<int>(std::bit_width(index.size() - 1)));
    std::string out(1, static_cast<char>(bits));
    ThriftOut varints(out);
    for (const auto& [value, count] : runs) {
      varints.varint(std::uint64_t{count} << 1);
      put(out, value, (bits + 7) / 8);
    }
    return out;
  }
};

struct Chunk {
  std::int64_t first_page = 0, data_page = 0, octets = 0;
};
struct Group {
  std::size_t rows = 0;
  std::vector<Chunk> chunks;
};

class ParquetWriter : public SeriesWriter {
 public:
  Status begin_series(const MeterSeries& series, std::string& out) override {
    begin_file(out);
    series_ = series;
    return {};
  }

  Status value(const SeriesValue& value, std::string& out) override {
    __int128 scaled = value.value.value;
    for (int e = value.value.exponent; e > -kScale; --e) scaled *= 10;
    for (int e = value.value.exponent; e < -kScale; ++e) {
      if (scaled % 10 != 0)
        return make_error(ErrorCode::kUnsupported,
                          to_string(value.value) + " has more than nine decimals");
      scaled /= 10;
    }
    texts_[0].add(series_.serial);
    texts_[1].add(series_.point);
    texts_[2].add(series_.name);
    texts_[3].add(symbol(series_.unit));
    put(times_, static_cast<std::uint64_t>(value.time.value * 1'000), 8);
    put(durations_, value.duration_s, 4);
    const auto bits = static_cast<unsigned __int128>(scaled);
    for (int i = kDecimalOctets - 1; i >= 0; --i)
      values_ += static_cast<char>(static_cast<std::uint8_t>(bits >> (8 * i)));
    texts_[kQualityColumn].add(std::string(1, quality_letter(value.quality)));
    texts_[kQualityColumn + 1].add(amity::to_string(value.quality));
    const auto method = static_cast<std::uint8_t>(value.method % kForwardEstimate);
    texts_[kQualityColumn + 2].add(code_of({0, origin_of(value.quality), method, false}));
    if (++rows_ == kGroupRows) end_group(out);
    return {};
  }

  Status finish(std::string& out) override {
    begin_file(out);
    end_group(out);
    std::string footer;
    write_footer(footer);
    out += footer;
    put(out, footer.size(), 4);
    out += "PAR1";
    return {};
  }

 private:
  void begin_file(std::string& out) {
    if (std::exchange(begun_, true)) return;
    out += "PAR1";
    offset_ = 4;
  }

  void page(std::string& out, bool dictionary, Encoding encoding, std::size_t values,
            std::string_view data) {
    std::string head;
    ThriftOut thrift(head);
    thrift.i32(1, dictionary ? 2 : 0);
    thrift.i32(2, static_cast<std::int32_t>(data.size()));
    thrift.i32(3, static_cast<std::int32_t>(data.size()));
    thrift.begin_struct(dictionary ? 7 : 5);
    thrift.i32(1, static_cast<std::int32_t>(values));
    thrift.i32(2, encoding);
    if (!dictionary) {
      thrift.i32(3, kRle);
      thrift.i32(4, kRle);
    }
    thrift.end_struct();
    head += '\0';
    out += head;
    out += data;
    offset_ += static_cast<std::int64_t>(head.size() + data.size());
  }

  void end_group(std::string& out) {
    if (rows_ == 0) return;
    Group group;
    group.rows = rows_;
    for (std::size_t i = 0; i < kColumnCount; ++i) {
      Chunk chunk;
      chunk.first_page = chunk.data_page = offset_;
      if (kColumns[i].type == kByteArray) {
        Texts& texts = texts_[i];
        page(out, true, kPlain, texts.index.size(), texts.plain);
        chunk.data_page = offset_;
        page(out, false, kRleDictionary, rows_, texts.data());
        texts = {};
      } else {
        std::string& plain = i == kTimeColumn       ? times_
                             : i == kDurationColumn ? durations_
                                                    : values_;
        page(out, false, kPlain, rows_, plain);
        plain.clear();
      }
      chunk.octets = offset_ - chunk.first_page;
      group.chunks.push_back(chunk);
    }
    groups_.push_back(std::move(group));
    rows_ = 0;
  }

  void write_footer(std::string& footer) const;
  static void write_schema(ThriftOut& thrift);
  static void write_group(ThriftOut& thrift, const Group& group);

  bool begun_ = false;
  MeterSeries series_;
  Texts texts_[kColumnCount];
  std::string times_, durations_, values_;
  std::size_t rows_ = 0;
  std::int64_t offset_ = 0;
  std::vector<Group> groups_;
};

void ParquetWriter::write_schema(ThriftOut& thrift) {
  thrift.begin_list(2, ThriftOut::Element::kStruct, kColumnCount + 1);
  thrift.begin_element();
  thrift.text(4, "readings");
  thrift.i32(5, static_cast<std::int32_t>(kColumnCount));
  thrift.end_struct();
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    thrift.begin_element();
    thrift.i32(1, kColumns[i].type);
    if (i == kValueColumn) thrift.i32(2, kDecimalOctets);
    thrift.i32(3, 0);  // required
    thrift.text(4, kColumns[i].name);
    if (kColumns[i].type == kByteArray) thrift.i32(6, kUtf8);
    if (i == kTimeColumn) {
      thrift.i32(6, kTimestampMillis);
      thrift.begin_struct(10);
      thrift.begin_struct(8);   // TIMESTAMP
      thrift.boolean(1, true);  // of UTC
      thrift.begin_struct(2);
      thrift.begin_struct(1);  // milliseconds
      thrift.end_struct();
      thrift.end_struct();
      thrift.end_struct();
      thrift.end_struct();
    }
    if (i == kValueColumn) {
      thrift.i32(6, kDecimal);
      thrift.i32(7, kScale);
      thrift.i32(8, 38);
    }
    thrift.end_struct();
  }
}

void ParquetWriter::write_group(ThriftOut& thrift, const Group& group) {
  thrift.begin_element();
  thrift.begin_list(1, ThriftOut::Element::kStruct, kColumnCount);
  std::int64_t octets = 0;
  for (std::size_t i = 0; i < kColumnCount; ++i) {
    const Chunk& chunk = group.chunks[i];
    const bool texts = kColumns[i].type == kByteArray;
    octets += chunk.octets;
    thrift.begin_element();
    thrift.i64(2, chunk.first_page);
    thrift.begin_struct(3);
    thrift.i32(1, kColumns[i].type);
    thrift.begin_list(2, ThriftOut::Element::kI32, texts ? 2 : 1);
    thrift.bare_i32(kPlain);
    if (texts) thrift.bare_i32(kRleDictionary);
    thrift.begin_list(3, ThriftOut::Element::kText, 1);
    thrift.bare_text(kColumns[i].name);
    thrift.i32(4, 0);  // uncompressed
    thrift.i64(5, static_cast<std::int64_t>(group.rows));
    thrift.i64(6, chunk.octets);
    thrift.i64(7, chunk.octets);
    thrift.i64(9, chunk.data_page);
    if (texts) thrift.i64(11, chunk.first_page);
    thrift.end_struct();
    thrift.end_struct();
  }
  thrift.i64(2, octets);
  thrift.i64(3, static_cast<std::int64_t>(group.rows));
  thrift.end_struct();
}

void ParquetWriter::write_footer(std::string& footer) const {
  ThriftOut thrift(footer);
  std::size_t rows = 0;
  for (const Group& group : groups_) rows += group.rows;
  thrift.i32(1, 2);
  write_schema(thrift);
  thrift.i64(3, static_cast<std::int64_t>(rows));
  thrift.begin_list(4, ThriftOut::Element::kStruct, groups_.size());
  for (const Group& group : groups_) write_group(thrift, group);
  thrift.text(6, "amity");
  footer += '\0';
}

}  // namespace

std::unique_ptr<SeriesWriter> make_parquet_writer(const WriteOptions&) {
  return std::make_unique<ParquetWriter>();
}

}  // namespace amity::exchange
