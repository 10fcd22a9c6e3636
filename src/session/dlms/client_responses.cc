// What a client makes of what it receives.
#include <fmt/core.h>

#include <algorithm>

#include "session/dlms/client_machine.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr unsigned kEnvelopesMax = 4;  // ciphering and general blocks around each other
constexpr std::uint8_t kOwnWindow = 8;

Bytes copy(ByteView view) {
  return Bytes(view.begin(), view.end());
}

ItemResult item_of(const DataOrResult& result) {
  ItemResult item;
  item.access = result.result;
  if (result.ok()) item.data = copy(result.data);
  return item;
}

// Invoke id of an answer in logical name referencing.
struct InvokeOf {
  template <class T>
  std::optional<InvokeId> operator()(const T& apdu) const {
    if constexpr (requires { InvokeId(apdu.invoke); }) {
      return apdu.invoke;
    } else {
      return std::nullopt;
    }
  }
};

}  // namespace

void Client::Machine::stray(Instant now) {
  ++statistics_.stray_apdus;
  if (request_ && ++request_->strays > kStrayApdusMax) {
    fail(make_error(ErrorCode::kMalformed, "the meter keeps sending what was not asked for"), true);
  }
  (void)now;
}

void Client::Machine::on_apdu(ByteView apdu, unsigned depth, Instant now) {
  if (apdu.empty() || depth > kEnvelopesMax) return stray(now);
  if (apdu[0] == static_cast<std::uint8_t>(ApduTag::kGeneralBlockTransfer))
    return on_general_block(apdu, depth, now);
  if (depth == 0) answer_signed_ = false;
  if (is_signed_apdu(apdu[0])) {
    const Result<ByteView> content = protection_.verify(config_.security.suite, apdu);
    if (!content.ok()) {
      if (config_.link.transport == Transport::kWrapperDatagram) return stray(now);
      Error error = content.error();
      return fail(std::move(error), true);
    }
    answer_signed_ = true;
    apdu = *content;
  }
  if (!is_ciphered_apdu(apdu[0])) return on_plain(apdu, SecurityControl{}, now);
  if (config_.keys.empty()) return stray(now);
  Bytes plain = std::move(plain_);
  const Result<Protected> opened = protection_.open(apdu, plain);
  if (!opened.ok()) {
    // A network may repeat a datagram, and anybody may send one; a stream was tampered with.
    if (config_.link.transport == Transport::kWrapperDatagram) return stray(now);
    Error error = opened.error();
    return fail(std::move(error), true);
  }
  if (!plain.empty() && plain[0] == static_cast<std::uint8_t>(ApduTag::kGeneralBlockTransfer)) {
    on_general_block(plain, depth + 1, now);
  } else if (plain.empty() || is_ciphered_apdu(plain[0])) {
    stray(now);
  } else {
    on_plain(plain, opened->control, now);
  }
  if (phase_ != Phase::kClosed) plain_ = std::move(plain);
}

void Client::Machine::on_general_block(ByteView apdu, unsigned depth, Instant now) {
  const Result<Apdu> decoded = decode_apdu(apdu);
  const auto* block = decoded.ok() ? std::get_if<GeneralBlockTransfer>(&*decoded) : nullptr;
  if (block == nullptr || !request_) return stray(now);
  if (block->window > 0) server_window_ = block->window;
  if (sender_ && sender_->active() && block->data.empty()) {
    if (Status acknowledged = sender_->on_acknowledge(block->acknowledged, block->window);
        !acknowledged.ok()) {
      return fail_request(std::move(acknowledged).error(), now);
    }
    return send_general_blocks(now);
  }
  if (sender_ && !sender_->all_sent()) return stray(now);
  sender_.reset();  // an answer has begun: the request arrived whole
  if (block->data.empty()) return stray(now);
  if (!receiver_) receiver_ = std::make_unique<GeneralBlockReceiver>(config_.response_bytes_max);
  const auto outcome = receiver_->on_block(*block);
  if (!outcome.ok()) return fail_request(outcome.error(), now);
  request_->blocks_received = block->block_number;
  if (*outcome == GeneralBlockReceiver::Outcome::kComplete) {
    const Bytes whole = receiver_->take();
    receiver_.reset();
    return on_apdu(whole, depth + 1, now);
  }
  if (*outcome == GeneralBlockReceiver::Outcome::kAcknowledge) {
    Bytes acknowledgement;
    receiver_->acknowledgement(kOwnWindow, acknowledgement);
    send_bytes(std::move(acknowledgement), now);
  } else {
    arm(now);
  }
}

void Client::Machine::on_plain(ByteView plain, SecurityControl protection, Instant now) {
  const Result<Apdu> apdu = decode_apdu(plain);
  if (!apdu.ok()) {
    if (!request_ && phase_ == Phase::kConnected) return stray(now);
    Error error = apdu.error();
    return fail(std::move(error), true);
  }
  if (on_notification(*apdu, protection)) return;
  if (on_association_apdu(*apdu, now)) return;
  if (ciphered()) {
    if (Status allowed = check_policy(config_.security, protection); !allowed.ok()) {
      return fail(std::move(allowed).error(), true);
    }
  }
  if (config_.sign && !answer_signed_)
    return fail(make_error(ErrorCode::kSecurity, "the answer is not signed"), true);
  on_answer(*apdu, now);
}

// True: it was one, and was given out or refused.
bool Client::Machine::on_notification(const Apdu& apdu, SecurityControl protection) {
  Notification note;
  note.protection = protection;
  if (const auto* data = std::get_if<DataNotification>(&apdu)) {
    note.invoke_id = data->invoke.id();
    note.date_time = copy(data->date_time);
    note.body = copy(data->body);
  } else if (const auto* event = std::get_if<EventNotification>(&apdu)) {
    note.date_time = copy(event->time);
    note.attribute = event->attribute;
    note.body = copy(event->value);
  } else if (const auto* report = std::get_if<InformationReport>(&apdu)) {
    if (!report->values.empty()) note.body = copy(report->values.front());
  } else {
    return false;
  }
  const bool allowed = !ciphered() || config_.accept_plain_notifications ||
                       check_policy(config_.security, protection).ok();
  if (allowed) {
    emit(std::move(note));
  } else {
    ++statistics_.stray_apdus;  // anybody may have sent it; the association is not ended for that
  }
  return true;
}

// True: it was about the association itself and is dealt with.
bool Client::Machine::on_association_apdu(const Apdu& apdu, Instant now) {
  if (const auto* aare = std::get_if<Aare>(&apdu)) {
    if (phase_ == Phase::kAssociating) {
      on_aare(*aare, now);
    } else {
      stray(now);
    }
    return true;
  }
  if (std::holds_alternative<Rlre>(apdu)) {
    if (phase_ == Phase::kReleasing) {
      on_released(now);
    } else {
      stray(now);
    }
    return true;
  }
  if (const auto* exception = std::get_if<ExceptionResponse>(&apdu)) {
    on_exception(*exception, now);
    return true;
  }
  if (const auto* error = std::get_if<ConfirmedServiceError>(&apdu)) {
    if (phase_ == Phase::kReleasing) {
      on_released(now);
    } else {
      fail_request(make_error(ErrorCode::kRefused, to_string(*error)), now);
    }
    return true;
  }
  return false;
}

void Client::Machine::on_exception(const ExceptionResponse& exception, Instant now) {
  if (phase_ == Phase::kReleasing) return on_released(now);
  if (config_.link.transport == Transport::kWrapperDatagram &&
      exception.service == ServiceErrorCode::kInvocationCounterError &&
      exception.invocation_counter <= protection_.last_counter() + 1) {
    return stray(now);  // about a datagram that the network repeated: ours that counts was accepted
  }
  if (phase_ == Phase::kConnected && !request_) return stray(now);
  const bool security = exception.service == ServiceErrorCode::kDecipheringError ||
                        exception.service == ServiceErrorCode::kInvocationCounterError;
  std::string reason = "exception response: " + to_string(exception);
  if (request_ && request_->blocks_received > 0) {
    reason += fmt::format(", in the middle of a block transfer after block {}",
                          request_->blocks_received);
  }
  Error error =
      make_error(security ? ErrorCode::kSecurity : ErrorCode::kRefused, std::move(reason));
  if (security || phase_ != Phase::kConnected) {
    std::optional<std::uint32_t> expected;
    if (exception.service == ServiceErrorCode::kInvocationCounterError)
      expected = exception.invocation_counter;
    return fail(std::move(error), true, expected);
  }
  fail_request(std::move(error), now);
}

// The association stands, the request is over.
void Client::Machine::fail_request(Error error, Instant now) {
  if (phase_ != Phase::kConnected) return fail(std::move(error), true);
  if (!request_) return stray(now);
  request_.reset();
  sender_.reset();
  receiver_.reset();
  disarm();
  emit(Failed{std::move(error), false, {}});
}

void Client::Machine::on_answer(const Apdu& apdu, Instant now) {
  if (phase_ == Phase::kProving) {
    if (const auto* action = std::get_if<ActionResponseNormal>(&apdu)) {
      if (action->response.result != ActionResult::kSuccess || !action->response.returned ||
          !action->response.returned->ok()) {
        return fail(
            make_error(ErrorCode::kSecurity, "the meter refuses our proof of identity: " +
                                                 std::string(to_string(action->response.result))),
            true);
      }
      return on_proof(action->response.returned->data, now);
    }
    if (const auto* read = std::get_if<ReadResponse>(&apdu);
        read != nullptr && !read->results.empty()) {
      if (const auto* result = std::get_if<DataOrResult>(&read->results.front());
          result != nullptr && result->ok()) {
        return on_proof(result->data, now);
      }
      return fail(make_error(ErrorCode::kSecurity, "the meter refuses our proof of identity"),
                  true);
    }
    return stray(now);
  }
  if (!request_) return stray(now);
  if (const auto* read = std::get_if<ReadResponse>(&apdu)) return on_read_response(*read, now);
  if (const auto* access = std::get_if<AccessResponse>(&apdu))
    return on_access_response(*access, now);
  const std::optional<InvokeId> invoke = std::visit(InvokeOf{}, apdu);
  if (!invoke || invoke->id() != request_->invoke) return stray(now);

  switch (request_->kind) {
    case RequestKind::kGet:
      if (const auto* normal = std::get_if<GetResponseNormal>(&apdu))
        return complete_list({normal->result}, now);
      if (const auto* list = std::get_if<GetResponseWithList>(&apdu))
        return complete_list(list->results, now);
      if (const auto* block = std::get_if<GetResponseWithDataBlock>(&apdu))
        return on_get_block(*block, now);
      break;
    case RequestKind::kSet:
      if (const auto* normal = std::get_if<SetResponseNormal>(&apdu))
        return complete_set({normal->result}, now);
      if (const auto* list = std::get_if<SetResponseWithList>(&apdu))
        return complete_set(list->results, now);
      if (const auto* block = std::get_if<SetResponseDataBlock>(&apdu))
        return on_set_acknowledged(block->block_number, now);
      if (const auto* last = std::get_if<SetResponseLastDataBlock>(&apdu))
        return complete_set({last->result}, now);
      if (const auto* last = std::get_if<SetResponseLastDataBlockWithList>(&apdu))
        return complete_set(last->results, now);
      break;
    case RequestKind::kAction:
      if (const auto* normal = std::get_if<ActionResponseNormal>(&apdu))
        return complete_action({normal->response}, now);
      if (const auto* list = std::get_if<ActionResponseWithList>(&apdu))
        return complete_action(list->responses, now);
      if (const auto* next = std::get_if<ActionResponseNextBlock>(&apdu))
        return on_set_acknowledged(next->block_number, now);
      if (const auto* block = std::get_if<ActionResponseWithBlock>(&apdu))
        return on_action_block(block->block, now);
      break;
    case RequestKind::kReadShortName:
    case RequestKind::kAccess:
      break;
  }
  stray(now);
}

// False: a duplicate, or out of order or outgrown and the request has failed.
bool Client::Machine::take_block(std::uint32_t number, ByteView raw, Instant now) {
  Request& request = *request_;
  if (number == request.blocks_received && number > 0) {
    stray(now);
    return false;
  }
  if (number != request.blocks_received + 1) {
    fail_request(make_error(ErrorCode::kMalformed, fmt::format("block {} came, {} was due", number,
                                                               request.blocks_received + 1)),
                 now);
    return false;
  }
  if (request.assembled.size() + raw.size() > config_.response_bytes_max) {
    fail_request(make_error(ErrorCode::kLimit, fmt::format("the answer is longer than {} bytes",
                                                           config_.response_bytes_max)),
                 now);
    return false;
  }
  append(request.assembled, raw);
  request.blocks_received = number;
  return true;
}

void Client::Machine::on_get_block(const GetResponseWithDataBlock& block, Instant now) {
  Request& request = *request_;
  if (block.result != DataAccessResult::kSuccess) {
    if (request.blocks_received == 0 && !request.list)
      return complete_list({DataOrResult{block.result, {}}}, now);
    return fail_request(make_error(ErrorCode::kRefused,
                                   fmt::format("the block transfer broke off after block {}: {}",
                                               request.blocks_received, to_string(block.result))),
                        now);
  }
  if (!take_block(block.block_number, block.raw_data, now)) return;
  request.strays = 0;
  request.attempts_left = config_.attempts;
  if (block.last_block) return complete_get(now);
  Bytes apdu;
  encode(GetRequestNext{InvokeId::make(request.invoke), block.block_number}, apdu);
  send_request(std::move(apdu), now);
}

void Client::Machine::complete_get(Instant now) {
  const Bytes whole = std::move(request_->assembled);
  ByteReader in(whole);
  if (request_->list) {
    const auto results = read_result_list(in);
    if (!results.ok()) return fail_request(results.error(), now);
    if (!in.empty()) return fail_request(in.malformed("bytes follow the last result"), now);
    return complete_list(*results, now);
  }
  const auto value = take_data(in);
  if (!value.ok()) return fail_request(value.error(), now);
  if (!in.empty()) return fail_request(in.malformed("bytes follow the value"), now);
  complete_list({DataOrResult{DataAccessResult::kSuccess, whole}}, now);
}

void Client::Machine::complete_list(const std::vector<DataOrResult>& results, Instant now) {
  if (results.size() != request_->items) {
    return fail_request(
        make_error(ErrorCode::kMalformed, fmt::format("{} results came, {} were asked for",
                                                      results.size(), request_->items)),
        now);
  }
  std::vector<ItemResult> items;
  items.reserve(results.size());
  for (const DataOrResult& result : results) items.push_back(item_of(result));
  complete(std::move(items), now);
}

void Client::Machine::complete_set(const std::vector<DataAccessResult>& results, Instant now) {
  if (results.size() != request_->items) {
    return fail_request(
        make_error(ErrorCode::kMalformed, fmt::format("{} results came, {} were asked for",
                                                      results.size(), request_->items)),
        now);
  }
  std::vector<ItemResult> items(results.size());
  for (std::size_t i = 0; i < results.size(); ++i) items[i].access = results[i];
  complete(std::move(items), now);
}

void Client::Machine::complete_action(const std::vector<ActionResponseItem>& responses,
                                      Instant now) {
  if (responses.size() != request_->items) {
    return fail_request(
        make_error(ErrorCode::kMalformed, fmt::format("{} results came, {} were asked for",
                                                      responses.size(), request_->items)),
        now);
  }
  std::vector<ItemResult> items(responses.size());
  for (std::size_t i = 0; i < responses.size(); ++i) {
    if (responses[i].returned) items[i] = item_of(*responses[i].returned);
    items[i].action = responses[i].result;
  }
  complete(std::move(items), now);
}

void Client::Machine::complete(std::vector<ItemResult> items, Instant now) {
  const RequestKind kind = request_->kind;
  request_.reset();
  sender_.reset();
  receiver_.reset();
  disarm();
  emit(Response{kind, std::move(items)});
  settle(now);
}

void Client::Machine::on_set_acknowledged(std::uint32_t block, Instant now) {
  Request& request = *request_;
  if (block < request.blocks_sent) return stray(now);
  if (block != request.blocks_sent || request.outgoing_sent == request.outgoing.size()) {
    return fail_request(
        make_error(ErrorCode::kMalformed, fmt::format("block {} is acknowledged, {} was sent",
                                                      block, request.blocks_sent)),
        now);
  }
  if (request.kind == RequestKind::kSet) {
    send_next_set_block(now);
  } else if (request.kind == RequestKind::kAction) {
    send_next_action_block(now);
  } else {
    send_next_read_block(now);
  }
}

void Client::Machine::on_action_block(const DataBlock& block, Instant now) {
  Request& request = *request_;
  if (!take_block(block.block_number, block.raw_data, now)) return;
  if (!block.last_block) {
    Bytes apdu;
    encode(ActionRequestNextBlock{InvokeId::make(request.invoke), block.block_number}, apdu);
    return send_request(std::move(apdu), now);
  }
  const Bytes whole = std::move(request.assembled);
  ByteReader in(whole);
  std::vector<ActionResponseItem> responses;
  std::size_t count = 1;
  if (request.list) {
    const auto counted = read_list_count(in);
    if (!counted.ok()) return fail_request(counted.error(), now);
    count = *counted;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const auto response = read_action_response_item(in);
    if (!response.ok()) return fail_request(response.error(), now);
    responses.push_back(*response);
  }
  if (!in.empty()) return fail_request(in.malformed("bytes follow the last result"), now);
  complete_action(responses, now);
}

}  // namespace amity::dlms
