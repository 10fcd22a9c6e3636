// GET, SET, ACTION with their blocks.
#include <fmt/core.h>

#include <algorithm>

#include "session/dlms/server_machine.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr std::size_t kBlockOverhead = 12;
constexpr std::size_t kBlockBytesMin = 16;
const MethodRef kReplyToHls{15, Obis(0, 0, 40, 0, 0, 255), 1};

bool is_own_association(std::uint16_t class_id, const Obis& instance) {
  return class_id == 15 && instance == Obis(0, 0, 40, 0, 0, 255);
}

std::size_t block_size(std::size_t room) {
  return room > kBlockOverhead + kBlockBytesMin ? room - kBlockOverhead : kBlockBytesMin;
}

}  // namespace

void Server::Machine::on_service(const Apdu& apdu, Instant now) {
  const auto* next = std::get_if<GetRequestNext>(&apdu);
  const auto* next_action = std::get_if<ActionRequestNextBlock>(&apdu);
  const auto* more_set = std::get_if<SetRequestWithDataBlock>(&apdu);
  const auto* more_action = std::get_if<ActionRequestWithBlock>(&apdu);
  if (next) return on_get_next(*next, now);
  if (next_action) return on_action_next(*next_action, now);
  if (more_set) return on_set_block(more_set->invoke, more_set->block, now);
  if (more_action) return on_action_block(more_action->invoke, more_action->block, now);
  if (const auto* r = std::get_if<ReadRequest>(&apdu)) return on_read(*r, now);
  transfer_.reset();  // a new service ends whatever long one was under way
  sender_.reset();
  if (const auto* r = std::get_if<GetRequestNormal>(&apdu)) return on_get(*r, now);
  if (const auto* r = std::get_if<GetRequestWithList>(&apdu)) return on_get_list(*r, now);
  if (const auto* r = std::get_if<SetRequestNormal>(&apdu)) return on_set(*r, now);
  if (const auto* r = std::get_if<SetRequestWithList>(&apdu)) return on_set_list(*r, now);
  if (const auto* r = std::get_if<SetRequestWithFirstDataBlock>(&apdu)) {
    const AttributeWithAccess item{r->attribute, r->access};
    return begin_set(r->invoke, std::span(&item, 1), false, r->block, now);
  }
  if (const auto* r = std::get_if<SetRequestWithListAndFirstDataBlock>(&apdu)) {
    return begin_set(r->invoke, r->items, true, r->block, now);
  }
  if (const auto* r = std::get_if<ActionRequestNormal>(&apdu)) return on_action(*r, now);
  if (const auto* r = std::get_if<ActionRequestWithList>(&apdu)) return on_action_list(*r, now);
  if (const auto* r = std::get_if<ActionRequestWithFirstBlock>(&apdu)) {
    return begin_action(r->invoke, std::span(&r->method, 1), false, r->block, now);
  }
  if (const auto* r = std::get_if<ActionRequestWithListAndFirstBlock>(&apdu)) {
    return begin_action(r->invoke, r->methods, true, r->block, now);
  }
  if (const auto* r = std::get_if<WriteRequest>(&apdu)) return on_write(*r, now);
  if (const auto* r = std::get_if<AccessRequest>(&apdu)) return on_access(*r, now);
  refuse(StateError::kServiceUnknown, ServiceErrorCode::kServiceNotSupported, now);
}

DataAccessResult Server::Machine::get(const AttributeRef& attribute,
                                      const std::optional<SelectiveAccess>& access, Bytes& out) {
  if (is_own_association(attribute.class_id, attribute.instance))
    return get_association(attribute, out);
  const std::size_t before = out.size();
  const DataAccessResult result = objects_->get(context(), attribute, access, out);
  if (result != DataAccessResult::kSuccess) {
    out.resize(before);
  } else if (out.size() == before) {
    return DataAccessResult::kHardwareFault;  // a value was promised and not written
  }
  return result;
}

DataAccessResult Server::Machine::set(const AttributeRef& attribute,
                                      const std::optional<SelectiveAccess>& access, ByteView data) {
  if (is_own_association(attribute.class_id, attribute.instance))
    return DataAccessResult::kReadWriteDenied;
  return objects_->set(context(), attribute, access, data);
}

// The returned value, if any, is in `out`.
ActionResponseItem Server::Machine::action(const MethodRef& method,
                                           const std::optional<ByteView>& parameters, Bytes& out) {
  ActionResponseItem item;
  const std::size_t before = out.size();
  if (method == kReplyToHls) {
    item.result = on_reply_to_hls(parameters.value_or(ByteView()), out);
  } else {
    item.result = objects_->action(context(), method, parameters, out);
  }
  if (out.size() > before)
    item.returned = DataOrResult{DataAccessResult::kSuccess, ByteView(out).subspan(before)};
  return item;
}

void Server::Machine::on_get(const GetRequestNormal& request, Instant now) {
  Bytes value;
  const DataAccessResult result = get(request.attribute, request.access, value);
  Bytes apdu;
  encode(GetResponseNormal{request.invoke, {result, value}}, apdu);
  const bool general = config_->prefer_general_block_transfer &&
                       conformance_.has(Conformance::kGeneralBlockTransfer);
  if (apdu.size() <= answer_room() || general || !conformance_.has(Conformance::kBlockTransferGet))
    return reply(apdu, now);
  transfer_ = std::make_unique<Transfer>();
  transfer_->invoke = request.invoke.raw;
  transfer_->bytes = std::move(value);
  send_get_block(now);
}

void Server::Machine::on_get_list(const GetRequestWithList& request, Instant now) {
  if (!conformance_.has(Conformance::kMultipleReferences)) {
    return refuse(StateError::kServiceNotAllowed, ServiceErrorCode::kServiceNotSupported, now);
  }
  std::vector<Bytes> values(request.items.size());
  GetResponseWithList response{request.invoke, {}};
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    const DataAccessResult result =
        get(request.items[i].attribute, request.items[i].access, values[i]);
    response.results.push_back({result, values[i]});
  }
  Bytes apdu;
  encode(response, apdu);
  const bool general = config_->prefer_general_block_transfer &&
                       conformance_.has(Conformance::kGeneralBlockTransfer);
  if (apdu.size() <= answer_room() || general || !conformance_.has(Conformance::kBlockTransferGet))
    return reply(apdu, now);
  transfer_ = std::make_unique<Transfer>();
  transfer_->invoke = request.invoke.raw;
  transfer_->bytes.assign(apdu.begin() + 3,
                          apdu.end());  // count and results, behind tag, choice and invoke id
  send_get_block(now);
}

void Server::Machine::send_get_block(Instant now) {
  Transfer& transfer = *transfer_;
  const ByteView rest = ByteView(transfer.bytes).subspan(transfer.sent);
  const std::size_t size = std::min(block_size(answer_room()), rest.size());
  GetResponseWithDataBlock block;
  block.invoke.raw = transfer.invoke;
  block.last_block = size == rest.size();
  block.block_number = ++transfer.block;
  block.raw_data = rest.first(size);
  Bytes apdu;
  encode(block, apdu);
  transfer.last_sent_at = transfer.sent;
  transfer.sent += size;
  reply(apdu, now);
}

// The last block is kept until the next service: the client may not have got it and ask again.
void Server::Machine::on_get_next(const GetRequestNext& request, Instant now) {
  const bool ours = transfer_ && transfer_->kind == Transfer::Kind::kGet &&
                    (transfer_->invoke & 0x0F) == request.invoke.id();
  if (ours && request.block_number + 1 == transfer_->block) {
    transfer_->sent = transfer_->last_sent_at;
    --transfer_->block;
    return send_get_block(now);
  }
  if (ours && request.block_number == transfer_->block && transfer_->sent < transfer_->bytes.size())
    return send_get_block(now);
  GetResponseWithDataBlock refusal;
  refusal.invoke = request.invoke;
  refusal.last_block = true;
  refusal.block_number = request.block_number;
  refusal.result =
      ours ? DataAccessResult::kDataBlockNumberInvalid : DataAccessResult::kNoLongGetInProgress;
  transfer_.reset();
  Bytes apdu;
  encode(refusal, apdu);
  reply(apdu, now);
}

void Server::Machine::on_set(const SetRequestNormal& request, Instant now) {
  Bytes apdu;
  encode(SetResponseNormal{request.invoke, set(request.attribute, request.access, request.data)},
         apdu);
  reply(apdu, now);
}

void Server::Machine::on_set_list(const SetRequestWithList& request, Instant now) {
  SetResponseWithList response{request.invoke, {}};
  for (std::size_t i = 0; i < request.items.size() && i < request.values.size(); ++i) {
    response.results.push_back(
        set(request.items[i].attribute, request.items[i].access, request.values[i]));
  }
  Bytes apdu;
  encode(response, apdu);
  reply(apdu, now);
}

// False: out of order or outgrown; the transfer is over.
bool Server::Machine::take_block(std::uint32_t number, ByteView raw) {
  Transfer& transfer = *transfer_;
  if (number != transfer.block + 1 || transfer.bytes.size() + raw.size() > kRequestBytesMax) {
    transfer_.reset();
    return false;
  }
  append(transfer.bytes, raw);
  transfer.block = number;
  return true;
}

void Server::Machine::begin_set(InvokeId invoke, std::span<const AttributeWithAccess> items,
                                bool list, const DataBlock& block, Instant now) {
  transfer_ = std::make_unique<Transfer>();
  transfer_->kind = list ? Transfer::Kind::kSetList : Transfer::Kind::kSet;
  transfer_->invoke = invoke.raw;
  for (const AttributeWithAccess& item : items) {
    transfer_->attributes.push_back(item.attribute);
    transfer_->selections.emplace_back(0, Bytes());
    if (item.access) {
      transfer_->selections.back() = {item.access->selector, Bytes(item.access->parameters.begin(),
                                                                   item.access->parameters.end())};
    }
  }
  on_set_block(invoke, block, now);
}

void Server::Machine::on_set_block(InvokeId invoke, const DataBlock& block, Instant now) {
  const bool ours =
      transfer_ &&
      (transfer_->kind == Transfer::Kind::kSet || transfer_->kind == Transfer::Kind::kSetList) &&
      (transfer_->invoke & 0x0F) == invoke.id();
  Bytes apdu;
  if (!ours || !take_block(block.block_number, block.raw_data)) {
    const auto result =
        ours ? DataAccessResult::kDataBlockNumberInvalid : DataAccessResult::kNoLongSetInProgress;
    encode(SetResponseLastDataBlock{invoke, result, block.block_number}, apdu);
    return reply(apdu, now);
  }
  if (block.last_block) return finish_set(now);
  encode(SetResponseDataBlock{invoke, block.block_number}, apdu);
  reply(apdu, now);
}

void Server::Machine::finish_set(Instant now) {
  const std::unique_ptr<Transfer> transfer = std::move(transfer_);
  const InvokeId invoke{transfer->invoke};
  const auto access = [&](std::size_t i) -> std::optional<SelectiveAccess> {
    if (transfer->selections[i].first == 0) return std::nullopt;
    return SelectiveAccess{transfer->selections[i].first, transfer->selections[i].second};
  };
  Bytes apdu;
  if (transfer->kind == Transfer::Kind::kSet) {
    encode(
        SetResponseLastDataBlock{invoke, set(transfer->attributes[0], access(0), transfer->bytes),
                                 transfer->block},
        apdu);
    return reply(apdu, now);
  }
  SetResponseLastDataBlockWithList response{invoke, {}, transfer->block};
  ByteReader in(transfer->bytes);
  const auto values = read_value_list(in);
  for (std::size_t i = 0; i < transfer->attributes.size(); ++i) {
    const bool there = values.ok() && i < values->size();
    response.results.push_back(there ? set(transfer->attributes[i], access(i), (*values)[i])
                                     : DataAccessResult::kTypeUnmatched);
  }
  encode(response, apdu);
  reply(apdu, now);
}

void Server::Machine::on_action(const ActionRequestNormal& request, Instant now) {
  Bytes returned;
  const ActionResponseItem item = action(request.method, request.parameters, returned);
  answer_action(request.invoke, std::span(&item, 1), false, now);
}

void Server::Machine::on_action_list(const ActionRequestWithList& request, Instant now) {
  std::vector<Bytes> returned(request.methods.size());
  std::vector<ActionResponseItem> items;
  for (std::size_t i = 0; i < request.methods.size() && i < request.parameters.size(); ++i) {
    items.push_back(action(request.methods[i], request.parameters[i], returned[i]));
  }
  answer_action(request.invoke, items, true, now);
}

void Server::Machine::begin_action(InvokeId invoke, std::span<const MethodRef> methods, bool list,
                                   const DataBlock& block, Instant now) {
  transfer_ = std::make_unique<Transfer>();
  transfer_->kind = list ? Transfer::Kind::kActionList : Transfer::Kind::kAction;
  transfer_->invoke = invoke.raw;
  transfer_->methods.assign(methods.begin(), methods.end());
  on_action_block(invoke, block, now);
}

void Server::Machine::on_action_block(InvokeId invoke, const DataBlock& block, Instant now) {
  const bool ours = transfer_ &&
                    (transfer_->kind == Transfer::Kind::kAction ||
                     transfer_->kind == Transfer::Kind::kActionList) &&
                    (transfer_->invoke & 0x0F) == invoke.id();
  if (!ours || !take_block(block.block_number, block.raw_data)) {
    const auto result =
        ours ? ActionResult::kLongActionAborted : ActionResult::kNoLongActionInProgress;
    const ActionResponseItem refusal{result, std::nullopt};
    return answer_action(invoke, std::span(&refusal, 1), false, now);
  }
  if (!block.last_block) {
    Bytes apdu;
    encode(ActionResponseNextBlock{invoke, block.block_number}, apdu);
    return reply(apdu, now);
  }
  const std::unique_ptr<Transfer> transfer = std::move(transfer_);
  if (transfer->kind == Transfer::Kind::kAction) {
    Bytes returned;
    const ActionResponseItem item =
        action(transfer->methods[0], ByteView(transfer->bytes), returned);
    return answer_action(invoke, std::span(&item, 1), false, now);
  }
  ByteReader in(transfer->bytes);
  const auto values = read_value_list(in);
  std::vector<Bytes> returned(transfer->methods.size());
  std::vector<ActionResponseItem> items;
  for (std::size_t i = 0; i < transfer->methods.size(); ++i) {
    const bool there = values.ok() && i < values->size();
    items.push_back(there ? action(transfer->methods[i], (*values)[i], returned[i])
                          : ActionResponseItem{ActionResult::kTypeUnmatched, std::nullopt});
  }
  answer_action(invoke, items, true, now);
}

void Server::Machine::answer_action(InvokeId invoke, std::span<const ActionResponseItem> items,
                                    bool list, Instant now) {
  Bytes apdu;
  if (list) {
    encode(ActionResponseWithList{invoke, {items.begin(), items.end()}}, apdu);
  } else {
    encode(ActionResponseNormal{invoke, items[0]}, apdu);
  }
  const bool general = config_->prefer_general_block_transfer &&
                       conformance_.has(Conformance::kGeneralBlockTransfer);
  if (apdu.size() <= answer_room() || general ||
      !conformance_.has(Conformance::kBlockTransferAction))
    return reply(apdu, now);
  transfer_ = std::make_unique<Transfer>();
  transfer_->kind = Transfer::Kind::kActionAnswer;
  transfer_->invoke = invoke.raw;
  transfer_->bytes.assign(apdu.begin() + 3, apdu.end());
  send_action_block(now);
}

void Server::Machine::send_action_block(Instant now) {
  Transfer& transfer = *transfer_;
  const ByteView rest = ByteView(transfer.bytes).subspan(transfer.sent);
  const std::size_t size = std::min(block_size(answer_room()), rest.size());
  ActionResponseWithBlock response;
  response.invoke.raw = transfer.invoke;
  response.block = {size == rest.size(), ++transfer.block, rest.first(size)};
  Bytes apdu;
  encode(response, apdu);
  transfer.sent += size;
  if (response.block.last_block) transfer_.reset();
  reply(apdu, now);
}

void Server::Machine::on_action_next(const ActionRequestNextBlock& request, Instant now) {
  const bool ours = transfer_ && transfer_->kind == Transfer::Kind::kActionAnswer &&
                    (transfer_->invoke & 0x0F) == request.invoke.id() &&
                    transfer_->block == request.block_number;
  if (ours) return send_action_block(now);
  transfer_.reset();
  const ActionResponseItem refusal{ActionResult::kNoLongActionInProgress, std::nullopt};
  answer_action(request.invoke, std::span(&refusal, 1), false, now);
}

}  // namespace amity::dlms
