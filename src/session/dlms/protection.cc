#include "session/dlms/protection.h"

#include <fmt/core.h>

#include "wire/dlms/ecdsa.h"
#include "wire/dlms/signing.h"

namespace amity::dlms {
namespace {

bool is_dedicated(CipherForm form) {
  return form == CipherForm::kDedicated || form == CipherForm::kGeneralDedicated;
}

bool is_general_ciphering(CipherForm form) {
  return form == CipherForm::kGeneralCiphering || form == CipherForm::kAgreedOnePass ||
         form == CipherForm::kAgreedStatic;
}

// Unique as the counter is.
std::array<std::uint8_t, 8> transaction_of(InvocationCounter counter) {
  std::array<std::uint8_t, 8> transaction{};
  for (int i = 0; i < 4; ++i)
    transaction[4 + i] = static_cast<std::uint8_t>(counter.value >> (24 - 8 * i));
  return transaction;
}

// By which key general-ciphering is made.
Result<CipherForm> form_of(const GeneralCiphering& apdu) {
  if (!apdu.key_info ||
      (apdu.key_info->kind == KeyInfo::Kind::kIdentified && apdu.key_info->id == 0))
    return CipherForm::kGeneralCiphering;
  if (apdu.key_info->kind == KeyInfo::Kind::kAgreed && apdu.key_info->parameters.size() == 1) {
    if (apdu.key_info->parameters[0] == 1) return CipherForm::kAgreedOnePass;
    if (apdu.key_info->parameters[0] == 2) return CipherForm::kAgreedStatic;
  }
  return make_error(ErrorCode::kUnsupported,
                    "general-ciphering with neither the global unicast key nor an agreed one");
}

Error no_keys() {
  return make_error(ErrorCode::kSecurity, "ciphered, and there is no key for it");
}

}  // namespace

bool is_ciphered_apdu(std::uint8_t tag) {
  const auto is = [tag](ApduTag t) { return tag == static_cast<std::uint8_t>(t); };
  return is(ApduTag::kGeneralGlo) || is(ApduTag::kGeneralDed) || is(ApduTag::kGeneralCiphering) ||
         plain_tag(tag).has_value();
}

bool is_signed_apdu(std::uint8_t tag) {
  return tag == static_cast<std::uint8_t>(ApduTag::kGeneralSigning);
}

// Tag, length (3), system title (9), security header (5) and tag (12); general-ciphering names both
// sides and the transaction; an agreed key brings a point and a signature, and so on.
std::size_t protection_overhead(CipherForm form, SecurityControl control, bool sign) {
  if (control.raw == 0) return 0;
  const std::size_t signature = signature_size(static_cast<SecuritySuite>(control.suite_id()));
  const std::size_t agreed = form == CipherForm::kAgreedOnePass ? 2 * signature + 8 : 8;
  const std::size_t ciphered = is_general_ciphering(form) ? 64 + agreed : 31;
  return ciphered + (sign ? signature + 48 : 0);
}

Protection::Protection(const GlobalKeys* keys, InvocationCounters* counters,
                       const SystemTitle& own_title)
    : keys_(keys), counters_(counters), own_title_(own_title) {}

void Protection::set_dedicated_key(ByteView key) {
  dedicated_ = Secret(key);
  dedicated_cipher_.reset();
  dedicated_peer_mark_ = -1;
}

void Protection::start_association() {
  set_dedicated_key({});
  unauthenticated_peer_mark_ = -1;
}

Result<Cipher*> Protection::cipher(bool dedicated) {
  std::optional<Cipher>& slot = dedicated ? dedicated_cipher_ : global_cipher_;
  if (!slot) {
    const ByteView key = dedicated ? dedicated_.view() : keys_->encryption.view();
    if (key.empty()) return no_keys();
    AMITY_TRY(slot, Cipher::make(key, keys_->authentication.view()));
  }
  return &*slot;
}

Result<std::uint32_t> Protection::next_counter() {
  if (counters_ == nullptr) return no_keys();
  AMITY_TRY(last_counter_, counters_->next_own());
  return last_counter_;
}

// Identified: the global key; else a key agreed for this APDU alone.
Status Protection::seal_general_ciphering(SecurityControl control, CipherForm form, ByteView plain,
                                          Bytes& out) {
  AMITY_TRY(const std::uint32_t number, next_counter());
  const InvocationCounter counter{number};
  GeneralCiphering apdu;
  const auto transaction = transaction_of(counter);
  apdu.transaction_id = transaction;
  apdu.originator_system_title = own_title_;
  if (peer_title_) apdu.recipient_system_title = *peer_title_;
  apdu.key_info = KeyInfo{};  // identified: the global unicast key
  AgreedKey agreed;
  std::optional<Cipher> once;
  const std::uint8_t parameter[] = {form == CipherForm::kAgreedStatic ? std::uint8_t{2}
                                                                      : std::uint8_t{1}};
  if (form != CipherForm::kGeneralCiphering) {
    if (asymmetric_ == nullptr || random_ == nullptr || !peer_title_) return no_keys();
    const auto suite = static_cast<SecuritySuite>(control.suite_id());
    Bytes ephemeral(signature_size(suite) / 2);
    random_->fill(ephemeral);
    AMITY_TRY(agreed, agree_as_originator(static_cast<AgreementScheme>(parameter[0]), suite,
                                          asymmetric_->view(), own_title_, *peer_title_,
                                          transaction, ephemeral));
    AMITY_TRY(once, Cipher::make(agreed.key, keys_->authentication.view()));
    crypto::wipe(ephemeral);
    crypto::wipe(agreed.key);
    apdu.key_info = KeyInfo{KeyInfo::Kind::kAgreed, 0, parameter, agreed.ciphered_data};
  }
  AMITY_TRY(Cipher* const with, once ? Result<Cipher*>(&*once) : cipher(false));
  Bytes content;
  AMITY_CHECK(
      with->protect(control, own_title_, counter, plain, content, authenticated_header(apdu)));
  apdu.content = content;
  encode(apdu, out);
  return {};
}

Result<Cipher> Protection::agreed_cipher(const GeneralCiphering& apdu, SecuritySuite suite,
                                         const SystemTitle& sender) const {
  if (asymmetric_ == nullptr) return no_keys();
  AMITY_TRY(Bytes key, agree_as_recipient(suite, asymmetric_->view(), apdu, sender, own_title_));
  Result<Cipher> with = Cipher::make(key, keys_->authentication.view());
  crypto::wipe(key);
  return with;
}

Status Protection::sign(SecuritySuite suite, Bytes& apdu) {
  if (asymmetric_ == nullptr || !peer_title_) return no_keys();
  GeneralSigning whole;
  const auto transaction = transaction_of(InvocationCounter{last_counter_});
  whole.transaction_id = transaction;
  whole.originator_system_title = own_title_;
  whole.recipient_system_title = *peer_title_;
  whole.content = apdu;
  Bytes out;
  AMITY_CHECK(sign_apdu(whole, suite, asymmetric_->signing.view(), out));
  apdu = std::move(out);
  return {};
}

Result<ByteView> Protection::verify(SecuritySuite suite, ByteView apdu) const {
  AMITY_TRY(const Apdu decoded, decode_apdu(apdu));
  const auto* whole = std::get_if<GeneralSigning>(&decoded);
  if (whole == nullptr || asymmetric_ == nullptr) return no_keys();
  AMITY_TRY(const SystemTitle sender, system_title_from(whole->originator_system_title));
  if (!peer_title_ || sender != *peer_title_)
    return make_error(ErrorCode::kSecurity, "signed by " + to_string(sender) + ", not by our peer");
  AMITY_CHECK(verify_apdu(*whole, suite, asymmetric_->peer_signing));
  if (whole->content.empty() || !is_ciphered_apdu(whole->content[0])) {
    return make_error(ErrorCode::kSecurity,
                      "signed without ciphering: nothing would tell a repetition");
  }
  return whole->content;
}

Status Protection::seal(ByteView plain, SecurityControl control, CipherForm form, Bytes& out) {
  if (is_general_ciphering(form)) return seal_general_ciphering(control, form, plain, out);
  AMITY_TRY(Cipher* const with, cipher(is_dedicated(form)));
  AMITY_TRY(const std::uint32_t number, next_counter());
  const InvocationCounter counter{number};
  switch (form) {
    case CipherForm::kGlobal:
    case CipherForm::kDedicated:
      if (!plain.empty() && (is_dedicated(form) ? ded_tag(plain[0]) : glo_tag(plain[0]))) {
        return protect_service(*with, control, own_title_, counter, is_dedicated(form), plain, out);
      }
      [[fallthrough]];  // services without a form of their own travel in the general one
    case CipherForm::kGeneralGlobal:
    case CipherForm::kGeneralDedicated:
    default:
      return protect_general(*with, control, own_title_, counter, is_dedicated(form), plain, out);
  }
}

Result<Protection::Envelope> Protection::unwrap(ByteView apdu) const {
  AMITY_TRY(const Apdu decoded, decode_apdu(apdu));
  Envelope envelope;
  if (const auto* service = std::get_if<ServiceCiphered>(&decoded)) {
    envelope.content = service->content;
    envelope.form = service->dedicated ? CipherForm::kDedicated : CipherForm::kGlobal;
    return envelope;
  }
  ByteView title;
  if (const auto* general = std::get_if<GeneralGloDed>(&decoded)) {
    envelope.content = general->content;
    envelope.form = general->dedicated ? CipherForm::kGeneralDedicated : CipherForm::kGeneralGlobal;
    title = general->system_title;
  } else if (const auto* ciphering = std::get_if<GeneralCiphering>(&decoded)) {
    AMITY_TRY(envelope.form, form_of(*ciphering));
    if (envelope.form != CipherForm::kGeneralCiphering) envelope.agreed = *ciphering;
    envelope.content = ciphering->content;
    envelope.extra_aad = ciphering->authenticated_header;
    title = ciphering->originator_system_title;
  } else {
    return make_error(ErrorCode::kMalformed, "not a ciphered APDU");
  }
  if (!title.empty()) {
    AMITY_TRY(envelope.sender, system_title_from(title));
  }
  return envelope;
}

// Without a tag anybody could have chosen the counter: it is strict within the association and
// never moves the durable mark.
Status Protection::accept_counter(const SecurityHeader& header, bool dedicated) {
  const std::uint32_t counter = header.counter.value;
  if (header.control.authenticated() && !dedicated) {
    return counters_ == nullptr ? Status(no_keys()) : counters_->accept_peer(counter);
  }
  std::int64_t& mark = dedicated ? dedicated_peer_mark_ : unauthenticated_peer_mark_;
  if (counter <= mark) {
    return make_error(
        ErrorCode::kSecurity,
        fmt::format("invocation counter {} was used before (highest {})", counter, mark));
  }
  mark = counter;
  return {};
}

Result<Protected> Protection::open(ByteView apdu, Bytes& plain) {
  replayed_ = false;
  AMITY_TRY(const Envelope envelope, unwrap(apdu));
  if (envelope.sender && peer_title_ && *envelope.sender != *peer_title_) {
    return make_error(
        ErrorCode::kSecurity,
        fmt::format("sent by {}, not by {}", to_string(*envelope.sender), to_string(*peer_title_)));
  }
  const std::optional<SystemTitle> sender = envelope.sender ? envelope.sender : peer_title_;
  if (!sender)
    return make_error(ErrorCode::kSecurity, "ciphered by a peer whose system title is not known");
  AMITY_TRY(const SecurityHeader header, parse_security_header(envelope.content));
  if (header.control.broadcast())
    return make_error(ErrorCode::kUnsupported, "ciphered with the broadcast key");
  const bool dedicated = is_dedicated(envelope.form);
  std::optional<Cipher> once;
  if (envelope.agreed) {
    AMITY_TRY(once, agreed_cipher(*envelope.agreed,
                                  static_cast<SecuritySuite>(header.control.suite_id()), *sender));
  }
  AMITY_TRY(Cipher* const with, once ? Result<Cipher*>(&*once) : cipher(dedicated));
  plain.clear();
  AMITY_CHECK(with->unprotect(header, *sender, plain, envelope.extra_aad));
  if (Status accepted = accept_counter(header, dedicated); !accepted.ok()) {
    replayed_ = true;
    plain.clear();
    return std::move(accepted).error();
  }
  if (envelope.form == CipherForm::kGlobal || envelope.form == CipherForm::kDedicated) {
    const std::optional<PlainTag> inner = plain_tag(apdu[0]);
    if (plain.empty() || !inner || plain[0] != inner->tag) {
      plain.clear();
      return make_error(ErrorCode::kSecurity,
                        "the ciphered APDU holds another service than its tag says");
    }
  }
  return Protected{header.control, envelope.form};
}

void Protection::drop_ciphers() {
  global_cipher_.reset();
  dedicated_cipher_.reset();
}

std::size_t Protection::heap_bytes() const {
  constexpr std::size_t kCipherEstimate = 1'200;  // an OpenSSL 3.0 AES-GCM context
  return (global_cipher_ ? kCipherEstimate : 0) + (dedicated_cipher_ ? kCipherEstimate : 0) +
         dedicated_.size();
}

}  // namespace amity::dlms
