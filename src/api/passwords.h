// Passwords: Argon2id in libsodium's text format. Both calls take tens of milliseconds: never on an
// I/O thread.
#pragma once

#include <string>

#include "base/result.h"

namespace amity::api {

Result<std::string> hash_password(const std::string& password, std::uint64_t passes,
                                  std::uint64_t memory_bytes);
bool verify_password(const std::string& hash, const std::string& password);
// Long enough and not too long; the reason in words.
Status check_password(const std::string& password);

}  // namespace amity::api
