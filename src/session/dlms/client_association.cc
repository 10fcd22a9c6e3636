// AARQ/AARE, the two last passes of HLS, release.
#include <fmt/core.h>

#include <algorithm>

#include "session/dlms/client_machine.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr std::size_t kOwnChallengeSize = 16;
constexpr std::uint16_t kReplyToHlsShortName =
    0xFA58;  // association SN, method 8 behind its base name FA00
constexpr std::uint8_t kReplyToHlsMethod = 1;
constexpr std::uint8_t kAuthenticationRequired =
    static_cast<std::uint8_t>(AcseUserDiagnostic::kAuthenticationRequired);

bool is_high(Mechanism mechanism) {
  return mechanism > Mechanism::kLow;
}

ApplicationContext context_of(Referencing referencing, bool ciphered) {
  if (referencing == Referencing::kLogicalName) {
    return ciphered ? ApplicationContext::kLogicalNameCiphered : ApplicationContext::kLogicalName;
  }
  return ciphered ? ApplicationContext::kShortNameCiphered : ApplicationContext::kShortName;
}

Error downgrade(std::string reason) {
  return make_error(ErrorCode::kSecurity, std::move(reason));
}

// The octet string in one encoded value.
Result<Bytes> octet_string_in(ByteView data) {
  DataTree tree;
  AMITY_CHECK(tree.parse(data));
  AMITY_TRY(const ByteView bytes, tree.root().as_bytes());
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace

Result<Bytes> Client::Machine::own_challenge() {
  Bytes challenge(kOwnChallengeSize);
  random_->fill(challenge);
  return challenge;
}

// The InitiateRequest, ciphered where the policy says so: always with the global key.
Status Client::Machine::encode_initiate(Bytes& out) {
  InitiateRequest initiate;
  initiate.conformance = config_.conformance;
  initiate.pdu_size_max = config_.receive_pdu_bytes_max;
  const bool dedicated =
      config_.form == CipherForm::kDedicated || config_.form == CipherForm::kGeneralDedicated;
  std::array<std::uint8_t, 32> key{};
  const auto dedicated_key = std::span(key).first(key_size(config_.security.suite));
  if (dedicated && ciphered()) {
    random_->fill(dedicated_key);
    protection_.set_dedicated_key(dedicated_key);
    initiate.dedicated_key = dedicated_key;
  }
  Bytes plain;
  encode(initiate, plain);
  crypto::wipe(key);
  if (!ciphered()) {
    out = std::move(plain);
    return {};
  }
  Status sealed = protection_.seal(plain, config_.security.control(), CipherForm::kGlobal, out);
  crypto::wipe(plain);
  return sealed;
}

Status Client::Machine::send_aarq(Instant now) {
  protection_.start_association();
  protection_.forget_peer_title();
  if (config_.server_title) protection_.set_peer_title(*config_.server_title);
  Aarq aarq;
  aarq.context = context_of(config_.referencing, ciphered());
  if (ciphered() || is_high(config_.mechanism)) aarq.calling_ap_title = config_.client_title;
  if (config_.mechanism != Mechanism::kNone) aarq.mechanism = config_.mechanism;
  if (config_.mechanism == Mechanism::kLow)
    aarq.calling_authentication_value = config_.password.view();
  if (is_high(config_.mechanism)) {
    AMITY_TRY(challenge_, own_challenge());
    aarq.calling_authentication_value = challenge_;
  }
  Bytes initiate;
  AMITY_CHECK(encode_initiate(initiate));
  aarq.user_information = initiate;
  Bytes apdu;
  encode(aarq, apdu);
  send_apdu(apdu, false, now);
  return {};
}

void Client::Machine::on_aare(const Aare& aare, Instant now) {
  if (Status accepted = accept_association(aare, now); !accepted.ok())
    fail(std::move(accepted).error(), true);
}

Status Client::Machine::check_aare(const Aare& aare) {
  if (aare.result != AssociationResult::kAccepted) {
    std::string why(aare.provider_diagnostic
                        ? "no common ACSE version"
                        : to_string(static_cast<AcseUserDiagnostic>(aare.diagnostic)));
    if (const auto inner = decode_apdu(aare.user_information); inner.ok()) {
      if (const auto* error = std::get_if<ConfirmedServiceError>(&*inner))
        why += "; " + to_string(*error);
    }
    return make_error(ErrorCode::kRefused,
                      fmt::format("association {}: {}", to_string(aare.result), why));
  }
  if (aare.context != context_of(config_.referencing, ciphered())) {
    return downgrade(fmt::format("asked for {}, the meter answers with {}",
                                 to_string(context_of(config_.referencing, ciphered())),
                                 to_string(aare.context)));
  }
  if (!is_high(config_.mechanism)) return {};
  if (aare.provider_diagnostic || aare.diagnostic != kAuthenticationRequired) {
    return downgrade(
        "the meter accepts without proving itself, although high-level security was asked for");
  }
  if (aare.mechanism && *aare.mechanism != config_.mechanism) {
    return downgrade(fmt::format("asked for {}, the meter answers with {}",
                                 to_string(config_.mechanism), to_string(*aare.mechanism)));
  }
  AMITY_CHECK(check_challenge(aare.responding_authentication_value));
  return check_challenges_differ(challenge_, aare.responding_authentication_value);
}

Status Client::Machine::accept_association(const Aare& aare, Instant now) {
  AMITY_CHECK(check_aare(aare));
  if (aare.responding_ap_title.size() == std::tuple_size_v<SystemTitle>) {
    AMITY_TRY(const SystemTitle title, system_title_from(aare.responding_ap_title));
    if (config_.server_title && title != *config_.server_title) {
      return make_error(ErrorCode::kSecurity,
                        fmt::format("this is meter {}, not {}", to_string(title),
                                    to_string(*config_.server_title)));
    }
    protection_.set_peer_title(title);
  }
  AMITY_CHECK(accept_initiate(aare.user_information));
  if (!is_high(config_.mechanism)) {
    connected(now);
    return {};
  }
  return send_proof(aare.responding_authentication_value, now);
}

Status Client::Machine::accept_initiate(ByteView user_information) {
  if (user_information.empty())
    return make_error(ErrorCode::kMalformed, "the association answer has no user information");
  ByteView plain = user_information;
  SecurityControl protection;
  Bytes opened;
  if (is_ciphered_apdu(user_information[0])) {
    AMITY_TRY(const Protected was, protection_.open(user_information, opened));
    protection = was.control;
    plain = opened;
  }
  if (ciphered()) AMITY_CHECK(check_policy(config_.security, protection));
  AMITY_TRY(const Apdu apdu, decode_apdu(plain));
  if (const auto* error = std::get_if<ConfirmedServiceError>(&apdu)) {
    return make_error(ErrorCode::kRefused, to_string(*error));
  }
  const auto* response = std::get_if<InitiateResponse>(&apdu);
  if (response == nullptr)
    return make_error(ErrorCode::kMalformed, "the user information is no InitiateResponse");
  if (response->dlms_version != kDlmsVersion) {
    return make_error(ErrorCode::kUnsupported,
                      fmt::format("DLMS version {}", response->dlms_version));
  }
  if (response->pdu_size_max != 0 && response->pdu_size_max < kPduSizeMin) {
    return make_error(ErrorCode::kUnsupported,
                      fmt::format("the meter takes PDUs of {} bytes", response->pdu_size_max));
  }
  conformance_.bits = response->conformance.bits & config_.conformance.bits;
  server_pdu_bytes_max_ = response->pdu_size_max;
  if (const std::uint16_t path = config_.send_pdu_bytes_max; path != 0)
    server_pdu_bytes_max_ =
        server_pdu_bytes_max_ == 0 ? path : std::min(server_pdu_bytes_max_, path);
  return {};
}

HlsContext Client::Machine::hls_context(bool client_proves) const {
  HlsContext context;
  context.mechanism = config_.mechanism;
  context.suite = config_.security.suite;
  context.secret = config_.password.view();
  context.signing_key = config_.asymmetric.signing.view();
  context.verifying_key = config_.asymmetric.peer_signing;
  const SystemTitle server = protection_.peer_title().value_or(SystemTitle{});
  context.prover_title = client_proves ? config_.client_title : server;
  context.verifier_title = client_proves ? server : config_.client_title;
  context.prover_challenge = client_proves ? challenge_ : server_challenge_;
  context.verifier_challenge = client_proves ? server_challenge_ : challenge_;
  return context;
}

Status Client::Machine::send_proof(ByteView server_challenge, Instant now) {
  server_challenge_.assign(server_challenge.begin(), server_challenge.end());
  Cipher* cipher = nullptr;
  InvocationCounter counter;
  const bool needs_title = config_.mechanism >= Mechanism::kHighGmac;
  if (needs_title && !protection_.peer_title())
    return make_error(ErrorCode::kSecurity, "the meter did not say its system title");
  if (config_.mechanism == Mechanism::kHighGmac) {
    AMITY_TRY(cipher, protection_.global_cipher());
    AMITY_TRY(counter.value, protection_.next_counter());
  }
  AMITY_TRY(const Bytes proof, hls_proof(hls_context(true), cipher, counter));
  Bytes data;
  DataWriter(data).octet_string(proof);
  Bytes apdu;
  if (config_.referencing == Referencing::kLogicalName) {
    ActionRequestNormal request;
    request.invoke = InvokeId::make(invoke_ = 1);
    request.method = {15, Obis(0, 0, 40, 0, 0, 255), kReplyToHlsMethod};
    request.parameters = ByteView(data);
    encode(request, apdu);
  } else {
    ReadRequest request;
    request.items.push_back(ParameterizedAccess{kReplyToHlsShortName, 1, data});
    encode(request, apdu);
  }
  phase_ = Phase::kProving;
  send_apdu(apdu, ciphered(), now);
  return {};
}

void Client::Machine::on_proof(ByteView data, Instant now) {
  const auto refuse = [this](Error error) {
    error.code = ErrorCode::kSecurity;
    fail(std::move(error), true);
  };
  const Result<Bytes> proof = octet_string_in(data);
  if (!proof.ok())
    return refuse(make_error(ErrorCode::kSecurity, "the meter's proof is no octet string"));
  Cipher* cipher = nullptr;
  if (config_.mechanism == Mechanism::kHighGmac) {
    Result<Cipher*> global = protection_.global_cipher();
    if (!global.ok()) return refuse(std::move(global).error());
    cipher = *global;
  }
  // Fresh by our own random challenge, so the counter inside needs no mark of its own.
  const Result<InvocationCounter> verified = hls_verify(hls_context(false), cipher, *proof);
  if (!verified.ok())
    return refuse(
        make_error(ErrorCode::kSecurity, "the meter's proof is wrong: " + verified.error().reason));
  connected(now);
}

void Client::Machine::connected(Instant) {
  phase_ = Phase::kConnected;
  disarm();
  challenge_ = Bytes();
  server_challenge_ = Bytes();
  emit(Connected{conformance_, server_pdu_bytes_max_, protection_.peer_title()});
}

Status Client::Machine::release(Instant now) {
  if (phase_ != Phase::kConnected)
    return make_error(ErrorCode::kInvalid, "there is no association to release");
  if (request_) return make_error(ErrorCode::kBusy, "a request is under way");
  Rlrq rlrq;
  rlrq.reason = 0;
  Bytes initiate;
  if (ciphered()) {  // proves to the meter that it is us who leave; the dedicated key is not sent
                     // again
    InitiateRequest plain;
    plain.conformance = config_.conformance;
    plain.pdu_size_max = config_.receive_pdu_bytes_max;
    Bytes encoded;
    encode(plain, encoded);
    AMITY_CHECK(
        protection_.seal(encoded, config_.security.control(), CipherForm::kGlobal, initiate));
    rlrq.user_information = initiate;
  }
  Bytes apdu;
  encode(rlrq, apdu);
  phase_ = Phase::kReleasing;
  send_apdu(apdu, false, now);
  return {};
}

void Client::Machine::on_released(Instant now) {
  disarm();
  phase_ = Phase::kUnlinking;
  link_.close(now);
}

}  // namespace amity::dlms
