// The API server: some I/O threads, each with its own event loop and its own share of the
// connections.
#pragma once

#include <memory>
#include <string>

#include "api/options.h"
#include "api/services.h"
#include "store/store.h"

namespace amity::api {

class Server {
 public:
  // `store` and `services` outlive the server. Listens when this returns; serves after start().
  static Result<std::unique_ptr<Server>> create(store::Store& store, Services& services,
                                                ServerOptions options);
  ~Server();

  // Makes the first administrator when there is no user yet; returns its password then (the given
  // one, or a random one).
  Result<std::optional<std::string>> bootstrap(const std::string& password);
  // A key for programs that run beside the server; "amity_<id>_<secret>".
  Result<std::string> add_api_key(const std::string& name, const std::string& role);

  void start();
  void stop();  // ends every connection; idempotent
  Endpoint local() const;

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace amity::api
