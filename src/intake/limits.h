#pragma once

#include <cstddef>
#include <cstdint>

namespace amity::intake {

inline constexpr std::int64_t kFutureMax_s = 86'400;          // a reading's time may be so far ahead of our clock
inline constexpr std::size_t kReadingsPerDeliveryMax = 500'000;
inline constexpr std::size_t kEventsPerDeliveryMax = 50'000;
inline constexpr std::size_t kQuarantineTextBytesMax = 32u << 10;  // of one event; more events follow

}  // namespace amity::intake
