#include "runtime/serial.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <variant>

namespace amity::runtime {

namespace {

Error port_error(const std::string& path, const char* what, int code) {
  const ErrorCode kind = code == ENOENT        ? ErrorCode::kNotFound
                         : code == EWOULDBLOCK ? ErrorCode::kBusy
                                               : ErrorCode::kIo;
  return make_error(kind, path + ": " + what + ": " + std::strerror(code));
}

std::optional<speed_t> speed_of(std::uint32_t baud) {
  constexpr std::array<std::pair<std::uint32_t, speed_t>, 13> kSpeeds{{{300, B300},
                                                                       {600, B600},
                                                                       {1200, B1200},
                                                                       {2400, B2400},
                                                                       {4800, B4800},
                                                                       {9600, B9600},
                                                                       {19200, B19200},
                                                                       {38400, B38400},
                                                                       {57600, B57600},
                                                                       {115200, B115200},
                                                                       {230400, B230400},
                                                                       {460800, B460800},
                                                                       {921600, B921600}}};
  for (const auto& [rate, speed] : kSpeeds) {
    if (rate == baud) return speed;
  }
  return std::nullopt;
}

Status check(const SerialLine& line) {
  if (!speed_of(line.baud)) {
    return make_error(ErrorCode::kInvalid,
                      std::to_string(line.baud) + " baud is no rate of a serial port");
  }
  if (line.data_bits < 7 || line.data_bits > 8 || line.stop_bits < 1 || line.stop_bits > 2) {
    return make_error(ErrorCode::kInvalid,
                      "a serial line has 7 or 8 data bits and 1 or 2 stop bits");
  }
  return {};
}

// Whether the port took the form of a character. One that has 8 bits without parity alone (a pseudo
// terminal, some adapters) can still carry 7 bits with parity: as the eighth bit of what is sent.
enum class Form : std::uint8_t { kTaken, kEighthBit, kRefused };

Form form_taken(int fd, const SerialLine& line) {
  termios now{};
  if (::tcgetattr(fd, &now) != 0) return Form::kTaken;
  const bool parity = line.parity != SerialLine::Parity::kNone;
  const bool same = (now.c_cflag & CSIZE) == (line.data_bits == 7 ? CS7 : CS8) &&
                    ((now.c_cflag & PARENB) != 0) == parity;
  if (same) return Form::kTaken;
  const bool plain = (now.c_cflag & CSIZE) == CS8 && (now.c_cflag & PARENB) == 0;
  return plain && parity && line.data_bits == 7 ? Form::kEighthBit : Form::kRefused;
}

Status apply(int fd, const std::string& path, const SerialLine& line) {
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) return port_error(path, "not a serial port", errno);
  ::cfmakeraw(&settings);
  settings.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB | PARODD | CSTOPB | CRTSCTS);
  settings.c_cflag |= CLOCAL | CREAD | (line.data_bits == 7 ? CS7 : CS8);
  if (line.parity != SerialLine::Parity::kNone) settings.c_cflag |= PARENB;
  if (line.parity == SerialLine::Parity::kOdd) settings.c_cflag |= PARODD;
  if (line.stop_bits == 2) settings.c_cflag |= CSTOPB;
  // A character with wrong parity is read as NUL: the check sum of the block finds it.
  if (line.parity != SerialLine::Parity::kNone) settings.c_iflag |= INPCK;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  const speed_t speed = *speed_of(line.baud);
  ::cfsetispeed(&settings, speed);
  ::cfsetospeed(&settings, speed);
  if (::tcsetattr(fd, TCSANOW, &settings) == 0) return {};
  // EINVAL also where nothing was left to change but the parity that the port does not have.
  const int why = errno;
  termios now{};
  const bool rate = ::tcgetattr(fd, &now) == 0 && ::cfgetospeed(&now) == speed;
  if (why == EINVAL && rate && form_taken(fd, line) != Form::kRefused) return {};
  return port_error(path, "cannot be set", why);
}

// Bytes that the port has not sent yet; those in its last register count where the driver tells.
bool all_sent(int fd) {
  int waiting = 0;
  if (::ioctl(fd, TIOCOUTQ, &waiting) == 0 && waiting > 0) return false;
  unsigned status = 0;
  return ::ioctl(fd, TIOCSERGETLSR, &status) != 0 || (status & TIOCSER_TEMT) != 0;
}

// Kept alive by its pending waits, so that a callback may destroy the port.
class Port : public std::enable_shared_from_this<Port> {
 public:
  Port(Loop& loop, std::string path) : loop_(loop), fd_(loop.io), path_(std::move(path)) {}

  Status adopt(int fd, const SerialLine& line) {
    boost::system::error_code error;
    fd_.assign(fd, error);
    if (error) {
      ::close(fd);
      return make_error(ErrorCode::kIo, path_ + ": cannot be watched: " + error.message());
    }
    return set(line);
  }

  void set_handler(Stream::Handler* handler) {
    handler_ = handler;
    if (handler_ == nullptr) return;
    if (failure_) {
      loop_.timers.post([self = shared_from_this()] { self->deliver_failure(); });
    } else {
      wait_readable();
    }
  }

  void send(Bytes bytes) {
    if (bytes.empty() || closing_ || !fd_.is_open()) return;
    queued_bytes_ += bytes.size();
    queue_.emplace_back(std::move(bytes));
    pump();
  }

  void set_line(const SerialLine& line) {
    if (closing_ || !fd_.is_open()) return;
    queue_.emplace_back(line);
    pump();
  }

  // Whatever is queued is still sent, then the port is given back.
  void close() {
    handler_ = nullptr;
    if (closing_) return;
    closing_ = true;
    limit_ = loop_.timers.at(loop_.clock.now() + std::chrono::milliseconds(kCloseFlushMs),
                             [self = shared_from_this()] { self->close_now(); });
    pump();
  }

  void close_now() {
    handler_ = nullptr;
    boost::system::error_code ignored;
    if (fd_.is_open()) fd_.close(ignored);
    loop_.timers.cancel(drain_);
    loop_.timers.cancel(limit_);
    queue_.clear();
    queued_bytes_ = 0;
  }

  bool closing() const { return closing_; }
  std::size_t queued_bytes() const { return queued_bytes_; }
  const std::string& path() const { return path_; }

 private:
  Status set(const SerialLine& line) {
    const int fd = fd_.native_handle();
    AMITY_CHECK(apply(fd, path_, line));
    eighth_bit_ =
        form_taken(fd, line) == Form::kEighthBit ? line.parity : SerialLine::Parity::kNone;
    return {};
  }

  bool right_parity(std::uint8_t byte) const {
    return (std::popcount(byte) % 2 != 0) == (eighth_bit_ == SerialLine::Parity::kOdd);
  }
  // What the port does where it can: a character with wrong parity is read as NUL.
  void take_parity(std::span<std::uint8_t> bytes) const {
    for (std::uint8_t& byte : bytes) byte = right_parity(byte) ? byte & 0x7F : 0;
  }
  void put_parity(Bytes& bytes) const {
    for (std::uint8_t& byte : bytes) {
      byte &= 0x7F;
      if (!right_parity(byte)) byte |= 0x80;
    }
  }

  void wait_readable() {
    if (waiting_read_ || handler_ == nullptr || !fd_.is_open()) return;
    waiting_read_ = true;
    fd_.async_wait(Descriptor::wait_read,
                   [self = shared_from_this()](boost::system::error_code error) {
                     self->waiting_read_ = false;
                     if (!error) self->on_readable();
                   });
  }

  void on_readable() {
    if (handler_ == nullptr || !fd_.is_open()) return;
    auto& buffer = loop_.receive_buffer;
    const ssize_t got = ::read(fd_.native_handle(), buffer.data(), buffer.size());
    if (got > 0) {
      const std::span<std::uint8_t> bytes(buffer.data(), static_cast<std::size_t>(got));
      if (eighth_bit_ != SerialLine::Parity::kNone) take_parity(bytes);
      handler_->on_bytes(bytes);
    }
    if (got == 0) return fail(make_error(ErrorCode::kClosed, path_ + ": the line was hung up"));
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
      const int code = errno;
      return fail(code == EIO ? make_error(ErrorCode::kClosed, path_ + ": the line was hung up")
                              : port_error(path_, "read", code));
    }
    wait_readable();
  }

  void pump() {
    while (!queue_.empty() && fd_.is_open()) {
      if (const auto* line = std::get_if<SerialLine>(&queue_.front())) {
        if (!all_sent(fd_.native_handle())) return wait_drained();
        if (const Status done = set(*line); !done.ok()) return fail_later(done.error());
        queue_.pop_front();
      } else if (!write_front()) {
        return;
      }
    }
    if (!queue_.empty()) return;
    if (closing_) {
      if (fd_.is_open() && !all_sent(fd_.native_handle())) return wait_drained();
      close_now();
    }
  }

  // False when it has to go on later.
  bool write_front() {
    Bytes& front = std::get<Bytes>(queue_.front());
    if (sent_ == 0 && !prepared_ && eighth_bit_ != SerialLine::Parity::kNone) put_parity(front);
    prepared_ = true;
    const ssize_t sent = ::write(fd_.native_handle(), front.data() + sent_, front.size() - sent_);
    if (sent < 0 && errno == EINTR) return true;
    if (sent < 0 && errno != EAGAIN) {
      fail_later(port_error(path_, "write", errno));
      return false;
    }
    if (sent > 0) {
      sent_ += static_cast<std::size_t>(sent);
      queued_bytes_ -= static_cast<std::size_t>(sent);
    }
    if (sent_ < front.size()) {
      wait_writable();
      return false;
    }
    sent_ = 0;
    prepared_ = false;
    queue_.pop_front();
    return true;
  }

  void wait_writable() {
    if (waiting_write_) return;
    waiting_write_ = true;
    fd_.async_wait(Descriptor::wait_write,
                   [self = shared_from_this()](boost::system::error_code error) {
                     self->waiting_write_ = false;
                     if (error) return;
                     self->pump();
                     if (self->queued_bytes_ == 0 && self->handler_ != nullptr)
                       self->handler_->on_drained();
                   });
  }

  void wait_drained() {
    loop_.timers.cancel(drain_);
    drain_ = loop_.timers.at(loop_.clock.now() + std::chrono::milliseconds(kSerialDrainPollMs),
                             [self = shared_from_this()] { self->pump(); });
  }

  void fail(Error why) {
    failure_ = std::move(why);
    Stream::Handler* const handler = handler_;
    close_now();
    handler_ = handler;
    deliver_failure();
  }
  void fail_later(Error why) {
    loop_.timers.post([self = shared_from_this(), why = std::move(why)]() mutable {
      if (!self->failure_) self->fail(std::move(why));
    });
  }
  void deliver_failure() {
    if (handler_ != nullptr && failure_) std::exchange(handler_, nullptr)->on_closed(*failure_);
  }

  Loop& loop_;
  Descriptor fd_;
  std::string path_;
  Stream::Handler* handler_ = nullptr;
  std::deque<std::variant<Bytes, SerialLine>> queue_;
  std::size_t sent_ = 0;  // of the front
  std::size_t queued_bytes_ = 0;
  bool prepared_ = false;                                      // the front has its parity bits
  SerialLine::Parity eighth_bit_ = SerialLine::Parity::kNone;  // made here, not by the port
  std::optional<Error> failure_;
  TimerId drain_ = 0, limit_ = 0;
  bool waiting_read_ = false, waiting_write_ = false, closing_ = false;
};

class SerialStream : public SerialPort {
 public:
  explicit SerialStream(std::shared_ptr<Port> port) : port_(std::move(port)) {}
  ~SerialStream() override {
    if (port_->closing()) return;  // it still sends what is queued
    port_->close_now();
  }
  void set_handler(Handler* handler) override { port_->set_handler(handler); }
  void send(Bytes bytes) override { port_->send(std::move(bytes)); }
  std::size_t queued_bytes() const override { return port_->queued_bytes(); }
  void close() override { port_->close(); }
  Endpoint local() const override { return {port_->path(), 0}; }
  Endpoint peer() const override { return {port_->path(), 0}; }
  Status set_line(const SerialLine& line) override {
    AMITY_CHECK(check(line));
    port_->set_line(line);
    return {};
  }

 private:
  std::shared_ptr<Port> port_;
};

}  // namespace

Result<std::unique_ptr<SerialPort>> serial_open(Loop& loop, const std::string& path,
                                                const SerialLine& line) {
  AMITY_CHECK(check(line));
  const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return port_error(path, "open", errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    ::close(fd);
    return port_error(path, code == EWOULDBLOCK ? "another process has it" : "lock", code);
  }
  auto port = std::make_shared<Port>(loop, path);
  AMITY_CHECK(port->adopt(fd, line));
  return std::unique_ptr<SerialPort>(std::make_unique<SerialStream>(std::move(port)));
}

}  // namespace amity::runtime
