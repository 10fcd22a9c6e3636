// Vendors' pushes whose values stand by position, and units of pushes that carry none. Data only.
#pragma once

#include <span>
#include <string_view>

#include "wire/dlms/obis.h"

namespace amity::decode {

struct PushColumn {
  dlms::Obis obis;
  int scaler = 0;
  std::uint8_t unit = 255;  // DLMS unit; 255: none
};

// Recognised by the text of the first item and the number of items; columns follow the first item.
struct PositionalList {
  std::string_view id;
  std::size_t items = 0;
  std::string_view manufacturer;
  std::span<const PushColumn> columns;
};
const PositionalList* find_positional_list(std::string_view id, std::size_t items);

// Lists of OBIS and value pairs without scaler and unit: the vendor's own, by the start of the
// first item's text.
struct PairList {
  std::string_view id;
  std::string_view manufacturer;
  std::span<const PushColumn> columns;  // matched without groups B, E and F
};
const PairList* find_pair_list(std::string_view id);

}  // namespace amity::decode
