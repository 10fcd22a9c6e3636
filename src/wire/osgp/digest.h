// The OMA digest of OSGP: eight bytes over a message, under a key of 12 bytes (network) or 16
// (MEP). Weak: published attacks recover the key. Spoken because meters speak it, never relied on.
#pragma once

#include <array>

#include "base/bytes.h"

namespace amity::osgp {

inline constexpr std::size_t kDigestSize = 8, kNetworkKeyBytes = 12, kMepKeyBytes = 16;
using Digest = std::array<std::uint8_t, kDigestSize>;

// Fed in pieces; a response goes on where its request ended.
class OmaDigest {
 public:
  static Result<OmaDigest> make(ByteView key);  // kNetworkKeyBytes or kMepKeyBytes
  ~OmaDigest();
  OmaDigest(const OmaDigest&) = default;
  OmaDigest& operator=(const OmaDigest&) = default;

  void update(ByteView bytes);
  // Over all that was fed, zeros to the end of the block; feeding may go on afterwards.
  Digest value() const;

 private:
  OmaDigest() = default;
  void absorb(Digest& state, std::size_t at, std::uint8_t byte) const;

  std::array<std::uint8_t, 16> key_{};
  std::size_t key_size_ = 0;
  std::size_t in_block_ = 0;  // bytes of the block under way
  Digest state_{};
};

}  // namespace amity::osgp
