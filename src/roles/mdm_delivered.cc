// What a delivery shows of its meter's own configuration: readings tell neither device, multiplier
// nor unit, but their times tell how long the meter's intervals are.
#include <numeric>

#include "roles/mdm_settler_day.h"

namespace amity::roles {
namespace {

constexpr std::size_t kDistancesMin = 8;

// The distance that all distances are a multiple of, where three of four are it itself: gaps hide
// some, a single odd time shows nothing. 0 where there is none.
std::uint32_t usual_distance_s(const std::vector<std::int64_t>& distances) {
  if (distances.size() < kDistancesMin) return 0;
  std::int64_t common = 0, same = 0;
  for (const std::int64_t d : distances) common = std::gcd(common, d);
  for (const std::int64_t d : distances) same += d == common;
  return 4 * same >= 3 * std::ssize(distances) ? static_cast<std::uint32_t>(common) : 0;
}

}  // namespace

std::optional<mdm::Reported> reported_of(const Channel& channel, std::span<const Reading> readings,
                                         const mdm::LocalDay& own) {
  std::vector<std::int64_t> distances;
  std::optional<UtcSeconds> last;
  for (const Reading& r : readings) {
    if (r.time <= own.start || r.time > own.end()) continue;
    if (last) distances.push_back(r.time - *last);
    last = r.time;
  }
  const std::uint32_t interval_s = usual_distance_s(distances);
  if (interval_s == 0 || interval_s == channel.interval_s) return std::nullopt;
  return mdm::Reported{channel.device, channel.multiplier, channel.unit, interval_s};
}

}  // namespace amity::roles
