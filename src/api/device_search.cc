// Filtering, sorting and paging of the device list. A page continues after the last row's sort key,
// so that rows which come, go or change in between never make it repeat or skip the others.
#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

#include "api/directory.h"
#include "api/http/uri.h"
#include "api/limits.h"

namespace amity::api {

namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Key {
  double number = 0;
  std::string_view text;
  std::uint32_t id = 0;
};

bool before(const Key& a, const Key& b, bool descending) {
  if (a.number != b.number) return descending ? a.number > b.number : a.number < b.number;
  if (a.text != b.text) return descending ? a.text > b.text : a.text < b.text;
  return a.id < b.id;
}

double status_rank(std::string_view status) {
  static constexpr std::string_view kWorstFirst[] = {"security", "silent", "late", "new", "ok"};
  for (std::size_t i = 0; i < 5; ++i) {
    if (kWorstFirst[i] == status) return static_cast<double>(i);
  }
  return 5;
}

double number_or_never(UtcSeconds t) {
  return t.value == 0 ? kNever : static_cast<double>(t.value);
}

Key key_of(const std::string& sort, const DirectoryRow& row, const DeviceStatus& status) {
  Key key;
  key.id = row.device.id.value;
  if (sort == "serial") key.text = row.device.serial;
  if (sort == "model") key.text = row.device.model;
  if (sort == "segment") key.text = row.device.segment;
  if (sort == "customer") key.text = row.customer;
  if (sort == "status") key.number = status_rank(status.status);
  if (sort == "last_contact") key.number = number_or_never(status.last_contact);
  if (sort == "last_reading") key.number = number_or_never(status.last_reading);
  if (sort == "completeness_24h") key.number = status.completeness_24h.value_or(kNever);
  if (sort == "clock_offset_s")
    key.number = status.clock_offset_s ? *status.clock_offset_s : kNever;
  return key;
}

std::string encode_cursor(const DeviceSearch& search, const Key& key) {
  std::string text = search.sort + (search.descending ? "-|" : "|") +
                     std::to_string(std::bit_cast<std::uint64_t>(key.number)) + "|" +
                     std::to_string(key.id) + "|";
  text += key.text;
  return base64url(text);
}

struct Cursor {
  double number = 0;
  std::string text;
  std::uint32_t id = 0;
};

template <class Number>
bool take_number(std::string_view& rest, Number& out) {
  const std::size_t bar = rest.find('|');
  if (bar == std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + bar, out);
  const bool fine = error == std::errc() && end == rest.data() + bar;
  rest.remove_prefix(bar + 1);
  return fine;
}

Result<Cursor> decode_cursor(const DeviceSearch& search) {
  const Error bad = make_error(ErrorCode::kInvalid, "the cursor is not of this listing");
  auto decoded = from_base64url(search.after);
  if (!decoded.ok()) return bad;
  const std::string prefix = search.sort + (search.descending ? "-|" : "|");
  if (!decoded->starts_with(prefix)) return bad;
  std::string_view rest = std::string_view(*decoded).substr(prefix.size());
  std::uint64_t number = 0;
  Cursor cursor;
  if (!take_number(rest, number) || !take_number(rest, cursor.id)) return bad;
  cursor.number = std::bit_cast<double>(number);
  cursor.text = rest;
  return cursor;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Every word of the query begins a word of the row. A query like "AM-0012" is words "am" and
// "0012".
std::vector<std::string> query_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word = " ";
  for (const char c : lower(text) + " ") {
    const bool letter =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
    if (letter) {
      word += c;
    } else if (word.size() > 1) {
      words.push_back(std::exchange(word, " "));
    }
  }
  return words;
}

// A group is named by its id, or by its name.
bool is_group(const std::string& wanted, std::uint32_t id, const std::string& name) {
  return wanted.empty() || wanted == name || wanted == std::to_string(id);
}

}  // namespace

bool Area::everything() const {
  return !segment && feeder.empty() && transformer.empty() && model.empty();
}

bool Area::holds(const DirectoryRow& row) const {
  const bool direct = segment && (segment->empty() || *segment == kDirectSegment);
  if (segment && row.device.segment != (direct ? "" : *segment)) return false;
  if (!model.empty() && row.device.model != model) return false;
  return is_group(transformer, row.transformer_id, row.transformer) &&
         is_group(feeder, row.feeder_id, row.feeder);
}

bool is_device_sort(std::string_view name) {
  static constexpr std::string_view kSorts[] = {
      "serial",           "model",          "segment", "status", "last_contact", "last_reading",
      "completeness_24h", "clock_offset_s", "customer"};
  return std::find(std::begin(kSorts), std::end(kSorts), name) != std::end(kSorts);
}

Result<DeviceListing> search_devices(const DirectorySnapshot& directory,
                                     const std::vector<DeviceStatus>& statuses,
                                     const DeviceSearch& search) {
  std::vector<const DeviceStatus*> status_of(directory.rows.size(), nullptr);
  for (const auto& status : statuses) {
    const auto found = directory.by_id.find(status.device);
    if (found != directory.by_id.end()) status_of[found->second] = &status;
  }
  Cursor cursor;
  if (!search.after.empty()) {
    AMITY_TRY(cursor, decode_cursor(search));
  }
  const Key after{cursor.number, cursor.text, cursor.id};
  const auto words = query_words(search.text);
  static const DeviceStatus kUnknown{{}, "new", {}, {}, {}, {}};
  std::vector<std::pair<Key, std::uint32_t>> kept;
  for (std::uint32_t i = 0; i < directory.rows.size(); ++i) {
    const DirectoryRow& row = directory.rows[i];
    const DeviceStatus& status = status_of[i] ? *status_of[i] : kUnknown;
    if (!search.area.holds(row)) continue;
    if (!search.status.empty() && status.status != search.status) continue;
    if (search.commodity && row.device.commodity != *search.commodity) continue;
    if (!search.protocol.empty() && row.device.protocol != search.protocol) continue;
    const auto begins = [&](const std::string& word) {
      return row.words.find(word) != std::string::npos;
    };
    if (!std::all_of(words.begin(), words.end(), begins)) continue;
    const Key key = key_of(search.sort, row, status);
    if (!search.after.empty() && !before(after, key, search.descending)) continue;
    kept.emplace_back(key, i);
  }
  const std::size_t shown = std::min(search.limit, kept.size());
  std::partial_sort(
      kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(shown), kept.end(),
      [&](const auto& a, const auto& b) { return before(a.first, b.first, search.descending); });
  DeviceListing listing;
  for (std::size_t i = 0; i < shown; ++i) {
    const std::uint32_t index = kept[i].second;
    listing.rows.push_back(&directory.rows[index]);
    listing.statuses.push_back(status_of[index] ? *status_of[index] : kUnknown);
  }
  if (shown < kept.size() && shown > 0) listing.next = encode_cursor(search, kept[shown - 1].first);
  return listing;
}

}  // namespace amity::api
