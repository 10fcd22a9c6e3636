// The symmetric protection of one association: seals what we send, opens what we get, keeps
// counters strict. Ciphers are made when first needed and may be dropped at any time.
#pragma once

#include <optional>

#include "base/runtime.h"
#include "session/dlms/config.h"
#include "session/dlms/counters.h"
#include "wire/dlms/apdu.h"

namespace amity::dlms {

// How one received APDU was protected.
struct Protected {
  SecurityControl control;  // raw 0: it was not
  CipherForm form = CipherForm::kGlobal;
};

// Whether the tag is of a ciphered envelope (glo-, ded-, general-glo, general-ded,
// general-ciphering).
bool is_ciphered_apdu(std::uint8_t tag);
bool is_signed_apdu(std::uint8_t tag);
// What protection adds to a plain APDU, at most.
std::size_t protection_overhead(CipherForm form, SecurityControl control, bool sign);

class Protection {
 public:
  // Keys and counters must outlive this; counters may be null (then nothing can be sealed or
  // opened).
  Protection(const GlobalKeys* keys, InvocationCounters* counters, const SystemTitle& own_title);

  // For the agreed forms and signatures. Both must outlive this.
  void set_asymmetric(const AsymmetricKeys* keys, Random* random) {
    asymmetric_ = keys;
    random_ = random;
  }

  void set_peer_title(const SystemTitle& title) { peer_title_ = title; }
  const std::optional<SystemTitle>& peer_title() const { return peer_title_; }
  void forget_peer_title() { peer_title_.reset(); }

  // A key of this association alone. Its peer counter starts afresh: the key is new.
  void set_dedicated_key(ByteView key);
  bool has_dedicated_key() const { return !dedicated_.empty(); }
  // A new association: no dedicated key, marks of this association start afresh (never the durable
  // one).
  void start_association();

  // Appends the ciphered APDU. A fresh counter is used up even when something fails afterwards.
  Status seal(ByteView plain, SecurityControl control, CipherForm form, Bytes& out);
  // `plain` is replaced by the APDU inside. Nothing is released unless the tag, where there is one,
  // and the counter are right. Encryption alone proves nothing: check the policy with the control
  // returned.
  Result<Protected> open(ByteView apdu, Bytes& plain);

  // Replaces `apdu` by itself signed; what it is signed with names the suite.
  Status sign(SecuritySuite suite, Bytes& apdu);
  // The content of a signed APDU, once its signature is right. Points into `apdu`.
  Result<ByteView> verify(SecuritySuite suite, ByteView apdu) const;

  // The counter that next_counter() gave out last.
  std::uint32_t last_counter() const { return last_counter_; }
  // Whether open() failed last for its counter alone.
  bool replayed() const { return replayed_; }

  // GMAC for HLS 5.
  Result<Cipher*> global_cipher() { return cipher(false); }
  Result<std::uint32_t> next_counter();

  void drop_ciphers();
  std::size_t heap_bytes() const;

 private:
  struct Envelope {
    ByteView content;
    ByteView extra_aad;
    std::optional<SystemTitle> sender;
    CipherForm form = CipherForm::kGlobal;
    std::optional<GeneralCiphering> agreed;  // its key is in its key info
  };
  Result<Cipher*> cipher(bool dedicated);
  Result<Envelope> unwrap(ByteView apdu) const;
  Status accept_counter(const SecurityHeader& header, bool dedicated);
  Status seal_general_ciphering(SecurityControl control, CipherForm form, ByteView plain,
                                Bytes& out);
  Result<Cipher> agreed_cipher(const GeneralCiphering& apdu, SecuritySuite suite,
                               const SystemTitle& sender) const;

  const GlobalKeys* keys_;
  const AsymmetricKeys* asymmetric_ = nullptr;
  Random* random_ = nullptr;
  InvocationCounters* counters_;
  SystemTitle own_title_;
  std::optional<SystemTitle> peer_title_;
  Secret dedicated_;
  std::int64_t dedicated_peer_mark_ = -1;
  std::int64_t unauthenticated_peer_mark_ = -1;
  bool replayed_ = false;
  std::uint32_t last_counter_ = 0;
  std::optional<Cipher> global_cipher_;
  std::optional<Cipher> dedicated_cipher_;
};

}  // namespace amity::dlms
