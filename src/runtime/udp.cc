#include "runtime/udp.h"

#include <unistd.h>

#include <cerrno>

#include "runtime/socket_address.h"

namespace amity::runtime {

namespace {

using OnDatagram = std::function<void(const Endpoint&, ByteView)>;

// Kept alive by its pending wait, so that the callback may destroy the socket.
class UdpState : public std::enable_shared_from_this<UdpState> {
 public:
  UdpState(Loop& loop, int fd, OnDatagram on_datagram)
      : loop_(loop), fd_(loop.io), on_datagram_(std::move(on_datagram)) {
    boost::system::error_code error;
    fd_.assign(fd, error);
    if (error) ::close(fd);
  }

  bool open() const { return fd_.is_open(); }
  int handle() { return fd_.native_handle(); }

  void wait() {
    fd_.async_wait(Descriptor::wait_read,
                   [self = shared_from_this()](boost::system::error_code error) {
                     if (!error) self->on_readable();
                   });
  }

  void close() {
    boost::system::error_code ignored;
    fd_.close(ignored);
  }

 private:
  void on_readable() {
    auto& buffer = loop_.datagram_buffer;
    for (int i = 0; i < kDatagramsPerWake && fd_.is_open(); ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const ssize_t got = ::recvfrom(fd_.native_handle(), buffer.data(), buffer.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        continue;  // an ICMP error about an earlier datagram: nothing to be done here
      }
      on_datagram_(address_from(reinterpret_cast<sockaddr*>(&from), size).endpoint(),
                   ByteView(buffer.data(), static_cast<std::size_t>(got)));
    }
    if (fd_.is_open()) wait();
  }

  Loop& loop_;
  Descriptor fd_;
  OnDatagram on_datagram_;
};

class UdpSocket : public DatagramSocket {
 public:
  explicit UdpSocket(std::shared_ptr<UdpState> state) : state_(std::move(state)) {}
  ~UdpSocket() override { state_->close(); }

  // Best effort, as datagrams are: dropped where the address is a name or the kernel's buffer is
  // full.
  void send_to(const Endpoint& to, ByteView bytes) override {
    const auto address = numeric_address(to);
    if (!address) return;
    ::sendto(state_->handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL, &address->base,
             address->size);
  }
  Endpoint local() const override { return local_address(state_->handle()).endpoint(); }

 private:
  std::shared_ptr<UdpState> state_;
};

}  // namespace

Result<std::unique_ptr<DatagramSocket>> udp_open(Loop& loop, const Endpoint& at,
                                                 OnDatagram on_datagram) {
  const auto address = numeric_address(at);
  if (!address)
    return make_error(ErrorCode::kInvalid, "not a numeric address to receive on: " + at.host);
  const int fd = ::socket(address->family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return socket_error("socket", errno);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (loop.options.reuse_port) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd, &address->base, address->size) != 0) {
    const int code = errno;
    ::close(fd);
    return socket_error(("receive on " + at.to_string()).c_str(), code);
  }
  auto state = std::make_shared<UdpState>(loop, fd, std::move(on_datagram));
  if (!state->open()) return make_error(ErrorCode::kIo, "the datagram socket cannot be watched");
  state->wait();
  return std::unique_ptr<DatagramSocket>(std::make_unique<UdpSocket>(std::move(state)));
}

}  // namespace amity::runtime
