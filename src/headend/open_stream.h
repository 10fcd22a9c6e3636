// A connection to where an address says, over TLS where it says so.
#pragma once

#include "headend/address.h"

namespace amity::headend {

// It has as long to open as the address's bearer gives. What `handler` hears is of the connection;
// an error here is one of the address.
Result<std::unique_ptr<Stream>> open_stream(const Runtime& runtime, const Address& address,
                                            Stream::Handler* handler);

// Of an error of a connection, not of what is spoken on it: a certificate is refused, missing or
// not to be read.
inline bool is_untrusted(const Error& of_stream) {
  return of_stream.code == ErrorCode::kSecurity;
}

}  // namespace amity::headend
