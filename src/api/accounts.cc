// Users and API keys: making, changing, removing. Every change ends what the caches believe.
#include "api/auth.h"
#include "api/limits.h"
#include "api/passwords.h"
#include "base/crypto.h"

namespace amity::api {

namespace {

Error invalid(std::string reason) {
  return make_error(ErrorCode::kInvalid, std::move(reason));
}

Status check_name(const std::string& name) {
  if (name.empty() || name.size() > kNameBytesMax) return invalid("a name has 1 to 64 characters");
  for (const char c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_' || c == '@' || c == ' ';
    if (!fine) return invalid("a name consists of letters, digits, blanks and . - _ @");
  }
  return {};
}

}  // namespace

Result<store::User> Auth::add_user(const std::string& name, const std::string& password,
                                   Role role) {
  AMITY_CHECK(check_name(name));
  AMITY_CHECK(check_password(password));
  AMITY_TRY(auto hashed, hash(password));
  const std::lock_guard lock(mutex_);
  AMITY_TRY(auto existing, registry_.users());
  store::User user;
  for (const auto& other : existing) {
    if (other.name == name) return make_error(ErrorCode::kConflict, "there is a user of that name");
    user.id.value = std::max(user.id.value, other.id.value);
  }
  ++user.id.value;
  user.name = name;
  user.password_hash = std::move(hashed);
  user.role = to_string(role);
  AMITY_CHECK(registry_.put_user(user));
  AMITY_CHECK(put_times("user", name, {clock_.utc(), {}}));
  return user;
}

Result<store::User> Auth::change_user(const std::string& name, const UserChange& change) {
  std::string hashed;
  if (change.password) {
    AMITY_CHECK(check_password(*change.password));
    AMITY_TRY(hashed, hash(*change.password));
  }
  const std::lock_guard lock(mutex_);
  AMITY_TRY(auto all, registry_.users());
  store::User* user = nullptr;
  int other_admins = 0;
  for (auto& candidate : all) {
    if (candidate.name == name) {
      user = &candidate;
    } else if (candidate.enabled && candidate.role == to_string(Role::kAdmin)) {
      ++other_admins;
    }
  }
  if (user == nullptr) return make_error(ErrorCode::kNotFound, "no such user");
  const bool was_admin = user->enabled && user->role == to_string(Role::kAdmin);
  if (change.password) user->password_hash = hashed;
  if (change.role) user->role = to_string(*change.role);
  if (change.disabled) user->enabled = !*change.disabled;
  const bool is_admin = user->enabled && user->role == to_string(Role::kAdmin);
  if (was_admin && !is_admin && other_admins == 0) {
    return make_error(ErrorCode::kConflict, "the last administrator stays one");
  }
  AMITY_CHECK(registry_.put_user(*user));
  if (change.password)
    AMITY_CHECK(put_times("password", name, {clock_.utc(), {}}));  // ends earlier sessions
  revoke_all();
  return *user;
}

Result<NewKey> Auth::add_key(const std::string& name, Role role) {
  AMITY_CHECK(check_name(name));
  NewKey made;
  made.key.id = to_hex(as_bytes(random_token(6)));
  const std::string secret = random_token(32);
  const Digest digest = crypto::sha256(as_bytes(secret));
  made.key.secret_hash.assign(digest.begin(), digest.end());
  made.key.name = name;
  made.key.role = to_string(role);
  made.key.created = clock_.utc();
  made.secret = "amity_" + made.key.id + "_" + secret;
  AMITY_CHECK(registry_.put_api_key(made.key));
  return made;
}

Status Auth::remove_key(const std::string& id) {
  AMITY_TRY(auto key, registry_.api_key(id));
  if (!key) return make_error(ErrorCode::kNotFound, "no such API key");
  AMITY_CHECK(registry_.remove_api_key(id));
  revoke_all();
  return {};
}

Result<std::optional<std::string>> Auth::bootstrap(const std::string& password) {
  AMITY_TRY(auto existing, registry_.users());
  if (!existing.empty()) return std::optional<std::string>();
  const std::string chosen = password.empty() ? random_token(15) : password;
  AMITY_TRY(auto user, add_user("admin", chosen, Role::kAdmin));
  AMITY_CHECK(
      registry_.append_audit(clock_.utc(), "amity", "made the first administrator, " + user.name));
  return std::optional<std::string>(chosen);
}

}  // namespace amity::api
