// A key or password in memory: overwritten when it goes away, never printed.
#pragma once

#include "base/bytes.h"
#include "base/crypto.h"

namespace amity::dlms {

class Secret {
 public:
  Secret() = default;
  explicit Secret(ByteView bytes) : bytes_(bytes.begin(), bytes.end()) {}
  explicit Secret(std::string_view text) : Secret(as_bytes(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;  // a moved-from vector is empty: nothing stays behind
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      crypto::wipe(bytes_);
      bytes_ = other.bytes_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      crypto::wipe(bytes_);
      bytes_ = std::move(other.bytes_);
    }
    return *this;
  }
  ~Secret() { crypto::wipe(bytes_); }

  ByteView view() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

 private:
  Bytes bytes_;
};

}  // namespace amity::dlms
