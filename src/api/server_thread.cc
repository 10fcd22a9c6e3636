#include "api/server_thread.h"

#include "api/handler_support.h"
#include "api/limits.h"

namespace amity::api {

namespace {

constexpr std::size_t kSpareParsersMax = 64;

bool is_unsafe(Method method) {
  return method != Method::kGet && method != Method::kHead;
}

Role needed_role(Access access) {
  switch (access) {
    case Access::kOperator:
      return Role::kOperator;
    case Access::kEngineer:
      return Role::kEngineer;
    case Access::kAdmin:
      return Role::kAdmin;
    default:
      return Role::kViewer;
  }
}

}  // namespace

void Gate::answer(std::uint64_t connection, Response response) {
  const std::lock_guard lock(mutex_);
  if (thread_ == nullptr) return;
  auto shared = std::make_shared<Response>(std::move(response));
  thread_->runtime_.timers.post([thread = thread_, connection, shared] {
    if (Connection* found = thread->find(connection)) found->answer(std::move(*shared));
  });
}

void Gate::close() {
  const std::lock_guard lock(mutex_);
  thread_ = nullptr;
}

ServerThread::ServerThread(Api& api, const Router& router, std::size_t connections_max)
    : api_(api),
      router_(router),
      connections_max_(connections_max),
      reactor_(runtime::ReactorOptions{.reuse_port = true}),
      runtime_(reactor_.runtime()),
      auth_cache_(api.auth, api.options.auth_cache_ms),
      feed_(api, runtime_.timers,
            [this](LiveFeed::ClientId id, std::string_view text) {
              if (Connection* connection = find(id)) connection->send_event(text);
            }),
      gate_(std::make_shared<Gate>(this)) {}

ServerThread::~ServerThread() {
  stop();
}

Status ServerThread::listen(const Endpoint& at, const runtime::TlsContext* tls) {
  Network* network = &runtime_.network;
  if (tls != nullptr) {
    tls_network_ = runtime::make_tls_network(runtime_, *tls);
    network = tls_network_.get();
    secure_ = true;
  }
  AMITY_TRY(listener_, network->listen(at, [this](std::unique_ptr<Stream> stream) {
    accept(std::move(stream));
  }));
  return {};
}

void ServerThread::start() {
  thread_ = std::thread([this] {
    sweep();
    reactor_.run();
  });
}

void ServerThread::stop() {
  gate_->close();
  reactor_.stop();
  if (thread_.joinable()) thread_.join();
  api_.counters.connections.fetch_sub(static_cast<std::int64_t>(connections_.size()),
                                      std::memory_order_relaxed);
  for (const auto& [id, connection] : connections_) feed_.remove(id);
  connections_.clear();
  retired_.clear();
  listener_.reset();
}

void ServerThread::accept(std::unique_ptr<Stream> stream) {
  if (connections_.size() >= connections_max_) {
    api_.counters.refused_connections.fetch_add(1, std::memory_order_relaxed);
    return;  // closed: the client sees it at once
  }
  const std::uint64_t id = next_id_++;
  api_.counters.connections.fetch_add(1, std::memory_order_relaxed);
  connections_.emplace(id, std::make_unique<Connection>(*this, id, std::move(stream), secure_));
}

void ServerThread::sweep() {
  const Instant at = now();
  std::vector<std::uint64_t> ids;
  ids.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  for (const auto id : ids) {
    if (Connection* connection = find(id)) connection->check_time(at);
  }
  const auto interval = std::chrono::milliseconds(api_.options.sweep_interval_ms);
  sweep_ = runtime_.timers.at(at + interval, [this] { sweep(); });
}

std::string_view ServerThread::http_date() {
  const std::int64_t second = runtime_.clock.utc().value;
  if (second != date_second_) {
    date_second_ = second;
    date_ = amity::api::http_date(second);
  }
  return date_;
}

Connection* ServerThread::find(std::uint64_t id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ServerThread::retire(std::uint64_t id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  feed_.remove(id);
  if (retired_.empty()) runtime_.timers.post([this] { retired_.clear(); });
  retired_.push_back(std::move(found->second));
  connections_.erase(found);
  api_.counters.connections.fetch_sub(1, std::memory_order_relaxed);
}

std::unique_ptr<RequestParser> ServerThread::take_parser() {
  if (parsers_.empty()) return std::make_unique<RequestParser>();
  auto parser = std::move(parsers_.back());
  parsers_.pop_back();
  return parser;
}

void ServerThread::give_parser(std::unique_ptr<RequestParser> parser) {
  if (parsers_.size() < kSpareParsersMax) parsers_.push_back(std::move(parser));
}

void ServerThread::subscribe(Connection& connection, const Subscription& subscription) {
  feed_.add(connection.id(), subscription);
}

bool ServerThread::host_allowed(const Request& request) const {
  if (api_.options.allowed_hosts.empty()) return true;
  std::string_view host = request.header("host");
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
    host = host.substr(0, colon);
  for (const auto& allowed : api_.options.allowed_hosts) {
    if (allowed == host) return true;
  }
  return false;
}

std::optional<Response> ServerThread::guard(const Route& route, Call& call) {
  if (route.access == Access::kAnyone) return std::nullopt;
  if (route.access == Access::kMetrics && api_.options.open_metrics) return std::nullopt;
  auto principal = auth_cache_.authenticate(credentials_of(call.request), now());
  if (!principal.ok()) {
    Response response = failure(principal.error(), call);
    if (response.status == 401)
      response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"amity\"");
    return response;
  }
  call.principal = std::move(*principal);
  if (const std::int64_t wait_s = call.principal->bucket->take(now()); wait_s > 0) {
    api_.counters.rate_limited.fetch_add(1, std::memory_order_relaxed);
    Response response = failure(429, "too many requests", call);
    response.headers.emplace_back("Retry-After", std::to_string(wait_s));
    return response;
  }
  const bool session = call.principal->key_id.empty();
  if (session && is_unsafe(call.request.method)) {
    const std::string_view shown = call.request.header("x-csrf-token");
    if (!constant_time_equal(as_bytes(shown), as_bytes(call.principal->csrf))) {
      return failure(403, "the X-CSRF-Token is missing or wrong", call);
    }
  }
  if (call.principal->role < needed_role(route.access)) {
    return failure(403, "this needs the role " + std::string(to_string(needed_role(route.access))),
                   call);
  }
  return std::nullopt;
}

void ServerThread::serve(Connection& connection, Request request) {
  if (!host_allowed(request))
    return connection.answer(problem(421, "this server does not answer for that host"));
  const RouteMatch match = router_.match(request.method, request.uri);
  if (match.outcome == RouteMatch::Outcome::kNoMethod) {
    Response response = problem(405, "that method is not for this path", request.uri.path);
    response.headers.emplace_back("Allow", match.allow);
    return connection.answer(std::move(response));
  }
  if (match.outcome == RouteMatch::Outcome::kNoPath)
    return connection.answer(static_page(api_, request));
  const Route& route = all_routes()[static_cast<std::size_t>(match.route)];
  Call call;
  call.request = std::move(request);  // the segments that `path` looks at move along
  call.path = match.parameters;
  call.peer = connection.peer();
  call.secure = connection.secure();
  if (auto refused = guard(route, call)) {
    connection.set_principal(call.principal);
    return connection.answer(std::move(*refused));
  }
  connection.set_principal(call.principal);
  run_handler(route, connection, std::move(call));
}

void ServerThread::run_handler(const Route& route, Connection& connection, Call call) {
  if (route.place == Place::kInline) return connection.answer(route.handle(api_, call));
  auto shared = std::make_shared<Call>(std::move(call));
  Workers& workers = route.place == Place::kPassword ? api_.password_workers : api_.workers;
  const bool queued =
      workers.submit([&route, &api = api_, gate = gate_, id = connection.id(), shared] {
        if (route.handle_later != nullptr) {
          route.handle_later(api, *shared, [gate, id](Response response) {
            gate->answer(id, std::move(response));
          });
        } else {
          gate->answer(id, route.handle(api, *shared));
        }
      });
  if (queued) return;
  Response busy = failure(503, "too much is being asked at once", *shared);
  busy.headers.emplace_back("Retry-After", "1");
  connection.answer(std::move(busy));
}

}  // namespace amity::api
