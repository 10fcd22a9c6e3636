#include "world/virtual_network.h"

#include "world/virtual_connection.h"
#include "world/virtual_world.h"

namespace amity::world {

using virtual_detail::Connection;
using virtual_detail::kAcceptor;
using virtual_detail::kConnector;
using virtual_detail::ListenerEntry;
using virtual_detail::SocketEntry;

namespace {
constexpr std::uint64_t kPurgeEvery =
    1'024;  // connections between looking for those that nobody holds
}

class VirtualStream : public Stream {
 public:
  VirtualStream(std::shared_ptr<Connection> connection, int side)
      : connection_(std::move(connection)), side_(side) {}
  ~VirtualStream() override { connection_->abandon(side_); }
  void set_handler(Handler* handler) override { connection_->set_handler(side_, handler); }
  void send(Bytes bytes) override { connection_->send(side_, std::move(bytes)); }
  std::size_t queued_bytes() const override { return connection_->sides[side_].queued_bytes; }
  void close() override { connection_->close(side_); }
  Endpoint local() const override { return connection_->sides[side_].address; }
  Endpoint peer() const override { return connection_->sides[1 - side_].address; }

 private:
  std::shared_ptr<Connection> connection_;
  int side_;
};

class VirtualListener : public Listener {
 public:
  VirtualListener(VirtualNetwork& net, Endpoint at, std::shared_ptr<ListenerEntry> entry)
      : net_(net), at_(std::move(at)), entry_(std::move(entry)) {}
  ~VirtualListener() override {
    const auto found = net_.listeners_.find(at_);
    if (found != net_.listeners_.end() && found->second == entry_) net_.listeners_.erase(found);
  }
  Endpoint local() const override { return at_; }

 private:
  VirtualNetwork& net_;
  Endpoint at_;
  std::shared_ptr<ListenerEntry> entry_;
};

class VirtualSocket : public DatagramSocket {
 public:
  VirtualSocket(VirtualNetwork& net, std::shared_ptr<SocketEntry> entry)
      : net_(net), entry_(std::move(entry)) {}
  ~VirtualSocket() override {
    const auto found = net_.sockets_.find(entry_->at);
    if (found != net_.sockets_.end() && found->second == entry_) net_.sockets_.erase(found);
  }
  void send_to(const Endpoint& to, ByteView bytes) override {
    net_.send_datagram(*entry_, to, bytes);
  }
  Endpoint local() const override { return entry_->at; }

 private:
  VirtualNetwork& net_;
  std::shared_ptr<SocketEntry> entry_;
};

VirtualNetwork::~VirtualNetwork() = default;

Endpoint VirtualNetwork::resolve(VirtualProcess& by, const Endpoint& at) {
  Endpoint out = at;
  if (out.host.empty() || out.host == "0.0.0.0" || out.host == "::") out.host = by.host();
  if (out.port == 0) {
    last_port_ = last_port_ == 65'535 ? 32'768 : static_cast<std::uint16_t>(last_port_ + 1);
    out.port = last_port_;
  }
  return out;
}

std::unique_ptr<Stream> VirtualNetwork::connect(VirtualProcess& from, const Endpoint& to,
                                                Duration timeout, Stream::Handler* handler) {
  auto connection = std::make_shared<Connection>(*this);
  connection->id = ++last_connection_;
  connection->sides[kConnector].process = &from;
  connection->sides[kConnector].address = resolve(from, Endpoint{});
  connection->sides[kConnector].handler = handler;
  connection->sides[kAcceptor].address = to;
  if (connection->id % kPurgeEvery == 0) {
    std::erase_if(connections_, [](const auto& entry) { return entry.second.expired(); });
  }
  connections_.emplace(connection->id, connection);
  ++stats_.connections;
  connection->start_connecting(timeout);
  return std::make_unique<VirtualStream>(connection, kConnector);
}

void VirtualNetwork::arrive_at_listener(const ConnectionPtr& connection) {
  if (connection->sides[kConnector].ended) return;
  const auto found = listeners_.find(connection->sides[kAcceptor].address);
  if (found == listeners_.end()) {
    ++stats_.refused;
    return connection->tell_closed(kConnector, connection->arrival(kAcceptor),
                                   make_error(ErrorCode::kRefused, "connection refused"));
  }
  const std::shared_ptr<ListenerEntry> entry = found->second;
  if (entry->process->down()) return;
  connection->open_at_acceptor(*entry->process);
  // A copy: it may destroy its listener.
  const auto on_accept = entry->on_accept;
  on_accept(std::make_unique<VirtualStream>(connection, kAcceptor));
}

Result<std::unique_ptr<Listener>> VirtualNetwork::listen(
    VirtualProcess& by, const Endpoint& at,
    std::function<void(std::unique_ptr<Stream>)> on_accept) {
  const Endpoint chosen = resolve(by, at);
  auto entry = std::make_shared<ListenerEntry>(ListenerEntry{&by, std::move(on_accept)});
  if (!listeners_.emplace(chosen, entry).second) {
    return make_error(ErrorCode::kIo, "listen on " + chosen.to_string() + ": address in use");
  }
  return std::unique_ptr<Listener>(
      std::make_unique<VirtualListener>(*this, chosen, std::move(entry)));
}

Result<std::unique_ptr<DatagramSocket>> VirtualNetwork::open_datagram(
    VirtualProcess& by, const Endpoint& at,
    std::function<void(const Endpoint& from, ByteView bytes)> on_datagram) {
  const Endpoint chosen = resolve(by, at);
  auto entry = std::make_shared<SocketEntry>(SocketEntry{&by, chosen, std::move(on_datagram)});
  if (!sockets_.emplace(chosen, entry).second) {
    return make_error(ErrorCode::kIo, "bind to " + chosen.to_string() + ": address in use");
  }
  return std::unique_ptr<DatagramSocket>(std::make_unique<VirtualSocket>(*this, std::move(entry)));
}

void VirtualNetwork::send_datagram(SocketEntry& from, const Endpoint& to, ByteView bytes) {
  if (from.process == nullptr) return;
  record({TapRecord::Kind::kDatagram, queue_.now(), 0, from.at, to, true, bytes});
  ++stats_.datagrams;
  LinkProfile link = from.process->link;
  bool cut = from.process->link_cut_until() > queue_.now();
  const auto target = sockets_.find(to);
  if (target != sockets_.end()) {
    const LinkProfile& other = target->second->process->link;
    cut = cut || target->second->process->link_cut_until() > queue_.now();
    link.delay_us += other.delay_us;
    link.jitter_us += other.jitter_us;
    link.loss = std::max(link.loss, other.loss);
    link.duplicate = std::max(link.duplicate, other.duplicate);
    link.reorder = std::max(link.reorder, other.reorder);
  }
  if (cut || random_.chance(link.loss)) {
    ++stats_.datagrams_lost;
    return;
  }
  int copies = 1;
  if (random_.chance(link.duplicate)) {
    ++copies;
    ++stats_.datagrams_duplicated;
  }
  const auto kept = std::make_shared<Bytes>(bytes.begin(), bytes.end());
  while (copies-- > 0) {
    std::int64_t delay = link.delay_us;
    if (link.jitter_us > 0)
      delay += static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(link.jitter_us)));
    if (random_.chance(link.reorder)) {
      ++stats_.datagrams_reordered;
      delay +=
          static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(link.reorder_us)));
    }
    queue_.add(queue_.now() + Duration(delay), 0,
               [this, source = from.at, to, kept] { deliver_datagram(source, to, kept); });
  }
}

void VirtualNetwork::deliver_datagram(const Endpoint& from, const Endpoint& to,
                                      std::shared_ptr<Bytes> bytes) {
  const auto found = sockets_.find(to);
  if (found == sockets_.end() || found->second->process->down()) {
    ++stats_.datagrams_lost;
    return;
  }
  const std::shared_ptr<SocketEntry> entry = found->second;
  entry->on_datagram(from, *bytes);
}

void VirtualNetwork::drop_all_of(VirtualProcess& process, bool silently) {
  for (auto& [id, weak] : connections_) {
    const auto connection = weak.lock();
    if (!connection) continue;
    for (int side : {kConnector, kAcceptor}) {
      if (connection->sides[side].process == &process) connection->crash(side, silently);
    }
  }
  std::erase_if(listeners_, [&](const auto& entry) { return entry.second->process == &process; });
  std::erase_if(sockets_, [&](const auto& entry) {
    if (entry.second->process != &process) return false;
    entry.second->process = nullptr;
    return true;
  });
}

}  // namespace amity::world
