#include "wire/report/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <span>

namespace amity::wire {
namespace {

constexpr std::size_t kBufferBytes = 2048, kNumberBytesMax = 64, kShortTextMax = 64;

using Sixteen = std::array<std::uint64_t, 2>;

void put_two(char*& at, unsigned value) {
  *at++ = static_cast<char>('0' + value / 10 % 10);
  *at++ = static_cast<char>('0' + value % 10);
}

// At most 26 characters.
char* write_time(char* at, const MeterTime& time) {
  using Precision = MeterTime::Precision;
  const auto year = static_cast<unsigned>(time.year < 0 ? 0 : time.year);
  put_two(at, year / 100);
  put_two(at, year % 100);
  *at++ = '-';
  put_two(at, time.month);
  *at++ = '-';
  put_two(at, time.day);
  if (time.precision == Precision::kDay) return at;
  *at++ = 'T';
  put_two(at, time.hour);
  *at++ = ':';
  put_two(at, time.minute);
  if (time.precision == Precision::kSecond) {
    *at++ = ':';
    put_two(at, time.second);
  }
  if (!time.utc_offset_minutes) return at;
  const int offset = *time.utc_offset_minutes;
  if (offset == 0) {
    *at++ = 'Z';
    return at;
  }
  const auto size = static_cast<unsigned>(offset < 0 ? -offset : offset);
  *at++ = offset < 0 ? '-' : '+';
  put_two(at, size / 60);
  *at++ = ':';
  put_two(at, size % 60);
  return at;
}

// The bytes of a piece of one to two words, in moves that may overlap: a call costs more than they.
template <class Word>
[[gnu::always_inline]] inline void copy_ends(char* to, const char* from, std::size_t size) {
  Word first, last;
  std::memcpy(&first, from, sizeof first);
  std::memcpy(&last, from + size - sizeof last, sizeof last);
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof last, &last, sizeof last);
}

[[gnu::always_inline]] inline void copy_short(char* to, const char* from, std::size_t size) {
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    copy_ends<Sixteen>(to, from, size);
  } else if (size >= 8) {
    copy_ends<std::uint64_t>(to, from, size);
  } else if (size >= 4) {
    copy_ends<std::uint32_t>(to, from, size);
  } else if (size > 0) {
    to[0] = from[0];
    to[size / 2] = from[size / 2];
    to[size - 1] = from[size - 1];
  }
}

[[gnu::always_inline]] inline char* put(char* at, std::string_view text) {
  copy_short(at, text.data(), text.size());
  return at + text.size();
}
template <std::size_t kSize>
char* put_words(char* at, const char (&literal)[kSize]) {
  std::memcpy(at, literal, kSize - 1);
  return at + kSize - 1;
}
template <class Integer>
[[gnu::always_inline]] inline char* put_digits(char* at, Integer value) {
  if (value >= 0 && value < 10) {
    *at = static_cast<char>('0' + value);
    return at + 1;
  }
  return std::to_chars(at, at + kNumberBytesMax, value).ptr;
}

// Which of eight characters are to be escaped in JSON: control characters, quote, backslash.
std::uint64_t escapes_among(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x80 * kOnes;
  const auto below = [](std::uint64_t x, std::uint64_t n) { return (x - kOnes * n) & ~x; };
  return (below(eight, 0x20) | below(eight ^ kOnes * '"', 1) | below(eight ^ kOnes * '\\', 1)) &
         kHigh;
}

// Whether a text goes into JSON as it is; longer ones than kShortTextMax go the long way.
[[gnu::always_inline]] inline bool is_short_and_plain(std::string_view text) {
  const char* const from = text.data();
  const std::size_t size = text.size();
  if (size == 0) return true;
  const auto at = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(from[i])}; };
  if (size >= 8) {
    if (size > kShortTextMax) return false;
    std::uint64_t found = 0, eight;
    for (std::size_t i = 0; i + 8 < size; i += 8) {
      std::memcpy(&eight, from + i, 8);
      found |= escapes_among(eight);
    }
    std::memcpy(&eight, from + size - 8, 8);
    return (found | escapes_among(eight)) == 0;
  }
  if (size >= 4) {
    std::uint32_t first, last;
    std::memcpy(&first, from, 4);
    std::memcpy(&last, from + size - 4, 4);
    return escapes_among(first | std::uint64_t{last} << 32) == 0;
  }
  return escapes_among(at(0) | at(size / 2) << 8 | at(size - 1) << 16 | 0x2020202020000000) == 0;
}

// Writes through a buffer of its own: most of a report is short pieces.
class Json {
 public:
  explicit Json(std::string& out) : out_(out), at_(buffer_) {}
  Json(const Json&) = delete;
  Json& operator=(const Json&) = delete;
  ~Json() { flush(); }

  void open() { put('{'), first_ = true; }
  void close() { put('}'), first_ = false; }
  // Names are our own words: nothing in them is to be escaped.
  [[gnu::always_inline]] void key(std::string_view name) {
    room(name.size() + 4);
    if (!first_) *at_++ = ',';
    first_ = false;
    *at_++ = '"';
    std::memcpy(at_, name.data(), name.size());
    at_ += name.size();
    *at_++ = '"';
    *at_++ = ':';
  }
  void text(std::string_view value) {
    if (is_short_and_plain(value)) {
      room(value.size() + 2);
      char* const at = at_;
      *at = '"';
      copy_short(at + 1, value.data(), value.size());
      at[1 + value.size()] = '"';
      at_ = at + value.size() + 2;
      return;
    }
    put('"');
    while (!value.empty()) {
      const std::string_view piece = value.substr(0, kBufferBytes / 2);
      room(piece.size());
      const std::size_t plain = copy_plain(at_, piece);
      at_ += plain;
      value.remove_prefix(plain);
      if (plain < piece.size()) {
        escape(static_cast<unsigned char>(value[0]));
        value.remove_prefix(1);
      }
    }
    put('"');
  }
  // What `write` puts at a place of so many bytes: it returns the end.
  template <class Write>
  [[gnu::always_inline]] void write(std::size_t size_max, Write write) {
    room(size_max);
    at_ = write(at_);
    first_ = false;
  }
  [[gnu::always_inline]] void member(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  [[gnu::always_inline]] void member_if(std::string_view name, std::string_view value) {
    if (!value.empty()) member(name, value);
  }
  template <class Integer>
  requires std::is_integral_v<Integer>
  void member(std::string_view name, Integer value) {
    key(name);
    room(kNumberBytesMax);
    at_ = put_digits(at_, value);
  }
  void member(std::string_view name, bool value) {
    key(name);
    raw(value ? "true" : "false");
  }
  void member(std::string_view name, const MeterTime& time) {
    if (time.precision == MeterTime::Precision::kNone) return;
    key(name);
    room(kNumberBytesMax);
    *at_++ = '"';
    at_ = write_time(at_, time);
    *at_++ = '"';
  }
  void number(Decimal decimal) {
    // Within the decimal's limits; anything else would be a breach of its contract.
    if (decimal.exponent < -18 || decimal.exponent > 18) return raw(to_string(decimal));
    room(kNumberBytesMax);
    at_ = write_decimal(at_, decimal);
  }
  void raw(std::string_view digits) {
    if (digits.size() > kBufferBytes) {
      flush();
      out_.append(digits);
      return;
    }
    room(digits.size());
    std::memcpy(at_, digits.data(), digits.size());
    at_ += digits.size();
  }

  template <class Items, class Write>
  void list(std::string_view name, const Items& items, Write write) {
    key(name);
    put('[');
    bool first = true;
    for (const auto& item : items) {
      if (!first) put(',');
      first = false;
      open();
      write(item);
      close();
    }
    put(']');
  }

 private:
  // Place for so many bytes without another look.
  void room(std::size_t size) {
    if (static_cast<std::size_t>(buffer_ + kBufferBytes - at_) < size) flush();
  }

  // Copies until the first character that is to be escaped; how many.
  static std::size_t copy_plain(char* to, std::string_view from) {
    std::size_t i = 0;
    for (; i + 8 <= from.size(); i += 8) {
      std::uint64_t eight;
      std::memcpy(&eight, from.data() + i, 8);
      std::memcpy(to + i, &eight, 8);
      if (escapes_among(eight) != 0) break;
    }
    for (; i < from.size() && !needs_escape(from[i]); ++i) to[i] = from[i];
    return i;
  }
  static bool needs_escape(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  }
  void escape(unsigned char c) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    room(6);
    *at_++ = '\\';
    switch (c) {
      case '"':
      case '\\':
        *at_++ = static_cast<char>(c);
        return;
      case '\n':
        *at_++ = 'n';
        return;
      case '\r':
        *at_++ = 'r';
        return;
      case '\t':
        *at_++ = 't';
        return;
      case '\b':
        *at_++ = 'b';
        return;
      case '\f':
        *at_++ = 'f';
        return;
      default:
        *at_++ = 'u';
        *at_++ = '0';
        *at_++ = '0';
        *at_++ = kHex[c >> 4];
        *at_++ = kHex[c & 15];
    }
  }
  void put(char c) {
    room(1);
    *at_++ = c;
  }
  void flush() {
    out_.append(buffer_, static_cast<std::size_t>(at_ - buffer_));
    at_ = buffer_;
  }

  std::string& out_;
  char* at_;
  bool first_ = true;
  char buffer_[kBufferBytes];
};

// "1.0.1.8.0.255", as DLMS writes it.
bool is_dotted_obis(std::string_view id) {
  return id.size() >= 11 && std::count(id.begin(), id.end(), '.') == 5 && id.front() != '.' &&
         id.back() != '.' && id.find_first_not_of("0123456789.") == std::string_view::npos;
}

// "1-0:1.8.0*255", "1-0:1.8.0": the name goes by the form, protocols mix both.
bool is_obis(std::string_view id) {
  static constexpr std::size_t kGroupMax = 3;  // digits
  std::size_t dash = 0;
  while (dash < id.size() && dash <= kGroupMax && id[dash] != '-') ++dash;
  if (dash == id.size() || dash > kGroupMax)
    return id.find('-') == std::string_view::npos && is_dotted_obis(id);
  std::size_t colon = 0;
  const std::size_t last = std::min(id.size(), dash + kGroupMax + 2);
  while (colon < last && id[colon] != ':') ++colon;
  return dash < colon && colon < last;
}

void write_value(Json& json, const Reading& reading) {
  if (const auto* real = std::get_if<double>(&reading.value)) {
    // JSON has no infinities: a float that is none is no value.
    json.raw(std::isfinite(*real) ? fmt::format("{}", *real) : "null");
  } else if (const auto* text = std::get_if<std::string>(&reading.value)) {
    json.text(*text);
  } else {
    json.number(std::get<Decimal>(reading.value));
  }
}

void write_long_reading(Json& json, const Reading& reading) {
  json.open();
  json.member("quantity", reading.quantity);
  json.member("unit", reading.unit);
  json.key("value");
  write_value(json, reading);
  json.member("storage", reading.storage);
  json.member("tariff", reading.tariff);
  json.member("subunit", reading.subunit);
  json.member_if("kind", reading.kind);
  json.member("time", reading.time);
  if (!reading.id.empty()) json.member(is_obis(reading.id) ? "obis" : "id", reading.id);
  json.member_if("note", reading.note);
  json.close();
}

// Whether it is of the form 1-0:1.8.0*255 and of 8 to 16 characters, as nearly all names are; then
// nothing of it is to be escaped.
bool is_short_obis(std::string_view id) {
  if (id.size() < 8 || id.size() > 16) return false;
  std::uint64_t first, last;
  std::memcpy(&first, id.data(), 8);
  std::memcpy(&last, id.data() + id.size() - 8, 8);
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x80 * kOnes;
  // The lowest character beyond '*' to ':' leaves its high bit in one of the differences.
  const auto beyond = [](std::uint64_t x) { return (x - kOnes * '*') | (kOnes * ':' - x); };
  if (((beyond(first) | beyond(last)) & kHigh) != 0) return false;
  const auto byte = [first](int i) { return static_cast<unsigned char>(first >> 8 * i); };
  if (byte(1) == '-' && byte(3) == ':') return true;
  const auto place_of = [first](char c) {  // 8: not among the first eight
    const std::uint64_t x = first ^ kOnes * static_cast<unsigned char>(c);
    return std::countr_zero((x - kOnes) & ~x & kHigh) / 8;
  };
  const int dash = place_of('-'), colon = place_of(':');
  return dash <= 3 && dash < colon && colon < 8 && colon - dash <= 4;
}

// What nearly all readings are: an exact number, and nothing of its texts to be escaped.
inline bool is_short(const Reading& reading) {
  const auto* exact = std::get_if<Decimal>(&reading.value);
  return exact != nullptr && exact->exponent >= -18 && exact->exponent <= 18 &&
         reading.quantity.size() <= kShortTextMax && reading.unit.size() <= kShortTextMax &&
         reading.kind.size() <= kShortTextMax &&
         (reading.note.empty() || is_short_and_plain(reading.note));
}

constexpr std::size_t kShortReadingMax = 5 * kShortTextMax + 300;  // texts; names and numbers

enum class Name : std::uint8_t { kShortObis, kObis, kOther };

char* write_short_reading(char* at, const Reading& reading, Name name) {
  at = put(put_words(at, "{\"quantity\":\""), reading.quantity);
  at = put(put_words(at, "\",\"unit\":\""), reading.unit);
  at = put_words(at, "\",\"value\":");
  at = write_decimal(at, *std::get_if<Decimal>(&reading.value));
  if ((reading.storage | reading.tariff | reading.subunit) == 0) {
    at = put_words(at, ",\"storage\":0,\"tariff\":0,\"subunit\":0");
  } else {
    at = put_digits(put_words(at, ",\"storage\":"), reading.storage);
    at = put_digits(put_words(at, ",\"tariff\":"), reading.tariff);
    at = put_digits(put_words(at, ",\"subunit\":"), reading.subunit);
  }
  if (!reading.kind.empty()) {
    at = put(put_words(at, ",\"kind\":\""), reading.kind);
    *at++ = '"';
  }
  if (reading.time.precision != MeterTime::Precision::kNone) {
    at = write_time(put_words(at, ",\"time\":\""), reading.time);
    *at++ = '"';
  }
  if (name == Name::kShortObis) {
    at = put_words(at, ",\"obis\":\"");
    copy_ends<std::uint64_t>(at, reading.id.data(), reading.id.size());
    at += reading.id.size();
    *at++ = '"';
  } else if (name == Name::kObis) {
    at = put(put_words(at, ",\"obis\":\""), reading.id);
    *at++ = '"';
  } else if (!reading.id.empty()) {
    at = put(put_words(at, ",\"id\":\""), reading.id);
    *at++ = '"';
  }
  if (!reading.note.empty()) {
    at = put(put_words(at, ",\"note\":\""), reading.note);
    *at++ = '"';
  }
  *at++ = '}';
  return at;
}

void write_readings(Json& json, std::span<const Reading> readings) {
  json.key("readings");
  json.raw("[");
  for (const Reading& reading : readings) {
    const bool short_obis = is_short_obis(reading.id);
    if ((short_obis || is_short_and_plain(reading.id)) && is_short(reading)) {
      const Name name = short_obis            ? Name::kShortObis
                        : is_obis(reading.id) ? Name::kObis
                                              : Name::kOther;
      json.write(kShortReadingMax, [&](char* at) {
        *at = ',';
        return write_short_reading(at + (&reading == readings.data() ? 0 : 1), reading, name);
      });
    } else {
      if (&reading != readings.data()) json.raw(",");
      write_long_reading(json, reading);
    }
  }
  json.raw("]");
}

void write_heads(Json& json, const Report& report) {
  json.member("protocol", report.protocol);
  json.key("meter");
  json.open();
  json.member("id", report.meter.id);
  json.member("manufacturer", report.meter.manufacturer);
  json.member("medium", report.meter.medium);
  json.member("model", report.meter.model);
  json.member_if("version", report.meter.version);
  json.close();
  json.key("security");
  json.open();
  json.member("mode", report.security.mode);
  json.member("ok", report.security.ok);
  json.member_if("reason", report.security.reason);
  if (report.security.suite) json.member("suite", std::int64_t{*report.security.suite});
  if (report.security.invocation_counter)
    json.member("invocation_counter", std::uint64_t{*report.security.invocation_counter});
  json.member_if("system_title", report.security.system_title);
  json.close();
  json.member("time", report.time);
  if (report.status) json.member("status", std::uint64_t{*report.status});
}

}  // namespace

MeterTime to_meter_time(const CivilTime& civil) {
  MeterTime time;
  time.year = static_cast<std::int16_t>(civil.year);
  time.month = static_cast<std::uint8_t>(civil.month);
  time.day = static_cast<std::uint8_t>(civil.day);
  time.hour = static_cast<std::uint8_t>(civil.hour);
  time.minute = static_cast<std::uint8_t>(civil.minute);
  time.second = static_cast<std::uint8_t>(civil.second);
  time.precision = MeterTime::Precision::kSecond;
  return time;
}

std::string to_string(const MeterTime& time) {
  if (time.precision == MeterTime::Precision::kNone) return {};
  char text[kNumberBytesMax];
  return {text, write_time(text, time)};
}

void Report::clear() {
  protocol = {};
  for (std::string* text :
       {&meter.id, &meter.manufacturer, &meter.medium, &meter.model, &meter.version}) {
    text->clear();
  }
  security.mode = SecurityReport().mode;
  security.ok = true;
  security.reason.clear();
  security.suite.reset();
  security.invocation_counter.reset();
  security.system_title.clear();
  time = {};
  status.reset();
  readings.clear();
  events.clear();
  unknown.clear();
  details.clear();
  layout.clear();
}

void append_json(const Report& report, std::string& out) {
  Json json(out);
  json.open();
  write_heads(json, report);
  write_readings(json, report.readings);
  json.list("events", report.events, [&](const Event& event) {
    json.member("code", event.code);
    json.member_if("text", event.text);
    json.member("time", event.time);
    if (!event.id.empty()) json.member(is_obis(event.id) ? "obis" : "id", event.id);
  });
  json.list("unknown", report.unknown, [&](const Unknown& unknown) {
    if (unknown.offset) json.member("offset", std::uint64_t{*unknown.offset});
    json.member_if("id", unknown.id);
    json.member("data", unknown.hex);
  });
  if (!report.details.empty()) {
    json.key("details");
    json.open();
    for (const auto& [name, value] : report.details) json.member(name, value);
    json.close();
  }
  if (report.explain) {
    json.list("layout", report.layout, [&](const Part& part) {
      json.member("offset", std::uint64_t{part.offset});
      json.member("size", std::uint64_t{part.size});
      json.member("depth", std::int64_t{part.depth});
      json.member("meaning", part.meaning);
      json.member_if("value", part.value);
    });
  }
  json.close();
}

}  // namespace amity::wire
