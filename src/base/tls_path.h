// Streams over TLS, of a network that has it: where certificates come from differs by path.
#pragma once

#include <string>

#include "base/result.h"
#include "base/runtime.h"

namespace amity {

// A path on which TLS is spoken. Files are PEM.
struct TlsPath {
  std::string authority;         // whose certificates the peer's must come from; "": the system's
  std::string certificate, key;  // our own, for peers that ask for one; "": none
  std::string name;  // that the peer's certificate must be for; "": the host connected to

  friend auto operator<=>(const TlsPath&, const TlsPath&) = default;
};

// A Network may be one of these too.
class TlsNetwork {
 public:
  virtual ~TlsNetwork() = default;
  // Open once the peer's certificate is proved. An error where the files of `path` say nothing.
  virtual Result<std::unique_ptr<Stream>> connect_tls(const Endpoint& to, const TlsPath& path,
                                                      Duration timeout,
                                                      Stream::Handler* handler) = 0;
};

}  // namespace amity
