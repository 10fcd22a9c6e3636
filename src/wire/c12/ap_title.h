// ApTitle of C12.22: an object identifier, whole or relative to the utility's base.
#pragma once

#include <string>

#include "base/bytes.h"
#include "wire/c12/limits.h"

namespace amity::c12 {

struct ApTitle {
  static constexpr std::uint8_t kAbsoluteTag = 0x06, kRelativeTag = 0x80;
  bool absolute = true;
  Bytes encoded;  // the content: sub-identifiers of seven bits a byte

  bool empty() const { return encoded.empty(); }
  friend bool operator==(const ApTitle&, const ApTitle&) = default;
  friend auto operator<=>(const ApTitle&, const ApTitle&) = default;
};

// "1.3.6.1.4.1.33507", or ".123.4" for a relative one.
Result<ApTitle> ap_title_from(std::string_view text);
std::string to_string(const ApTitle& title);
// kMalformed where a sub-identifier does not end or is too large (64 bits).
Status check(const ApTitle& title);
// The whole identifier; kInvalid where `title` is relative and there is no base.
Result<ApTitle> absolute(const ApTitle& title, const ApTitle& base);
// Without the base where the title begins with it.
ApTitle relative(const ApTitle& title, const ApTitle& base);

// Tag, length, content: as titles stand in ACSE elements and in the C12.22 services.
void encode(const ApTitle& title, Bytes& out);
Result<ApTitle> read_ap_title(ByteReader& reader);

}  // namespace amity::c12
