// Collectors, concentrators of radio telegrams and NB-IoT meters: whole frames over TCP (a
// connection that they keep) and UDP (frames of one datagram). A sender that is too slow with a
// frame, or sends nothing that is one, is cut off.
#pragma once

#include <list>
#include <memory>

#include "headend/heard/sink.h"

namespace amity::heard {

class FrameListener {
 public:
  // `on_cut_off` (may be empty) is told who and why.
  using OnCutOff = std::function<void(const Endpoint& peer, const std::string& why)>;
  FrameListener(Sink& sink, OnCutOff on_cut_off);
  ~FrameListener();

  Status listen_tcp(const Endpoint& at);
  Status listen_udp(const Endpoint& at);
  // Where it listens, in the order of the calls; the ports chosen, for port 0.
  std::vector<Endpoint> listening() const;
  std::size_t connections() const { return connections_.size(); }

 private:
  struct Connection;

  void accept(std::unique_ptr<Stream> stream);
  void datagram(const Endpoint& from, ByteView bytes);
  void drop(Connection* connection);
  void cut_off(Connection* connection, const std::string& why);

  Sink& sink_;
  OnCutOff on_cut_off_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<DatagramSocket>> sockets_;
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace amity::heard
