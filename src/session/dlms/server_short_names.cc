// Short name referencing: Read, with blocks both ways, and Write over the attributes behind the
// names (IEC 62056-5-3, SN referencing). The blocks carry the list of items or results as it stands
// behind the tag of an APDU that needs none.
#include "session/dlms/server_machine.h"
#include "session/dlms/short_name_blocks.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

constexpr std::uint16_t kAssociationObjectList = 0xFA08;
constexpr std::uint16_t kReplyToHls = 0xFA58;

struct Name {
  std::uint16_t name = 0;
  std::optional<SelectiveAccess> access;
};

std::optional<Name> name_of(const VariableAccess& item) {
  if (const auto* plain = std::get_if<VariableName>(&item)) return Name{plain->name, std::nullopt};
  if (const auto* with = std::get_if<ParameterizedAccess>(&item)) {
    return Name{with->name, SelectiveAccess{with->selector, with->parameter}};
  }
  return std::nullopt;
}

// object_list of class 12: base name, class, version, logical name.
void write_short_name_list(const AssociationContext& association, Objects& from, Bytes& out) {
  std::vector<ObjectEntry> objects;
  from.list(association, objects);
  DataWriter writer(out);
  writer.array(objects.size());
  for (const ObjectEntry& object : objects) {
    writer.structure(4);
    writer.int16(static_cast<std::int16_t>(object.short_name));
    writer.uint16(object.class_id);
    writer.uint8(object.version);
    writer.octet_string(object.instance);
  }
}

}  // namespace

ReadResponse Server::Machine::read(const ReadRequest& request, std::vector<Bytes>& values) {
  values.resize(request.items.size());
  ReadResponse response;
  for (std::size_t i = 0; i < request.items.size(); ++i) {
    const std::optional<Name> name = name_of(request.items[i]);
    DataAccessResult result = DataAccessResult::kObjectUndefined;
    if (name && name->name == kReplyToHls && name->access) {
      result = on_reply_to_hls(name->access->parameters, values[i]) == ActionResult::kSuccess
                   ? DataAccessResult::kSuccess
                   : DataAccessResult::kReadWriteDenied;
      if (association_ == nullptr) {  // the proof was wrong
        response.results = {DataOrResult{result, {}}};
        break;
      }
    } else if (name && name->name == kAssociationObjectList) {
      write_short_name_list(context(), *objects_, values[i]);
      result = DataAccessResult::kSuccess;
    } else if (name) {
      if (const auto attribute = objects_->resolve(context(), name->name))
        result = get(*attribute, name->access, values[i]);
    }
    response.results.push_back(DataOrResult{result, values[i]});
  }
  return response;
}

// One item that is about blocks continues a transfer; anything else begins anew.
void Server::Machine::on_read(const ReadRequest& request, Instant now) {
  if (request.items.size() == 1) {
    if (const auto* next = std::get_if<BlockNumberAccess>(&request.items[0]))
      return on_read_next(next->block_number, now);
    if (const auto* block = std::get_if<ReadDataBlockAccess>(&request.items[0]))
      return on_read_block(*block, now);
  }
  transfer_.reset();
  sender_.reset();
  answer_read(request, now);
}

void Server::Machine::answer_read(const ReadRequest& request, Instant now) {
  std::vector<Bytes> values;
  const ReadResponse response = read(request, values);
  Bytes apdu;
  encode(response, apdu);
  if (apdu.size() <= answer_room() || !conformance_.has(Conformance::kBlockTransferGet))
    return reply(apdu, now);
  transfer_ = std::make_unique<Transfer>();
  transfer_->kind = Transfer::Kind::kRead;
  transfer_->bytes.assign(apdu.begin() + 1, apdu.end());  // count and results, behind the tag
  send_read_block(now);
}

void Server::Machine::send_read_block(Instant now) {
  Transfer& transfer = *transfer_;
  if (transfer.block == 0xFFFF) return refuse_read(DataAccessResult::kLongGetAborted, now);
  const ByteView rest = ByteView(transfer.bytes).subspan(transfer.sent);
  const ByteView raw = next_read_block(rest, answer_room());
  const auto number = static_cast<std::uint16_t>(++transfer.block);
  ReadResponse response;
  response.results = {SnDataBlockResult{raw.size() == rest.size(), number, raw}};
  Bytes apdu;
  encode(response, apdu);
  transfer.last_sent_at = transfer.sent;
  transfer.sent += raw.size();
  reply(apdu, now);
}

// As with GET, the last block is kept: the client may not have got it and ask again.
void Server::Machine::on_read_next(std::uint16_t block_number, Instant now) {
  if (!transfer_ || transfer_->kind != Transfer::Kind::kRead)
    return refuse_read(DataAccessResult::kNoLongGetInProgress, now);
  Transfer& transfer = *transfer_;
  if (block_number + 1u == transfer.block) {
    transfer.sent = transfer.last_sent_at;
    --transfer.block;
    return send_read_block(now);
  }
  if (block_number == transfer.block && transfer.sent < transfer.bytes.size())
    return send_read_block(now);
  refuse_read(DataAccessResult::kDataBlockNumberInvalid, now);
}

// A request too long for one APDU comes in blocks: count and items, behind the tag.
void Server::Machine::on_read_block(const ReadDataBlockAccess& block, Instant now) {
  if (!conformance_.has(Conformance::kBlockTransferGet))
    return refuse_read(DataAccessResult::kReadWriteDenied, now);
  if (block.block_number == 1) {
    transfer_ = std::make_unique<Transfer>();
    transfer_->kind = Transfer::Kind::kReadRequest;
    transfer_->bytes = {static_cast<std::uint8_t>(ApduTag::kReadRequest)};
  } else if (!transfer_ || transfer_->kind != Transfer::Kind::kReadRequest) {
    return refuse_read(DataAccessResult::kNoLongGetInProgress, now);
  } else if (block.block_number == transfer_->block && !block.last_block) {
    return acknowledge_read_block(block.block_number, now);  // it came twice: our answer was lost
  }
  if (!take_block(block.block_number, block.raw_data))
    return refuse_read(DataAccessResult::kDataBlockNumberInvalid, now);
  if (!block.last_block) return acknowledge_read_block(block.block_number, now);
  const Bytes whole = std::move(transfer_->bytes);
  transfer_.reset();
  const Result<Apdu> apdu = decode_apdu(whole);
  const auto* request = apdu.ok() ? std::get_if<ReadRequest>(&*apdu) : nullptr;
  if (request == nullptr) return refuse_read(DataAccessResult::kLongGetAborted, now);
  answer_read(*request, now);
}

void Server::Machine::acknowledge_read_block(std::uint16_t block_number, Instant now) {
  ReadResponse response;
  response.results = {SnBlockNumber{block_number}};
  Bytes apdu;
  encode(response, apdu);
  reply(apdu, now);
}

void Server::Machine::refuse_read(DataAccessResult result, Instant now) {
  transfer_.reset();
  ReadResponse response;
  response.results = {DataOrResult{result, {}}};
  Bytes apdu;
  encode(response, apdu);
  reply(apdu, now);
}

void Server::Machine::on_write(const WriteRequest& request, Instant now) {
  WriteResponse response;
  for (std::size_t i = 0; i < request.items.size() && i < request.values.size(); ++i) {
    const std::optional<Name> name = name_of(request.items[i]);
    const auto attribute = name ? objects_->resolve(context(), name->name) : std::nullopt;
    const auto result = attribute ? set(*attribute, name->access, request.values[i])
                                  : DataAccessResult::kObjectUndefined;
    response.results.push_back({result, std::nullopt});
  }
  Bytes apdu;
  encode(response, apdu);
  reply(apdu, now);
}

}  // namespace amity::dlms
