#include "wire/p1/line.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace amity::p1 {
namespace {

constexpr std::size_t kWordBytes = 8;
constexpr std::size_t kDigitsMax = kWordBytes;  // before and behind the point
constexpr std::string_view kLineEnd = "\r\n";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <class Word>
bool same_ends(const char* a, const char* b, std::size_t size) {
  Word first_a, first_b, last_a, last_b;
  std::memcpy(&first_a, a, sizeof first_a);
  std::memcpy(&first_b, b, sizeof first_b);
  std::memcpy(&last_a, a + size - sizeof last_a, sizeof last_a);
  std::memcpy(&last_b, b + size - sizeof last_b, sizeof last_b);
  return ((first_a ^ first_b) | (last_a ^ last_b)) == 0;
}

// Whether `size` characters are the same: mostly so few that a call would cost more.
[[gnu::always_inline]] inline bool same(const char* a, const char* b, std::size_t size) {
  if (size > 16) return std::string_view(a, size) == std::string_view(b, size);
  if (size >= 8) return same_ends<std::uint64_t>(a, b, size);
  if (size >= 4) return same_ends<std::uint32_t>(a, b, size);
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

// The same but for digits in the place of digits: what a data set is made of stays as it is.
bool same_but_digits(const char* a, const char* b, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i] && !(is_digit(a[i]) && is_digit(b[i]))) return false;
  }
  return true;
}

[[gnu::always_inline]] inline void set_text(std::string& text, std::string_view wanted) {
  if (text.size() != wanted.size() || !same(text.data(), wanted.data(), wanted.size()))
    text = wanted;
}

// The number of `count` digits, 1 to kDigitsMax; eight characters may be read. False: one of
// them is no digit.
[[gnu::always_inline]] inline bool read_digits(const char* at, std::size_t count,
                                               std::int64_t& number) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  constexpr std::uint64_t kZeros = 0x3030303030303030;
  const std::size_t shift = 8 * (kDigitsMax - count);
  word = (word ^ kZeros) << shift;  // zeros in front
  if ((((word + 0x7676767676767676) | word) & 0x8080808080808080) != 0) return false;
  word = word * 10 + (word >> 8);
  constexpr std::uint64_t kMask = 0x000000FF000000FF;
  word = ((word & kMask) * (100 + (std::uint64_t{1'000'000} << 32)) +
          (word >> 16 & kMask) * (1 + (std::uint64_t{10'000} << 32))) >>
         32;
  number = static_cast<std::int64_t>(word & 0xFFFFFFFF);
  return true;
}

}  // namespace

void ReadingSlots::begin(wire::Report& report) {
  std::vector<wire::Reading> kept;
  kept.swap(report.readings);
  report.clear();
  kept.swap(report.readings);
  readings_ = &report.readings;
  size_ = 0;
  there_ = report.readings.size();
  first_with_subunit_ = SIZE_MAX;
}

wire::Reading& ReadingSlots::add() {
  wire::Reading& reading = add_unclean();
  std::string id = std::move(reading.id), note = std::move(reading.note);
  id.clear();
  note.clear();
  reading = wire::Reading();
  reading.id = std::move(id);
  reading.note = std::move(note);
  return reading;
}

void Line::learn(std::string_view text, std::size_t size, std::string_view number,
                 const wire::Reading& reading) {
  forget();
  const auto* value = std::get_if<Decimal>(&reading.value);
  if (value == nullptr || !text.starts_with(reading.id)) return;
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::size_t behind = number.size() - std::min(point + 1, number.size());
  if (point == 0 || point > kDigitsMax || behind > kDigitsMax ||
      !std::all_of(number.begin(), number.end(), [](char c) { return is_digit(c) || c == '.'; }) ||
      !is_digit(number.back())) {
    return;
  }
  if (!take_text(text, size)) return;
  kind_ = Kind::kNumber;
  number_at_ = static_cast<std::uint16_t>(number.data() - text.data());
  rest_at_ = static_cast<std::uint16_t>(number_at_ + number.size());
  address_size_ = static_cast<std::uint16_t>(reading.id.size());
  whole_ = static_cast<std::uint8_t>(point);
  behind_ = static_cast<std::uint8_t>(behind);
  exponent_ = static_cast<std::int8_t>(value->exponent);
  quantity_ = reading.quantity;
  unit_ = reading.unit;
  kind_word_ = reading.kind;
  time_ = reading.time;
  storage_ = reading.storage;
  tariff_ = reading.tariff;
  subunit_ = reading.subunit;
  note_ = reading.note;
  bytes_read_ = static_cast<std::uint16_t>(number_at_ + (behind == 0 ? 0 : point + 1) + kWordBytes);
  const std::size_t rest = text_.size() - rest_at_;
  short_ = number_at_ >= kWordBytes && number_at_ <= 2 * kWordBytes && rest <= kWordBytes;
  if (short_) {
    std::memcpy(&ends_.first, text_.data(), kWordBytes);
    std::memcpy(&ends_.last, text_.data() + number_at_ - kWordBytes, kWordBytes);
    ends_.behind = 0;
    std::memcpy(&ends_.behind, text_.data() + rest_at_, rest);
    ends_.behind_mask = ~std::uint64_t{0} >> (8 * (kWordBytes - rest));
  }
  power_ = 1;
  for (std::size_t i = 0; i < behind; ++i) power_ *= 10;
}

void Line::learn(std::string_view text, std::size_t size, const iec62056_21::DataSet& set) {
  forget();
  if (set.count > kPlacesMax || !take_text(text, size)) return;
  kind_ = Kind::kWords;
  address_size_ = static_cast<std::uint16_t>(set.address.size());
  places_count_ = set.count;
  const auto place_of = [&](const char* at) {
    return static_cast<std::uint16_t>(at == nullptr ? 0 : at - text.data());
  };
  for (std::size_t i = 0; i < set.count; ++i) {
    const iec62056_21::DataGroup& group = set.group(i);
    places_[i] = {place_of(group.text.data()), static_cast<std::uint16_t>(group.text.size()),
                  static_cast<std::uint16_t>(group.value.size()), place_of(group.unit.data())};
  }
}

bool Line::take_text(std::string_view text, std::size_t size) {
  static_assert(kTelegramBytesMax <= UINT16_MAX);
  if (text.substr(size, kLineEnd.size()) != kLineEnd) return false;
  text_ = text.substr(0, size + kLineEnd.size());
  return true;
}

bool Line::may_be(std::string_view text) const {
  const std::size_t size = text_.size();
  if (size == 0 || text.size() < size) return false;
  // More values may stand on the next line, and belong to this one.
  return text.size() == size || (text[size] > ' ' && text[size] != '(');
}

std::size_t Line::repeat(std::string_view text, std::size_t offset,
                         iec62056_21::DataSet& set) const {
  const std::size_t size = text_.size();
  if (kind_ != Kind::kWords || !may_be(text)) return 0;
  const char *const at = text.data(), *const known = text_.data();
  if (!same(at, known, size) &&
      !(same(at, known, address_size_) &&
        same_but_digits(at + address_size_, known + address_size_, size - address_size_))) {
    return 0;
  }
  set.address = text.substr(0, address_size_);
  set.offset = offset;
  set.count = places_count_;
  for (std::size_t i = 0; i < places_count_; ++i) {
    const Place& place = places_[i];
    iec62056_21::DataGroup& group = set.groups[i];
    group.text = text.substr(place.at, place.size);
    group.value = text.substr(place.at, place.value_size);
    group.unit = {};
    if (place.unit_at != 0)
      group.unit = text.substr(place.unit_at, place.at + place.size - place.unit_at);
  }
  return size;
}

inline bool Line::same_ends(std::string_view text) const {
  const char* const at = text.data();
  if (!short_ || text.size() < rest_at_ + kWordBytes) {
    return same(at, text_.data(), number_at_) &&
           same(at + rest_at_, text_.data() + rest_at_, text_.size() - rest_at_);
  }
  std::uint64_t first, last, behind;
  std::memcpy(&first, at, kWordBytes);
  std::memcpy(&last, at + number_at_ - kWordBytes, kWordBytes);
  std::memcpy(&behind, at + rest_at_, kWordBytes);
  return ((first ^ ends_.first) | (last ^ ends_.last) |
          ((behind ^ ends_.behind) & ends_.behind_mask)) == 0;
}

std::size_t Line::read(std::string_view text, ReadingSlots& readings) const {
  const std::size_t size = text_.size();
  if (kind_ != Kind::kNumber || !may_be(text) || text.size() < bytes_read_) return 0;
  const char* const at = text.data();
  if (!same_ends(text)) return 0;
  std::int64_t whole, behind;
  const char* const point = at + number_at_ + whole_;
  if (!read_digits(at + number_at_, whole_, whole)) return 0;
  if (behind_ != 0) {
    if (*point != '.' || !read_digits(point + 1, behind_, behind)) return 0;
    whole = whole * power_ + behind;
  }
  wire::Reading& reading = readings.add_unclean();
  const Decimal value{whole, exponent_};
  if (auto* decimal = std::get_if<Decimal>(&reading.value)) {
    *decimal = value;
  } else {
    reading.value = value;
  }
  reading.quantity = quantity_;
  reading.unit = unit_;
  reading.kind = kind_word_;
  reading.time = time_;
  reading.storage = storage_;
  reading.tariff = tariff_;
  readings.set_subunit(reading, subunit_);
  set_text(reading.id, text.substr(0, address_size_));
  set_text(reading.note, note_);
  return size;
}

}  // namespace amity::p1
