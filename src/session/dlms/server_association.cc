// AARQ/AARE, the last passes of HLS, release, and the association's own object.
#include <fmt/core.h>

#include <algorithm>

#include "session/dlms/server_machine.h"
#include "wire/dlms/data_value.h"
#include "wire/dlms/selective_access.h"

namespace amity::dlms {
namespace {

constexpr std::size_t kOwnChallengeSize = 16;

constexpr std::uint32_t kLogicalNameConformance =
    Conformance::kGeneralProtection | Conformance::kGeneralBlockTransfer |
    Conformance::kBlockTransferGet | Conformance::kBlockTransferSet |
    Conformance::kBlockTransferAction | Conformance::kMultipleReferences |
    Conformance::kDataNotification | Conformance::kEventNotification | Conformance::kGet |
    Conformance::kSet | Conformance::kSelectiveAccess | Conformance::kAction | Conformance::kAccess;
constexpr std::uint32_t kShortNameConformance =
    Conformance::kRead | Conformance::kWrite | Conformance::kParameterizedAccess |
    Conformance::kBlockTransferGet | Conformance::kMultipleReferences;

bool is_short_name(ApplicationContext context) {
  return context == ApplicationContext::kShortName ||
         context == ApplicationContext::kShortNameCiphered;
}

bool is_high(Mechanism mechanism) {
  return mechanism > Mechanism::kLow;
}

// 2.16.756.5.8.1.x and 2.16.756.5.8.2.x as the seven bytes of their BER form.
Bytes object_identifier(std::uint8_t kind, std::uint8_t last) {
  return {0x60, 0x85, 0x74, 0x05, 0x08, kind, last};
}

}  // namespace

AcseUserDiagnostic Server::Machine::judge(const Aarq& aarq, const ServerAssociation*& found) const {
  const auto& all = config_->associations;
  const auto at = std::ranges::find(all, peer_sap_, &ServerAssociation::client_sap);
  if (at == all.end()) return AcseUserDiagnostic::kNoReasonGiven;
  found = &*at;
  const bool short_name = at->referencing == Referencing::kShortName;
  if (is_short_name(aarq.context) != short_name)
    return AcseUserDiagnostic::kApplicationContextNotSupported;
  if (at->security.needs_protection() != is_ciphered(aarq.context)) {
    return AcseUserDiagnostic::kApplicationContextNotSupported;
  }
  const Mechanism asked = aarq.mechanism.value_or(Mechanism::kNone);
  if (asked == Mechanism::kNone && at->mechanism != Mechanism::kNone)
    return AcseUserDiagnostic::kMechanismRequired;
  if (asked != at->mechanism) return AcseUserDiagnostic::kMechanismNotRecognized;
  if (asked == Mechanism::kLow &&
      !constant_time_equal(aarq.calling_authentication_value, at->password.view())) {
    return AcseUserDiagnostic::kAuthenticationFailure;
  }
  if (is_high(asked) && !check_challenge(aarq.calling_authentication_value).ok()) {
    return AcseUserDiagnostic::kAuthenticationFailure;
  }
  const bool title_needed = is_ciphered(aarq.context) || asked >= Mechanism::kHighGmac;
  if (title_needed && !system_title_from(aarq.calling_ap_title).ok())
    return AcseUserDiagnostic::kCallingApTitleNotRecognized;
  return AcseUserDiagnostic::kNull;
}

void Server::Machine::reject(ApplicationContext context, AcseUserDiagnostic diagnostic,
                             Instant now) {
  Aare aare;
  aare.context = context;
  aare.result = AssociationResult::kRejectedPermanent;
  aare.diagnostic = static_cast<std::uint8_t>(diagnostic);
  Bytes apdu;
  encode(aare, apdu);
  reply_plain(apdu, now);
}

// Whoever repeats or forges a request changes nothing: the association that stands ends only for
// one that is accepted.
void Server::Machine::on_aarq(const Aarq& aarq, Instant now) {
  const ServerAssociation* found = nullptr;
  const AcseUserDiagnostic diagnostic = judge(aarq, found);
  if (diagnostic != AcseUserDiagnostic::kNull) {
    if (diagnostic == AcseUserDiagnostic::kAuthenticationFailure) {
      violate(make_error(ErrorCode::kSecurity, "wrong password or challenge"));
    }
    return reject(aarq.context, diagnostic, now);
  }
  Protection protection(&config_->keys, counters_, config_->title);
  protection.set_asymmetric(&config_->asymmetric, random_);
  const auto title = system_title_from(aarq.calling_ap_title);
  if (title.ok()) protection.set_peer_title(*title);
  const Result<Initiated> initiated = initiate(aarq, *found, protection);
  if (!initiated.ok()) {
    const bool security = initiated.error().code == ErrorCode::kSecurity;
    if (security) violate(initiated.error());
    if (protection.replayed() && datagrams()) return;  // the network repeated it
    return reject(
        aarq.context,
        security ? AcseUserDiagnostic::kAuthenticationFailure : AcseUserDiagnostic::kNoReasonGiven,
        now);
  }
  if (association_ != nullptr) close_association("associated anew");
  protection_ = std::move(protection);
  if (title.ok()) client_title_ = *title;
  conformance_ = initiated->conformance;
  client_pdu_bytes_max_ = initiated->client_pdu_bytes_max;
  request_control_ = initiated->control;
  request_form_ = CipherForm::kGlobal;
  accept(aarq, *found, now);
}

Result<Server::Machine::Initiated> Server::Machine::initiate(const Aarq& aarq,
                                                             const ServerAssociation& association,
                                                             Protection& protection) const {
  if (aarq.user_information.empty()) return make_error(ErrorCode::kMalformed, "no InitiateRequest");
  ByteView plain = aarq.user_information;
  Bytes opened;
  Initiated initiated;
  if (is_ciphered_apdu(plain[0])) {
    AMITY_TRY(const Protected was, protection.open(aarq.user_information, opened));
    initiated.control = was.control;
    plain = opened;
  }
  if (association.security.needs_protection())
    AMITY_CHECK(check_policy(association.security, initiated.control));
  AMITY_TRY(const Apdu apdu, decode_apdu(plain));
  const auto* request = std::get_if<InitiateRequest>(&apdu);
  if (request == nullptr) return make_error(ErrorCode::kMalformed, "no InitiateRequest");
  if (request->pdu_size_max != 0 && request->pdu_size_max < kPduSizeMin) {
    return make_error(ErrorCode::kUnsupported, "the client takes too short PDUs");
  }
  if (!request->dedicated_key.empty()) {
    if (request->dedicated_key.size() != config_->keys.encryption.size()) {
      return make_error(ErrorCode::kSecurity, "the dedicated key has a wrong size");
    }
    protection.set_dedicated_key(request->dedicated_key);
  }
  const std::uint32_t all = association.referencing == Referencing::kShortName
                                ? kShortNameConformance
                                : kLogicalNameConformance;
  const std::uint32_t offered =
      association.conformance.bits == 0 ? all : association.conformance.bits & all;
  initiated.conformance.bits = request->conformance.bits & offered;
  initiated.client_pdu_bytes_max = request->pdu_size_max;
  return initiated;
}

void Server::Machine::accept(const Aarq& aarq, const ServerAssociation& association, Instant now) {
  Aare aare;
  aare.context = aarq.context;
  if (is_ciphered(aarq.context) || is_high(association.mechanism))
    aare.responding_ap_title = config_->title;
  if (is_high(association.mechanism)) {
    client_challenge_.assign(aarq.calling_authentication_value.begin(),
                             aarq.calling_authentication_value.end());
    own_challenge_.resize(kOwnChallengeSize);
    random_->fill(own_challenge_);
    aare.mechanism = association.mechanism;
    aare.diagnostic = static_cast<std::uint8_t>(AcseUserDiagnostic::kAuthenticationRequired);
    aare.responding_authentication_value = own_challenge_;
  }
  InitiateResponse response;
  response.conformance = conformance_;
  response.pdu_size_max = config_->receive_pdu_bytes_max;
  response.vaa_name = association.referencing == Referencing::kShortName ? kVaaNameSn : kVaaNameLn;
  Bytes initiate;
  encode(response, initiate);
  if (request_control_.raw != 0) {
    Bytes sealed;
    if (Status done = protection_.seal(initiate, request_control_, CipherForm::kGlobal, sealed);
        !done.ok()) {
      return violate(std::move(done).error());
    }
    initiate = std::move(sealed);
  }
  aare.user_information = initiate;
  association_ = &association;
  phase_ = is_high(association.mechanism) ? Phase::kProving : Phase::kOpen;
  Bytes apdu;
  encode(aare, apdu);
  reply_plain(apdu, now);
  if (phase_ == Phase::kOpen) emit(AssociationOpened{context()});
}

// A ciphered farewell is checked, so that its counter counts as used; a plain one is taken as it
// is.
void Server::Machine::on_rlrq(const Rlrq& rlrq, Instant now) {
  if (association_ != nullptr && !rlrq.user_information.empty() &&
      is_ciphered_apdu(rlrq.user_information[0])) {
    Bytes plain;
    if (const auto opened = protection_.open(rlrq.user_information, plain); !opened.ok()) {
      violate(opened.error());
      if (protection_.replayed() && datagrams()) return;
      return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kDecipheringError, now);
    }
  }
  Rlre rlre;
  rlre.reason = 0;
  Bytes apdu;
  encode(rlre, apdu);
  close_association("released");
  reply_plain(apdu, now);
}

AssociationContext Server::Machine::context() const {
  return {association_->client_sap, association_->mechanism, association_->referencing,
          association_->security};
}

HlsContext Server::Machine::hls_context(bool client_proves) const {
  HlsContext context;
  context.mechanism = association_->mechanism;
  context.suite = association_->security.suite;
  context.secret = association_->password.view();
  context.signing_key = config_->asymmetric.signing.view();
  context.verifying_key = config_->asymmetric.peer_signing;
  context.prover_title = client_proves ? client_title_ : config_->title;
  context.verifier_title = client_proves ? config_->title : client_title_;
  context.prover_challenge = client_proves ? client_challenge_ : own_challenge_;
  context.verifier_challenge = client_proves ? own_challenge_ : client_challenge_;
  return context;
}

ActionResult Server::Machine::on_reply_to_hls(ByteView parameters, Bytes& out) {
  if (phase_ != Phase::kProving) return ActionResult::kReadWriteDenied;
  const auto refuse = [this](Error error) {
    violate(make_error(ErrorCode::kSecurity, "the client's proof: " + error.reason));
    close_association("");
    return ActionResult::kReadWriteDenied;
  };
  DataTree tree;
  if (Status parsed = tree.parse(parameters); !parsed.ok()) return refuse(parsed.error());
  const Result<ByteView> proof = tree.root().as_bytes();
  if (!proof.ok()) return refuse(proof.error());
  Cipher* cipher = nullptr;
  InvocationCounter counter;
  if (association_->mechanism == Mechanism::kHighGmac) {
    const Result<Cipher*> global = protection_.global_cipher();
    if (!global.ok()) return refuse(global.error());
    cipher = *global;
  }
  if (const auto verified = hls_verify(hls_context(true), cipher, *proof); !verified.ok())
    return refuse(verified.error());
  if (cipher != nullptr) {
    const Result<std::uint32_t> next = protection_.next_counter();
    if (!next.ok()) return refuse(next.error());
    counter.value = *next;
  }
  const Result<Bytes> ours = hls_proof(hls_context(false), cipher, counter);
  if (!ours.ok()) return refuse(ours.error());
  DataWriter(out).octet_string(*ours);
  phase_ = Phase::kOpen;
  emit(AssociationOpened{context()});
  return ActionResult::kSuccess;
}

// object_list of class 15, version 1: class, version, name, access rights {attributes, methods}.
void Server::Machine::write_object_list(Bytes& out) {
  std::vector<ObjectEntry> objects;
  objects.push_back({15, 1, Obis(0, 0, 40, 0, 0, 255), 0, 8, 1, 0});
  objects_->list(context(), objects);
  DataWriter writer(out);
  writer.array(objects.size());
  for (const ObjectEntry& object : objects) {
    writer.structure(4);
    writer.uint16(object.class_id);
    writer.uint8(object.version);
    writer.octet_string(object.instance);
    writer.structure(2);
    writer.array(object.attributes);
    for (std::uint8_t id = 1; id <= object.attributes; ++id) {
      writer.structure(3);
      writer.int8(static_cast<std::int8_t>(id));
      writer.enumeration(id < 32 && (object.writable >> id & 1u) ? 3
                                                                 : 1);  // read and write, read only
      if (object.class_id == 7 && id == 2) {
        writer.array(2);
        writer.int8(kAccessByRange);
        writer.int8(kAccessByEntry);
      } else {
        writer.null();
      }
    }
    writer.array(object.methods);
    for (std::uint8_t id = 1; id <= object.methods; ++id) {
      writer.structure(2);
      writer.int8(static_cast<std::int8_t>(id));
      writer.enumeration(1);
    }
  }
}

DataAccessResult Server::Machine::get_association(const AttributeRef& attribute, Bytes& out) {
  DataWriter writer(out);
  switch (attribute.attribute) {
    case 1:
      writer.octet_string(Obis(0, 0, 40, 0, 0, 255));
      break;
    case 2:
      write_object_list(out);
      break;
    case 3:
      writer.structure(2);
      writer.int8(static_cast<std::int8_t>(association_->client_sap));
      writer.uint16(config_->link.server_sap);
      break;
    case 4: {
      const bool ciphered = association_->security.needs_protection();
      writer.octet_string(object_identifier(1, ciphered ? 3 : 1));
      break;
    }
    case 5: {
      const std::uint8_t bits[] = {static_cast<std::uint8_t>(conformance_.bits >> 16),
                                   static_cast<std::uint8_t>(conformance_.bits >> 8),
                                   static_cast<std::uint8_t>(conformance_.bits)};
      writer.structure(6);
      writer.bit_string(bits, 24);
      writer.uint16(client_pdu_bytes_max_);
      writer.uint16(config_->receive_pdu_bytes_max);
      writer.uint8(kDlmsVersion);
      writer.int8(0);
      writer.octet_string(ByteView());
      break;
    }
    case 6:
      writer.octet_string(object_identifier(2, static_cast<std::uint8_t>(association_->mechanism)));
      break;
    case 7:
      return DataAccessResult::kReadWriteDenied;  // the secret
    case 8:
      writer.enumeration(phase_ == Phase::kOpen ? 2 : 1);
      break;
    default:
      return DataAccessResult::kObjectUndefined;
  }
  return DataAccessResult::kSuccess;
}

}  // namespace amity::dlms
