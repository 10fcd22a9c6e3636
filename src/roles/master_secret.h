// The secret that opens the key ring: 32 bytes in a file that only its owner may read.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/runtime.h"
#include "store/registry.h"

namespace amity::roles {

// Reads the file, or makes it (mode 0600, fsynced with its folder) where there is none and
// `may_create`. Refuses a file that others may read: kSecurity.
Result<Bytes> master_secret(const std::string& path, bool may_create, Random& random);
// Of this registry's key ring: a new secret is made only where nothing is sealed yet. A restored
// directory without its secret is refused as it is, with nothing made in it.
Result<Bytes> master_secret_of(store::Registry& registry, const std::string& path, Random& random);

}  // namespace amity::roles
