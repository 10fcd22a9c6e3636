#include "mdm/rate/sts_token.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/civil.h"
#include "base/crypto.h"

namespace amity::mdm {
namespace {

constexpr std::size_t kTidsKept = 100;  // of one meter
constexpr std::size_t kDigits = 20;
using Wide = unsigned __int128;

class TripleDes : public SecurityModule {
 public:
  explicit TripleDes(ByteView key) { std::copy(key.begin(), key.end(), key_.begin()); }
  ~TripleDes() override { crypto::wipe(key_); }
  TripleDes(const TripleDes&) = delete;
  TripleDes& operator=(const TripleDes&) = delete;

  Result<std::uint64_t> encrypt(std::uint64_t block) override { return run(block, 1); }
  Result<std::uint64_t> decrypt(std::uint64_t block) override { return run(block, 0); }

 private:
  Result<std::uint64_t> run(std::uint64_t block, int encrypting) const {
    std::array<std::uint8_t, 8> in{}, out{};
    for (std::size_t i = 0; i < 8; ++i) in[i] = static_cast<std::uint8_t>(block >> (56 - 8 * i));
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
        EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    int written = 0;
    const bool done = context != nullptr &&
                      EVP_CipherInit_ex(context.get(), EVP_des_ede3_ecb(), nullptr, key_.data(),
                                        nullptr, encrypting) == 1 &&
                      EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
                      EVP_CipherUpdate(context.get(), out.data(), &written, in.data(), 8) == 1 &&
                      written == 8;
    if (!done) return make_error(ErrorCode::kSecurity, "the security module cannot run its cipher");
    std::uint64_t result = 0;
    for (const std::uint8_t byte : out) result = result << 8 | byte;
    return result;
  }

  std::array<std::uint8_t, 24> key_{};
};

// Class and the 48 bits before the CRC, as 50 bits at the low end of 7 bytes.
std::array<std::uint8_t, 7> covered(std::uint8_t token_class, std::uint64_t block) {
  const std::uint64_t bits = std::uint64_t{token_class} << 48 | block >> 16;
  std::array<std::uint8_t, 7> bytes{};
  for (std::size_t i = 0; i < 7; ++i) bytes[i] = static_cast<std::uint8_t>(bits >> (48 - 8 * i));
  return bytes;
}

std::uint64_t bit(std::uint64_t value, unsigned at) {
  return value >> at & 1;
}

std::uint64_t with_bit(std::uint64_t value, unsigned at, std::uint64_t set) {
  return (value & ~(std::uint64_t{1} << at)) | set << at;
}

Status check(const StsDetails& details) {
  if (details.class_at[0] > 63 || details.class_at[1] > 63 ||
      details.class_at[0] == details.class_at[1] || !details.crc)
    return make_error(ErrorCode::kInvalid,
                      "positions of the class bits and the CRC are to be given");
  return {};
}

UtcSeconds base_of(StsBase base) {
  constexpr int kYears[] = {1993, 2014, 2035};
  return utc_from_civil(kYears[static_cast<std::size_t>(base)], 1, 1, 0, 0, 0);
}

}  // namespace

Result<std::uint32_t> tid_of(StsBase base, UtcSeconds time) {
  const std::int64_t seconds = time - base_of(base);
  if (seconds < 0 || seconds / 60 >= std::int64_t{1} << 24)
    return make_error(ErrorCode::kLimit, "the time is not within the 24 bits of its base date");
  return static_cast<std::uint32_t>(seconds / 60);
}

UtcSeconds time_of(StsBase base, std::uint32_t tid) {
  return base_of(base) + std::int64_t{tid} * 60;
}

Result<std::unique_ptr<SecurityModule>> software_module(ByteView key) {
  if (key.size() != 24) return make_error(ErrorCode::kInvalid, "the key has 24 bytes");
  return std::unique_ptr<SecurityModule>(std::make_unique<TripleDes>(key));
}

std::string transposed(std::uint64_t sealed, std::uint8_t token_class, const StsDetails& details) {
  // The bits that the class displaces go on top.
  Wide token = 0;
  for (unsigned k = 0; k < 2; ++k) {
    token = token << 1 | bit(sealed, details.class_at[k]);
    sealed = with_bit(sealed, details.class_at[k], bit(token_class, 1 - k));
  }
  token = token << 64 | sealed;
  std::string digits(kDigits, '0');
  for (std::size_t i = kDigits; i-- > 0; token /= 10)
    digits[i] = static_cast<char>('0' + static_cast<int>(token % 10));
  return digits;
}

Result<std::string> make_token(const StsFields& f, const StsDetails& details,
                               SecurityModule& module) {
  AMITY_CHECK(check(details));
  if (f.token_class > 3 || f.subclass > 15 || f.random > 15 || f.tid >> 24 != 0)
    return make_error(ErrorCode::kInvalid, "a field is wider than its bits");
  std::uint64_t block = std::uint64_t{f.subclass} << 60 | std::uint64_t{f.random} << 56 |
                        std::uint64_t{f.tid} << 32 | std::uint64_t{f.amount} << 16;
  block |= details.crc(covered(f.token_class, block));
  AMITY_TRY(const std::uint64_t sealed, module.encrypt(block));
  return transposed(sealed, f.token_class, details);
}

Result<StsFields> read_token(std::string_view digits, const StsDetails& details,
                             SecurityModule& module) {
  AMITY_CHECK(check(details));
  Wide token = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (digits[i] == ' ' || digits[i] == '-') continue;
    if (digits[i] < '0' || digits[i] > '9' || ++count > kDigits)
      return make_error(ErrorCode::kMalformed, "a token has 20 digits", i);
    token = token * 10 + static_cast<unsigned>(digits[i] - '0');
  }
  if (count != kDigits || token >> 66 != 0)
    return make_error(ErrorCode::kMalformed, "a token has 20 digits of 66 bits");
  auto sealed = static_cast<std::uint64_t>(token);
  StsFields f;
  for (unsigned k = 0; k < 2; ++k) {
    f.token_class =
        static_cast<std::uint8_t>(f.token_class << 1 | bit(sealed, details.class_at[k]));
    sealed =
        with_bit(sealed, details.class_at[k], static_cast<std::uint64_t>(token >> (65 - k)) & 1);
  }
  AMITY_TRY(const std::uint64_t block, module.decrypt(sealed));
  if (details.crc(covered(f.token_class, block)) != (block & 0xFFFF))
    return make_error(ErrorCode::kSecurity, "the token is not of this meter's key, or mistyped");
  f.subclass = static_cast<std::uint8_t>(block >> 60);
  f.random = static_cast<std::uint8_t>(block >> 56 & 0xF);
  f.tid = static_cast<std::uint32_t>(block >> 32 & 0xFF'FFFF);
  f.amount = static_cast<std::uint16_t>(block >> 16);
  return f;
}

Status TidLedger::accept(const std::string& meter, std::uint32_t tid) {
  std::deque<std::uint32_t>& taken = taken_[meter];
  const auto at = std::ranges::lower_bound(taken, tid);
  if (at != taken.end() && *at == tid)
    return make_error(ErrorCode::kConflict, "the token was used before");
  if (taken.size() == kTidsKept && at == taken.begin())
    return make_error(ErrorCode::kSecurity, "the token is older than what is remembered");
  taken.insert(at, tid);
  if (taken.size() > kTidsKept) taken.pop_front();
  return {};
}

}  // namespace amity::mdm
