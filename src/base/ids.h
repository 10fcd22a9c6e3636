// Strong integer identifiers: an id of one kind never passes for another.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace amity {

template <class Tag, class Rep = std::uint32_t>
struct Id {
  Rep value = 0;  // 0 is "none"; real ids start at 1

  constexpr Id() = default;
  constexpr explicit Id(Rep v) : value(v) {}
  constexpr bool valid() const { return value != 0; }
  friend constexpr auto operator<=>(Id, Id) = default;
};

}  // namespace amity

template <class Tag, class Rep>
struct std::hash<amity::Id<Tag, Rep>> {
  std::size_t operator()(amity::Id<Tag, Rep> id) const noexcept { return std::hash<Rep>{}(id.value); }
};
