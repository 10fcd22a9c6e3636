// Invented names: streets, people, suburbs. Any resemblance is chance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace amity::world {

inline constexpr std::size_t kStreetNames = 60 * 6;

std::string street_name(std::size_t index);  // "Wattle Street"; repeats after kStreetNames
std::string suburb_name(int column, int row);  // of the town's districts; (0, 0) is the centre
std::string person_name(std::uint64_t seed, std::uint32_t index);
std::string business_name(std::uint64_t seed, std::uint32_t index);

}  // namespace amity::world
