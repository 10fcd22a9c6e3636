// HTTP/1.1 requests out of bytes (RFC 9112), on Beast's parser; the only file that compiles it.
// Sans-I/O.
#pragma once

#include <memory>

#include "api/http/request.h"
#include "base/bytes.h"

namespace amity::api {

// Why a request is refused, and with what status.
struct HttpError {
  int status = 400;
  std::string detail;
};

class RequestParser {
 public:
  RequestParser();
  ~RequestParser();

  // Takes from the front of `bytes`; the caller gives what was not taken again, with more behind
  // it. Stops after one request, so that what follows (pipelining) stays with the caller. The error
  // is final.
  std::size_t feed(ByteView bytes);
  bool done() const;
  bool header_done() const;     // and perhaps the body is still coming
  bool wants_continue() const;  // "Expect: 100-continue" while the body is still to come
  const HttpError* error() const;
  Request& request();
  // Ready for the next request.
  void reset();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace amity::api
