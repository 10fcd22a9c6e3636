// Rows of a query as values.
#pragma once

#include <optional>
#include <vector>

#include "store/sqlite.h"

namespace amity::store {

template <class T, class Get>
Result<std::vector<T>> collect(Query& q, Get get) {
  std::vector<T> all;
  while (true) {
    AMITY_TRY(const bool more, q.step());
    if (!more) return all;
    all.push_back(get(q));
  }
}

template <class T, class Get>
Result<std::optional<T>> at_most_one(Query& q, Get get) {
  AMITY_TRY(const bool there, q.step());
  if (!there) return std::optional<T>();
  return std::optional<T>(get(q));
}

template <class IdType>
IdType get_id(Query& q) {
  return IdType(static_cast<decltype(IdType{}.value)>(q.integer()));
}

}  // namespace amity::store
