#include "wire/osgp/digest.h"

#include <algorithm>

#include "base/crypto.h"

namespace amity::osgp {

Result<OmaDigest> OmaDigest::make(ByteView key) {
  if (key.size() != 12 && key.size() != 16) {
    return make_error(ErrorCode::kInvalid,
                      "an OSGP key has 12 or 16 bytes, not " + std::to_string(key.size()));
  }
  OmaDigest digest;
  std::copy(key.begin(), key.end(), digest.key_.begin());
  digest.key_size_ = key.size();
  return digest;
}

OmaDigest::~OmaDigest() {
  crypto::wipe(key_);
  crypto::wipe(state_);
}

// One byte of a block: eight a round, from the last state byte to the first; which of two mixtures
// is for the key's bit to say.
void OmaDigest::absorb(Digest& state, std::size_t at, std::uint8_t byte) const {
  const std::size_t round = at / 8, j = 7 - at % 8;
  const bool bit = (key_[round % key_size_] >> (7 - j) & 1) != 0;
  const auto inverse = static_cast<std::uint8_t>(~(state[j] + j));
  const unsigned mixed = bit ? static_cast<std::uint8_t>(inverse << 1 | inverse >> 7)
                             : 0u - static_cast<std::uint8_t>(inverse >> 1 | inverse << 7);
  state[j] = static_cast<std::uint8_t>(byte + state[(j + 1) % 8] + mixed);
}

void OmaDigest::update(ByteView bytes) {
  const std::size_t block = 12 * key_size_;
  for (const std::uint8_t byte : bytes) {
    absorb(state_, in_block_, byte);
    in_block_ = (in_block_ + 1) % block;
  }
}

Digest OmaDigest::value() const {
  Digest state = state_;
  const std::size_t block = 12 * key_size_;
  for (std::size_t at = in_block_; at != 0 && at < block; ++at) absorb(state, at, 0);
  return state;
}

}  // namespace amity::osgp
