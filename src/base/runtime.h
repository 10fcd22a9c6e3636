// The outside world, injected: one clock, one timer queue, one random source, one network. On
// sockets they are implemented by src/runtime; in virtual time by src/world. Everything here runs
// on one thread per instance.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace amity {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcSeconds utc() const = 0;
  virtual std::int64_t utc_us() const = 0;  // microseconds since 1970, UTC
  virtual Instant now() const = 0;          // monotonic
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  virtual std::uint64_t u64() = 0;
  // Uniform in [0, bound); 0 for bound 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();
};

using TimerId = std::uint64_t;  // 0: none

// Runs callbacks on the loop's thread. Callbacks never run inside at() or post().
class Timers {
 public:
  virtual ~Timers() = default;
  virtual TimerId at(Instant when, std::function<void()> callback) = 0;
  virtual void cancel(TimerId id) = 0;                    // unknown or fired ids are ignored
  virtual void post(std::function<void()> callback) = 0;  // the only member any thread may call
};

struct Endpoint {
  std::string host;  // numeric address or name
  std::uint16_t port = 0;

  std::string to_string() const { return host + ":" + std::to_string(port); }
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// A byte stream (TCP, TLS, serial). Callbacks run on the loop's thread, never inside a call of
// ours.
class Stream {
 public:
  struct Handler {
    virtual ~Handler() = default;
    virtual void on_open() = 0;  // connected; not called for accepted streams
    virtual void on_bytes(ByteView bytes) = 0;
    virtual void on_closed(const Error& why) = 0;  // last callback; also when connecting fails
    virtual void on_drained() {}  // what had to wait in the queue has been handed to the network
  };

  virtual ~Stream() = default;  // destroying closes; no callback comes afterwards
  virtual void set_handler(
      Handler* handler) = 0;           // nullptr: stops receiving until there is one again
  virtual void send(Bytes bytes) = 0;  // queued without limit here: sessions bound what they send
  virtual std::size_t queued_bytes() const = 0;
  virtual void close() = 0;  // sends what is queued, then closes; no further callback
  virtual Endpoint local() const = 0;
  virtual Endpoint peer() const = 0;
};

// Held while listening; destroying it stops.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual Endpoint local() const = 0;  // the port that was chosen, for port 0
};

class DatagramSocket {
 public:
  virtual ~DatagramSocket() = default;
  virtual void send_to(const Endpoint& to, ByteView bytes) = 0;
  virtual Endpoint local() const = 0;
};

// How characters travel on a serial or optical port.
struct SerialLine {
  enum class Parity : std::uint8_t { kNone, kEven, kOdd };
  std::uint32_t baud = 9600;
  std::uint8_t data_bits = 8;  // 7 or 8
  Parity parity = Parity::kNone;
  std::uint8_t stop_bits = 1;  // 1 or 2

  friend bool operator==(const SerialLine&, const SerialLine&) = default;
};
// "9600 8N1", "300 7E1"
std::string to_string(const SerialLine& line);
Result<SerialLine> serial_line_from(std::string_view text);

class SerialPort : public Stream {
 public:
  // Takes effect once all that was sent before has left the port; what is sent later waits until
  // then. (IEC 62056-21 changes the rate in the middle of a conversation.)
  virtual Status set_line(const SerialLine& line) = 0;
};

class Network {
 public:
  virtual ~Network() = default;
  // For this process alone while it is open. Silent until it is given a handler.
  virtual Result<std::unique_ptr<SerialPort>> open_serial(const std::string& path,
                                                          const SerialLine& line);
  virtual std::unique_ptr<Stream> connect(const Endpoint& to, Duration timeout,
                                          Stream::Handler* handler) = 0;
  // The accepted stream is silent until it is given a handler.
  virtual Result<std::unique_ptr<Listener>> listen(
      const Endpoint& at, std::function<void(std::unique_ptr<Stream>)> on_accept) = 0;
  virtual Result<std::unique_ptr<DatagramSocket>> open_datagram(
      const Endpoint& at,
      std::function<void(const Endpoint& from, ByteView bytes)> on_datagram) = 0;
};

// What a department that talks to the world is given.
struct Runtime {
  Clock& clock;
  Timers& timers;
  Random& random;
  Network& network;
};

}  // namespace amity
