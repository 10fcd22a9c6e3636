#include "session/dlms/protection.h"

#include <fmt/core.h>

namespace amity::dlms {
namespace {

bool is_dedicated(CipherForm form) {
  return form == CipherForm::kDedicated || form == CipherForm::kGeneralDedicated;
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

Status Protection::seal_general_ciphering(Cipher& cipher, SecurityControl control,
                                          InvocationCounter counter, ByteView plain,
                                          Bytes& out) const {
  GeneralCiphering apdu;
  std::array<std::uint8_t, 8> transaction{};
  for (int i = 0; i < 4; ++i)
    transaction[4 + i] = static_cast<std::uint8_t>(counter.value >> (24 - 8 * i));
  apdu.transaction_id = transaction;
  apdu.originator_system_title = own_title_;
  if (peer_title_) apdu.recipient_system_title = *peer_title_;
  apdu.key_info = KeyInfo{};  // identified: the global unicast key
  Bytes content;
  AMITY_CHECK(
      cipher.protect(control, own_title_, counter, plain, content, authenticated_header(apdu)));
  apdu.content = content;
  encode(apdu, out);
  return {};
}

Status Protection::seal(ByteView plain, SecurityControl control, CipherForm form, Bytes& out) {
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
      return protect_general(*with, control, own_title_, counter, is_dedicated(form), plain, out);
    case CipherForm::kGeneralCiphering:
      break;
  }
  return seal_general_ciphering(*with, control, counter, plain, out);
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
    if (ciphering->key_info &&
        (ciphering->key_info->kind != KeyInfo::Kind::kIdentified || ciphering->key_info->id != 0)) {
      return make_error(ErrorCode::kUnsupported,
                        "general-ciphering with another key than the global unicast key");
    }
    envelope.content = ciphering->content;
    envelope.extra_aad = ciphering->authenticated_header;
    envelope.form = CipherForm::kGeneralCiphering;
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
  AMITY_TRY(Cipher* const with, cipher(dedicated));
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
