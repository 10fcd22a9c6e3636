// Framing of credit tokens after IEC 62055-41 (STS), as far as public text gives it: 66 bits as 20
// digits; 2 bits of class; a block of 64: subclass 4, RND 4, TID 24 (minutes since the base date),
// amount 16, CRC 16; the block encrypted, the class bits transposed into it.
//
// The class bits take positions 28 and 27 of the block, whose own go on top as bits 65 and 64
// (6.4.2). The CRC covers the other 50 bits, padded to 56 with zeros in front (6.3.7).
//
// Not implemented, because no public text gives them: the CRC's order of bits and bytes, the
// amount's coding (the 16 bits are passed as they are), the key-change and
// other management tokens, the derivation of decoder keys, and the encryption algorithms EA07 and
// EA11. The CRC is therefore a parameter, and the cipher a security module: who holds the
// standard supplies them. No conformance is claimed.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace amity::mdm {

struct StsFields {
  std::uint8_t token_class = 0;  // 2 bits; 0: credit
  std::uint8_t subclass = 0;     // 4 bits; 0 electricity, 1 water, 2 gas, 3 time, 4-7 in currency
  std::uint8_t random = 0;       // 4 bits
  std::uint32_t tid = 0;         // 24 bits
  std::uint16_t amount = 0;      // as coded

  friend bool operator==(const StsFields&, const StsFields&) = default;
};

enum class StsBase : std::uint8_t { k1993 = 0, k2014 = 1, k2035 = 2 };
// Minutes since the base date; kLimit outside its 24 bits (31.9 years).
Result<std::uint32_t> tid_of(StsBase base, UtcSeconds time);
UtcSeconds time_of(StsBase base, std::uint32_t tid);

// Encrypts one block with a meter's key. Hardware in service; software for tests and trials.
class SecurityModule {
 public:
  virtual ~SecurityModule() = default;
  virtual Result<std::uint64_t> encrypt(std::uint64_t block) = 0;
  virtual Result<std::uint64_t> decrypt(std::uint64_t block) = 0;
};
// Triple DES (NIST SP 800-67), a published 64-bit cipher; not one of STS. `key`: 24 bytes.
Result<std::unique_ptr<SecurityModule>> software_module(ByteView key);

// What no public text gives.
struct StsDetails {
  // Bit positions in the block, of class bit 1 and bit 0.
  std::array<std::uint8_t, 2> class_at{28, 27};
  std::function<std::uint16_t(ByteView)> crc;  // over class and the 48 bits before the CRC, 7 bytes
};

// An encrypted block with its class in it, as 20 digits.
std::string transposed(std::uint64_t sealed, std::uint8_t token_class, const StsDetails& details);

// 20 digits.
Result<std::string> make_token(const StsFields& fields, const StsDetails& details,
                               SecurityModule& module);
// Digits, with or without spaces and dashes. kSecurity where the CRC is wrong.
Result<StsFields> read_token(std::string_view digits, const StsDetails& details,
                             SecurityModule& module);

// Which tokens a meter took: each TID once; older than the oldest remembered: refused.
class TidLedger {
 public:
  Status accept(const std::string& meter, std::uint32_t tid);

 private:
  std::map<std::string, std::deque<std::uint32_t>> taken_;  // ascending
};

}  // namespace amity::mdm
