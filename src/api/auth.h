// Who is asking: cookie sessions, API keys, roles, login. Thread-safe; each I/O thread keeps an
// AuthCache in front of it, so that a known key or session costs one digest and one look-up.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "api/http/request.h"
#include "api/options.h"
#include "api/rate_limit.h"
#include "api/throttle.h"
#include "base/runtime.h"
#include "store/registry.h"

namespace amity::api {

enum class Role : std::uint8_t { kViewer = 1, kOperator = 2, kEngineer = 3, kAdmin = 4 };
std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);

using Digest = std::array<std::uint8_t, 32>;
struct DigestHash {  // a digest is random enough as it is
  std::size_t operator()(const Digest& d) const noexcept;
};

struct Principal {
  std::string name;    // the user's, or "key:NAME"
  std::string key_id;  // of an API key; "" for a session
  Role role = Role::kViewer;
  std::string csrf;  // sessions only
  Digest token_digest{};
  std::shared_ptr<TokenBucket> bucket;
};
using PrincipalPtr = std::shared_ptr<const Principal>;

// What the client showed: a session cookie, an API key, or nothing.
struct Credentials {
  enum class Kind { kNone, kSession, kKey } kind = Kind::kNone;
  std::string_view token;
};
Credentials credentials_of(const Request& request);
inline constexpr std::string_view kSessionCookie = "amity_session";

struct NewSession {
  std::string token;  // for the cookie
  PrincipalPtr principal;
};

struct NewKey {
  store::ApiKey key;
  std::string secret;  // "amity_<id>_<secret>", shown once
};

class Auth {
 public:
  Auth(store::Registry& registry, const Clock& clock, Random& random, const ServerOptions& options);

  // Asks the registry. kSecurity when the token is unknown, expired or its owner is disabled.
  Result<PrincipalPtr> verify(const Credentials& credentials, const Digest& digest);
  // Whether a principal that was verified before still would be; for connections that last.
  bool still_valid(const Principal& principal);
  // Checks a password; takes tens of milliseconds. kSecurity for a wrong one; kBusy with `wait_s`
  // when throttled.
  Result<NewSession> login(const std::string& user, const std::string& password,
                           const std::string& address, std::int64_t& wait_s);
  Status logout(const Principal& principal);

  Result<store::User> add_user(const std::string& name, const std::string& password, Role role);
  struct UserChange {
    std::optional<std::string> password;
    std::optional<Role> role;
    std::optional<bool> disabled;
  };
  Result<store::User> change_user(const std::string& name, const UserChange& change);
  Result<NewKey> add_key(const std::string& name, Role role);
  Status remove_key(const std::string& id);

  // When there is no user yet: makes "admin" with this password, or a random one, which is
  // returned.
  Result<std::optional<std::string>> bootstrap(const std::string& password);

  // Cached verdicts of an earlier generation are not believed.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  struct Times {
    UtcSeconds created, used;
  };
  Times times(std::string_view kind, const std::string& name);  // kind "user" or "key"
  std::string random_token(std::size_t bytes);

 private:
  Result<PrincipalPtr> verify_session(const Digest& digest);
  Result<PrincipalPtr> verify_key(std::string_view token, const Digest& digest);
  std::shared_ptr<TokenBucket> bucket(const std::string& principal);
  void note_use(std::string_view kind, const std::string& name);
  Status put_times(std::string_view kind, const std::string& name, const Times& times);
  Result<std::string> hash(const std::string& password);
  void revoke_all() { generation_.fetch_add(1, std::memory_order_acq_rel); }

  store::Registry& registry_;
  const Clock& clock_;
  Random& random_;
  const ServerOptions& options_;
  LoginThrottle throttle_;
  std::atomic<std::uint64_t> generation_{1};
  std::mutex mutex_;  // random_, buckets_, users being made
  std::unordered_map<std::string, std::shared_ptr<TokenBucket>> buckets_;
  std::once_flag decoy_made_;
  std::string decoy_hash_;  // verified for unknown users, so that they take as long
};

// Of one thread: verdicts by token digest, kept `keep_ms`.
class AuthCache {
 public:
  AuthCache(Auth& auth, std::int64_t keep_ms) : auth_(auth), keep_ms_(keep_ms) {}
  Result<PrincipalPtr> authenticate(const Credentials& credentials, Instant now);

 private:
  struct Entry {
    PrincipalPtr principal;
    std::uint64_t generation = 0;
    Instant until;
  };
  Auth& auth_;
  const std::int64_t keep_ms_;
  std::unordered_map<Digest, Entry, DigestHash> entries_;
};

}  // namespace amity::api
