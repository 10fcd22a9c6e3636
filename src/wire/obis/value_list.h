// What vendors' lists of values leave out: which OBIS code stands at which place, scalers, units.
// Data: the model files of meters/ hold it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "wire/dlms/obis.h"

namespace amity::obis {

struct ListColumn {
  dlms::Obis obis;
  int scaler = 0;  // the value is in 10^scaler of the unit
  Unit unit = Unit::kNone;
};

struct ValueList {
  std::string manufacturer;  // of the meters that send it, as reports name it
  // Text of the list's first item, or how it begins where `items` is 0. Empty: any list of the
  // manufacturer.
  std::string id;
  std::string model;      // how the type begins that the list names (96.1.1, 96.1.7); empty: any
  std::size_t items = 0;  // of the list, the first included; 0: OBIS codes stand beside the values
  std::vector<ListColumn> columns;  // of a list with `items`: of what follows the first item
  std::optional<dlms::Obis> tail;   // of a text without OBIS code behind the values

  // By groups A, C and D: vendors differ in the others. nullptr: the list says nothing of it.
  const ListColumn* column(const dlms::Obis& obis) const;
};

class ValueLists {
 public:
  // kConflict where another list has the same id, items and manufacturer.
  Status add(ValueList list);
  const ValueList* positional(std::string_view id, std::size_t items) const;
  // The longest id that `id` begins with; of a meter whose type is known, the longest model first.
  const ValueList* named(std::string_view id, std::string_view model = {}) const;
  const ValueList* of_maker(std::string_view manufacturer) const;
  bool empty() const { return lists_.empty(); }

 private:
  std::vector<ValueList> lists_;
};

}  // namespace amity::obis
