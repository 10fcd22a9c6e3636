#include "wire/c12/eax_prime.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/crypto.h"

namespace amity::c12 {
namespace {

constexpr std::size_t kBlock = 16;
using Block = std::array<std::uint8_t, kBlock>;

struct CtxFree {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};
using Ctx = std::unique_ptr<EVP_CIPHER_CTX, CtxFree>;

// Fetched once: implicit fetching costs more than the message.
const EVP_CIPHER* ecb() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr);
  return cipher;
}
const EVP_CIPHER* cbc() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
  return cipher;
}

Ctx context(const EVP_CIPHER* cipher, ByteView key) {
  const Block zero{};
  Ctx ctx(EVP_CIPHER_CTX_new());
  AMITY_ASSERT(ctx != nullptr);
  AMITY_ASSERT(EVP_EncryptInit_ex2(ctx.get(), cipher, key.data(), zero.data(), nullptr) == 1);
  AMITY_ASSERT(EVP_CIPHER_CTX_set_padding(ctx.get(), 0) == 1);
  return ctx;
}

void encrypt(EVP_CIPHER_CTX* ctx, ByteView in, std::uint8_t* out) {
  int size = 0;
  AMITY_ASSERT(EVP_EncryptUpdate(ctx, out, &size, in.data(), static_cast<int>(in.size())) == 1);
}

// Doubling with the bytes in little-endian order: the quirk that tells EAX' from EAX.
Block doubled(const Block& in) {
  Block out{};
  std::uint8_t carry = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    out[i] = static_cast<std::uint8_t>(in[i] << 1 | carry);
    carry = in[i] >> 7;
  }
  if (carry != 0) out[0] ^= 0x87;
  return out;
}

void xor_into(std::uint8_t* to, const Block& with) {
  for (std::size_t i = 0; i < kBlock; ++i) to[i] ^= with[i];
}

}  // namespace

struct EaxPrime::State {
  explicit State(ByteView key) : blocks(context(ecb(), key)), chain(context(cbc(), key)) {
    Block l{};
    encrypt(blocks.get(), l, l.data());
    d = doubled(l);
    q = doubled(d);
  }
  ~State() {
    crypto::wipe(d);
    crypto::wipe(q);
    crypto::wipe(scratch);
    crypto::wipe(stream);
  }

  // CBC over `message`, begun with `tweak`; its last block is masked by D where it is whole, else
  // padded and masked by Q. The chain is one endless CBC stream: what it ended with is taken out of
  // the first block, which costs less than a new IV.
  Block cmac(const Block& tweak, ByteView message) {
    const std::size_t blocks_count = std::max<std::size_t>(1, (message.size() + 15) / 16);
    const bool whole = message.size() == blocks_count * kBlock;
    scratch.assign(blocks_count * kBlock, 0);
    std::copy(message.begin(), message.end(), scratch.begin());
    if (!whole) scratch[message.size()] = 0x80;
    xor_into(scratch.data() + scratch.size() - kBlock, whole ? d : q);
    xor_into(scratch.data(), tweak);
    xor_into(scratch.data(), last);
    encrypt(chain.get(), scratch, scratch.data());
    std::copy(scratch.end() - kBlock, scratch.end(), last.begin());
    return last;
  }

  // Counter mode from N' with the tops of its last two words cleared.
  void crypt(const Block& n, ByteView in, Bytes& out) {
    if (in.empty()) return;
    Block counter = n;
    counter[12] &= 0x7F;
    counter[14] &= 0x7F;
    stream.resize((in.size() + 15) / 16 * kBlock);
    for (std::size_t at = 0; at < stream.size(); at += kBlock) {
      std::copy(counter.begin(), counter.end(), stream.begin() + static_cast<std::ptrdiff_t>(at));
      for (std::size_t i = kBlock; i-- > 0 && ++counter[i] == 0;) {
      }
    }
    encrypt(blocks.get(), stream, stream.data());
    const std::size_t start = out.size();
    out.resize(start + in.size());
    for (std::size_t i = 0; i < in.size(); ++i)
      out[start + i] = static_cast<std::uint8_t>(in[i] ^ stream[i]);
  }

  // Without a ciphertext the MAC is that of the cleartext alone.
  Mac mac(const Block& n, ByteView cipher) {
    const Block c = cipher.empty() ? Block{} : cmac(q, cipher);
    Mac out{};
    for (std::size_t i = 0; i < kMacSize; ++i) {
      const std::size_t at = kBlock - kMacSize + i;
      out[i] = static_cast<std::uint8_t>(n[at] ^ c[at]);
    }
    return out;
  }

  Ctx blocks, chain;
  Block d{}, q{}, last{};
  Bytes scratch, stream;
};

EaxPrime::EaxPrime(std::unique_ptr<State> state) : state_(std::move(state)) {}
EaxPrime::EaxPrime(EaxPrime&&) noexcept = default;
EaxPrime& EaxPrime::operator=(EaxPrime&&) noexcept = default;
EaxPrime::~EaxPrime() = default;

Result<EaxPrime> EaxPrime::make(ByteView key) {
  if (key.size() != kKeySize) {
    return make_error(ErrorCode::kInvalid,
                      "an EAX' key has 16 bytes, not " + std::to_string(key.size()));
  }
  return EaxPrime(std::make_unique<State>(key));
}

namespace {
Status check_cleartext(ByteView cleartext) {
  if (cleartext.size() >= EaxPrime::kCleartextMin) return {};
  return make_error(ErrorCode::kSecurity, "EAX' is broken for a cleartext of one block: " +
                                              std::to_string(cleartext.size()) +
                                              " bytes are refused");
}
}  // namespace

Result<EaxPrime::Mac> EaxPrime::seal(ByteView cleartext, ByteView plain, Bytes& out) {
  AMITY_CHECK(check_cleartext(cleartext));
  const Block n = state_->cmac(state_->d, cleartext);
  const std::size_t start = out.size();
  state_->crypt(n, plain, out);
  return state_->mac(n, ByteView(out).subspan(start));
}

Status EaxPrime::open(ByteView cleartext, ByteView cipher, ByteView mac, Bytes& out) {
  AMITY_CHECK(check_cleartext(cleartext));
  const Block n = state_->cmac(state_->d, cleartext);
  if (!constant_time_equal(state_->mac(n, cipher), mac)) {
    return make_error(ErrorCode::kSecurity, "the MAC is wrong: another key, or altered");
  }
  state_->crypt(n, cipher, out);
  return {};
}

}  // namespace amity::c12
