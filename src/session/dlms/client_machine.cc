#include "session/dlms/client_machine.h"

#include <fmt/core.h>

#include <algorithm>

#include "wire/dlms/ecdsa.h"

namespace amity::dlms {
namespace {

constexpr std::uint8_t kOwnWindow = 8;  // general blocks that we take in a burst
constexpr std::size_t kGeneralBlockOverhead = 10;

constexpr std::uint32_t kLogicalNameConformance =
    Conformance::kGeneralProtection | Conformance::kGeneralBlockTransfer |
    Conformance::kBlockTransferGet | Conformance::kBlockTransferSet |
    Conformance::kBlockTransferAction | Conformance::kMultipleReferences |
    Conformance::kDataNotification | Conformance::kEventNotification | Conformance::kGet |
    Conformance::kSet | Conformance::kSelectiveAccess | Conformance::kAction | Conformance::kAccess;
constexpr std::uint32_t kShortNameConformance =
    Conformance::kRead | Conformance::kWrite | Conformance::kParameterizedAccess |
    Conformance::kMultipleReferences | Conformance::kBlockTransferGet |
    Conformance::kInformationReport;

ClientConfig completed(ClientConfig config) {
  if (config.conformance.bits == 0) {
    config.conformance.bits = config.referencing == Referencing::kLogicalName
                                  ? kLogicalNameConformance
                                  : kShortNameConformance;
  }
  if (config.attempts == 0) config.attempts = 1;
  return config;
}

bool is_dedicated(CipherForm form) {
  return form == CipherForm::kDedicated || form == CipherForm::kGeneralDedicated;
}

}  // namespace

Client::Machine::Machine(ClientConfig config, InvocationCounters* counters, Random& random)
    : config_(completed(std::move(config))),
      counters_(counters),
      random_(&random),
      link_(&config_.link, Side::kClient),
      protection_(&config_.keys, counters, config_.client_title) {
  protection_.set_asymmetric(&config_.asymmetric, random_);
}

Status Client::Machine::validate() const {
  const auto invalid = [](std::string reason) {
    return make_error(ErrorCode::kInvalid, std::move(reason));
  };
  const bool gmac = config_.mechanism == Mechanism::kHighGmac;
  if (ciphered() || gmac) {
    const std::size_t size = key_size(config_.security.suite);
    if (config_.keys.encryption.size() != size)
      return invalid(fmt::format("the encryption key has not {} bytes", size));
    if ((config_.security.authenticate || gmac) && config_.keys.authentication.size() != size) {
      return invalid(fmt::format("the authentication key has not {} bytes", size));
    }
    if (counters_ == nullptr) return invalid("ciphering needs invocation counters");
  }
  if (is_dedicated(config_.form) && ciphered() && !config_.security.encrypt) {
    return invalid("a dedicated key would travel unencrypted under this policy");
  }
  AMITY_CHECK(validate_asymmetric());
  if (config_.mechanism == Mechanism::kHighManufacturer) {
    return Error{ErrorCode::kUnsupported, 0,
                 fmt::format("authentication {} is not implemented", to_string(config_.mechanism))};
  }
  const bool secret =
      config_.mechanism != Mechanism::kNone && config_.mechanism < Mechanism::kHighGmac;
  if (secret && config_.password.empty()) return invalid("this authentication needs a password");
  if (config_.receive_pdu_bytes_max != 0 && config_.receive_pdu_bytes_max < kPduSizeMin) {
    return invalid(fmt::format("PDUs of less than {} bytes", kPduSizeMin));
  }
  return {};
}

// Only what the configuration will use must be there, and of the right size.
Status Client::Machine::validate_asymmetric() const {
  const bool one_pass = config_.form == CipherForm::kAgreedOnePass;
  const bool agreed = one_pass || config_.form == CipherForm::kAgreedStatic;
  const bool signs = config_.mechanism == Mechanism::kHighEcdsa || config_.sign || one_pass;
  if (!agreed && !signs) return {};
  const auto invalid = [](const char* reason) { return make_error(ErrorCode::kInvalid, reason); };
  const std::size_t point = signature_size(config_.security.suite);
  if (point == 0) return invalid("suite 0 has neither signatures nor key agreement");
  const AsymmetricKeys& keys = config_.asymmetric;
  if (signs && (keys.signing.size() != point / 2 || keys.peer_signing.size() != point))
    return invalid("the signing keys do not fit the suite");
  if (agreed && (keys.agreement.size() != point / 2 || keys.peer_agreement.size() != point))
    return invalid("the key agreement keys do not fit the suite");
  if (config_.sign && !config_.security.authenticate)
    return invalid("signing needs a policy that authenticates");
  return {};
}

Status Client::Machine::connect(Instant now) {
  if (phase_ != Phase::kClosed)
    return make_error(ErrorCode::kBusy, "the client is connected or connecting");
  AMITY_CHECK(validate());
  association_attempts_left_ = config_.attempts;
  phase_ = Phase::kWaiting;
  if (stream_open_) start_association(now);
  return {};
}

void Client::Machine::on_open(Instant now) {
  stream_open_ = true;
  if (phase_ == Phase::kWaiting) start_association(now);
}

void Client::Machine::start_association(Instant now) {
  phase_ = Phase::kOpening;
  shrink_at_.reset();
  link_.reset();
  link_.open(now);
  pump(now);
}

void Client::Machine::on_closed(std::string reason) {
  stream_open_ = false;
  if (phase_ == Phase::kClosed) return;
  if (phase_ == Phase::kReleasing || phase_ == Phase::kUnlinking) {
    forget();
    emit(Released{});
    return;
  }
  if (request_ && request_->blocks_received > 0) {
    reason += fmt::format(" in the middle of a block transfer, after block {}",
                          request_->blocks_received);
  }
  fail(Error{ErrorCode::kClosed, 0, std::move(reason)}, true);
}

void Client::Machine::abort() {
  forget();
  events_.clear();
  events_taken_ = 0;
}

// Takes what the link has; moves on when the link changed its state.
void Client::Machine::pump(Instant now) {
  while (phase_ != Phase::kClosed) {
    Result<std::optional<Inbound>> inbound = link_.next(now);
    if (!inbound.ok()) return fail(std::move(inbound).error(), true);
    if (!inbound->has_value()) break;
    ++statistics_.apdus_in;
    on_apdu((*inbound)->apdu, 0, now);
  }
  if (phase_ == Phase::kOpening && link_.state() == LinkState::kOpen) {
    phase_ = Phase::kAssociating;
    if (Status sent = send_aarq(now); !sent.ok()) return fail(std::move(sent).error(), true);
  }
  if (phase_ == Phase::kUnlinking && link_.state() == LinkState::kClosed) {
    forget();
    emit(Released{});
  }
  settle(now);
}

void Client::Machine::on_bytes(ByteView bytes, Instant now) {
  statistics_.bytes_in += bytes.size();
  if (phase_ == Phase::kClosed || phase_ == Phase::kWaiting) return;
  shrink_at_.reset();
  if (Status taken = link_.on_bytes(bytes, now); !taken.ok())
    return fail(std::move(taken).error(), true);
  pump(now);
}

void Client::Machine::arm(Instant now) {
  deadline_ = now + config_.response_timeout;
  shrink_at_.reset();
}

// Nothing under way: buffers go back after a while.
void Client::Machine::settle(Instant now) {
  if (deadline_) link_.await_more(now);
  if (phase_ == Phase::kConnected && !request_ && !shrink_at_) shrink_at_ = now + kIdleShrinkDelay;
}

void Client::Machine::on_timer(Instant now) {
  if (phase_ == Phase::kClosed) return;
  if (Status link = link_.on_timer(now); !link.ok()) return fail(std::move(link).error(), true);
  if (deadline_ && *deadline_ <= now) {
    deadline_.reset();
    retry_or_fail(now);
  }
  if (shrink_at_ && *shrink_at_ <= now) {
    shrink_at_.reset();
    shrink();
    return;
  }
  pump(now);
}

std::optional<Instant> Client::Machine::next_timeout() const {
  std::optional<Instant> next = deadline_;
  for (const std::optional<Instant>& other : {link_.next_timeout(), shrink_at_}) {
    if (other && (!next || *other < *next)) next = other;
  }
  return next;
}

void Client::Machine::retry_or_fail(Instant now) {
  if (phase_ == Phase::kReleasing) return on_released(now);  // no answer to a farewell is an answer
  if (phase_ == Phase::kAssociating && association_attempts_left_ > 1) {
    --association_attempts_left_;
    ++statistics_.retries;
    if (Status sent = send_aarq(now); !sent.ok()) fail(std::move(sent).error(), true);
    return;
  }
  if (request_ && request_->attempts_left > 1) {
    --request_->attempts_left;
    ++statistics_.retries;
    if (receiver_ && receiver_->active()) {
      Bytes acknowledgement;
      receiver_->acknowledgement(kOwnWindow, acknowledgement);
      return send_bytes(std::move(acknowledgement), now);
    }
    const Bytes again = request_->last_apdu;  // the request goes away when sending fails
    return send_apdu(again, ciphered(), now);
  }
  const char* what = request_                    ? "the request"
                     : phase_ == Phase::kProving ? "our proof of identity"
                                                 : "the association request";
  fail(Error{ErrorCode::kTimeout, 0,
             fmt::format(
                 "no answer to {} within {} ms", what,
                 std::chrono::duration_cast<std::chrono::milliseconds>(config_.response_timeout)
                     .count())},
       true);
}

void Client::Machine::send_apdu(ByteView plain, bool protect, Instant now) {
  Bytes apdu;
  if (protect) {
    if (Status sealed = protection_.seal(plain, config_.security.control(), config_.form, apdu);
        !sealed.ok()) {
      return fail(std::move(sealed).error(), true);
    }
    if (config_.sign) {
      if (Status done = protection_.sign(config_.security.suite, apdu); !done.ok())
        return fail(std::move(done).error(), true);
    }
  } else {
    apdu.assign(plain.begin(), plain.end());
  }
  const bool whole = server_pdu_bytes_max_ == 0 || apdu.size() <= server_pdu_bytes_max_ ||
                     phase_ == Phase::kAssociating;
  if (whole) return send_bytes(std::move(apdu), now);
  if (!can(Conformance::kGeneralBlockTransfer)) {
    return fail_request(
        make_error(ErrorCode::kLimit, fmt::format("the request has {} bytes, the meter takes {}",
                                                  apdu.size(), server_pdu_bytes_max_)),
        now);
  }
  sender_ = std::make_unique<GeneralBlockSender>();
  sender_->start(std::move(apdu), server_pdu_bytes_max_ - kGeneralBlockOverhead, server_window_,
                 kOwnWindow);
  send_general_blocks(now);
}

void Client::Machine::send_general_blocks(Instant now) {
  for (Bytes block; sender_ && sender_->next_block(block); block = Bytes()) {
    send_bytes(std::move(block), now);
    if (phase_ == Phase::kClosed) return;
  }
}

void Client::Machine::send_bytes(Bytes apdu, Instant now) {
  ++statistics_.apdus_out;
  if (Status sent = link_.send(config_.link.server_sap, apdu, now); !sent.ok()) {
    return fail(std::move(sent).error(), true);
  }
  arm(now);
}

bool Client::Machine::poll_output(Bytes& out) {
  if (!link_.poll_output(out)) return false;
  statistics_.bytes_out += out.size();
  return true;
}

void Client::Machine::emit(ClientEvent event) {
  if (events_.size() - events_taken_ >= kEventsQueuedMax &&
      std::holds_alternative<Notification>(event)) {
    ++statistics_.notifications_dropped;
    return;
  }
  events_.push_back(std::move(event));
}

std::optional<ClientEvent> Client::Machine::poll_event() {
  if (events_taken_ == events_.size()) {
    events_.clear();
    events_taken_ = 0;
    return std::nullopt;
  }
  return std::move(events_[events_taken_++]);
}

void Client::Machine::forget() {
  phase_ = Phase::kClosed;
  link_.reset();
  link_.shrink();
  disarm();
  shrink_at_.reset();
  request_.reset();
  sender_.reset();
  receiver_.reset();
  challenge_ = Bytes();
  server_challenge_ = Bytes();
  plain_ = Bytes();
  conformance_ = {};
  server_pdu_bytes_max_ = 0;
  server_window_ = 1;
  protection_.start_association();
  protection_.drop_ciphers();
}

void Client::Machine::fail(Error error, bool closes,
                           std::optional<std::uint32_t> expected_counter) {
  if (phase_ == Phase::kClosed) return;
  if (closes) forget();
  emit(Failed{std::move(error), closes, expected_counter});
}

void Client::Machine::shrink() {
  link_.shrink();
  protection_.drop_ciphers();
  plain_ = Bytes();
  if (events_taken_ == events_.size()) {
    events_ = std::vector<ClientEvent>();
    events_taken_ = 0;
  }
}

bool Client::Machine::busy() const {
  return request_ != nullptr || (phase_ != Phase::kClosed && phase_ != Phase::kConnected);
}

const ClientStatistics& Client::Machine::statistics() const {
  statistics_.hdlc_retransmissions = link_.retransmissions();
  return statistics_;
}

std::size_t Client::Machine::heap_bytes() const {
  std::size_t total = link_.heap_bytes() + protection_.heap_bytes() + plain_.capacity() +
                      challenge_.capacity() + server_challenge_.capacity() +
                      events_.capacity() * sizeof(ClientEvent) + config_.password.size() +
                      config_.keys.encryption.size() + config_.keys.authentication.size();
  if (request_)
    total += sizeof(Request) + request_->last_apdu.capacity() + request_->outgoing.capacity() +
             request_->assembled.capacity();
  if (sender_) total += sizeof(GeneralBlockSender) + sender_->heap_bytes();
  if (receiver_) total += sizeof(GeneralBlockReceiver) + receiver_->heap_bytes();
  return total;
}

}  // namespace amity::dlms
