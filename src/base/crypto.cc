#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstring>

namespace amity::crypto {
namespace {

// Fetched once for the life of the process: implicit fetching costs three times the cipher itself.
struct Algorithms {
  EVP_CIPHER* gcm128 = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  EVP_CIPHER* gcm256 = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  EVP_CIPHER* wrap128 = EVP_CIPHER_fetch(nullptr, "AES-128-WRAP", nullptr);
  EVP_CIPHER* wrap256 = EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr);
  EVP_CIPHER* cbc128 = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
  EVP_CIPHER* cbc256 = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  EVP_CIPHER* ctr128 = EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr);
  EVP_CIPHER* ctr256 = EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr);
  EVP_MAC* cmac = EVP_MAC_fetch(nullptr, "CMAC", nullptr);
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MD* md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  EVP_MD* sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  EVP_MD* sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD* sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
};

const Algorithms& algorithms() {
  static const Algorithms all;
  return all;
}

struct CtxFree {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
  void operator()(EVP_MAC_CTX* c) const { EVP_MAC_CTX_free(c); }
};
using CipherCtx = std::unique_ptr<EVP_CIPHER_CTX, CtxFree>;
using MacCtx = std::unique_ptr<EVP_MAC_CTX, CtxFree>;

const EVP_CIPHER* by_key(ByteView key, const EVP_CIPHER* c128, const EVP_CIPHER* c256) {
  AMITY_ASSERT(key.size() == 16 || key.size() == 32);
  return key.size() == 16 ? c128 : c256;
}

template <std::size_t N>
std::array<std::uint8_t, N> digest(const EVP_MD* md, ByteView message) {
  std::array<std::uint8_t, N> out{};
  AMITY_ASSERT(EVP_Digest(message.data(), message.size(), out.data(), nullptr, md, nullptr) == 1);
  return out;
}

Result<Bytes> cbc(ByteView key, ByteView iv, ByteView in, bool encrypt) {
  AMITY_ASSERT(iv.size() == 16);
  if (in.size() % 16 != 0) {
    return make_error(ErrorCode::kMalformed, std::to_string(in.size()) + " bytes are no whole number of AES blocks");
  }
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = by_key(key, algorithms().cbc128, algorithms().cbc256);
  AMITY_ASSERT(EVP_CipherInit_ex2(ctx.get(), cipher, key.data(), iv.data(), encrypt ? 1 : 0, nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(ctx.get(), 0);
  Bytes out(in.size() + 16);
  int n = 0, last = 0;
  AMITY_ASSERT(EVP_CipherUpdate(ctx.get(), out.data(), &n, in.data(), static_cast<int>(in.size())) == 1);
  AMITY_ASSERT(EVP_CipherFinal_ex(ctx.get(), out.data() + n, &last) == 1);
  out.resize(static_cast<std::size_t>(n + last));
  return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> mac(EVP_MAC* algorithm, ByteView key, const char* parameter, const char* name,
                                ByteView message) {
  const MacCtx ctx(EVP_MAC_CTX_new(algorithm));
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(parameter, const_cast<char*>(name), 0),
                               OSSL_PARAM_construct_end()};
  AMITY_ASSERT(EVP_MAC_init(ctx.get(), key.data(), key.size(), params) == 1);
  AMITY_ASSERT(EVP_MAC_update(ctx.get(), message.data(), message.size()) == 1);
  std::array<std::uint8_t, N> out{};
  std::size_t size = 0;
  AMITY_ASSERT(EVP_MAC_final(ctx.get(), out.data(), &size, out.size()) == 1 && size == N);
  return out;
}

}  // namespace

// One context for both directions: GCM's key schedule is the same, and a context is the dear part of a short session.
struct AesGcm::State {
  CipherCtx both{EVP_CIPHER_CTX_new()};
};

AesGcm::AesGcm(ByteView key) : state_(std::make_unique<State>()) {
  const EVP_CIPHER* cipher = by_key(key, algorithms().gcm128, algorithms().gcm256);
  AMITY_ASSERT(EVP_EncryptInit_ex2(state_->both.get(), cipher, key.data(), nullptr, nullptr) == 1);
}
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm& AesGcm::operator=(AesGcm&&) noexcept = default;
AesGcm::~AesGcm() = default;

std::array<std::uint8_t, AesGcm::kTagSize> AesGcm::seal(ByteView iv, ByteView aad, ByteView plain, Bytes& out) {
  AMITY_ASSERT(iv.size() == kIvSize);
  EVP_CIPHER_CTX* ctx = state_->both.get();
  AMITY_ASSERT(EVP_EncryptInit_ex2(ctx, nullptr, nullptr, iv.data(), nullptr) == 1);
  int n = 0;
  if (!aad.empty()) {
    AMITY_ASSERT(EVP_EncryptUpdate(ctx, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1);
  }
  const std::size_t start = out.size();
  out.resize(start + plain.size());
  if (!plain.empty()) {
    AMITY_ASSERT(EVP_EncryptUpdate(ctx, out.data() + start, &n, plain.data(), static_cast<int>(plain.size())) == 1);
  }
  std::uint8_t none[16];
  AMITY_ASSERT(EVP_EncryptFinal_ex(ctx, none, &n) == 1);
  std::array<std::uint8_t, kTagSize> tag{};
  AMITY_ASSERT(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1);
  return tag;
}

Status AesGcm::open(ByteView iv, ByteView aad, ByteView cipher, ByteView tag, Bytes& out) {
  AMITY_ASSERT(iv.size() == kIvSize);
  if (tag.size() != kTagSize) return make_error(ErrorCode::kSecurity, "the authentication tag is not 12 bytes");
  EVP_CIPHER_CTX* ctx = state_->both.get();
  AMITY_ASSERT(EVP_DecryptInit_ex2(ctx, nullptr, nullptr, iv.data(), nullptr) == 1);
  int n = 0;
  if (!aad.empty()) {
    AMITY_ASSERT(EVP_DecryptUpdate(ctx, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1);
  }
  const std::size_t start = out.size();
  out.resize(start + cipher.size());
  if (!cipher.empty()) {
    AMITY_ASSERT(EVP_DecryptUpdate(ctx, out.data() + start, &n, cipher.data(), static_cast<int>(cipher.size())) == 1);
  }
  std::array<std::uint8_t, kTagSize> expected{};
  std::memcpy(expected.data(), tag.data(), kTagSize);
  AMITY_ASSERT(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, kTagSize, expected.data()) == 1);
  std::uint8_t none[16];
  if (EVP_DecryptFinal_ex(ctx, none, &n) != 1) {
    wipe(std::span(out).subspan(start));
    out.resize(start);
    return make_error(ErrorCode::kSecurity, "the authentication tag does not match: wrong key, or altered data");
  }
  return {};
}

void AesGcm::crypt_unauthenticated(ByteView iv, ByteView in, Bytes& out) {
  (void)seal(iv, {}, in, out);  // GCM's keystream is the same both ways
}

Result<Bytes> aes_key_wrap(ByteView kek, ByteView key) {
  if (key.size() < 16 || key.size() % 8 != 0) return make_error(ErrorCode::kInvalid, "key size cannot be wrapped");
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_set_flags(ctx.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const EVP_CIPHER* cipher = by_key(kek, algorithms().wrap128, algorithms().wrap256);
  AMITY_ASSERT(EVP_EncryptInit_ex2(ctx.get(), cipher, kek.data(), nullptr, nullptr) == 1);
  Bytes out(key.size() + 8);
  int n = 0;
  AMITY_ASSERT(EVP_EncryptUpdate(ctx.get(), out.data(), &n, key.data(), static_cast<int>(key.size())) == 1);
  out.resize(static_cast<std::size_t>(n));
  return out;
}

Result<Bytes> aes_key_unwrap(ByteView kek, ByteView wrapped) {
  if (wrapped.size() < 24 || wrapped.size() % 8 != 0) {
    return make_error(ErrorCode::kMalformed, std::to_string(wrapped.size()) + " bytes are no wrapped key");
  }
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX_set_flags(ctx.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  const EVP_CIPHER* cipher = by_key(kek, algorithms().wrap128, algorithms().wrap256);
  AMITY_ASSERT(EVP_DecryptInit_ex2(ctx.get(), cipher, kek.data(), nullptr, nullptr) == 1);
  Bytes out(wrapped.size());
  int n = 0;
  if (EVP_DecryptUpdate(ctx.get(), out.data(), &n, wrapped.data(), static_cast<int>(wrapped.size())) != 1) {
    return make_error(ErrorCode::kSecurity, "the wrapped key does not open with this key encryption key");
  }
  out.resize(static_cast<std::size_t>(n));
  return out;
}

Result<Bytes> aes_cbc_decrypt(ByteView key, ByteView iv, ByteView cipher) { return cbc(key, iv, cipher, false); }
Result<Bytes> aes_cbc_encrypt(ByteView key, ByteView iv, ByteView plain) { return cbc(key, iv, plain, true); }

void aes_ctr(ByteView key, ByteView iv16, ByteView in, Bytes& out) {
  AMITY_ASSERT(iv16.size() == 16);
  const CipherCtx ctx(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = by_key(key, algorithms().ctr128, algorithms().ctr256);
  AMITY_ASSERT(EVP_EncryptInit_ex2(ctx.get(), cipher, key.data(), iv16.data(), nullptr) == 1);
  const std::size_t start = out.size();
  out.resize(start + in.size());
  int n = 0;
  AMITY_ASSERT(EVP_EncryptUpdate(ctx.get(), out.data() + start, &n, in.data(), static_cast<int>(in.size())) == 1);
}

std::array<std::uint8_t, 16> aes_cmac(ByteView key, ByteView message) {
  AMITY_ASSERT(key.size() == 16 || key.size() == 32);
  return mac<16>(algorithms().cmac, key, OSSL_MAC_PARAM_CIPHER, key.size() == 16 ? "AES-128-CBC" : "AES-256-CBC",
                 message);
}

std::array<std::uint8_t, 32> hmac_sha256(ByteView key, ByteView message) {
  return mac<32>(algorithms().hmac, key, OSSL_MAC_PARAM_DIGEST, "SHA256", message);
}

std::array<std::uint8_t, 16> md5(ByteView m) { return digest<16>(algorithms().md5, m); }
std::array<std::uint8_t, 20> sha1(ByteView m) { return digest<20>(algorithms().sha1, m); }
std::array<std::uint8_t, 32> sha256(ByteView m) { return digest<32>(algorithms().sha256, m); }
std::array<std::uint8_t, 48> sha384(ByteView m) { return digest<48>(algorithms().sha384, m); }

void wipe(std::span<std::uint8_t> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

}  // namespace amity::crypto
