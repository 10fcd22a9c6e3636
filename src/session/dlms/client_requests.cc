// Requests of a client: GET, SET, ACTION, Read; cut into blocks where the meter takes less.
#include <fmt/core.h>

#include <algorithm>

#include "session/dlms/client_machine.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

// In front of a block's raw data: tag, choice, invoke id, last, number (4), length (3), and of the
// first one the reference with its selector.
constexpr std::size_t kBlockOverhead = 12;

std::optional<SelectiveAccess> view_of(const std::optional<Selection>& selection) {
  if (!selection) return std::nullopt;
  return SelectiveAccess{selection->selector, selection->parameters};
}

// The size that is left for raw data in an APDU whose head is `head_bytes` long.
std::size_t block_size(std::size_t room, std::size_t head_bytes) {
  return room > head_bytes + kBlockOverhead + 16 ? room - head_bytes - kBlockOverhead : 16;
}

}  // namespace

std::size_t Client::Machine::apdu_room() const {
  if (server_pdu_bytes_max_ == 0) return kRequestBytesMax;
  const std::size_t overhead =
      protection_overhead(config_.form, config_.security.control(), config_.sign);
  return server_pdu_bytes_max_ > overhead ? server_pdu_bytes_max_ - overhead : 0;
}

Status Client::Machine::ready_for(std::size_t items, bool logical_names) const {
  if (phase_ != Phase::kConnected)
    return make_error(ErrorCode::kInvalid, "there is no association");
  if (request_) return make_error(ErrorCode::kBusy, "a request is under way");
  if (items == 0) return make_error(ErrorCode::kInvalid, "nothing is asked for");
  if (items > kRequestItemsMax) {
    return make_error(ErrorCode::kLimit, fmt::format("{} items in one request, {} are possible",
                                                     items, kRequestItemsMax));
  }
  if (logical_names != (config_.referencing == Referencing::kLogicalName)) {
    return make_error(ErrorCode::kInvalid, "the association names its objects the other way");
  }
  if (items > 1 && !can(Conformance::kMultipleReferences)) {
    return make_error(ErrorCode::kUnsupported, "the meter takes one item a request");
  }
  return {};
}

Client::Machine::Request& Client::Machine::begin(RequestKind kind, std::size_t items) {
  invoke_ = static_cast<std::uint8_t>((invoke_ + 1) & 0x0F);
  request_ = std::make_unique<Request>();
  request_->kind = kind;
  request_->invoke = invoke_;
  request_->items = items;
  request_->list = items > 1;
  // What changes the meter is never sent twice: the first may have been obeyed.
  const bool harmless = kind == RequestKind::kGet || kind == RequestKind::kReadShortName;
  request_->attempts_left = harmless ? config_.attempts : 1;
  sender_.reset();
  receiver_.reset();
  return *request_;
}

void Client::Machine::send_request(Bytes apdu, Instant now) {
  if (request_->attempts_left > 1) request_->last_apdu = apdu;
  send_apdu(apdu, ciphered(), now);
}

Status Client::Machine::get(std::span<const AttributeRequest> attributes, Instant now) {
  AMITY_CHECK(ready_for(attributes.size(), true));
  Request& request = begin(RequestKind::kGet, attributes.size());
  Bytes apdu;
  if (!request.list) {
    encode(GetRequestNormal{InvokeId::make(request.invoke), attributes[0].attribute,
                            view_of(attributes[0].selection)},
           apdu);
  } else {
    GetRequestWithList list;
    list.invoke = InvokeId::make(request.invoke);
    for (const AttributeRequest& a : attributes)
      list.items.push_back({a.attribute, view_of(a.selection)});
    encode(list, apdu);
  }
  send_request(std::move(apdu), now);
  return {};
}

Status Client::Machine::set(std::span<const AttributeWrite> writes, Instant now) {
  AMITY_CHECK(ready_for(writes.size(), true));
  for (const AttributeWrite& write : writes) {
    if (write.data.empty()) return make_error(ErrorCode::kInvalid, "no value to set");
    if (write.data.size() > kRequestBytesMax)
      return make_error(ErrorCode::kLimit, "the value is too long");
  }
  const InvokeId invoke = InvokeId::make(static_cast<std::uint8_t>((invoke_ + 1) & 0x0F));
  Bytes apdu;
  if (writes.size() == 1) {
    encode(
        SetRequestNormal{invoke, writes[0].attribute, view_of(writes[0].selection), writes[0].data},
        apdu);
  } else {
    SetRequestWithList list;
    list.invoke = invoke;
    for (const AttributeWrite& w : writes) {
      list.items.push_back({w.attribute, view_of(w.selection)});
      list.values.push_back(w.data);
    }
    encode(list, apdu);
  }
  if (!fits(apdu.size()) && can(Conformance::kBlockTransferSet)) return send_long_set(writes, now);
  begin(RequestKind::kSet, writes.size());
  send_request(std::move(apdu), now);
  return {};
}

Status Client::Machine::send_long_set(std::span<const AttributeWrite> writes, Instant now) {
  Request& request = begin(RequestKind::kSet, writes.size());
  Bytes apdu;
  if (!request.list) {
    const AttributeWrite& write = writes[0];
    request.outgoing = write.data;
    SetRequestWithFirstDataBlock first{
        InvokeId::make(request.invoke), write.attribute, view_of(write.selection), {}};
    const std::size_t head = 10 + (write.selection ? 1 + write.selection->parameters.size() : 0);
    const std::size_t size = std::min(block_size(apdu_room(), head), request.outgoing.size());
    first.block = {size == request.outgoing.size(), 1, ByteView(request.outgoing).first(size)};
    request.outgoing_sent = size;
    encode(first, apdu);
  } else {
    ByteWriter values(request.outgoing);
    write_length(values, writes.size());
    SetRequestWithListAndFirstDataBlock first;
    first.invoke = InvokeId::make(request.invoke);
    std::size_t head = 3;
    for (const AttributeWrite& w : writes) {
      values.bytes(w.data);
      first.items.push_back({w.attribute, view_of(w.selection)});
      head += 10 + (w.selection ? 1 + w.selection->parameters.size() : 0);
    }
    const std::size_t size = std::min(block_size(apdu_room(), head), request.outgoing.size());
    first.block = {size == request.outgoing.size(), 1, ByteView(request.outgoing).first(size)};
    request.outgoing_sent = size;
    encode(first, apdu);
  }
  request.blocks_sent = 1;
  send_request(std::move(apdu), now);
  return {};
}

void Client::Machine::send_next_set_block(Instant now) {
  Request& request = *request_;
  const ByteView rest = ByteView(request.outgoing).subspan(request.outgoing_sent);
  const std::size_t size = std::min(block_size(apdu_room(), 0), rest.size());
  SetRequestWithDataBlock next{InvokeId::make(request.invoke),
                               {size == rest.size(), ++request.blocks_sent, rest.first(size)}};
  Bytes apdu;
  encode(next, apdu);
  request.outgoing_sent += size;
  send_request(std::move(apdu), now);
}

Status Client::Machine::action(std::span<const MethodCall> calls, Instant now) {
  AMITY_CHECK(ready_for(calls.size(), true));
  const InvokeId invoke = InvokeId::make(static_cast<std::uint8_t>((invoke_ + 1) & 0x0F));
  static constexpr std::uint8_t kNullData[] = {0};
  Bytes apdu;
  if (calls.size() == 1) {
    ActionRequestNormal request{invoke, calls[0].method, std::nullopt};
    if (calls[0].parameters) {
      if (calls[0].parameters->size() > kRequestBytesMax)
        return make_error(ErrorCode::kLimit, "the parameters are too long");
      request.parameters = ByteView(*calls[0].parameters);
    }
    encode(request, apdu);
    if (!fits(apdu.size()) && calls[0].parameters && can(Conformance::kBlockTransferAction)) {
      return send_long_action(calls[0], now);
    }
  } else {
    ActionRequestWithList list;
    list.invoke = invoke;
    for (const MethodCall& call : calls) {
      list.methods.push_back(call.method);
      list.parameters.push_back(call.parameters ? ByteView(*call.parameters) : ByteView(kNullData));
    }
    encode(list, apdu);
  }
  begin(RequestKind::kAction, calls.size());
  send_request(std::move(apdu), now);
  return {};
}

Status Client::Machine::send_long_action(const MethodCall& call, Instant now) {
  Request& request = begin(RequestKind::kAction, 1);
  request.outgoing = *call.parameters;
  const std::size_t size = std::min(block_size(apdu_room(), 9), request.outgoing.size());
  ActionRequestWithFirstBlock first{
      InvokeId::make(request.invoke),
      call.method,
      {size == request.outgoing.size(), 1, ByteView(request.outgoing).first(size)}};
  request.outgoing_sent = size;
  request.blocks_sent = 1;
  Bytes apdu;
  encode(first, apdu);
  send_request(std::move(apdu), now);
  return {};
}

void Client::Machine::send_next_action_block(Instant now) {
  Request& request = *request_;
  const ByteView rest = ByteView(request.outgoing).subspan(request.outgoing_sent);
  const std::size_t size = std::min(block_size(apdu_room(), 0), rest.size());
  ActionRequestWithBlock next{InvokeId::make(request.invoke),
                              {size == rest.size(), ++request.blocks_sent, rest.first(size)}};
  Bytes apdu;
  encode(next, apdu);
  request.outgoing_sent += size;
  send_request(std::move(apdu), now);
}

}  // namespace amity::dlms
