#include "wire/dlms/block_transfer.h"

#include "wire/dlms/service_codec.h"

namespace amity::dlms {
namespace {

constexpr std::uint8_t kLastBlock = 0x80, kStreaming = 0x40, kWindowMask = 0x3F;

}  // namespace

void encode(const GeneralBlockTransfer& v, Bytes& out) {
  AMITY_ASSERT(v.window <= kWindowMask);
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(ApduTag::kGeneralBlockTransfer));
  w.u8(static_cast<std::uint8_t>((v.last_block ? kLastBlock : 0) | (v.streaming ? kStreaming : 0) |
                                 v.window));
  w.u16(v.block_number);
  w.u16(v.acknowledged);
  write_octet_string(w, v.data);
}

Result<Apdu> read_general_block_transfer(ByteReader& in) {
  GeneralBlockTransfer v;
  AMITY_TRY(const std::uint8_t control, in.u8());
  v.last_block = (control & kLastBlock) != 0;
  v.streaming = (control & kStreaming) != 0;
  v.window = control & kWindowMask;
  AMITY_TRY(v.block_number, in.u16());
  AMITY_TRY(v.acknowledged, in.u16());
  AMITY_TRY(v.data, read_octet_string(in));
  return Apdu(v);
}

}  // namespace amity::dlms
