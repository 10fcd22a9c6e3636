#include "wire/sml/message.h"

#include <fmt/format.h>

#include "base/crc.h"
#include "wire/sml/fields.h"

namespace amity::sml {
namespace {

// An optional octet string and its absence look the same: 01 is both.
ByteView octets(TlvReader& reader, const char* what) {
  return reader.octets(what);
}

void read_entry(TlvReader& reader, ListEntry& entry) {
  if (!reader.list(7, "a list entry")) return;
  entry.name = read_name(reader);
  entry.status.reset();
  if (!reader.absent()) {
    const std::size_t before = reader.position();
    entry.status = reader.number("a status");
    entry.status_width = static_cast<std::uint8_t>(reader.position() - before - 1);
  }
  entry.time = read_time(reader);
  entry.unit = read_optional_u8(reader, "a unit");
  entry.scaler.reset();
  if (!reader.absent()) entry.scaler = static_cast<std::int8_t>(reader.signed_number("a scaler"));
  entry.value = read_value(reader);
  entry.signature = octets(reader, "a value's signature");
}

void read_body(TlvReader& reader, OpenRequest& out) {
  if (!reader.list(7, "an open request")) return;
  for (ByteView* field :
       {&out.codepage, &out.client_id, &out.file_id, &out.server_id, &out.user, &out.password}) {
    *field = octets(reader, "a field of the open request");
  }
  out.version = read_optional_u8(reader, "the version");
}

template <class Close>
void read_close(TlvReader& reader, Close& out) {
  if (reader.list(1, "a close message")) out.signature = octets(reader, "the file's signature");
}

void read_body(TlvReader& reader, ProfileRequest& out) {
  if (!reader.list(9, "a profile request")) return;
  for (ByteView* field : {&out.server_id, &out.user, &out.password})
    *field = octets(reader, "a field of the profile request");
  if (!reader.absent()) {
    const Element raw = reader.next();
    if (raw.type != Type::kBool || raw.bytes.empty())
      return reader.fail(ErrorCode::kMalformed, "withRawdata must be a boolean");
    out.with_raw_data = raw.bytes[0] != 0;
  }
  out.begin = read_time(reader);
  out.end = read_time(reader);
  out.path = read_path(reader);
  if (!reader.absent()) {
    const std::size_t count = reader.any_list("a list of objects");
    for (std::size_t i = 0; i < count && reader.ok(); ++i) out.objects.push_back(read_name(reader));
  }
  if (reader.absent()) return;
  const std::size_t start = reader.position();
  reader.skip();
  if (reader.ok()) out.das_details = reader.between(start);
}

ProfileColumn read_column_fields(TlvReader& reader) {
  ProfileColumn column;
  column.name = read_name(reader);
  column.unit = static_cast<std::uint8_t>(reader.number("a unit"));
  column.scaler = static_cast<std::int8_t>(reader.signed_number("a scaler"));
  return column;
}

ProfileCell read_cell_fields(TlvReader& reader) {
  ProfileCell cell;
  cell.value = read_value(reader);
  cell.signature = octets(reader, "a value's signature");
  return cell;
}

void read_body(TlvReader& reader, ParameterRequest& out) {
  if (!reader.list(5, "a parameter request")) return;
  for (ByteView* field : {&out.server_id, &out.user, &out.password})
    *field = octets(reader, "a field of the parameter request");
  out.path = read_path(reader);
  out.attribute = octets(reader, "the attribute");
}

void read_body(TlvReader& reader, ListRequest& out) {
  if (!reader.list(5, "a list request")) return;
  for (ByteView* field :
       {&out.client_id, &out.server_id, &out.user, &out.password, &out.list_name}) {
    *field = octets(reader, "a field of the list request");
  }
}

void read_body(TlvReader& reader, CloseRequest& out) {
  read_close(reader, out);
}
void read_body(TlvReader& reader, CloseResponse& out) {
  read_close(reader, out);
}

template <class T>
Body read_as(TlvReader& reader) {
  T body;
  read_body(reader, body);
  return body;
}

Body read_any(TlvReader& reader, std::uint32_t type) {
  switch (static_cast<MessageType>(type)) {
    case MessageType::kOpenRequest:
      return read_as<OpenRequest>(reader);
    case MessageType::kOpenResponse:
      return read_as<OpenResponse>(reader);
    case MessageType::kCloseRequest:
      return read_as<CloseRequest>(reader);
    case MessageType::kCloseResponse:
      return read_as<CloseResponse>(reader);
    case MessageType::kProfilePackRequest:
      return read_as<ProfilePackRequest>(reader);
    case MessageType::kProfilePackResponse:
      return read_as<ProfilePackResponse>(reader);
    case MessageType::kProfileListRequest:
      return read_as<ProfileListRequest>(reader);
    case MessageType::kProfileListResponse:
      return read_as<ProfileListResponse>(reader);
    case MessageType::kParameterRequest:
      return read_as<ParameterRequest>(reader);
    case MessageType::kParameterResponse:
      return read_as<ParameterResponse>(reader);
    case MessageType::kListRequest:
      return read_as<ListRequest>(reader);
    case MessageType::kListResponse:
      return read_as<ListResponse>(reader);
    case MessageType::kAttention:
      return read_as<Attention>(reader);
  }
  OtherMessage other{type, {}};
  const std::size_t start = reader.position();
  reader.skip();
  if (reader.ok()) other.body = reader.between(start);
  return other;
}

}  // namespace

std::string_view name_of(std::uint32_t type) {
  switch (static_cast<MessageType>(type)) {
    case MessageType::kOpenRequest:
      return "PublicOpen.Req";
    case MessageType::kOpenResponse:
      return "PublicOpen.Res";
    case MessageType::kCloseRequest:
      return "PublicClose.Req";
    case MessageType::kCloseResponse:
      return "PublicClose.Res";
    case MessageType::kProfilePackRequest:
      return "GetProfilePack.Req";
    case MessageType::kProfilePackResponse:
      return "GetProfilePack.Res";
    case MessageType::kProfileListRequest:
      return "GetProfileList.Req";
    case MessageType::kProfileListResponse:
      return "GetProfileList.Res";
    case MessageType::kParameterRequest:
      return "GetProcParameter.Req";
    case MessageType::kParameterResponse:
      return "GetProcParameter.Res";
    case MessageType::kListRequest:
      return "GetList.Req";
    case MessageType::kListResponse:
      return "GetList.Res";
    case MessageType::kAttention:
      return "Attention.Res";
  }
  return "unknown";
}

void read_body(TlvReader& reader, OpenResponse& out) {
  if (!reader.list(6, "an open response")) return;
  for (ByteView* field : {&out.codepage, &out.client_id, &out.file_id, &out.server_id})
    *field = octets(reader, "a field of the open response");
  out.time = read_time(reader);
  out.version = read_optional_u8(reader, "the version");
}

void read_body(TlvReader& reader, ListResponse& out) {
  if (!reader.list(7, "a list response")) return;
  for (ByteView* field : {&out.client_id, &out.server_id, &out.list_name})
    *field = octets(reader, "a field of the list response");
  out.time = read_time(reader);
  const std::size_t count = reader.any_list("the list of values");
  out.entries.clear();
  for (std::size_t i = 0; i < count && reader.ok(); ++i)
    read_entry(reader, out.entries.emplace_back());
  out.signature = octets(reader, "the list's signature");
  out.gateway_time = read_time(reader);
}

void read_body(TlvReader& reader, Attention& out) {
  if (!reader.list(4, "an attention response")) return;
  for (ByteView* field : {&out.server_id, &out.number, &out.message})
    *field = octets(reader, "a field of the attention response");
  out.details = read_tree(reader);
}

void read_body(TlvReader& reader, ProfilePackResponse& out) {
  if (!reader.list(8, "a profile pack")) return;
  out.server_id = octets(reader, "the server's id");
  out.time = read_time(reader);
  out.period_s = static_cast<std::uint32_t>(reader.number("the period"));
  out.path = read_path(reader);
  const std::size_t columns = reader.any_list("the header list");
  for (std::size_t i = 0; i < columns && reader.list(3, "a header"); ++i)
    out.columns.push_back(read_column_fields(reader));
  const std::size_t rows = reader.any_list("the period list");
  for (std::size_t i = 0; i < rows && reader.list(4, "a period"); ++i) {
    ProfileRow& row = out.rows.emplace_back();
    row.time = read_time(reader);
    row.status = reader.number("a status");
    const std::size_t cells = reader.any_list("the values of a period");
    for (std::size_t j = 0; j < cells && reader.list(2, "a value"); ++j)
      row.cells.push_back(read_cell_fields(reader));
    row.signature = octets(reader, "a period's signature");
  }
  out.raw_data = octets(reader, "the raw data");
  out.signature = octets(reader, "the profile's signature");
}

void read_body(TlvReader& reader, ProfileListResponse& out) {
  if (!reader.list(9, "a profile list")) return;
  out.server_id = octets(reader, "the server's id");
  out.time = read_time(reader);
  out.period_s = static_cast<std::uint32_t>(reader.number("the period"));
  out.path = read_path(reader);
  out.row_time = read_time(reader);
  out.status = reader.number("a status");
  const std::size_t items = reader.any_list("the period list");
  for (std::size_t i = 0; i < items && reader.list(5, "a period entry"); ++i) {
    ProfileListItem& item = out.items.emplace_back();
    item.column = read_column_fields(reader);
    item.cell = read_cell_fields(reader);
  }
  out.raw_data = octets(reader, "the raw data");
  out.signature = octets(reader, "the period's signature");
}

void read_body(TlvReader& reader, ParameterResponse& out) {
  if (!reader.list(3, "a parameter response")) return;
  out.server_id = octets(reader, "the server's id");
  out.path = read_path(reader);
  out.tree = read_tree(reader);
}

MessageHead read_head(TlvReader& reader) {
  MessageHead head;
  reader.list(6, "a message");
  head.transaction_id = reader.octets("the transaction id");
  head.group = static_cast<std::uint8_t>(reader.number("the group number"));
  head.abort_on_error = static_cast<std::uint8_t>(reader.number("abortOnError"));
  reader.list(2, "the message body");
  head.type = static_cast<std::uint32_t>(reader.number("the message type"));
  return head;
}

Crc read_tail(TlvReader& reader, std::size_t start) {
  if (!reader.ok()) return Crc::kX25;
  const ByteView covered = reader.between(start);
  const auto sent = static_cast<unsigned>(reader.number("the message's CRC"));
  // Low byte first, as in the frame: the number reads them the other way round.
  const unsigned swapped = (sent >> 8 & 0xFF) | (sent << 8 & 0xFF00);
  Crc crc = Crc::kX25;
  if (reader.ok() && swapped != crc16_x25(covered)) {
    crc = Crc::kKermit;
    if (swapped != crc16_kermit(covered) && sent != crc16_kermit(covered)) {
      reader.fail(ErrorCode::kMalformed, fmt::format("the message's CRC is {:04X}, computed {:04X}",
                                                     swapped, crc16_x25(covered)));
    }
  }
  if (reader.ok() && !reader.end_of_message())
    reader.fail(ErrorCode::kMalformed, "the end of the message is missing");
  return crc;
}

Result<Message> decode_message(TlvReader& reader) {
  Message message;
  const std::size_t start = reader.position();
  message.offset = reader.offset();
  message.head = read_head(reader);
  if (reader.ok()) message.body = read_any(reader, message.head.type);
  message.crc = read_tail(reader, start);
  if (!reader.ok()) return reader.error();
  message.size = reader.position() - start;
  return message;
}

Result<std::vector<Message>> decode_messages(ByteView payload) {
  std::vector<Message> messages;
  TlvReader reader(payload);
  while (!reader.at_end()) {
    if (messages.size() == kMessagesMax)
      return make_error(ErrorCode::kLimit, "too many messages in a frame", reader.offset());
    AMITY_TRY(Message message, decode_message(reader));
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace amity::sml
