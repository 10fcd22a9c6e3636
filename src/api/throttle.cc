#include "api/throttle.h"

#include <algorithm>

#include "api/limits.h"

namespace amity::api {

namespace {

// Many people may share an address (a proxy): it is given more tries than a name.
constexpr int kAddressFreeFailures = 4 * kThrottleFreeFailures;

std::string user_key(const std::string& user) {
  return "u" + user;
}
std::string address_key(const std::string& address) {
  return "a" + address;
}

}  // namespace

std::int64_t LoginThrottle::wait_s(const std::string& user, const std::string& address,
                                   UtcSeconds now) {
  const std::lock_guard lock(mutex_);
  std::int64_t wait = 0;
  for (const auto& key : {user_key(user), address_key(address)}) {
    const auto found = records_.find(key);
    if (found != records_.end()) wait = std::max(wait, found->second.blocked_until - now);
  }
  return wait;
}

void LoginThrottle::failed(const std::string& user, const std::string& address, UtcSeconds now) {
  const std::lock_guard lock(mutex_);
  count(user_key(user), kThrottleFreeFailures, now);
  count(address_key(address), kAddressFreeFailures, now);
}

void LoginThrottle::succeeded(const std::string& user) {
  const std::lock_guard lock(mutex_);
  records_.erase(user_key(user));
}

void LoginThrottle::count(const std::string& key, int free_failures, UtcSeconds now) {
  if (records_.size() >= kThrottleEntriesMax) forget_old(now);
  Record& record = records_[key];
  if (now - record.last > kThrottleForgetS && record.blocked_until < now) record.failures = 0;
  record.last = now;
  ++record.failures;
  if (record.failures < free_failures) return;
  const int doublings = std::min(record.failures - free_failures, 10);
  record.blocked_until =
      now + std::min<std::int64_t>(std::int64_t{1} << doublings, kThrottleDelayMaxS);
}

void LoginThrottle::forget_old(UtcSeconds now) {
  std::erase_if(records_,
                [&](const auto& entry) { return now - entry.second.last > kThrottleForgetS; });
  if (records_.size() >= kThrottleEntriesMax)
    records_.clear();  // memory stays bounded under a flood of names
}

}  // namespace amity::api
