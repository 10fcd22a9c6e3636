// Decoders of one service each, behind decode_apdu. The tag is consumed. Private to this room.
#pragma once

#include "wire/dlms/apdu.h"

namespace amity::dlms {

Result<Apdu> read_get_request(ByteReader& in);
Result<Apdu> read_get_response(ByteReader& in);
Result<Apdu> read_set_request(ByteReader& in);
Result<Apdu> read_set_response(ByteReader& in);
Result<Apdu> read_action_request(ByteReader& in);
Result<Apdu> read_action_response(ByteReader& in);
Result<Apdu> read_sn(ApduTag tag, ByteReader& in);
Result<Apdu> read_access_request(ByteReader& in);
Result<Apdu> read_access_response(ByteReader& in);
Result<Apdu> read_notification(ApduTag tag, ByteReader& in);
Result<Apdu> read_initiate_request(ByteReader& in);
Result<Apdu> read_initiate_response(ByteReader& in);
Result<Apdu> read_exception_response(ByteReader& in);
Result<Apdu> read_confirmed_service_error(ByteReader& in);
Result<Apdu> read_general_block_transfer(ByteReader& in);
Result<Apdu> read_ciphered(std::uint8_t tag, ByteReader& in);

inline Result<InvokeId> read_invoke_id(ByteReader& in) {
  AMITY_TRY(const std::uint8_t raw, in.u8());
  return InvokeId{raw};
}

inline Error unknown_choice(const ByteReader& in, const char* service, std::uint8_t choice) {
  return Error{ErrorCode::kMalformed, in.offset() - 1,
               std::string("unknown choice ") + std::to_string(choice) + " of " + service};
}

// SEQUENCE OF, at most kListItemsMax items.
template <class Item>
Result<std::vector<Item>> read_list(ByteReader& in, Result<Item> (*read)(ByteReader&)) {
  AMITY_TRY(const std::size_t count, read_list_count(in));
  std::vector<Item> items(count);
  for (Item& item : items) {
    AMITY_TRY(item, read(in));
  }
  return items;
}

Result<std::vector<AttributeWithAccess>> read_attribute_list(ByteReader& in);
void write(ByteWriter& out, const std::vector<AttributeWithAccess>& items);
void write(ByteWriter& out, const std::vector<ByteView>& encoded_values);

// Starts an APDU: tag, choice, invoke id.
inline ByteWriter begin(Bytes& out, ApduTag tag, std::uint8_t choice, InvokeId invoke) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(tag));
  w.u8(choice);
  w.u8(invoke.raw);
  return w;
}

}  // namespace amity::dlms
