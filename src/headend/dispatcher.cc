#include "headend/dispatcher.h"

#include <algorithm>

#include "headend/limits.h"

namespace amity::headend {

void TokenBucket::refill(Instant now) {
  if (at_.us != 0 && now > at_) {
    tokens_ = std::min(burst_, tokens_ + per_s_ * static_cast<double>((now - at_).count()) * 1e-6);
  }
  if (at_.us == 0 || now > at_) at_ = now;
}

bool TokenBucket::take(Instant now) {
  refill(now);
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

Instant TokenBucket::next(Instant now) {
  refill(now);
  if (tokens_ >= 1) return now;
  return now + Duration(static_cast<std::int64_t>((1 - tokens_) / per_s_ * 1e6) + 1);
}

std::int64_t AirTime::window_us() const {
  return kDutyWindow_s * 1'000 * permille_;
}

Instant AirTime::next(Instant now) {
  if (!limited()) return now;
  if (at_.us == 0) at_ = now;
  if (now > at_) {
    // What is below a microsecond on the air counts with the next look: there may be many looks.
    const std::int64_t gained_us = (now - at_).count() * permille_ / 1'000;
    left_us_ = std::min(window_us(), left_us_ + gained_us);
    at_ = at_ + Duration(gained_us * 1'000 / permille_);
  }
  if (left_us_ > 0) return now;
  return now + Duration(-left_us_ * 1'000 / permille_ + 1'000 / permille_ + 1);
}

Dispatcher::Dispatcher(const DispatchLimits& limits)
    : limits_(limits), tokens_(limits.starts_per_s, std::max(1.0, limits.starts_per_s / 10)) {
  segments_.emplace_back(SegmentLimits{SIZE_MAX, 1e12, 1e12, 1'000});  // 0: direct
}

std::uint32_t Dispatcher::segment(const std::string& name,
                                  const std::optional<SegmentLimits>& limits) {
  if (name.empty()) return 0;
  const auto [at, fresh] = by_name_.try_emplace(name, static_cast<std::uint32_t>(segments_.size()));
  if (fresh) {
    const SegmentLimits usual{limits_.segment_in_flight_max, limits_.segment_starts_per_s,
                              limits_.segment_burst, 1'000};
    segments_.emplace_back(limits.value_or(usual));
  }
  return at->second;
}

bool Dispatcher::full(std::uint32_t index) const {
  return segments_[index].in_flight >= segments_[index].limits.in_flight_max;
}

void Dispatcher::unlist(std::uint32_t index) {
  Segment& segment = segments_[index];
  if (!segment.listed) return;
  ready_.erase({segment.listed->first, segment.listed->second, index});
  segment.listed.reset();
}

void Dispatcher::list(std::uint32_t index) {
  unlist(index);
  if (full(index)) return;
  Segment& segment = segments_[index];
  for (std::uint8_t p = 0; p < kPriorities; ++p) {
    if (segment.jobs[p].empty()) continue;
    segment.listed = {p, segment.jobs[p].front().first};
    ready_.insert({p, segment.listed->second, index});
    return;
  }
}

void Dispatcher::offer(DeviceId device, Priority priority, std::uint32_t segment) {
  segments_[segment].jobs[static_cast<std::size_t>(priority)].emplace_back(next_order_++, device);
  ++waiting_;
  list(segment);
}

std::optional<Dispatcher::Job> Dispatcher::next(Instant now) {
  wake_at_.reset();
  while (!token_waits_.empty() && token_waits_.begin()->first <= now) {
    const std::uint32_t index = token_waits_.begin()->second;
    token_waits_.erase(token_waits_.begin());
    list(index);
  }
  if (in_flight_ >= limits_.in_flight_max) return std::nullopt;
  while (!ready_.empty()) {
    const Ready best = *ready_.begin();
    Segment& segment = segments_[best.segment];
    const Instant token_at = std::max(segment.tokens.next(now), segment.air.next(now));
    if (token_at > now) {
      unlist(best.segment);
      token_waits_.insert({token_at, best.segment});
      continue;
    }
    if (!tokens_.take(now)) {
      wake_at_ = tokens_.next(now);
      return std::nullopt;
    }
    segment.tokens.take(now);
    auto& jobs = segment.jobs[best.priority];
    const Job job{jobs.front().second, static_cast<Priority>(best.priority), best.segment};
    jobs.pop_front();
    --waiting_;
    ++segment.in_flight;
    ++in_flight_;
    list(best.segment);
    return job;
  }
  if (!token_waits_.empty()) wake_at_ = token_waits_.begin()->first;
  return std::nullopt;
}

void Dispatcher::finished(std::uint32_t segment, Duration air_time) {
  segments_[segment].air.spend(air_time);
  --segments_[segment].in_flight;
  --in_flight_;
  list(segment);
}

}  // namespace amity::headend
