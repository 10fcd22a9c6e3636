#include "headend/heard/frame_listener.h"

#include <algorithm>

namespace amity::heard {
namespace {

const std::string kSource = "frames";

}  // namespace

struct FrameListener::Connection : Stream::Handler {
  Connection(FrameListener* l, std::unique_ptr<Stream> s) : listener(l), stream(std::move(s)) {}
  ~Connection() override { timers().cancel(timer); }

  Timers& timers() { return listener->sink_.context().runtime.timers; }
  void on_open() override {}
  void on_closed(const Error&) override {
    while (const auto frame = frames.next(true)) listener->sink_.take_frame(*frame, kSource);
    listener->drop(this);
  }
  void on_bytes(ByteView bytes) override {
    frames.add(bytes);
    bool whole = false;
    while (const auto frame = frames.next()) {
      whole = true;
      listener->sink_.take_frame(*frame, kSource);
    }
    if (whole) garbage_before = frames.garbage_bytes();
    if (frames.garbage_bytes() - garbage_before > kGarbageBytesMax)
      return listener->cut_off(this, "it sends no frames");
    if (whole || !in_frame) {
      in_frame = frames.waiting();
      in_frame ? wait(kFrameTimeout_ms, "a frame was not whole in time")
               : wait(kConnectionIdle_ms, "it sent nothing for an hour");
    }
  }
  void wait(std::int64_t ms, const char* otherwise) {
    timers().cancel(timer);
    const Instant at =
        listener->sink_.context().runtime.clock.now() + std::chrono::milliseconds(ms);
    timer = timers().at(at, [this, otherwise] {
      timer = 0;
      listener->cut_off(this, otherwise);
    });
  }

  FrameListener* listener;
  std::unique_ptr<Stream> stream;
  decode::FrameStream frames;
  std::size_t garbage_before = 0;  // when the last frame was whole
  TimerId timer = 0;
  bool in_frame = false;
};

FrameListener::FrameListener(Sink& sink, OnCutOff on_cut_off)
    : sink_(sink), on_cut_off_(std::move(on_cut_off)) {
  sink_.counters(kSource);
}
FrameListener::~FrameListener() = default;

Status FrameListener::listen_tcp(const Endpoint& at) {
  AMITY_TRY(auto listener, sink_.context().runtime.network.listen(
                               at, [this](auto stream) { accept(std::move(stream)); }));
  listeners_.push_back(std::move(listener));
  return {};
}

Status FrameListener::listen_udp(const Endpoint& at) {
  AMITY_TRY(auto socket,
            sink_.context().runtime.network.open_datagram(
                at, [this](const Endpoint& from, ByteView bytes) { datagram(from, bytes); }));
  sockets_.push_back(std::move(socket));
  return {};
}

std::vector<Endpoint> FrameListener::listening() const {
  std::vector<Endpoint> all;
  for (const auto& listener : listeners_) all.push_back(listener->local());
  for (const auto& socket : sockets_) all.push_back(socket->local());
  return all;
}

void FrameListener::accept(std::unique_ptr<Stream> stream) {
  if (connections_.size() >= kConnectionsMax) {
    ++sink_.counters(kSource).cut_off;
    return;  // dropped: closes
  }
  connections_.push_back(std::make_unique<Connection>(this, std::move(stream)));
  Connection& connection = *connections_.back();
  connection.wait(kConnectionIdle_ms, "it sent nothing for an hour");
  connection.stream->set_handler(&connection);
}

void FrameListener::drop(Connection* connection) {
  const auto at = std::find_if(connections_.begin(), connections_.end(),
                               [&](const auto& c) { return c.get() == connection; });
  if (at != connections_.end()) connections_.erase(at);
}

void FrameListener::cut_off(Connection* connection, const std::string& why) {
  ++sink_.counters(kSource).cut_off;
  if (on_cut_off_) on_cut_off_(connection->stream->peer(), why);
  drop(connection);
}

void FrameListener::datagram(const Endpoint& from, ByteView bytes) {
  decode::FrameStream frames;
  if (bytes.size() <= kDatagramBytesMax) frames.add(bytes);
  bool any = false;
  while (const auto frame = frames.next(true)) {
    any = true;
    sink_.take_frame(*frame, kSource);
  }
  if (any) return;
  ++sink_.counters(kSource).undecodable;
  (void)from;
}

}  // namespace amity::heard
