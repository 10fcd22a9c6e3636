#include "api/server.h"

#include <algorithm>
#include <thread>

#include "api/server_thread.h"
#include "runtime/system.h"

namespace amity::api {

struct Server::Impl {
  ServerOptions options;
  runtime::SystemClock system_clock;
  runtime::SystemRandom random;
  std::optional<runtime::TlsContext> tls;
  Router router;
  std::shared_ptr<Api> api;
  std::vector<std::unique_ptr<ServerThread>> threads;
  bool stopped = false;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() {
  stop();
}

Result<std::unique_ptr<Server>> Server::create(store::Store& store, Services& services,
                                               ServerOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  const Clock& clock = impl->options.clock != nullptr ? *impl->options.clock : impl->system_clock;
  if (!impl->options.tls_certificate_file.empty() || !impl->options.tls_key_file.empty()) {
    AMITY_TRY(impl->tls, runtime::TlsContext::server(impl->options.tls_certificate_file,
                                                     impl->options.tls_key_file));
  }
  const auto& routes = all_routes();
  for (std::size_t i = 0; i < routes.size(); ++i) {
    impl->router.add(routes[i].method, routes[i].pattern, static_cast<int>(i));
  }
  impl->api = std::make_shared<Api>(store, services, impl->options, clock, impl->random);
  AMITY_CHECK(impl->api->directory.load());
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int count = impl->options.threads > 0 ? impl->options.threads : cores;
  Endpoint at = impl->options.listen;
  for (int i = 0; i < count; ++i) {
    const std::size_t share =
        (impl->options.connections_max + static_cast<std::size_t>(count) - 1) /
        static_cast<std::size_t>(count);
    auto thread = std::make_unique<ServerThread>(*impl->api, impl->router, share);
    AMITY_CHECK(thread->listen(at, impl->tls ? &*impl->tls : nullptr));
    at.port =
        thread->local().port;  // where port 0 was asked for, the others share what the first got
    impl->threads.push_back(std::move(thread));
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Result<std::optional<std::string>> Server::bootstrap(const std::string& password) {
  return impl_->api->auth.bootstrap(password);
}

Result<std::string> Server::add_api_key(const std::string& name, const std::string& role) {
  const auto known = role_from(role);
  if (!known) return make_error(ErrorCode::kInvalid, "no such role: " + role);
  AMITY_TRY(auto made, impl_->api->auth.add_key(name, *known));
  return made.secret;
}

void Server::start() {
  for (auto& thread : impl_->threads) thread->start();
}

void Server::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->api->password_workers.stop();
  impl_->api->workers.stop();
  for (auto& thread : impl_->threads) thread->stop();
}

Endpoint Server::local() const {
  return impl_->threads.front()->local();
}

}  // namespace amity::api
