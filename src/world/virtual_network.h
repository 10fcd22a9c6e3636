// The network of the virtual world: streams with delay, jitter, odd chunking, breaks and silences;
// datagrams that are lost, late, doubled and out of order; links that are down for a while. Draws
// come from one seeded source, so one seed gives one history. Implements Network of base/runtime.h
// for each process.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "world/virtual_queue.h"
#include "world/virtual_random.h"

namespace amity::world {

// The access link of a process. Between two processes the delays add up and each link draws its own
// faults.
struct LinkProfile {
  std::int64_t delay_us = 0;          // one way
  std::int64_t jitter_us = 0;         // uniform on top; a stream keeps its order all the same
  std::uint32_t bytes_per_s = 0;      // 0: without limit
  std::uint32_t chunk_bytes_max = 0;  // stream bytes arrive in pieces of 1 .. this; 0: as sent
  double refuse = 0;                  // of connecting: refused
  double blackhole = 0;               // of connecting: no answer, the connector's timeout ends it
  double stream_break = 0;  // per send: the stream is lost with this send, in part or as a whole;
                            // both sides hear of it
  double half_open = 0;     // per send: the stream goes silent both ways, nobody hears of it
  double loss = 0, duplicate = 0, reorder = 0;  // of each datagram
  std::int64_t reorder_us = 2'000'000;          // how much later at most one out of order comes
};

// What an observer sees on the wire, when it is sent: it counts as seen whether it arrives or not.
struct TapRecord {
  enum class Kind : std::uint8_t { kOpen, kBytes, kClose, kDatagram, kBreak, kSilence };
  Kind kind = Kind::kBytes;
  Instant at;
  std::uint64_t connection = 0;  // 0 for datagrams
  Endpoint from, to;
  bool from_connector = true;
  ByteView bytes;
};

struct NetworkStats {
  std::uint64_t connections = 0, refused = 0, blackholed = 0, breaks = 0, half_open = 0, bytes = 0;
  std::uint64_t datagrams = 0, datagrams_lost = 0, datagrams_duplicated = 0,
                datagrams_reordered = 0;
};

class VirtualProcess;

namespace virtual_detail {
struct Connection;
struct ListenerEntry;
struct SocketEntry;
}  // namespace virtual_detail

class VirtualNetwork {
 public:
  VirtualNetwork(VirtualQueue& queue, std::uint64_t seed) : queue_(queue), random_(seed) {}
  ~VirtualNetwork();

  void set_tap(std::function<void(const TapRecord&)> tap) { tap_ = std::move(tap); }
  const NetworkStats& stats() const { return stats_; }

  // The rest is for VirtualProcess.
  std::unique_ptr<Stream> connect(VirtualProcess& from, const Endpoint& to, Duration timeout,
                                  Stream::Handler* handler);
  Result<std::unique_ptr<Listener>> listen(VirtualProcess& by, const Endpoint& at,
                                           std::function<void(std::unique_ptr<Stream>)> on_accept);
  Result<std::unique_ptr<DatagramSocket>> open_datagram(
      VirtualProcess& by, const Endpoint& at,
      std::function<void(const Endpoint& from, ByteView bytes)> on_datagram);
  // The process is gone. Its peers hear of it (its host resets what is open), or, silently, only
  // when they next send.
  void drop_all_of(VirtualProcess& process, bool silently);

 private:
  friend struct virtual_detail::Connection;
  friend class VirtualStream;
  friend class VirtualListener;
  friend class VirtualSocket;
  using ConnectionPtr = std::shared_ptr<virtual_detail::Connection>;

  void arrive_at_listener(const ConnectionPtr& connection);
  void send_datagram(virtual_detail::SocketEntry& from, const Endpoint& to, ByteView bytes);
  void deliver_datagram(const Endpoint& from, const Endpoint& to, std::shared_ptr<Bytes> bytes);
  void record(TapRecord record) {
    if (tap_) tap_(record);
  }
  Endpoint resolve(VirtualProcess& by, const Endpoint& at);

  VirtualQueue& queue_;
  VirtualRandom random_;
  std::function<void(const TapRecord&)> tap_;
  NetworkStats stats_;
  std::uint64_t last_connection_ = 0;
  std::uint16_t last_port_ = 32'767;
  std::map<Endpoint, std::shared_ptr<virtual_detail::ListenerEntry>> listeners_;
  std::map<Endpoint, std::shared_ptr<virtual_detail::SocketEntry>> sockets_;
  std::map<std::uint64_t, std::weak_ptr<virtual_detail::Connection>> connections_;
};

}  // namespace amity::world
