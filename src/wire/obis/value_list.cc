#include "wire/obis/value_list.h"

#include <algorithm>
#include <utility>

namespace amity::obis {

const ListColumn* ValueList::column(const dlms::Obis& obis) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const ListColumn& c) {
    return c.obis.a() == obis.a() && c.obis.c() == obis.c() && c.obis.d() == obis.d();
  });
  return found == columns.end() ? nullptr : &*found;
}

Status ValueLists::add(ValueList list) {
  if (list.manufacturer.empty())
    return make_error(ErrorCode::kInvalid, "a list of values names its manufacturer");
  if (list.items != 0 && (list.id.empty() || list.columns.size() + 1 != list.items)) {
    return make_error(ErrorCode::kInvalid,
                      "a list of values by place has an id and a column for each item behind it");
  }
  for (const ValueList& other : lists_) {
    if (other.id == list.id && other.items == list.items && other.model == list.model &&
        (!list.id.empty() || other.manufacturer == list.manufacturer)) {
      return make_error(ErrorCode::kConflict,
                        "two lists of values \"" + list.id + "\" of " + list.manufacturer);
    }
  }
  lists_.push_back(std::move(list));
  return {};
}

const ValueList* ValueLists::positional(std::string_view id, std::size_t items) const {
  for (const ValueList& list : lists_) {
    if (items != 0 && list.items == items && list.id == id) return &list;
  }
  return nullptr;
}

const ValueList* ValueLists::named(std::string_view id, std::string_view model) const {
  const auto weight = [](const ValueList& list) {
    return std::pair(list.model.size(), list.id.size());
  };
  const ValueList* best = nullptr;
  for (const ValueList& list : lists_) {
    if (list.items != 0 || list.id.empty() || !id.starts_with(list.id)) continue;
    if (!model.starts_with(list.model)) continue;
    if (best == nullptr || weight(*best) < weight(list)) best = &list;
  }
  return best;
}

const ValueList* ValueLists::of_maker(std::string_view manufacturer) const {
  for (const ValueList& list : lists_) {
    if (list.items == 0 && list.id.empty() && list.manufacturer == manufacturer) return &list;
  }
  return nullptr;
}

}  // namespace amity::obis
