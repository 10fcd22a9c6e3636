// The head of a data record: data information block (DIF, DIFEs) and value information block (VIF,
// VIFEs); EN 13757-3, 6.3 and 6.4.
#pragma once

#include <cstdint>

#include "wire/mbus/limits.h"
#include "wire/mbus/vif.h"

namespace amity::mbus {

// Data field of the DIF.
enum class DataField : std::uint8_t {
  kNone = 0,
  kInt8 = 1,
  kInt16 = 2,
  kInt24 = 3,
  kInt32 = 4,
  kReal32 = 5,
  kInt48 = 6,
  kInt64 = 7,
  kSelection = 8,
  kBcd2 = 9,
  kBcd4 = 10,
  kBcd6 = 11,
  kBcd8 = 12,
  kVariable = 13,
  kBcd12 = 14,
  kSpecial = 15,
};

enum class Function : std::uint8_t { kInstantaneous = 0, kMaximum = 1, kMinimum = 2, kError = 3 };

// Whole bytes that stand where a DIF could.
inline constexpr std::uint8_t kDifManufacturer = 0x0F;      // the rest is the manufacturer's
inline constexpr std::uint8_t kDifManufacturerMore = 0x1F;  // and another telegram follows
inline constexpr std::uint8_t kDifFiller = 0x2F;
inline constexpr std::uint8_t kDifGlobalReadout = 0x7F;

// Bytes of the data field; LVAR's own are not known before it is read (0).
std::size_t data_bytes(DataField field);

struct RecordHead {
  DataField field = DataField::kNone;
  Function function = Function::kInstantaneous;
  std::uint64_t storage = 0;
  std::uint32_t tariff = 0, subunit = 0;
  const Vif* vif = nullptr;  // null: plain text, any, or the manufacturer's
  bool manufacturer_vif = false;
  ByteView text;           // of a plain text VIF, as sent: last character first
  ByteView extensions;     // combinable VIFEs, extension bits and all
  std::uint16_t size = 0;  // of the whole head
  std::uint8_t dib_size = 0;
};

// `data` starts with a DIF that is none of the whole bytes above. Error offsets count from
// `base_offset`.
Status parse_record_head(ByteView data, std::size_t base_offset, RecordHead& head);

}  // namespace amity::mbus
