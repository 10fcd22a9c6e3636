#include "session/dlms/server_machine.h"

#include <fmt/core.h>

#include <algorithm>

#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr unsigned kEnvelopesMax = 4;
constexpr std::size_t kGeneralBlockOverhead = 10;

}  // namespace

Server::Machine::Machine(const ServerConfig* config, Objects* objects, InvocationCounters* counters,
                         Random* random)
    : config_(config),
      objects_(objects),
      counters_(counters),
      random_(random),
      link_(&config->link, Side::kServer),
      protection_(&config->keys, counters, config->title) {
  protection_.set_asymmetric(&config_->asymmetric, random_);
}

void Server::Machine::on_open(Instant now) {
  link_.reset();
  link_.open(now);
}

void Server::Machine::on_closed() {
  if (association_ != nullptr) close_association("the connection was closed");
  link_.reset();
  shrink();
}

void Server::Machine::on_bytes(ByteView bytes, Instant now) {
  if (link_.state() == LinkState::kClosed) link_.open(now);
  if (Status taken = link_.on_bytes(bytes, now); !taken.ok()) {
    close_association("the link failed");
    return emit(ServerFailed{std::move(taken).error()});
  }
  pump(now);
}

void Server::Machine::pump(Instant now) {
  for (;;) {
    Result<std::optional<Inbound>> inbound = link_.next(now);
    if (!inbound.ok()) {
      close_association("the link failed");
      emit(ServerFailed{std::move(inbound).error()});
      return;
    }
    if (link_.epoch() != link_epoch_) {
      link_epoch_ = link_.epoch();
      if (association_ != nullptr) close_association("the link was opened anew");
    }
    if (!inbound->has_value()) break;
    if (association_ != nullptr && (*inbound)->source_sap != peer_sap_)
      close_association("another client came");
    peer_sap_ = (*inbound)->source_sap;
    if (config_->inactivity_timeout.count() > 0) inactive_at_ = now + config_->inactivity_timeout;
    shrink_at_ = now + kIdleShrinkDelay;
    on_apdu((*inbound)->apdu, 0, now);
  }
  if (association_ != nullptr && link_.state() == LinkState::kClosed)
    close_association("the link was closed");
}

void Server::Machine::on_timer(Instant now) {
  if (Status link = link_.on_timer(now); !link.ok()) emit(ServerFailed{std::move(link).error()});
  if (inactive_at_ && *inactive_at_ <= now) {
    inactive_at_.reset();
    if (association_ != nullptr) close_association("inactive");
  }
  if (shrink_at_ && *shrink_at_ <= now) {
    shrink_at_.reset();
    shrink();
  }
}

std::optional<Instant> Server::Machine::next_timeout() const {
  std::optional<Instant> next = association_ != nullptr ? inactive_at_ : std::nullopt;
  for (const std::optional<Instant>& other : {link_.next_timeout(), shrink_at_}) {
    if (other && (!next || *other < *next)) next = other;
  }
  return next;
}

void Server::Machine::on_apdu(ByteView apdu, unsigned depth, Instant now) {
  if (apdu.empty() || depth > kEnvelopesMax) return;
  if (depth == 0) {
    request_control_ = {};
    request_form_ = CipherForm::kGlobal;
    request_signed_ = false;
  }
  if (apdu[0] == static_cast<std::uint8_t>(ApduTag::kGeneralBlockTransfer))
    return on_general_block(apdu, depth, now);
  if (depth == 0) receiver_.reset(), client_blocks_ = 0;
  if (is_signed_apdu(apdu[0]) && association_ != nullptr) {
    const Result<ByteView> content = protection_.verify(association_->security.suite, apdu);
    if (!content.ok()) {
      violate(content.error());
      return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kDecipheringError, now);
    }
    request_signed_ = true;
    return on_ciphered(*content, depth + 1, now);
  }
  if (is_ciphered_apdu(apdu[0])) return on_ciphered(apdu, depth, now);
  on_plain(apdu, now);
}

void Server::Machine::on_ciphered(ByteView apdu, unsigned depth, Instant now) {
  if (config_->keys.empty() || association_ == nullptr) {
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kOperationNotPossible, now);
  }
  Bytes plain;
  const Result<Protected> opened = protection_.open(apdu, plain);
  if (!opened.ok()) {
    violate(opened.error());
    if (protection_.replayed() && datagrams()) return;  // the network repeated it
    return refuse(StateError::kServiceNotAllowed,
                  protection_.replayed() ? ServiceErrorCode::kInvocationCounterError
                                         : ServiceErrorCode::kDecipheringError,
                  now);
  }
  request_control_ = opened->control;
  request_form_ = opened->form;
  if (plain.empty() || is_ciphered_apdu(plain[0])) {
    return refuse(StateError::kServiceUnknown, ServiceErrorCode::kServiceNotSupported, now);
  }
  on_apdu(plain, depth + 1, now);
}

void Server::Machine::on_general_block(ByteView apdu, unsigned depth, Instant now) {
  const Result<Apdu> decoded = decode_apdu(apdu);
  const auto* block = decoded.ok() ? std::get_if<GeneralBlockTransfer>(&*decoded) : nullptr;
  if (block == nullptr || association_ == nullptr ||
      !conformance_.has(Conformance::kGeneralBlockTransfer)) {
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kServiceNotSupported, now);
  }
  if (block->window > 0) client_window_ = block->window;
  if (block->data.empty()) {
    if (sender_ && sender_->on_acknowledge(block->acknowledged, block->window).ok())
      send_general_blocks(now);
    return;
  }
  if (!receiver_) receiver_ = std::make_unique<GeneralBlockReceiver>(kRequestBytesMax);
  const auto outcome = receiver_->on_block(*block);
  if (!outcome.ok())
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kPduTooLong, now);
  if (*outcome == GeneralBlockReceiver::Outcome::kComplete) {
    client_blocks_ = receiver_->received();
    const Bytes whole = receiver_->take();
    receiver_.reset();
    return on_apdu(whole, depth + 1, now);
  }
  if (*outcome == GeneralBlockReceiver::Outcome::kAcknowledge) {
    Bytes acknowledgement;
    receiver_->acknowledgement(config_->general_block_window, acknowledgement);
    reply_plain(acknowledgement, now);
  }
}

void Server::Machine::on_plain(ByteView plain, Instant now) {
  const Result<Apdu> apdu = decode_apdu(plain);
  if (!apdu.ok()) return refuse(StateError::kServiceUnknown, ServiceErrorCode::kOtherReason, now);
  if (const auto* aarq = std::get_if<Aarq>(&*apdu)) return on_aarq(*aarq, now);
  if (const auto* rlrq = std::get_if<Rlrq>(&*apdu)) return on_rlrq(*rlrq, now);
  if (association_ == nullptr || !allowed(*apdu)) {
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kOperationNotPossible, now);
  }
  if (association_->security.needs_protection()) {
    if (Status enough = check_policy(association_->security, request_control_); !enough.ok()) {
      violate(std::move(enough).error());
      return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kOperationNotPossible, now);
    }
  }
  if (association_->sign && !request_signed_) {
    violate(make_error(ErrorCode::kSecurity, "the request is not signed"));
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kOperationNotPossible, now);
  }
  on_service(*apdu, now);
}

// Before the client has proved itself, nothing but the proof.
bool Server::Machine::allowed(const Apdu& apdu) const {
  if (phase_ == Phase::kOpen) return true;
  if (phase_ != Phase::kProving) return false;
  if (const auto* action = std::get_if<ActionRequestNormal>(&apdu)) {
    return action->method == MethodRef{15, Obis(0, 0, 40, 0, 0, 255), 1};
  }
  if (const auto* read = std::get_if<ReadRequest>(&apdu)) {
    return read->items.size() == 1 && std::holds_alternative<ParameterizedAccess>(read->items[0]) &&
           std::get<ParameterizedAccess>(read->items[0]).name == 0xFA58;
  }
  return false;
}

std::size_t Server::Machine::answer_room() const {
  if (client_pdu_bytes_max_ == 0) return kResponseBytesMax;
  const std::size_t overhead =
      protection_overhead(request_form_, request_control_, request_signed_);
  return client_pdu_bytes_max_ > overhead ? client_pdu_bytes_max_ - overhead : 0;
}

// Protected like the request; what is still too long goes out in general blocks.
void Server::Machine::reply(ByteView plain, Instant now) {
  Bytes apdu;
  if (request_control_.raw == 0) {
    apdu.assign(plain.begin(), plain.end());
  } else if (Status sealed = protection_.seal(plain, request_control_, request_form_, apdu);
             !sealed.ok()) {
    return violate(std::move(sealed).error());
  }
  if (request_signed_) {
    const auto suite = static_cast<SecuritySuite>(request_control_.suite_id());
    if (Status done = protection_.sign(suite, apdu); !done.ok())
      return violate(std::move(done).error());
  }
  if (client_pdu_bytes_max_ == 0 || apdu.size() <= client_pdu_bytes_max_)
    return reply_plain(apdu, now);
  if (!conformance_.has(Conformance::kGeneralBlockTransfer)) {
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kPduTooLong, now);
  }
  sender_ = std::make_unique<GeneralBlockSender>();
  sender_->start(std::move(apdu), client_pdu_bytes_max_ - kGeneralBlockOverhead, client_window_,
                 config_->general_block_window, client_blocks_);
  send_general_blocks(now);
}

void Server::Machine::send_general_blocks(Instant now) {
  for (Bytes block; sender_ && sender_->next_block(block); block.clear()) reply_plain(block, now);
}

void Server::Machine::reply_plain(ByteView apdu, Instant now) {
  // A client that never reads what it asked for loses the answer, not our memory.
  if (Status sent = link_.send(peer_sap_, apdu, now); !sent.ok())
    emit(ServerFailed{std::move(sent).error()});
}

void Server::Machine::refuse(StateError state, ServiceErrorCode service, Instant now) {
  ExceptionResponse exception{state, service, 0};
  if (service == ServiceErrorCode::kInvocationCounterError) {
    exception.invocation_counter = counters_->expected_peer().value_or(0);
  }
  Bytes apdu;
  encode(exception, apdu);
  reply_plain(apdu, now);
}

void Server::Machine::violate(Error error) {
  emit(SecurityViolation{peer_sap_, std::move(error)});
}

void Server::Machine::close_association(std::string reason) {
  transfer_.reset();
  sender_.reset();
  receiver_.reset();
  client_challenge_ = Bytes();
  own_challenge_ = Bytes();
  client_window_ = 1;
  conformance_ = {};
  client_pdu_bytes_max_ = 0;
  protection_.start_association();
  protection_.forget_peer_title();
  const bool was_open = phase_ == Phase::kOpen;
  phase_ = Phase::kNone;
  if (association_ != nullptr && was_open)
    emit(AssociationClosed{association_->client_sap, std::move(reason)});
  association_ = nullptr;
}

void Server::Machine::emit(ServerEvent event) {
  if (events_.size() - events_taken_ < kEventsQueuedMax) events_.push_back(std::move(event));
}

std::optional<ServerEvent> Server::Machine::poll_event() {
  if (events_taken_ == events_.size()) {
    events_.clear();
    events_taken_ = 0;
    return std::nullopt;
  }
  return std::move(events_[events_taken_++]);
}

void Server::Machine::shrink() {
  link_.shrink();
  protection_.drop_ciphers();
  if (events_taken_ == events_.size()) {
    events_ = std::vector<ServerEvent>();
    events_taken_ = 0;
  }
}

std::size_t Server::Machine::heap_bytes() const {
  std::size_t total = link_.heap_bytes() + protection_.heap_bytes() + client_challenge_.capacity() +
                      own_challenge_.capacity() + events_.capacity() * sizeof(ServerEvent);
  if (transfer_) total += sizeof(Transfer) + transfer_->bytes.capacity();
  if (sender_) total += sizeof(GeneralBlockSender) + sender_->heap_bytes();
  if (receiver_) total += sizeof(GeneralBlockReceiver) + receiver_->heap_bytes();
  return total;
}

}  // namespace amity::dlms
