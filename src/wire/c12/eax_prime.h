// EAX' (C12.22 annex; NIST calls it EAX-prime): AES-128 in counter mode with a MAC of four bytes.
// The mode is broken for a cleartext N of one block or less, so such an N is refused.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace amity::c12 {

// One key. Contexts are made once and reused; an object serves one thread at a time.
class EaxPrime {
 public:
  static constexpr std::size_t kKeySize = 16;
  static constexpr std::size_t kMacSize = 4;
  static constexpr std::size_t kCleartextMin = 17;
  using Mac = std::array<std::uint8_t, kMacSize>;

  static Result<EaxPrime> make(ByteView key);  // 16 bytes
  EaxPrime(EaxPrime&&) noexcept;
  EaxPrime& operator=(EaxPrime&&) noexcept;
  ~EaxPrime();

  // Appends the ciphertext (as long as `plain`, which may be empty) to `out`.
  Result<Mac> seal(ByteView cleartext, ByteView plain, Bytes& out);
  // Appends the plain text to `out`, only when the MAC is right.
  Status open(ByteView cleartext, ByteView cipher, ByteView mac, Bytes& out);

 private:
  struct State;
  explicit EaxPrime(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace amity::c12
