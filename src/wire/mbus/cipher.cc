#include "wire/mbus/cipher.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include <algorithm>

namespace amity::mbus {
namespace {

struct Algorithms {
  EVP_CIPHER* cbc = EVP_CIPHER_fetch(nullptr, "AES-128-CBC", nullptr);
  EVP_CIPHER* ctr = EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr);
  EVP_CIPHER* des = EVP_CIPHER_fetch(nullptr, "DES-EDE3-CBC", nullptr);
};

const Algorithms& algorithms() {
  static const Algorithms all;
  return all;
}

struct CtxFree {
  void operator()(EVP_CIPHER_CTX* c) const { EVP_CIPHER_CTX_free(c); }
};

// One context of one algorithm and direction. The IV is set once, to zeros, and block ciphers run
// through EVP_Cipher, which knows no padding: setting either anew for each telegram costs more
// parameter look-ups by name than the cipher itself.
class Context {
 public:
  Context(EVP_CIPHER* cipher, bool encrypt) : encrypt_(encrypt) {
    if (cipher == nullptr) return;
    ctx_.reset(EVP_CIPHER_CTX_new());
    const std::uint8_t zeros[32] = {};
    AMITY_ASSERT(EVP_CipherInit_ex2(ctx_.get(), cipher, zeros, zeros, encrypt, nullptr) == 1);
  }
  bool there() const { return ctx_ != nullptr; }

  // The IV is zeros again; null: the key stays.
  void start(const std::uint8_t* key) {
    AMITY_ASSERT(EVP_CipherInit_ex2(ctx_.get(), nullptr, key, nullptr, encrypt_, nullptr) == 1);
  }
  void start(const std::uint8_t* key, const std::uint8_t* iv) {
    AMITY_ASSERT(EVP_CipherInit_ex2(ctx_.get(), nullptr, key, iv, encrypt_, nullptr) == 1);
  }
  void run(ByteView in, std::uint8_t* out) {
    if (in.empty()) return;
    AMITY_ASSERT(EVP_Cipher(ctx_.get(), out, in.data(), static_cast<unsigned>(in.size())) > 0);
  }

 private:
  std::unique_ptr<EVP_CIPHER_CTX, CtxFree> ctx_;
  bool encrypt_;
};

std::array<std::uint8_t, 24> three_times(ByteView key8) {
  std::array<std::uint8_t, 24> key{};
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = key8[i % 8];
  return key;
}

// Doubling in GF(2^128), NIST SP 800-38B.
Block doubled(const Block& in) {
  Block out{};
  unsigned carry = 0;
  for (std::size_t i = in.size(); i-- > 0;) {
    const unsigned v = in[i] << 1 | carry;
    out[i] = static_cast<std::uint8_t>(v);
    carry = v >> 8;
  }
  if (carry != 0) out[15] ^= 0x87;
  return out;
}

constexpr Block kZeros{};

void add_block(std::uint8_t* to, const Block& block) {
  for (std::size_t i = 0; i < block.size(); ++i) to[i] ^= block[i];
}

}  // namespace

struct Cipher::State {
  Context decrypt{algorithms().cbc, false};
  Context encrypt{algorithms().cbc, true};
  Context ctr{algorithms().ctr, true};
  Context des_decrypt{algorithms().des, false};
  Context des_encrypt{algorithms().des, true};
  Bytes scratch;
};

Cipher::Cipher() : state_(std::make_unique<State>()) {}
Cipher::Cipher(Cipher&&) noexcept = default;
Cipher& Cipher::operator=(Cipher&&) noexcept = default;
Cipher::~Cipher() = default;

// CBC's IV is added to the first block: before encryption, after decryption.
void Cipher::aes_cbc_decrypt(ByteView key, const Block& iv, ByteView in, std::uint8_t* out) {
  AMITY_ASSERT(key.size() == 16 && in.size() % 16 == 0);
  if (in.empty()) return;
  state_->decrypt.start(key.data());
  state_->decrypt.run(in, out);
  add_block(out, iv);
}

void Cipher::aes_cbc_encrypt(ByteView key, const Block& iv, ByteView in, std::uint8_t* out) {
  AMITY_ASSERT(key.size() == 16 && in.size() % 16 == 0);
  if (in.empty()) return;
  std::copy(in.begin(), in.end(), out);
  add_block(out, iv);
  state_->encrypt.start(key.data());
  state_->encrypt.run(ByteView(out, in.size()), out);
}

void Cipher::aes_ctr(ByteView key, const Block& iv, ByteView in, std::uint8_t* out) {
  AMITY_ASSERT(key.size() == 16);
  state_->ctr.start(key.data(), iv.data());
  state_->ctr.run(in, out);
}

// CMAC is CBC with a last block that a subkey was added to: so it needs no context of its own, and
// no parameter by name, which costs more than the cipher.
Block Cipher::aes_cmac(ByteView key, ByteView message) {
  AMITY_ASSERT(key.size() == 16);
  Block l{};
  state_->encrypt.start(key.data());
  state_->encrypt.run(kZeros, l.data());
  Bytes& padded = state_->scratch;
  padded.assign(message.begin(), message.end());
  Block subkey = doubled(l);
  if (message.empty() || message.size() % 16 != 0) {
    subkey = doubled(subkey);
    padded.push_back(0x80);
    padded.resize((padded.size() + 15) / 16 * 16);
  }
  add_block(padded.data() + padded.size() - 16, subkey);
  state_->encrypt.start(nullptr);
  state_->encrypt.run(padded, padded.data());
  Block tag{};
  std::copy(padded.end() - 16, padded.end(), tag.begin());
  return tag;
}

bool Cipher::des_cbc_decrypt(ByteView key8, ByteView in, std::uint8_t* out) {
  AMITY_ASSERT(key8.size() == 8 && in.size() % 8 == 0);
  if (!state_->des_decrypt.there()) return false;
  state_->des_decrypt.start(three_times(key8).data());
  state_->des_decrypt.run(in, out);
  return true;
}

bool Cipher::des_cbc_encrypt(ByteView key8, ByteView in, std::uint8_t* out) {
  AMITY_ASSERT(key8.size() == 8 && in.size() % 8 == 0);
  if (!state_->des_encrypt.there()) return false;
  state_->des_encrypt.start(three_times(key8).data());
  state_->des_encrypt.run(in, out);
  return true;
}

namespace {

void put_address(const Address& a, Block& block) {
  block[0] = static_cast<std::uint8_t>(a.manufacturer);
  block[1] = static_cast<std::uint8_t>(a.manufacturer >> 8);
  for (unsigned i = 0; i < 4; ++i) block[2 + i] = static_cast<std::uint8_t>(a.id >> 8 * i);
  block[6] = a.version;
  block[7] = a.type;
}

}  // namespace

Block iv_of_mode_5(const Address& address, std::uint8_t access_number) {
  Block iv{};
  put_address(address, iv);
  std::fill(iv.begin() + 8, iv.end(), access_number);
  return iv;
}

Block iv_of_ell(const Address& address, std::uint8_t communication_control, std::uint32_t session) {
  Block iv{};
  put_address(address, iv);
  iv[8] = communication_control;
  for (unsigned i = 0; i < 4; ++i) iv[9 + i] = static_cast<std::uint8_t>(session >> 8 * i);
  return iv;
}

Block derive_key(Cipher& cipher, ByteView key, std::uint8_t constant, std::uint32_t counter,
                 std::uint32_t id) {
  Block message{};
  message.fill(0x07);
  message[0] = constant;
  for (unsigned i = 0; i < 4; ++i) {
    message[1 + i] = static_cast<std::uint8_t>(counter >> 8 * i);
    message[5 + i] = static_cast<std::uint8_t>(id >> 8 * i);
  }
  return cipher.aes_cmac(key, message);
}

}  // namespace amity::mbus
