#include "api/passwords.h"

#include <sodium.h>

#include "api/limits.h"

namespace amity::api {

Result<std::string> hash_password(const std::string& password, std::uint64_t passes,
                                  std::uint64_t memory_bytes) {
  if (sodium_init() < 0) return make_error(ErrorCode::kIo, "libsodium does not start");
  char out[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(out, password.data(), password.size(), passes, memory_bytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return make_error(ErrorCode::kLimit, "not enough memory to hash a password");
  }
  return std::string(out);
}

bool verify_password(const std::string& hash, const std::string& password) {
  if (sodium_init() < 0 || hash.size() >= crypto_pwhash_STRBYTES) return false;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

Status check_password(const std::string& password) {
  if (password.size() < kPasswordBytesMin) {
    return make_error(ErrorCode::kInvalid, "a password has at least " +
                                               std::to_string(kPasswordBytesMin) + " characters");
  }
  if (password.size() > kPasswordBytesMax)
    return make_error(ErrorCode::kInvalid, "the password is too long");
  return {};
}

}  // namespace amity::api
