// A question to a running platform's API, over a connection of its own: what the commands that work
// on a server's data while it serves are made of.
#pragma once

#include <string>
#include <string_view>

#include "base/runtime.h"

namespace amity::app {

struct ApiServer {
  bool tls = false;
  Endpoint at;
  std::string authority_file;  // PEM that a TLS certificate is checked against; "" = the system's
  std::string key;             // "amity_<id>_<secret>"
};

struct ApiAnswer {
  int status = 0;
  std::string body;
};

// "http://HOST[:PORT]" or "https://HOST[:PORT]", without a path.
Result<ApiServer> api_server_from(const std::string& url);
// Sends `body`, JSON, and waits for the answer, at most `patience`.
Result<ApiAnswer> post(const ApiServer& server, std::string_view path, std::string_view body,
                       Duration patience);

}  // namespace amity::app
