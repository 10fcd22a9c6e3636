#include "world/replay.h"

#include <fmt/format.h>
#include <lzma.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <memory>

#include "base/civil.h"
#include "world/limits.h"

namespace amity::world {
namespace {

constexpr std::string_view kHeader = "customer_id,reading_datetime,event_key,general_supply_kwh";
constexpr const char* kFileName = "sgsc_50_customers_halfhourly.csv.xz";

Error bad_line(std::size_t line, std::string_view why) {
  return make_error(ErrorCode::kMalformed, fmt::format("line {}: {}", line, why));
}

bool number(std::string_view text, auto& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// "0.141" -> 141; at most three decimals, so that nothing is rounded.
bool wh_from_kwh(std::string_view text, std::int32_t& wh) {
  const std::size_t dot = text.find('.');
  std::int32_t whole = 0, part = 0;
  if (text.starts_with('-') || !number(text.substr(0, dot), whole) || whole > 100'000) return false;
  if (dot != std::string_view::npos) {
    const std::string_view digits = text.substr(dot + 1);
    if (digits.empty() || digits.size() > 3 || digits[0] == '-' || !number(digits, part)) return false;
    for (std::size_t i = digits.size(); i < 3; ++i) part *= 10;
  }
  wh = whole * 1'000 + part;
  return true;
}

// "2012-02-10 08:00:00", as if it were UTC.
bool stamp_from(std::string_view t, UtcSeconds& out) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0;
  if (t.size() != 19 || t[4] != '-' || t[7] != '-' || t[10] != ' ' || t.substr(16) != ":00") return false;
  if (!number(t.substr(0, 4), y) || !number(t.substr(5, 2), mo) || !number(t.substr(8, 2), d) ||
      !number(t.substr(11, 2), h) || !number(t.substr(14, 2), mi)) {
    return false;
  }
  if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || (mi != 0 && mi != 30)) return false;
  out = utc_from_civil(y, mo, d, h, mi, 0);
  return true;
}

struct Line {
  std::uint32_t customer = 0;
  UtcSeconds stamp;
  std::int32_t wh = 0;
};

Result<Line> parse_line(std::string_view text, std::size_t line) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t comma = text.find(',');
    if ((comma == std::string_view::npos) != (i == 3)) return bad_line(line, "not four fields");
    fields[i] = text.substr(0, comma);
    text = i == 3 ? std::string_view() : text.substr(comma + 1);
  }
  Line out;
  if (!number(fields[0], out.customer)) return bad_line(line, "customer_id is no number");
  if (!stamp_from(fields[1], out.stamp)) return bad_line(line, "reading_datetime is no half hour");
  if (!wh_from_kwh(fields[3], out.wh)) return bad_line(line, "general_supply_kwh is not a kWh with 3 decimals");
  return out;
}

// Collects the rows, one home after the other, and puts repeated stamps where they belong.
class Builder {
 public:
  Status add(const Line& line, std::size_t number) {
    if (replay_.homes.empty() || replay_.homes.back().customer != line.customer) {
      AMITY_CHECK(finish_home());
      if (replay_.homes.size() >= kReplayHomesMax) return make_error(ErrorCode::kLimit, "too many homes");
      replay_.homes.push_back({line.customer, {}});
      previous_ = UtcSeconds(INT64_MIN / 2);
    }
    auto& rows = replay_.homes.back().rows;
    if (rows.size() >= kReplayRowsPerHomeMax) return make_error(ErrorCode::kLimit, "too many rows of one home");
    if (line.stamp < previous_) return bad_line(number, "the stamps of a home go backwards");
    const bool repeated = line.stamp == previous_;
    previous_ = line.stamp;
    rows.push_back({line.stamp - kReplayOffsetSeconds + (repeated ? 3'600 : 0), line.wh, repeated});
    if (repeated) {
      ++replay_.moved;
      ++moved_on_[UtcDay(static_cast<std::int32_t>(line.stamp.value / 86'400))];
    }
    ++replay_.rows;
    return {};
  }

  Result<Replay> finish() {
    AMITY_CHECK(finish_home());
    for (const auto& [day, count] : moved_on_) {
      replay_.remarks.push_back(fmt::format(
          "{}: {} rows repeat the stamp 01:00 or 01:30; each second one is kept as the row of an hour later",
          to_iso(day.start()).substr(0, 10), count));
    }
    return std::move(replay_);
  }

 private:
  Status finish_home() {
    if (replay_.homes.empty()) return {};
    auto& rows = replay_.homes.back().rows;
    std::ranges::sort(rows, {}, &ReplayRow::end);
    const auto same = std::ranges::adjacent_find(rows, {}, &ReplayRow::end);
    if (same != rows.end()) {
      return make_error(ErrorCode::kConflict, fmt::format("home {}: two rows end at {}", replay_.homes.back().customer,
                                                          to_iso(same->end)));
    }
    return {};
  }

  Replay replay_;
  UtcSeconds previous_;
  std::map<UtcDay, std::size_t> moved_on_;
};

Result<Bytes> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) return make_error(ErrorCode::kNotFound, path + " cannot be opened");
  Bytes out;
  std::array<std::uint8_t, 65'536> chunk;
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    if (out.size() + count > kReplayFileBytesMax) return make_error(ErrorCode::kLimit, path + " is too large");
    append(out, ByteView(chunk).first(count));
  }
  if (std::ferror(file.get()) != 0) return make_error(ErrorCode::kIo, path + " cannot be read");
  return out;
}

}  // namespace

std::span<const ReplayRow> ReplayHome::between(UtcSeconds after, UtcSeconds until) const {
  const auto first = std::ranges::upper_bound(rows, after, {}, &ReplayRow::end);
  const auto last = std::ranges::upper_bound(rows, until, {}, &ReplayRow::end);
  return first < last ? std::span(first, last) : std::span<const ReplayRow>();
}

Result<Replay> parse_replay(ByteView csv) {
  std::string_view text = as_text(csv);
  Builder builder;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > kReplayLineMax) return bad_line(number, "too long");
    if (number == 1) {
      if (line != kHeader) return bad_line(number, fmt::format("the header is not \"{}\"", kHeader));
      continue;
    }
    if (line.empty()) continue;
    AMITY_TRY(const Line parsed, parse_line(line, number));
    AMITY_CHECK(builder.add(parsed, number));
  }
  return builder.finish();
}

Result<Bytes> unpack_xz(ByteView compressed, std::size_t size_max) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, 256u << 20, 0) != LZMA_OK) return make_error(ErrorCode::kLimit, "xz: no memory");
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> guard(&stream, &lzma_end);
  Bytes out;
  std::array<std::uint8_t, 65'536> chunk;
  stream.next_in = compressed.data();
  stream.avail_in = compressed.size();
  for (;;) {
    stream.next_out = chunk.data();
    stream.avail_out = chunk.size();
    const lzma_ret ret = lzma_code(&stream, LZMA_FINISH);
    const std::size_t count = chunk.size() - stream.avail_out;
    if (out.size() + count > size_max) return make_error(ErrorCode::kLimit, "xz: the content is too large");
    append(out, ByteView(chunk).first(count));
    if (ret == LZMA_STREAM_END) return out;
    if (ret != LZMA_OK) {
      return make_error(ErrorCode::kMalformed, fmt::format("xz: damaged (liblzma {})", static_cast<int>(ret)),
                        compressed.size() - stream.avail_in);
    }
  }
}

Result<Replay> load_replay(const std::string& directory) {
  AMITY_TRY(const Bytes packed, read_file(directory + "/" + kFileName));
  AMITY_TRY(const Bytes csv, unpack_xz(packed, kReplayFileBytesMax));
  return parse_replay(csv);
}

std::vector<ExpectedInterval> expected_intervals(const Replay& replay, UtcSeconds after, UtcSeconds until) {
  std::vector<ExpectedInterval> out;
  for (std::size_t home = 0; home < replay.homes.size(); ++home) {
    for (const ReplayRow& row : replay.homes[home].between(after, until)) {
      out.push_back({static_cast<std::uint32_t>(home), row.end, row.wh});
    }
  }
  return out;
}

HalfHourSeries series_of(const ReplayHome& home, std::int32_t& first_day) {
  HalfHourSeries out;
  if (home.rows.empty()) return out;
  first_day = day_of_interval_end(home.rows.front().end + kReplayOffsetSeconds).value;
  const UtcSeconds start = UtcDay(first_day).start() - kReplayOffsetSeconds;
  out.wh.assign(static_cast<std::size_t>((home.rows.back().end - start) / kReplayIntervalSeconds), kMissing);
  for (const ReplayRow& row : home.rows) {
    out.wh[static_cast<std::size_t>((row.end - start) / kReplayIntervalSeconds - 1)] = row.wh;
  }
  return out;
}

}  // namespace amity::world
