// Symmetric protection of APDUs, suites 0, 1 and 2 (IEC 62056-5-3 clause 9.2.7): AES-GCM with
// IV = system title || invocation counter, AAD = security control || authentication key [|| plain
// text]. Pure: counters are the caller's business (strictly increasing, durable).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/crypto.h"

namespace amity::dlms {

enum class SecuritySuite : std::uint8_t { k0 = 0, k1 = 1, k2 = 2 };
constexpr std::size_t key_size(SecuritySuite suite) {
  return suite == SecuritySuite::k2 ? 32 : 16;
}

struct SecurityControl {
  static constexpr std::uint8_t kAuthenticated = 0x10, kEncrypted = 0x20, kBroadcast = 0x40,
                                kCompressed = 0x80;
  std::uint8_t raw = 0;

  constexpr std::uint8_t suite_id() const { return raw & 0x0F; }
  constexpr bool authenticated() const { return (raw & kAuthenticated) != 0; }
  constexpr bool encrypted() const { return (raw & kEncrypted) != 0; }
  constexpr bool broadcast() const { return (raw & kBroadcast) != 0; }
  constexpr bool compressed() const { return (raw & kCompressed) != 0; }
  friend bool operator==(SecurityControl, SecurityControl) = default;
};
std::string to_string(SecurityControl control);  // "auth", "enc", "authenc", "none"

struct InvocationCounter {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(InvocationCounter, InvocationCounter) = default;
};

using SystemTitle = std::array<std::uint8_t, 8>;
Result<SystemTitle> system_title_from(ByteView bytes);  // exactly 8 bytes
std::string to_string(
    const SystemTitle& title);  // "KFM6750000000009"-like: three letters, then hex

// What every APDU of an association must carry at least. A meter's policy; a downgrade is refused.
struct SecurityPolicy {
  SecuritySuite suite = SecuritySuite::k0;
  bool authenticate = false;
  bool encrypt = false;

  bool needs_protection() const { return authenticate || encrypt; }
  SecurityControl control(bool broadcast = false) const;
};
// kSecurity where `got` protects less than the policy asks, or with another suite.
Status check_policy(const SecurityPolicy& policy, SecurityControl got);

// The front of the content of every ciphered APDU, and what follows.
struct SecurityHeader {
  SecurityControl control;
  InvocationCounter counter;
  ByteView protected_part;  // [cipher or plain text][tag]
};
// Refuses compression, unknown suites and content too short for its tag.
Result<SecurityHeader> parse_security_header(ByteView content);

// An encryption key with its authentication key. Serves one thread at a time.
class Cipher {
 public:
  static constexpr std::size_t kTagSize = crypto::AesGcm::kTagSize;
  static constexpr std::size_t kHeaderSize = 5;  // control, counter

  // EK of 16 or 32 bytes; AK of the same size, or empty (then nothing authenticated can be made or
  // checked).
  static Result<Cipher> make(ByteView encryption_key, ByteView authentication_key);

  // Appends security header, cipher or plain text, and tag to `out`: the content of a ciphered
  // APDU. `extra_aad` is the authenticated header of general-ciphering, else empty.
  Status protect(SecurityControl control, const SystemTitle& own_title, InvocationCounter counter,
                 ByteView plain, Bytes& out, ByteView extra_aad = {});
  // Appends the plain text to `out`, only after the tag was found right (where there is one).
  Status unprotect(const SecurityHeader& header, const SystemTitle& sender_title, Bytes& out,
                   ByteView extra_aad = {});
  // GMAC over `message`: HLS mechanism 5.
  std::array<std::uint8_t, kTagSize> gmac(SecurityControl control, const SystemTitle& own_title,
                                          InvocationCounter counter, ByteView message);

  std::size_t key_size() const { return key_size_; }
  bool can_authenticate() const { return ak_size_ != 0; }
  ~Cipher();
  Cipher(Cipher&&) noexcept = default;
  Cipher& operator=(Cipher&&) noexcept = default;

 private:
  Cipher(ByteView encryption_key, ByteView authentication_key);
  Bytes aad(SecurityControl control, ByteView extra, ByteView plain) const;
  Status check(SecurityControl control) const;

  crypto::AesGcm gcm_;
  std::array<std::uint8_t, 32> ak_{};
  std::uint8_t ak_size_ = 0;
  std::uint8_t key_size_ = 0;
};

// Whole APDUs, ready to send. `plain` starts with its tag.
// Service-specific glo-/ded- form; kUnsupported where the service has none.
Status protect_service(Cipher& cipher, SecurityControl control, const SystemTitle& own_title,
                       InvocationCounter counter, bool dedicated, ByteView plain, Bytes& out);
Status protect_general(Cipher& cipher, SecurityControl control, const SystemTitle& own_title,
                       InvocationCounter counter, bool dedicated, ByteView plain, Bytes& out);

// Key transport, RFC 3394 under the master key.
Result<Bytes> wrap_key(ByteView kek, ByteView key);
Result<Bytes> unwrap_key(ByteView kek, ByteView wrapped);

}  // namespace amity::dlms
