// Slows down guessing: after some failures each further one doubles the wait, per user name and per
// address.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "base/time.h"

namespace amity::api {

class LoginThrottle {
 public:
  // Seconds until another attempt is allowed; 0 = now.
  std::int64_t wait_s(const std::string& user, const std::string& address, UtcSeconds now);
  void failed(const std::string& user, const std::string& address, UtcSeconds now);
  void succeeded(const std::string& user);

 private:
  struct Record {
    int failures = 0;
    UtcSeconds last, blocked_until;
  };
  void count(const std::string& key, int free_failures, UtcSeconds now);
  void forget_old(UtcSeconds now);

  std::mutex mutex_;
  std::unordered_map<std::string, Record> records_;
};

}  // namespace amity::api
