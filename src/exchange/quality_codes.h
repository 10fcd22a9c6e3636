// What each format says of a value, and what we make of it; the way back beside it. What a format
// has no word for is lost on the way out, and only there: docs/formats/exchange.md lists it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/reading.h"

namespace amity::exchange {

// Added to the method of an estimate that is to be replaced by a reading: NEM12's E, where S stays.
inline constexpr std::uint8_t kForwardEstimate = 100;

struct QualityCode {
  Quality quality;
  std::uint8_t method = 0;  // NEM12's number of the substitution method, + kForwardEstimate
  friend bool operator==(const QualityCode&, const QualityCode&) = default;
};

// NEM12 and NEM13: "A", "S14", "F17", "E62", "N". "V" is no quality of a value: nothing.
std::optional<QualityCode> quality_from_nem12(std::string_view text);
std::string nem12_quality(QualityCode code);
// One of AEMO's numbers of a method of substitution or estimation: 11-25 of intervals, 51-58 and
// 61-69 of registers, 71-75 of loads that are reckoned without a meter.
bool is_nem12_method(std::int64_t number);

// CMEP's data quality flag: "" valid, "R" raw, "E" estimated, "A" adjusted, "N" no value; a digit
// may follow ("R0").
std::optional<QualityCode> quality_from_cmep(std::string_view text);
std::string_view cmep_quality(QualityCode code);

// QualityOfReading of ESPI: 0 valid, 7 edited, 8 estimated from a reference day, ...
std::optional<QualityCode> quality_from_espi(int code);
int espi_quality(QualityCode code);

// ReadingQualityType of IEC 61968-9, "system.category.subcategory": the category decides.
std::optional<QualityCode> quality_from_cim(std::string_view text);
std::string_view cim_quality(QualityCode code);

// Qualifier of MSCONS' QTY: 220 true value, 67 substitute, 20 not usable.
int mscons_quality(QualityCode code);

}  // namespace amity::exchange
