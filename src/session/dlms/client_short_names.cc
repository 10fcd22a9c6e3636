// Short name referencing of a client: Read, with blocks both ways (IEC 62056-5-3, SN referencing).
// The blocks carry the list of items or results as it stands behind the tag of an APDU that needs
// none. Read has no invoke id: a late answer cannot be told from the one that is due, but its
// blocks are told by their numbers.
#include <fmt/core.h>

#include <algorithm>

#include "session/dlms/client_machine.h"
#include "session/dlms/short_name_blocks.h"
#include "wire/dlms/data_value.h"

namespace amity::dlms {
namespace {

std::vector<VariableAccess> items_of(std::span<const ShortNameRequest> names) {
  std::vector<VariableAccess> items;
  for (const ShortNameRequest& name : names) {
    if (name.selection) {
      items.push_back(
          ParameterizedAccess{name.name, name.selection->selector, name.selection->parameters});
    } else {
      items.push_back(VariableName{name.name});
    }
  }
  return items;
}

}  // namespace

Status Client::Machine::read_sn(std::span<const ShortNameRequest> names, Instant now) {
  AMITY_CHECK(ready_for(names.size(), false));
  Bytes apdu;
  encode(ReadRequest{items_of(names)}, apdu);
  Request& request = begin(RequestKind::kReadShortName, names.size());
  if (fits(apdu.size()) || !can(Conformance::kBlockTransferGet)) {
    send_request(std::move(apdu), now);
    return {};
  }
  request.outgoing.assign(apdu.begin() + 1, apdu.end());
  send_next_read_block(now);
  return {};
}

void Client::Machine::send_next_read_block(Instant now) {
  Request& request = *request_;
  const ByteView rest = ByteView(request.outgoing).subspan(request.outgoing_sent);
  const ByteView raw = next_read_block(rest, apdu_room());
  const auto number = static_cast<std::uint16_t>(++request.blocks_sent);
  request.outgoing_sent += raw.size();
  ReadRequest next;
  next.items = {ReadDataBlockAccess{raw.size() == rest.size(), number, raw}};
  Bytes apdu;
  encode(next, apdu);
  send_request(std::move(apdu), now);
}

void Client::Machine::on_read_response(const ReadResponse& response, Instant now) {
  if (request_->kind != RequestKind::kReadShortName) return stray(now);
  if (response.results.size() == 1) {
    if (const auto* block = std::get_if<SnDataBlockResult>(&response.results[0]))
      return on_read_block(*block, now);
    if (const auto* next = std::get_if<SnBlockNumber>(&response.results[0]))
      return on_set_acknowledged(next->block_number, now);
  }
  std::vector<DataOrResult> results;
  for (const ReadResult& result : response.results) {
    const auto* value = std::get_if<DataOrResult>(&result);
    if (value == nullptr) {
      return fail_request(
          make_error(ErrorCode::kMalformed, "a block of an answer came among whole values"), now);
    }
    results.push_back(*value);
  }
  const bool half_way =
      request_->blocks_received > 0 || request_->outgoing_sent < request_->outgoing.size();
  if (!half_way) return complete_list(results, now);
  const bool refused = results.size() == 1 && !results[0].ok();
  fail_request(
      make_error(refused ? ErrorCode::kRefused : ErrorCode::kMalformed,
                 fmt::format("the block transfer broke off after block {}: {}",
                             std::max(request_->blocks_received, request_->blocks_sent),
                             refused ? to_string(results[0].result) : "a whole value came")),
      now);
}

void Client::Machine::on_read_block(const SnDataBlockResult& block, Instant now) {
  Request& request = *request_;
  if (request.outgoing_sent < request.outgoing.size()) return stray(now);
  if (!take_block(block.block_number, block.raw_data, now)) return;
  request.strays = 0;
  request.attempts_left = config_.attempts;
  if (block.last_block) return complete_read(now);
  ReadRequest next;
  next.items = {BlockNumberAccess{block.block_number}};
  Bytes apdu;
  encode(next, apdu);
  send_request(std::move(apdu), now);
}

void Client::Machine::complete_read(Instant now) {
  Bytes whole = {static_cast<std::uint8_t>(ApduTag::kReadResponse)};
  append(whole, request_->assembled);
  const Result<Apdu> apdu = decode_apdu(whole);
  if (!apdu.ok()) {
    Error error = apdu.error();
    return fail_request(std::move(error), now);
  }
  std::vector<DataOrResult> results;
  for (const ReadResult& result : std::get<ReadResponse>(*apdu).results) {
    const auto* value = std::get_if<DataOrResult>(&result);
    if (value == nullptr)
      return fail_request(make_error(ErrorCode::kMalformed, "blocks within blocks"), now);
    results.push_back(*value);
  }
  complete_list(results, now);
}

}  // namespace amity::dlms
