// One TCP connection: what a stream and its pending waits share. Lives until both are gone.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "runtime/loop.h"
#include "runtime/socket_address.h"

namespace amity::runtime {

class Connection {
 public:
  Connection(Loop& loop, const SocketAddress& peer) : loop_(loop), fd_(loop.io), peer_(peer) {}

  bool connecting() const { return state_ == State::kConnecting; }
  std::size_t queued_bytes() const { return queued_bytes_; }
  const SocketAddress& peer() const { return peer_; }
  SocketAddress local() const;

  void start_timeout(Duration timeout);
  void start_connect(const SocketAddress& to);
  bool adopt(int fd);  // an accepted socket; takes ownership, false when it cannot be watched
  void set_handler(Stream::Handler* handler);
  void send(Bytes bytes);
  void close();    // after the queue is sent
  void abandon();  // the stream is being destroyed
  // Never from inside a call of the stream's owner.
  void fail(Error why);

 private:
  enum class State : std::uint8_t { kConnecting, kOpen, kClosed };

  void on_connect_ready();
  void wait_readable();
  void on_readable();
  void wait_writable();
  void on_writable();
  bool flush();  // false when the connection failed
  void enqueue(Bytes bytes, std::size_t sent);
  void fail_later(Error why);
  void close_now();

  friend void intrusive_ptr_add_ref(Connection* c) { ++c->references_; }
  friend void intrusive_ptr_release(Connection* c) {
    if (--c->references_ == 0) delete c;
  }

  Loop& loop_;
  Descriptor fd_;
  SocketAddress peer_;
  Stream::Handler* handler_ = nullptr;
  std::vector<Bytes> queue_;  // the front element is partly sent; emptied from the front in order
  std::size_t queue_head_ = 0;
  std::size_t front_sent_ = 0;
  std::size_t queued_bytes_ = 0;
  std::unique_ptr<Error> undelivered_;  // failed while nobody was listening
  TimerId timeout_ = 0;
  std::uint32_t references_ = 0;
  State state_ = State::kConnecting;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool closing_ = false;
  bool failing_ = false;
};

// Sends at once, and notices a peer that is gone without a word. What a listening socket accepts has
// it too.
void set_socket_options(int fd);

using ConnectionPtr = boost::intrusive_ptr<Connection>;

std::unique_ptr<Stream> make_stream(ConnectionPtr connection);

}  // namespace amity::runtime
