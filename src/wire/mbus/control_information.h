// What each CI-field says: which header and which contents follow (EN 13757-7, table 2).
#pragma once

#include <cstdint>
#include <string_view>

namespace amity::mbus {

enum class Header : std::uint8_t { kNone, kShort, kLong };

enum class Content : std::uint8_t {
  kUnknown,  // shown as bytes
  kRecords,  // data records
  kCompact,  // their values alone; the format is known by its signature
  kFormat,   // their heads alone
  kApplicationError,
  kAlarm,
  kSelection,  // of a slave by its secondary address
  kExtendedLinkLayer,
  kAuthentication,  // authentication and fragmentation sublayer (AFL)
  kFixed,           // two counters in the fixed structure of early wired meters
  kManufacturer,
};

struct ControlInformation {
  Header header = Header::kNone;
  Content content = Content::kUnknown;
  std::string_view name = "reserved";
};

const ControlInformation& control_information(std::uint8_t ci);

}  // namespace amity::mbus
