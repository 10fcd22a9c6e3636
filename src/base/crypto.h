// Thin, allocation-free wrappers over OpenSSL 3: ciphers are fetched once, contexts are reused per object.
// An object serves one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"

namespace amity::crypto {

// AES-GCM with a 96-bit IV and a 96-bit tag, key of 16 or 32 bytes (NIST SP 800-38D).
class AesGcm {
 public:
  static constexpr std::size_t kIvSize = 12;
  static constexpr std::size_t kTagSize = 12;

  explicit AesGcm(ByteView key);  // 16 or 32 bytes, asserted
  AesGcm(AesGcm&&) noexcept;
  AesGcm& operator=(AesGcm&&) noexcept;
  ~AesGcm();

  // Appends ciphertext to `out`, returns the tag. `plain` may be empty (authentication only).
  std::array<std::uint8_t, kTagSize> seal(ByteView iv, ByteView aad, ByteView plain, Bytes& out);
  // Appends plaintext to `out` only when the tag is right; otherwise `out` is as it was.
  Status open(ByteView iv, ByteView aad, ByteView cipher, ByteView tag, Bytes& out);
  // Encryption without a tag (DLMS security control 0x20). The receiver learns nothing of authenticity.
  void crypt_unauthenticated(ByteView iv, ByteView in, Bytes& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// RFC 3394.
Result<Bytes> aes_key_wrap(ByteView kek, ByteView key);
Result<Bytes> aes_key_unwrap(ByteView kek, ByteView wrapped);

Result<Bytes> aes_cbc_decrypt(ByteView key, ByteView iv, ByteView cipher);  // no padding
Result<Bytes> aes_cbc_encrypt(ByteView key, ByteView iv, ByteView plain);
void aes_ctr(ByteView key, ByteView iv16, ByteView in, Bytes& out);
std::array<std::uint8_t, 16> aes_cmac(ByteView key, ByteView message);

std::array<std::uint8_t, 16> md5(ByteView message);
std::array<std::uint8_t, 20> sha1(ByteView message);
std::array<std::uint8_t, 32> sha256(ByteView message);
std::array<std::uint8_t, 48> sha384(ByteView message);
std::array<std::uint8_t, 32> hmac_sha256(ByteView key, ByteView message);

// Overwrites, and the compiler may not remove it.
void wipe(std::span<std::uint8_t> secret);

}  // namespace amity::crypto
