// The ciphers of EN 13757-7 on OpenSSL: fetched once, contexts reused, no allocation per telegram.
// An object serves one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "wire/mbus/address.h"

namespace amity::mbus {

using Block = std::array<std::uint8_t, 16>;

class Cipher {
 public:
  Cipher();
  Cipher(Cipher&&) noexcept;
  Cipher& operator=(Cipher&&) noexcept;
  ~Cipher();

  // Keys of 16 bytes, iv of 16, whole blocks; `out` has the size of `in` and may be the same.
  void aes_cbc_decrypt(ByteView key, const Block& iv, ByteView in, std::uint8_t* out);
  void aes_cbc_encrypt(ByteView key, const Block& iv, ByteView in, std::uint8_t* out);
  void aes_ctr(ByteView key, const Block& iv, ByteView in, std::uint8_t* out);
  Block aes_cmac(ByteView key, ByteView message);
  // Single DES with an IV of zeros, as triple DES with one key thrice: it needs no legacy provider.
  // False where OpenSSL has no DES at all.
  bool des_cbc_decrypt(ByteView key8, ByteView in, std::uint8_t* out);
  bool des_cbc_encrypt(ByteView key8, ByteView in, std::uint8_t* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// M, A, and eight times the access number: mode 5.
Block iv_of_mode_5(const Address& address, std::uint8_t access_number);
// M, A, CC, SN, frame number 0, block counter 0: encryption of the extended link layer.
Block iv_of_ell(const Address& address, std::uint8_t communication_control, std::uint32_t session);

// Key derivation of mode 7 (EN 13757-7, 9.6.1): CMAC(K, constant, counter, id, padding 07).
inline constexpr std::uint8_t kDeriveEncryption = 0x00, kDeriveMac = 0x01;
inline constexpr std::uint8_t kDeriveToMeter = 0x10;  // added where the meter is the receiver
Block derive_key(Cipher& cipher, ByteView key, std::uint8_t constant, std::uint32_t counter,
                 std::uint32_t id);

}  // namespace amity::mbus
