#include "api/auth.h"

#include <cstring>

#include "api/http/uri.h"
#include "api/limits.h"
#include "api/passwords.h"
#include "base/crypto.h"

namespace amity::api {

namespace {

Error denied(std::string reason) {
  return make_error(ErrorCode::kSecurity, std::move(reason));
}

std::string times_name(std::string_view kind, const std::string& name) {
  return "api/times/" + std::string(kind) + "/" + name;
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kEngineer:
      return "engineer";
    case Role::kAdmin:
      return "admin";
  }
  return "";
}

std::optional<Role> role_from(std::string_view text) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kEngineer, Role::kAdmin}) {
    if (to_string(role) == text) return role;
  }
  return std::nullopt;
}

std::size_t DigestHash::operator()(const Digest& d) const noexcept {
  std::size_t v;
  std::memcpy(&v, d.data(), sizeof v);
  return v;
}

Credentials credentials_of(const Request& request) {
  const std::string_view authorization = request.header("authorization");
  if (authorization.starts_with("Bearer "))
    return {Credentials::Kind::kKey, authorization.substr(7)};
  if (const std::string_view cookie = request.cookie(kSessionCookie); !cookie.empty()) {
    return {Credentials::Kind::kSession, cookie};
  }
  return {};
}

Auth::Auth(store::Registry& registry, const Clock& clock, Random& random,
           const ServerOptions& options)
    : registry_(registry), clock_(clock), random_(random), options_(options) {}

std::string Auth::random_token(std::size_t bytes) {
  std::string raw(bytes, '\0');
  {
    const std::lock_guard lock(mutex_);
    random_.fill({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
  }
  return base64url(raw);
}

std::shared_ptr<TokenBucket> Auth::bucket(const std::string& principal) {
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kBucketsMax)
    std::erase_if(buckets_, [](const auto& b) { return b.second.use_count() == 1; });
  auto& found = buckets_[principal];
  if (!found)
    found = std::make_shared<TokenBucket>(options_.requests_per_s, options_.requests_burst);
  return found;
}

Result<PrincipalPtr> Auth::verify(const Credentials& credentials, const Digest& digest) {
  if (credentials.kind == Credentials::Kind::kSession) return verify_session(digest);
  if (credentials.kind == Credentials::Kind::kKey) return verify_key(credentials.token, digest);
  return denied("sign in, or show an API key");
}

Result<PrincipalPtr> Auth::verify_session(const Digest& digest) {
  AMITY_TRY(auto session, registry_.session(digest));
  const UtcSeconds now = clock_.utc();
  if (!session || session->expires <= now || now - session->created > kSessionAgeMaxS) {
    if (session) (void)registry_.remove_session(digest);
    return denied("the session has ended: sign in again");
  }
  AMITY_TRY(auto users, registry_.users());
  for (const auto& user : users) {
    if (user.id != session->user) continue;
    const auto role = role_from(user.role);
    if (!user.enabled || !role) break;
    if (session->created < times("password", user.name).created) break;
    const UtcSeconds extended = now + kSessionIdleS;
    if (extended - session->expires >= kSessionTouchS) {
      session->expires = extended;
      AMITY_CHECK(registry_.put_session(*session));
      note_use("user", user.name);
    }
    Principal principal{user.name, "", *role, session->csrf, digest, bucket(user.name)};
    return PrincipalPtr(std::make_shared<const Principal>(std::move(principal)));
  }
  return denied("the session is no longer valid: sign in again");
}

// "amity_<id>_<secret>": the id finds the key, the secret's digest must be the stored one.
Result<PrincipalPtr> Auth::verify_key(std::string_view token, const Digest& digest) {
  const Error unknown = denied("the API key is not known");
  if (!token.starts_with("amity_")) return unknown;
  token.remove_prefix(6);
  const std::size_t cut = token.find('_');
  if (cut == std::string_view::npos || cut > kNameBytesMax) return unknown;
  AMITY_TRY(auto key, registry_.api_key(std::string(token.substr(0, cut))));
  const Digest shown = crypto::sha256(as_bytes(token.substr(cut + 1)));
  if (!key || !constant_time_equal(shown, key->secret_hash)) return unknown;
  if (key->expires.value != 0 && key->expires <= clock_.utc())
    return denied("the API key has expired");
  const auto role = role_from(key->role);
  if (!role) return unknown;
  note_use("key", key->id);
  Principal principal{"key:" + key->name, key->id, *role, "", digest, bucket("key:" + key->id)};
  return PrincipalPtr(std::make_shared<const Principal>(std::move(principal)));
}

bool Auth::still_valid(const Principal& principal) {
  if (principal.key_id.empty()) return verify_session(principal.token_digest).ok();
  const auto key = registry_.api_key(principal.key_id);
  if (!key.ok() || !*key) return false;
  return (*key)->expires.value == 0 || (*key)->expires > clock_.utc();
}

Result<std::string> Auth::hash(const std::string& password) {
  return hash_password(password, options_.password_passes, options_.password_memory_bytes);
}

Result<NewSession> Auth::login(const std::string& user_name, const std::string& password,
                               const std::string& address, std::int64_t& wait_s) {
  const UtcSeconds now = clock_.utc();
  wait_s = throttle_.wait_s(user_name, address, now);
  if (wait_s > 0) return make_error(ErrorCode::kBusy, "too many failed attempts");
  std::call_once(decoy_made_, [&] {
    if (auto made = hash(random_token(16)); made.ok()) decoy_hash_ = *made;
  });
  AMITY_TRY(auto user, registry_.user(user_name));
  const bool right = verify_password(user ? user->password_hash : decoy_hash_, password);
  const auto role = user ? role_from(user->role) : std::nullopt;
  if (!user || !right || !user->enabled || !role) {
    throttle_.failed(user_name, address, now);
    return denied("the user name or the password is wrong");
  }
  throttle_.succeeded(user_name);
  NewSession made;
  made.token = random_token(32);
  const Digest digest = crypto::sha256(as_bytes(made.token));
  const std::string csrf = random_token(24);
  store::UserSession session{Bytes(digest.begin(), digest.end()), user->id, csrf, now,
                             now + kSessionIdleS};
  AMITY_CHECK(registry_.put_session(session));
  AMITY_CHECK(registry_.append_audit(now, user->name, "signed in from " + address));
  note_use("user", user->name);
  made.principal = std::make_shared<const Principal>(
      Principal{user->name, "", *role, csrf, digest, bucket(user->name)});
  return made;
}

Status Auth::logout(const Principal& principal) {
  AMITY_CHECK(registry_.remove_session(principal.token_digest));
  revoke_all();
  return {};
}

Auth::Times Auth::times(std::string_view kind, const std::string& name) {
  auto value = registry_.value(times_name(kind, name));
  if (!value.ok() || !*value) return {};
  ByteReader reader(**value);
  const auto created = reader.u64();
  const auto used = reader.u64();
  if (!created.ok() || !used.ok()) return {};
  return {UtcSeconds(static_cast<std::int64_t>(*created)),
          UtcSeconds(static_cast<std::int64_t>(*used))};
}

Status Auth::put_times(std::string_view kind, const std::string& name, const Times& t) {
  Bytes value;
  ByteWriter writer(value);
  writer.u64(static_cast<std::uint64_t>(t.created.value));
  writer.u64(static_cast<std::uint64_t>(t.used.value));
  return registry_.put_value(times_name(kind, name), value);
}

void Auth::note_use(std::string_view kind, const std::string& name) {
  Times t = times(kind, name);
  const UtcSeconds now = clock_.utc();
  if (now - t.used < kSessionTouchS) return;
  t.used = now;
  (void)put_times(kind, name, t);  // informative: a failure here refuses nobody
}

}  // namespace amity::api
