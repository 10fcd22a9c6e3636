#include "api/auth.h"
#include "api/limits.h"
#include "base/crypto.h"

namespace amity::api {

Result<PrincipalPtr> AuthCache::authenticate(const Credentials& credentials, Instant now) {
  if (credentials.kind == Credentials::Kind::kNone) {
    return make_error(ErrorCode::kSecurity, "sign in, or show an API key");
  }
  const Digest digest = crypto::sha256(as_bytes(credentials.token));
  const std::uint64_t generation = auth_.generation();
  if (const auto found = entries_.find(digest); found != entries_.end()) {
    const bool key = !found->second.principal->key_id.empty();
    const bool same_kind = key == (credentials.kind == Credentials::Kind::kKey);
    if (same_kind && found->second.generation == generation && now < found->second.until)
      return found->second.principal;
    entries_.erase(found);
  }
  AMITY_TRY(auto principal, auth_.verify(credentials, digest));
  if (entries_.size() >= kAuthCacheMax) entries_.clear();
  entries_[digest] = {principal, generation, now + std::chrono::milliseconds(keep_ms_)};
  return principal;
}

}  // namespace amity::api
