#include "exchange/quality_codes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace amity::exchange {
namespace {

// In order of weight: the first that a quality has is what is written.
enum class Meaning : std::uint8_t { kInvalid, kEdited, kEstimated, kSuspect, kActual };

struct Row {
  Meaning meaning;
  char nem12;
  std::string_view cmep;
  int espi;
  std::string_view cim;
  int mscons;
};

constexpr Row kRows[] = {
    {Meaning::kInvalid, 'N', "N", 10, "3.10.0", 20},
    {Meaning::kEdited, 'F', "A", 7, "3.7.0", 67},
    {Meaning::kEstimated, 'S', "E", 8, "3.8.0", 67},
    {Meaning::kSuspect, 'A', "R", 10, "3.10.0", 220},
    {Meaning::kActual, 'A', "", 0, "3.0.0", 220},
};

constexpr std::uint8_t kMethodLinear = 17, kMethodLikeDay = 14, kMethodAlternate = 18;

Meaning meaning_of(Quality q) {
  if (q.has(QualityFlag::kDataInvalid)) return Meaning::kInvalid;
  if (q.has(QualityFlag::kEdited)) return Meaning::kEdited;
  if (q.has(QualityFlag::kEstimated)) return Meaning::kEstimated;
  const bool suspect = q.has(QualityFlag::kClockInvalid) || q.has(QualityFlag::kPartial) ||
                       q.has(QualityFlag::kOverflow);
  return suspect ? Meaning::kSuspect : Meaning::kActual;
}

const Row& row_of(Quality quality) {
  const Meaning meaning = meaning_of(quality);
  for (const Row& row : kRows) {
    if (row.meaning == meaning) return row;
  }
  return kRows[std::size(kRows) - 1];
}

QualityCode flagged(QualityFlag flag, std::uint8_t method = 0) {
  return {Quality{}.with(flag), method};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<QualityCode> quality_from_nem12(std::string_view text) {
  if (text.empty() || (text.size() != 1 && text.size() != 3)) return std::nullopt;
  std::uint8_t method = 0;
  if (text.size() == 3) {
    if (!is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
    method = static_cast<std::uint8_t>((text[1] - '0') * 10 + (text[2] - '0'));
  }
  switch (text[0]) {
    case 'A':
      return QualityCode{{}, method};
    case 'E':
      return flagged(QualityFlag::kEstimated,
                     method == 0 ? method : static_cast<std::uint8_t>(method + kForwardEstimate));
    case 'S':
      return flagged(QualityFlag::kEstimated, method);
    case 'F':
      return flagged(QualityFlag::kEdited, method);
    case 'N':
      return flagged(QualityFlag::kDataInvalid, method);
    default:
      return std::nullopt;
  }
}

bool is_nem12_method(std::int64_t number) {
  constexpr std::pair<int, int> kRanges[] = {{11, 25}, {51, 58}, {61, 69}, {71, 75}};
  return std::ranges::any_of(
      kRanges, [&](const auto& r) { return number >= r.first && number <= r.second; });
}

std::string nem12_quality(QualityCode code) {
  const Row& row = row_of(code.quality);
  if (row.nem12 != 'S' && row.nem12 != 'F') return std::string(1, row.nem12);
  const bool forward = row.nem12 == 'S' && code.method >= kForwardEstimate;
  const int method = code.method % kForwardEstimate;
  return fmt::format("{}{:02}", forward ? 'E' : row.nem12,
                     method == 0 ? int{kMethodAlternate} : method);
}

std::optional<QualityCode> quality_from_cmep(std::string_view text) {
  if (text.empty()) return QualityCode{};
  if (text.size() > 2 || (text.size() == 2 && !is_digit(text[1]))) return std::nullopt;
  switch (text[0]) {
    case 'R':
      return QualityCode{};
    case 'E':
      return flagged(QualityFlag::kEstimated);
    case 'A':
      return flagged(QualityFlag::kEdited);
    case 'N':
      return flagged(QualityFlag::kDataInvalid);
    default:
      return std::nullopt;
  }
}

std::string_view cmep_quality(QualityCode code) {
  return row_of(code.quality).cmep;
}

std::optional<QualityCode> quality_from_espi(int code) {
  switch (code) {
    case 0:   // valid
    case 11:  // derived
    case 14:  // raw
    case 17:  // validated
    case 18:  // verified
    case 19:
      return QualityCode{};  // revenue quality
    case 7:                  // manually edited
    case 15:
      return flagged(QualityFlag::kEdited);  // normalised for weather
    case 8:
      return flagged(QualityFlag::kEstimated, kMethodLikeDay);
    case 9:
      return flagged(QualityFlag::kEstimated, kMethodLinear);
    case 12:  // projected
    case 13:
      return flagged(QualityFlag::kEstimated);  // mixed
    case 10:                                    // questionable
    case 16:
      return flagged(QualityFlag::kDataInvalid);  // other: failed for a reason not told
    default:
      return std::nullopt;
  }
}

int espi_quality(QualityCode code) {
  const Row& row = row_of(code.quality);
  return row.meaning == Meaning::kEstimated && code.method % kForwardEstimate == kMethodLinear
             ? 9
             : row.espi;
}

std::optional<QualityCode> quality_from_cim(std::string_view text) {
  const std::size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  int category = -1;
  const auto [end, error] =
      std::from_chars(text.data() + first + 1, text.data() + text.size(), category);
  if (error != std::errc() || (end != text.data() + text.size() && *end != '.'))
    return std::nullopt;
  switch (category) {
    case 0:  // valid
    case 1:  // diagnostics
    case 2:  // power quality
    case 3:  // tamper
    case 4:  // data collection
    case 11:
      return QualityCode{};  // derived
    case 5:                  // reasonability: a check failed
    case 6:                  // validation: a check failed
    case 10:
      return flagged(QualityFlag::kDataInvalid);  // questionable
    case 7:
      return flagged(QualityFlag::kEdited);
    case 8:
    case 12:
      return flagged(QualityFlag::kEstimated);  // projected
    default:
      return std::nullopt;
  }
}

std::string_view cim_quality(QualityCode code) {
  return row_of(code.quality).cim;
}

int mscons_quality(QualityCode code) {
  return row_of(code.quality).mscons;
}

}  // namespace amity::exchange
