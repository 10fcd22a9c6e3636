#include "runtime/tcp.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "runtime/tcp_connection.h"

namespace amity::runtime {

namespace {

using Resolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;

void resolve_and_connect(Loop& loop, const Endpoint& to, const ConnectionPtr& connection) {
  auto resolver = std::make_shared<Resolver>(loop.io);
  resolver->async_resolve(
      to.host, std::to_string(to.port), asio::ip::resolver_base::numeric_service,
      [resolver, connection, host = to.host](boost::system::error_code error,
                                             const Resolver::results_type& found) {
        if (!connection->connecting()) return;
        if (error || found.empty()) {
          connection->fail(
              make_error(ErrorCode::kNotFound, "no address for " + host + ": " + error.message()));
          return;
        }
        auto chosen = found.begin()->endpoint();
        for (const auto& entry : found) {
          if (entry.endpoint().protocol() == asio::ip::tcp::v4()) {
            chosen = entry.endpoint();
            break;
          }
        }
        connection->start_connect(
            address_from(chosen.data(), static_cast<socklen_t>(chosen.size())));
      });
}

// Kept alive by its pending wait, so that on_accept may destroy the listener.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(Loop& loop, int fd, std::function<void(std::unique_ptr<Stream>)> on_accept)
      : loop_(loop), fd_(loop.io), address_(local_address(fd)), on_accept_(std::move(on_accept)) {
    boost::system::error_code error;
    fd_.assign(fd, error);
    if (error) ::close(fd);
  }

  bool open() const { return fd_.is_open(); }
  Endpoint local() const { return address_.endpoint(); }

  void wait() {
    fd_.async_wait(Descriptor::wait_read,
                   [self = shared_from_this()](boost::system::error_code error) {
                     if (!error) self->accept_ready();
                   });
  }

  void close() {
    boost::system::error_code ignored;
    fd_.close(ignored);
    loop_.timers.cancel(pause_);
  }

 private:
  void accept_ready() {
    for (int i = 0; i < kAcceptsPerWake && fd_.is_open(); ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const int fd = ::accept4(fd_.native_handle(), reinterpret_cast<sockaddr*>(&from), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        ConnectionPtr connection(
            new Connection(loop_, address_from(reinterpret_cast<sockaddr*>(&from), size)));
        if (connection->adopt(fd)) on_accept_(make_stream(std::move(connection)));
        continue;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return pause();
    }
    if (fd_.is_open()) wait();
  }

  void pause() {
    pause_ = loop_.timers.at(loop_.clock.now() + std::chrono::milliseconds(kAcceptPauseMs),
                             [self = shared_from_this()] { self->wait(); });
  }

  Loop& loop_;
  Descriptor fd_;
  SocketAddress address_;
  std::function<void(std::unique_ptr<Stream>)> on_accept_;
  TimerId pause_ = 0;
};

class TcpListener : public Listener {
 public:
  explicit TcpListener(std::shared_ptr<Acceptor> acceptor) : acceptor_(std::move(acceptor)) {}
  ~TcpListener() override { acceptor_->close(); }
  Endpoint local() const override { return acceptor_->local(); }

 private:
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace

std::unique_ptr<Stream> tcp_connect(Loop& loop, const Endpoint& to, Duration timeout,
                                    Stream::Handler* handler) {
  ConnectionPtr connection(new Connection(loop, {}));
  auto stream = make_stream(connection);
  connection->set_handler(handler);
  connection->start_timeout(timeout);
  if (const auto address = numeric_address(to)) {
    connection->start_connect(*address);
  } else {
    resolve_and_connect(loop, to, connection);
  }
  return stream;
}

Result<std::unique_ptr<Listener>> tcp_listen(
    Loop& loop, const Endpoint& at, std::function<void(std::unique_ptr<Stream>)> on_accept) {
  const auto address = numeric_address(at);
  if (!address)
    return make_error(ErrorCode::kInvalid, "not a numeric address to listen on: " + at.host);
  const int fd = ::socket(address->family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return socket_error("socket", errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (loop.options.reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  set_socket_options(fd);
  if (::bind(fd, &address->base, address->size) != 0 || ::listen(fd, kListenBacklog) != 0) {
    const int code = errno;
    ::close(fd);
    return socket_error(("listen on " + at.to_string()).c_str(), code);
  }
  auto acceptor = std::make_shared<Acceptor>(loop, fd, std::move(on_accept));
  if (!acceptor->open())
    return make_error(ErrorCode::kIo, "the listening socket cannot be watched");
  acceptor->wait();
  return std::unique_ptr<Listener>(std::make_unique<TcpListener>(std::move(acceptor)));
}

}  // namespace amity::runtime
