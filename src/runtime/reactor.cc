#include "runtime/reactor.h"

#include <boost/asio/executor_work_guard.hpp>

#include "runtime/loop.h"
#include "runtime/serial.h"
#include "runtime/tcp.h"
#include "runtime/tls.h"
#include "runtime/udp.h"

namespace amity::runtime {

namespace {

class SocketNetwork : public Network, public TlsNetwork {
 public:
  explicit SocketNetwork(Loop& loop) : loop_(loop) {}

  std::unique_ptr<Stream> connect(const Endpoint& to, Duration timeout,
                                  Stream::Handler* handler) override {
    return tcp_connect(loop_, to, timeout, handler);
  }
  Result<std::unique_ptr<Listener>> listen(
      const Endpoint& at, std::function<void(std::unique_ptr<Stream>)> on_accept) override {
    return tcp_listen(loop_, at, std::move(on_accept));
  }
  Result<std::unique_ptr<DatagramSocket>> open_datagram(
      const Endpoint& at, std::function<void(const Endpoint&, ByteView)> on_datagram) override {
    return udp_open(loop_, at, std::move(on_datagram));
  }
  Result<std::unique_ptr<Stream>> connect_tls(const Endpoint& to, const TlsPath& path,
                                              Duration timeout, Stream::Handler* handler) override {
    AMITY_TRY(const TlsContext context, paths_.context(path));
    return tls_connect({loop_.clock, loop_.timers, loop_.random, *this}, context, to,
                       path.name.empty() ? to.host : path.name, timeout, handler);
  }
  Result<std::unique_ptr<SerialPort>> open_serial(const std::string& path, const SerialLine& line) override {
    return serial_open(loop_, path, line);
  }

 private:
  Loop& loop_;
  TlsPaths paths_;
};

}  // namespace

struct Reactor::Impl {
  explicit Impl(const ReactorOptions& options) : loop(options) {}

  Loop loop;
  SocketNetwork network{loop};
  asio::executor_work_guard<asio::io_context::executor_type> work{loop.io.get_executor()};
};

Reactor::Reactor(const ReactorOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Reactor::~Reactor() = default;

Runtime Reactor::runtime() {
  return Runtime{impl_->loop.clock, impl_->loop.timers, impl_->loop.random, impl_->network};
}

void Reactor::run() {
  impl_->loop.io.run();
}

bool Reactor::run_for(Duration duration) {
  impl_->loop.io.run_for(duration);
  return impl_->loop.io.stopped();
}

void Reactor::stop() {
  impl_->loop.io.stop();
}
void Reactor::restart() {
  impl_->loop.io.restart();
}

}  // namespace amity::runtime
