#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::mdm {

inline constexpr std::size_t kTariffTextMax = 4'000'000;
inline constexpr std::size_t kTariffItemsMax = 200;  // of each kind
inline constexpr std::size_t kTiersMax = 50;
inline constexpr std::size_t kEarlierPeaksMax = 60;
// Of a price, percentage or threshold as written: 12 digits.
inline constexpr std::int64_t kDecimalValueMax = 999'999'999'999;
inline constexpr int kDecimalsMax = 12;
inline constexpr std::int64_t kAmountMax =
    1'000'000'000'000'000;  // money of one line, smallest unit
inline constexpr std::size_t kLedgerEntriesMax = 1'000'000;
// Of one statement as it is kept.
inline constexpr std::size_t kStatementBytesMax = 4'000'000;
inline constexpr std::size_t kStatementTextMax = 10'000;  // any one text
inline constexpr std::size_t kStatementLinesMax = 20'000;
inline constexpr std::size_t kStatementInputsMax = 10'000;
inline constexpr std::size_t kStatementDaysMax = 1'000;
inline constexpr std::size_t kStatementStepsMax =
    1'000;  // multipliers of one channel within the period

}  // namespace amity::mdm
