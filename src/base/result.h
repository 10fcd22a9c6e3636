// Errors as values. A function that can fail on its input returns Result<T>; nothing below src/api throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace amity {

enum class ErrorCode : std::uint8_t {
  kTruncated,    // the input ends before the structure does
  kMalformed,    // the input breaks the format
  kUnsupported,  // understood, not implemented; the reason says what
  kLimit,        // a named limit was exceeded
  kSecurity,     // authentication, decryption, policy or replay failure
  kRefused,      // the peer refused (access denied, association rejected, ...)
  kTimeout,
  kClosed,  // the peer or the link went away
  kNotFound,
  kConflict,
  kInvalid,  // the caller's argument is wrong
  kBusy,
  kIo,
  kCorrupt,  // stored data fail their checksum
};

std::string_view to_string(ErrorCode code);

// What went wrong, where (byte offset in the input, where that means something) and why, in words for a person.
struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::size_t offset = 0;
  std::string reason;
};

// "malformed at byte 12: HCS is 1234, computed ABCD"
std::string to_string(const Error& error);

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    AMITY_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    AMITY_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    AMITY_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    AMITY_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    AMITY_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    AMITY_ASSERT(failed_);
    return error_;
  }
  Error&& error() && {
    AMITY_ASSERT(failed_);
    return std::move(error_);
  }

 private:
  Error error_;
  bool failed_ = false;
};

using Status = Result<void>;

inline Error make_error(ErrorCode code, std::string reason, std::size_t offset = 0) {
  return Error{code, offset, std::move(reason)};
}

}  // namespace amity

#define AMITY_CONCAT_(a, b) a##b
#define AMITY_CONCAT(a, b) AMITY_CONCAT_(a, b)

// AMITY_TRY(auto x, expression): x is the value, or this function returns the error.
#define AMITY_TRY(decl, expr) AMITY_TRY_(AMITY_CONCAT(amity_try_, __LINE__), decl, expr)
#define AMITY_TRY_(tmp, decl, expr)            \
  auto tmp = (expr);                           \
  if (!tmp.ok()) return std::move(tmp).error(); \
  decl = std::move(tmp).value()

// AMITY_CHECK(status): this function returns the error, if there is one.
#define AMITY_CHECK(expr) AMITY_CHECK_(AMITY_CONCAT(amity_check_, __LINE__), expr)
#define AMITY_CHECK_(tmp, expr) \
  if (auto tmp = (expr); !tmp.ok()) return std::move(tmp).error()
