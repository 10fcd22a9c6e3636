// One stream of the virtual network, both ends. Internal to virtual_network.
#pragma once

#include <deque>
#include <optional>

#include "world/virtual_network.h"

namespace amity::world::virtual_detail {

struct ListenerEntry {
  VirtualProcess* process;  // null: its process crashed
  std::function<void(std::unique_ptr<Stream>)> on_accept;
};

struct SocketEntry {
  VirtualProcess* process;
  Endpoint at;
  std::function<void(const Endpoint& from, ByteView bytes)> on_datagram;
};

inline constexpr int kConnector = 0, kAcceptor = 1;

struct Side {
  VirtualProcess* process = nullptr;
  Endpoint address;
  Stream::Handler* handler = nullptr;
  bool held = true;      // its Stream exists
  bool ended = false;    // closed here, or told that it is over
  bool crashed = false;  // its process vanished
  bool dying = false;    // its host will give the connection up: nobody acknowledges what it sent
  std::size_t queued_bytes = 0;
  Instant busy_until;                // of its sending
  Instant last_arrival;              // of what was sent to it: order is kept
  std::deque<Bytes> inbox;           // arrived while there was no handler
  std::optional<Error> undelivered;  // the end, likewise
};

struct Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(VirtualNetwork& of) : net(of) {}

  void start_connecting(Duration timeout);
  void open_at_acceptor(VirtualProcess& process);
  void open_at_connector();
  void send(int from, Bytes bytes);
  void close(int side);
  void abandon(int side);
  void crash(int side, bool silently);
  void set_handler(int side, Stream::Handler* handler);

  // When something sent now arrives at the other side, after all before it.
  Instant arrival(int from);
  void tell_closed(int side, Instant when, Error why);

  VirtualNetwork& net;
  std::uint64_t id = 0;
  Side sides[2];
  bool connecting = true;
  bool silent = false;  // half-open: nothing passes any more
  TimerId timeout = 0;
  std::deque<Bytes> before_open;

 private:
  // Half-open from now on: each host finds out by itself, as TCP does.
  void go_silent();
  void give_up_in(int side, Duration wait);
  void transmit(int from, Bytes bytes);
  void deliver(int to, Bytes bytes);
  void deliver_close(int to, const Error& why);
  void flush_inbox(int side);
  double chance_of(double LinkProfile::*fault) const;
  void record(TapRecord::Kind kind, int from, ByteView bytes = {});
};

}  // namespace amity::world::virtual_detail
