#include "runtime/tcp_connection.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/tcp_limits.h"

namespace amity::runtime {

namespace {

// Small pieces are joined while they wait, so that a slow peer costs few system calls.
constexpr std::size_t kJoinBytes = 16 * 1024;

class TcpStream : public Stream {
 public:
  explicit TcpStream(ConnectionPtr connection) : connection_(std::move(connection)) {}
  ~TcpStream() override { connection_->abandon(); }
  void set_handler(Handler* handler) override { connection_->set_handler(handler); }
  void send(Bytes bytes) override { connection_->send(std::move(bytes)); }
  std::size_t queued_bytes() const override { return connection_->queued_bytes(); }
  void close() override { connection_->close(); }
  Endpoint local() const override { return connection_->local().endpoint(); }
  Endpoint peer() const override { return connection_->peer().endpoint(); }

 private:
  ConnectionPtr connection_;
};

}  // namespace

void set_socket_options(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMax_ms,
               sizeof kUnacknowledgedMax_ms);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdle_s, sizeof kKeepAliveIdle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveEvery_s, sizeof kKeepAliveEvery_s);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

std::unique_ptr<Stream> make_stream(ConnectionPtr connection) {
  return std::make_unique<TcpStream>(std::move(connection));
}

SocketAddress Connection::local() const {
  return fd_.is_open() ? local_address(const_cast<Descriptor&>(fd_).native_handle())
                       : SocketAddress{};
}

void Connection::start_timeout(Duration timeout) {
  timeout_ = loop_.timers.at(loop_.clock.now() + timeout, [self = ConnectionPtr(this)] {
    self->timeout_ = 0;
    if (self->closing_) return self->close_now();
    if (self->connecting()) {
      const std::string peer = self->peer_.endpoint().to_string();
      self->fail(make_error(ErrorCode::kTimeout, "no connection to " + peer + " in time"));
    }
  });
}

void Connection::start_connect(const SocketAddress& to) {
  peer_ = to;
  const int fd = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail_later(socket_error("socket", errno));
  set_socket_options(fd);
  if (::connect(fd, &to.base, to.size) != 0 && errno != EINPROGRESS) {
    const int code = errno;
    ::close(fd);
    return fail_later(socket_error("connect", code));
  }
  boost::system::error_code error;
  fd_.assign(fd, error);
  if (error) {
    ::close(fd);
    return fail_later(
        make_error(ErrorCode::kIo, "the socket cannot be watched: " + error.message()));
  }
  fd_.async_wait(Descriptor::wait_write,
                 [self = ConnectionPtr(this)](boost::system::error_code failed) {
                   if (!failed && self->connecting()) self->on_connect_ready();
                 });
}

void Connection::on_connect_ready() {
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(fd_.native_handle(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
  if (code != 0)
    return fail(socket_error(("connect to " + peer_.endpoint().to_string()).c_str(), code));
  loop_.timers.cancel(timeout_);
  timeout_ = 0;
  state_ = State::kOpen;
  if (!flush()) return;
  if (handler_ != nullptr) handler_->on_open();
  wait_readable();
}

bool Connection::adopt(int fd) {
  boost::system::error_code error;
  fd_.assign(fd, error);
  if (error) {
    ::close(fd);
    return false;
  }
  state_ = State::kOpen;
  return true;
}

void Connection::set_handler(Stream::Handler* handler) {
  handler_ = handler;
  if (handler == nullptr) return;
  if (undelivered_) {
    Error why = std::move(*undelivered_);
    undelivered_.reset();
    return fail_later(std::move(why));
  }
  wait_readable();
}

void Connection::wait_readable() {
  if (waiting_read_ || state_ != State::kOpen || handler_ == nullptr) return;
  waiting_read_ = true;
  fd_.async_wait(Descriptor::wait_read,
                 [self = ConnectionPtr(this)](boost::system::error_code error) {
                   self->waiting_read_ = false;
                   if (!error) self->on_readable();
                 });
}

void Connection::on_readable() {
  auto& buffer = loop_.receive_buffer;
  for (int i = 0; i < kReadsPerWake; ++i) {
    if (handler_ == nullptr || state_ != State::kOpen) return;
    const ssize_t got = ::recv(fd_.native_handle(), buffer.data(), buffer.size(), 0);
    if (got == 0) return fail(make_error(ErrorCode::kClosed, "the peer closed the connection"));
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) break;
      return fail(socket_error("receive", errno));
    }
    handler_->on_bytes(ByteView(buffer.data(), static_cast<std::size_t>(got)));
    if (static_cast<std::size_t>(got) < buffer.size()) break;
  }
  wait_readable();
}

void Connection::send(Bytes bytes) {
  if (bytes.empty() || closing_ || failing_ || state_ == State::kClosed) return;
  std::size_t sent = 0;
  if (state_ == State::kOpen && queued_bytes_ == 0) {
    ssize_t n;
    do {
      n = ::send(fd_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
      return fail_later(socket_error("send", errno));
    sent = n < 0 ? 0 : static_cast<std::size_t>(n);
    if (sent == bytes.size()) return;
  }
  enqueue(std::move(bytes), sent);
  if (state_ == State::kOpen) wait_writable();
}

void Connection::enqueue(Bytes bytes, std::size_t sent) {
  const std::size_t left = bytes.size() - sent;
  const bool join = queue_.size() > queue_head_ + 1 && queue_.back().size() + left <= kJoinBytes;
  if (join) {
    append(queue_.back(), bytes);
  } else {
    if (queued_bytes_ == 0) front_sent_ = sent;
    queue_.push_back(std::move(bytes));
  }
  queued_bytes_ += left;
}

void Connection::wait_writable() {
  if (waiting_write_) return;
  waiting_write_ = true;
  fd_.async_wait(Descriptor::wait_write,
                 [self = ConnectionPtr(this)](boost::system::error_code error) {
                   self->waiting_write_ = false;
                   if (!error && self->state_ == State::kOpen) self->on_writable();
                 });
}

void Connection::on_writable() {
  if (!flush() || queued_bytes_ != 0) return;
  if (closing_) return close_now();
  if (handler_ != nullptr) handler_->on_drained();
}

bool Connection::flush() {
  while (queued_bytes_ > 0) {
    const Bytes& front = queue_[queue_head_];
    const ssize_t n = ::send(fd_.native_handle(), front.data() + front_sent_,
                             front.size() - front_sent_, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_writable();
        return true;
      }
      fail(socket_error("send", errno));
      return false;
    }
    front_sent_ += static_cast<std::size_t>(n);
    queued_bytes_ -= static_cast<std::size_t>(n);
    if (front_sent_ == front.size()) {
      queue_[queue_head_++] = Bytes();
      front_sent_ = 0;
    }
    if (queue_head_ * 2 > queue_.size()) {
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_head_));
      queue_head_ = 0;
    }
  }
  queue_ = {};  // an idle connection holds no buffer
  queue_head_ = 0;
  return true;
}

void Connection::fail(Error why) {
  if (state_ == State::kClosed) return;
  close_now();
  Stream::Handler* const handler = std::exchange(handler_, nullptr);
  if (handler != nullptr) {
    handler->on_closed(why);
  } else {
    undelivered_ = std::make_unique<Error>(std::move(why));
  }
}

void Connection::fail_later(Error why) {
  failing_ = true;
  loop_.timers.post([self = ConnectionPtr(this), why = std::move(why)]() mutable {
    if (self->state_ != State::kClosed) return self->fail(std::move(why));
    if (self->handler_ != nullptr) std::exchange(self->handler_, nullptr)->on_closed(why);
  });
}

void Connection::close() {
  handler_ = nullptr;
  if (closing_ || state_ == State::kClosed) return;
  if (state_ == State::kConnecting || failing_ || queued_bytes_ == 0) return close_now();
  closing_ = true;
  start_timeout(std::chrono::milliseconds(kCloseFlushMs));
}

void Connection::abandon() {
  handler_ = nullptr;
  if (!closing_) close_now();
}

void Connection::close_now() {
  if (state_ == State::kClosed) return;
  if (state_ == State::kOpen) {
    // Closing with unread input would reset the connection and could destroy what was just sent.
    ::recv(fd_.native_handle(), nullptr, std::size_t{1} << 20, MSG_TRUNC | MSG_DONTWAIT);
  }
  state_ = State::kClosed;
  loop_.timers.cancel(timeout_);
  timeout_ = 0;
  boost::system::error_code ignored;
  fd_.close(ignored);
  queue_ = {};
  queue_head_ = 0;
  queued_bytes_ = 0;
}

}  // namespace amity::runtime
