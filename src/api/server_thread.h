// One I/O thread of the server.
#pragma once

#include <mutex>
#include <thread>
#include <unordered_map>

#include "api/connection.h"
#include "api/live_feed.h"
#include "runtime/reactor.h"
#include "runtime/tls.h"

namespace amity::api {

class ServerThread;

// Reaches a thread's loop from elsewhere, as long as the thread is there.
class Gate {
 public:
  explicit Gate(ServerThread* thread) : thread_(thread) {}
  void answer(std::uint64_t connection, Response response);
  void close();

 private:
  std::mutex mutex_;
  ServerThread* thread_;
};

class ServerThread : public ConnectionHost {
 public:
  ServerThread(Api& api, const Router& router, std::size_t connections_max);
  ~ServerThread() override;

  Status listen(const Endpoint& at, const runtime::TlsContext* tls);
  Endpoint local() const { return listener_->local(); }
  void start();
  void stop();

  Api& api() override { return api_; }
  Timers& timers() override { return runtime_.timers; }
  Instant now() override { return runtime_.clock.now(); }
  std::string_view http_date() override;
  void serve(Connection& connection, Request request) override;
  bool may_subscribe() override { return !feed_.full(); }
  void subscribe(Connection& connection, const Subscription& subscription) override;
  Connection* find(std::uint64_t id) override;
  void retire(std::uint64_t id) override;
  std::unique_ptr<RequestParser> take_parser() override;
  void give_parser(std::unique_ptr<RequestParser> parser) override;

 private:
  friend class Gate;

  void accept(std::unique_ptr<Stream> stream);
  void sweep();
  bool host_allowed(const Request& request) const;
  // The answer when the request may not pass; nothing when it may, with the principal set.
  std::optional<Response> guard(const Route& route, Call& call);
  void run_handler(const Route& route, Connection& connection, Call call);

  Api& api_;
  const Router& router_;
  const std::size_t connections_max_;
  runtime::Reactor reactor_;
  Runtime runtime_;
  std::unique_ptr<Network> tls_network_;
  bool secure_ = false;
  AuthCache auth_cache_;
  LiveFeed feed_;
  std::shared_ptr<Gate> gate_;
  std::unique_ptr<Listener> listener_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> retired_;
  std::vector<std::unique_ptr<RequestParser>> parsers_;
  std::uint64_t next_id_ = 1;
  std::int64_t date_second_ = -1;
  std::string date_;
  TimerId sweep_ = 0;
  std::thread thread_;
};

}  // namespace amity::api
