// The messages of SML 1.03 to 1.05 (BSI TR-03109-1 annex IV): what they carry, decoded and encoded.
// Views point into the payload. Optional octet strings that are absent are empty; absent numbers
// are nullopt.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "wire/dlms/obis.h"
#include "wire/sml/tlv.h"
#include "wire/sml/transport.h"

namespace amity::sml {

enum class MessageType : std::uint32_t {
  kOpenRequest = 0x0100,
  kOpenResponse = 0x0101,
  kCloseRequest = 0x0200,
  kCloseResponse = 0x0201,
  kProfilePackRequest = 0x0300,
  kProfilePackResponse = 0x0301,
  kProfileListRequest = 0x0400,
  kProfileListResponse = 0x0401,
  kParameterRequest = 0x0500,
  kParameterResponse = 0x0501,
  kListRequest = 0x0700,
  kListResponse = 0x0701,
  kAttention = 0xFF01,
};

// Seconds since the meter was started (index), or since 1970 in UTC.
struct Time {
  enum class Kind : std::uint8_t { kNone, kSecIndex, kTimestamp, kLocalTimestamp };
  Kind kind = Kind::kNone;
  std::uint32_t value = 0;
  std::int16_t local_offset_minutes = 0, season_offset_minutes = 0;  // of a local timestamp
  bool bare = false;  // sent without the choice around it (Holley DTZ541): a second index
};

struct Value {
  enum class Kind : std::uint8_t { kNone, kOctets, kBool, kSigned, kUnsigned, kTime };
  Kind kind = Kind::kNone;
  std::uint8_t width = 0;  // bytes of a number as sent
  std::int64_t number = 0;
  ByteView octets;
  Time time;
};

struct ListEntry {
  dlms::Obis name;
  std::optional<std::uint64_t> status;
  std::uint8_t status_width = 0;
  Time time;
  std::optional<std::uint8_t> unit;
  std::optional<std::int8_t> scaler;
  Value value;
  ByteView signature;
};

struct OpenRequest {
  static constexpr MessageType kType = MessageType::kOpenRequest;
  ByteView codepage, client_id, file_id, server_id, user, password;
  std::optional<std::uint8_t> version;
};
struct OpenResponse {
  static constexpr MessageType kType = MessageType::kOpenResponse;
  ByteView codepage, client_id, file_id, server_id;
  Time time;
  std::optional<std::uint8_t> version;
};
struct CloseRequest {
  static constexpr MessageType kType = MessageType::kCloseRequest;
  ByteView signature;
};
struct CloseResponse {
  static constexpr MessageType kType = MessageType::kCloseResponse;
  ByteView signature;
};

using Path = std::vector<ByteView>;

struct ProfileRequest {  // of GetProfilePack and GetProfileList
  ByteView server_id, user, password;
  std::optional<bool> with_raw_data;
  Time begin, end;
  Path path;
  std::vector<dlms::Obis> objects;  // all, where empty
  ByteView das_details;             // a tree, encoded; empty: absent
};
struct ProfilePackRequest : ProfileRequest {
  static constexpr MessageType kType = MessageType::kProfilePackRequest;
};
struct ProfileListRequest : ProfileRequest {
  static constexpr MessageType kType = MessageType::kProfileListRequest;
};

struct ProfileColumn {
  dlms::Obis name;
  std::uint8_t unit = 255;
  std::int8_t scaler = 0;
};
struct ProfileCell {
  Value value;
  ByteView signature;
};
struct ProfileRow {
  Time time;
  std::uint64_t status = 0;
  std::vector<ProfileCell> cells;
  ByteView signature;
};
struct ProfilePackResponse {
  static constexpr MessageType kType = MessageType::kProfilePackResponse;
  ByteView server_id;
  Time time;
  std::uint32_t period_s = 0;
  Path path;
  std::vector<ProfileColumn> columns;
  std::vector<ProfileRow> rows;
  ByteView raw_data, signature;
};
struct ProfileListItem {
  ProfileColumn column;
  ProfileCell cell;
};
struct ProfileListResponse {
  static constexpr MessageType kType = MessageType::kProfileListResponse;
  ByteView server_id;
  Time time;
  std::uint32_t period_s = 0;
  Path path;
  Time row_time;
  std::uint64_t status = 0;
  std::vector<ProfileListItem> items;
  ByteView raw_data, signature;
};

struct ParameterRequest {
  static constexpr MessageType kType = MessageType::kParameterRequest;
  ByteView server_id, user, password;
  Path path;
  ByteView attribute;
};
// A tree of parameters, flat: children follow their parent, one deeper.
struct Parameter {
  int depth = 0;
  ByteView name;
  Value value;          // of a plain value
  ByteView structured;  // of a period, tuple or list entry: the choice, encoded
  std::size_t children = 0;
};
struct ParameterResponse {
  static constexpr MessageType kType = MessageType::kParameterResponse;
  ByteView server_id;
  Path path;
  std::vector<Parameter> tree;
};

struct ListRequest {
  static constexpr MessageType kType = MessageType::kListRequest;
  ByteView client_id, server_id, user, password, list_name;
};
struct ListResponse {
  static constexpr MessageType kType = MessageType::kListResponse;
  ByteView client_id, server_id, list_name;
  Time time;
  std::vector<ListEntry> entries;
  ByteView signature;
  Time gateway_time;
};
struct Attention {
  static constexpr MessageType kType = MessageType::kAttention;
  ByteView server_id, number, message;
  std::vector<Parameter> details;
};
// A message type of which only the frame is known: shown, not dropped.
struct OtherMessage {
  std::uint32_t type = 0;
  ByteView body;
};

std::string_view name_of(std::uint32_t type);

struct MessageHead {
  ByteView transaction_id;
  std::uint8_t group = 0, abort_on_error = 0;
  std::uint32_t type = 0;
};

using Body =
    std::variant<OtherMessage, OpenRequest, OpenResponse, CloseRequest, CloseResponse,
                 ProfilePackRequest, ProfilePackResponse, ProfileListRequest, ProfileListResponse,
                 ParameterRequest, ParameterResponse, ListRequest, ListResponse, Attention>;
struct Message {
  MessageHead head;
  Body body;
  Crc crc = Crc::kX25;
  std::size_t offset = 0, size = 0;  // in the payload
};

// One message from the reader's position; messages of a file follow each other.
Result<Message> decode_message(TlvReader& reader);
Result<std::vector<Message>> decode_messages(ByteView payload);
// Appends. `head.type` is the body's, except for OtherMessage.
void encode_message(const Message& message, Bytes& out);

// In pieces, for those who do not want all of it.
MessageHead read_head(TlvReader& reader);
// CRC and end of the message that began at `start`.
Crc read_tail(TlvReader& reader, std::size_t start);
void read_body(TlvReader& reader, OpenResponse& out);
void read_body(TlvReader& reader, ListResponse& out);  // keeps the memory of `out`
void read_body(TlvReader& reader, Attention& out);
void read_body(TlvReader& reader, ProfilePackResponse& out);
void read_body(TlvReader& reader, ProfileListResponse& out);
void read_body(TlvReader& reader, ParameterResponse& out);

}  // namespace amity::sml
