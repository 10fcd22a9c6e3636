// ApTitle of C12.22: an object identifier, whole or relative to the utility's base.
#pragma once

#include <algorithm>
#include <compare>
#include <string>

#include "base/bytes.h"
#include "wire/c12/ber.h"
#include "wire/c12/limits.h"

namespace amity::c12 {

// The content of an object identifier: sub-identifiers of seven bits a byte, kept in place.
class ObjectId {
 public:
  ObjectId() = default;
  // At most kObjectIdBytesMax bytes are kept; check() tells where there were more.
  explicit ObjectId(ByteView bytes) { append(bytes); }
  void append(ByteView bytes) {
    too_long_ = too_long_ || bytes.size() > kObjectIdBytesMax - size_;
    const std::size_t count = std::min(bytes.size(), kObjectIdBytesMax - size_);
    std::copy_n(bytes.begin(), count, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ = static_cast<std::uint8_t>(size_ + count);
  }
  void push_back(std::uint8_t byte) { append(ByteView(&byte, 1)); }
  bool too_long() const { return too_long_; }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  ByteView view() const { return {bytes_.data(), size_}; }

  friend bool operator==(const ObjectId& a, const ObjectId& b) {
    return std::ranges::equal(a.view(), b.view());
  }
  friend std::strong_ordering operator<=>(const ObjectId& a, const ObjectId& b) {
    return std::lexicographical_compare_three_way(a.view().begin(), a.view().end(),
                                                  b.view().begin(), b.view().end());
  }

 private:
  std::array<std::uint8_t, kObjectIdBytesMax> bytes_{};
  std::uint8_t size_ = 0;
  bool too_long_ = false;
};

struct ApTitle {
  static constexpr std::uint8_t kAbsoluteTag = 0x06, kRelativeTag = 0x80;
  bool absolute = true;
  ObjectId encoded;

  bool empty() const { return encoded.empty(); }
  friend bool operator==(const ApTitle&, const ApTitle&) = default;
  friend auto operator<=>(const ApTitle&, const ApTitle&) = default;
};

// "1.3.6.1.4.1.33507", or ".123.4" for a relative one.
Result<ApTitle> ap_title_from(std::string_view text);
std::string to_string(const ApTitle& title);
void append_text(const ApTitle& title, std::string& out);
// kMalformed where a sub-identifier does not end or is too large (64 bits).
Status check(const ApTitle& title);
// The whole identifier; kInvalid where `title` is relative and there is no base.
Result<ApTitle> absolute(const ApTitle& title, const ApTitle& base);
// Without the base where the title begins with it.
ApTitle relative(const ApTitle& title, const ApTitle& base);

// Tag, length, content: as titles stand in ACSE elements and in the C12.22 services.
void encode(const ApTitle& title, Bytes& out);
Result<ApTitle> read_ap_title(ByteReader& reader);
// From an element that was read; false: `error` tells why it is no title.
bool ap_title_from(const Tlv& tlv, ApTitle& title, Error& error);

}  // namespace amity::c12
