// The attribute codes of Meters and More that are published. A code of a pair asks, the one after
// it answers; 100 is added where a message is authenticated.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace amity::mm {

enum class Attribute : std::uint8_t {
  kRead = 2,
  kReadAnswer = 3,
  kWrite = 4,
  kReadTableSelected = 6,
  kReadTableSelectedAnswer = 7,
  kReadTable = 8,
  kReadTableAnswer = 9,
  kWriteTable = 10,
  kSetTable = 14,
  kResetTable = 16,
  kBufferSelect = 22,
  kBufferSelectAnswer = 23,
  kGetTable = 30,
  kGetTableAnswer = 31,
  kSetIc = 40,
  kWriteTableIc = 42,
  kAddress = 90,
  kAddressAnswer = 91,
};
inline constexpr std::uint8_t kAuthenticatedStep = 100;

// "READTAB", "READTAB answer"; empty: no such code is published.
std::string_view to_string(Attribute attribute);
bool is_published(std::uint8_t code);  // without kAuthenticatedStep
// The code that answers a request; its own where no other is published.
Attribute answer_of(Attribute request);
bool is_answer(Attribute attribute);
// Why a service is not implemented; empty: it is.
std::string_view why_not(Attribute request);

}  // namespace amity::mm
