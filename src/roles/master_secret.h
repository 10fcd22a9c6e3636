// The secret that opens the key ring: 32 bytes in a file that only its owner may read.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/runtime.h"

namespace amity::roles {

// Reads the file, or makes it (mode 0600, fsynced with its folder) where there is none and
// `may_create`. Refuses a file that others may read: kSecurity.
Result<Bytes> master_secret(const std::string& path, bool may_create, Random& random);

}  // namespace amity::roles
