// Limits of Modbus (application protocol V1.1b3).
#pragma once

#include <cstddef>

namespace amity::modbus {

inline constexpr std::size_t kPduBytesMax = 253;
inline constexpr std::size_t kReadRegistersMax = 125;
inline constexpr std::size_t kWriteRegistersMax = 123;
inline constexpr std::size_t kMapEntriesMax = 1'000;

}  // namespace amity::modbus
