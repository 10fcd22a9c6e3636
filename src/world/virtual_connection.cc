#include "world/virtual_connection.h"

#include "world/network_limits.h"
#include "world/virtual_world.h"

namespace amity::world::virtual_detail {

namespace {
Error reset_error() {
  return make_error(ErrorCode::kClosed, "the connection was reset");
}
}  // namespace

double Connection::chance_of(double LinkProfile::*fault) const {
  double p = 0;
  for (const Side& side : sides) {
    if (side.process != nullptr) p = p + side.process->link.*fault - p * side.process->link.*fault;
  }
  return p;
}

void Connection::record(TapRecord::Kind kind, int from, ByteView bytes) {
  net.record({kind, net.queue_.now(), id, sides[from].address, sides[1 - from].address,
              from == kConnector, bytes});
}

Instant Connection::arrival(int from) {
  Side& to = sides[1 - from];
  Instant at = std::max(net.queue_.now(), sides[from].busy_until);
  std::int64_t delay = 0, jitter = 0;
  for (const Side& side : sides) {
    if (side.process == nullptr) continue;
    at = std::max(at, side.process->link_cut_until());
    delay += side.process->link.delay_us;
    jitter += side.process->link.jitter_us;
  }
  if (jitter > 0)
    delay += static_cast<std::int64_t>(net.random_.below(static_cast<std::uint64_t>(jitter)));
  to.last_arrival = std::max(to.last_arrival, at + Duration(delay));
  return to.last_arrival;
}

void Connection::start_connecting(Duration within) {
  const auto self = shared_from_this();
  timeout = net.queue_.add(net.queue_.now() + within, 0, [self] {
    self->timeout = 0;
    if (!self->connecting) return;
    self->connecting = false;
    Side& acceptor = self->sides[kAcceptor];
    self->deliver_close(
        kConnector, make_error(ErrorCode::kTimeout,
                               "no connection to " + acceptor.address.to_string() + " in time"));
    if (acceptor.process != nullptr)
      self->tell_closed(kAcceptor, self->arrival(kConnector), reset_error());
  });
  record(TapRecord::Kind::kOpen, kConnector);
  if (net.random_.chance(chance_of(&LinkProfile::blackhole))) {
    ++net.stats_.blackholed;
    return;
  }
  const bool refused = net.random_.chance(chance_of(&LinkProfile::refuse));
  net.queue_.add(arrival(kConnector), 0, [self, refused] {
    if (!refused) return self->net.arrive_at_listener(self);
    ++self->net.stats_.refused;
    self->tell_closed(kConnector, self->arrival(kAcceptor),
                      make_error(ErrorCode::kRefused, "connection refused"));
  });
}

void Connection::open_at_acceptor(VirtualProcess& process) {
  sides[kAcceptor].process = &process;
  net.queue_.add(arrival(kAcceptor), 0, [self = shared_from_this()] { self->open_at_connector(); });
}

void Connection::open_at_connector() {
  Side& side = sides[kConnector];
  if (!connecting || side.ended) return;
  connecting = false;
  net.queue_.cancel(std::exchange(timeout, 0));
  auto waiting = std::move(before_open);
  before_open.clear();
  side.queued_bytes = 0;
  for (Bytes& bytes : waiting) send(kConnector, std::move(bytes));
  if (side.handler != nullptr) side.handler->on_open();
}

void Connection::send(int from, Bytes bytes) {
  Side& side = sides[from];
  if (bytes.empty() || side.ended) return;
  if (from == kConnector && connecting) {
    side.queued_bytes += bytes.size();
    before_open.push_back(std::move(bytes));
    return;
  }
  record(TapRecord::Kind::kBytes, from, bytes);
  net.stats_.bytes += bytes.size();
  if (silent) return give_up_in(from, kUnacknowledged);
  if (net.random_.chance(chance_of(&LinkProfile::half_open))) {
    ++net.stats_.half_open;
    record(TapRecord::Kind::kSilence, from);
    go_silent();
    return give_up_in(from, kUnacknowledged);
  }
  if (net.random_.chance(chance_of(&LinkProfile::stream_break))) {
    ++net.stats_.breaks;
    record(TapRecord::Kind::kBreak, from);
    bytes.resize(net.random_.below(bytes.size() + 1));
    if (!bytes.empty()) transmit(from, std::move(bytes));
    silent = true;
    tell_closed(1 - from, arrival(from), reset_error());
    return tell_closed(from, arrival(1 - from), reset_error());
  }
  transmit(from, std::move(bytes));
}

void Connection::go_silent() {
  silent = true;
  for (const int side : {kConnector, kAcceptor}) {
    net.queue_.add(net.queue_.now() + kUnanswered, 0,
                   [self = shared_from_this(), side] { self->give_up_in(side, Duration(0)); });
  }
}

void Connection::give_up_in(int at, Duration wait) {
  if (sides[at].ended || std::exchange(sides[at].dying, true)) return;
  tell_closed(at, net.queue_.now() + wait,
              make_error(ErrorCode::kTimeout, "the peer no longer acknowledges what is sent"));
}

void Connection::transmit(int from, Bytes bytes) {
  Side& side = sides[from];
  std::uint32_t rate = 0, chunk_max = 0;
  for (const Side& s : sides) {
    const LinkProfile& link = s.process->link;
    if (link.bytes_per_s != 0)
      rate = rate == 0 ? link.bytes_per_s : std::min(rate, link.bytes_per_s);
    if (link.chunk_bytes_max != 0) chunk_max = std::max(chunk_max, link.chunk_bytes_max);
  }
  const auto self = shared_from_this();
  if (rate != 0) {
    const std::size_t size = bytes.size();
    side.queued_bytes += size;
    side.busy_until = std::max(net.queue_.now(), side.busy_until) +
                      Duration(static_cast<std::int64_t>(size * 1'000'000 / rate));
    net.queue_.add(side.busy_until, 0, [self, from, size] {
      Side& sender = self->sides[from];
      sender.queued_bytes -= size;
      if (sender.queued_bytes == 0 && sender.handler != nullptr) sender.handler->on_drained();
    });
  }
  std::size_t done = 0;
  while (done < bytes.size()) {
    std::size_t piece = bytes.size() - done;
    if (chunk_max != 0) piece = std::min<std::size_t>(piece, 1 + net.random_.below(chunk_max));
    Bytes part(bytes.begin() + static_cast<std::ptrdiff_t>(done),
               bytes.begin() + static_cast<std::ptrdiff_t>(done + piece));
    done += piece;
    net.queue_.add(arrival(from), 0, [self, to = 1 - from, part = std::move(part)]() mutable {
      self->deliver(to, std::move(part));
    });
  }
}

void Connection::deliver(int to, Bytes bytes) {
  Side& side = sides[to];
  if (side.process->down()) {
    go_silent();
    return give_up_in(1 - to, kUnacknowledged);
  }
  if (side.crashed) return tell_closed(1 - to, arrival(to), reset_error());
  if (side.ended) return;
  if (side.handler == nullptr || !side.inbox.empty()) {
    side.inbox.push_back(std::move(bytes));
  } else {
    side.handler->on_bytes(bytes);
  }
}

void Connection::tell_closed(int side, Instant when, Error why) {
  net.queue_.add(when, 0, [self = shared_from_this(), side, why = std::move(why)] {
    self->deliver_close(side, why);
  });
}

void Connection::deliver_close(int to, const Error& why) {
  Side& side = sides[to];
  if (side.ended || side.process == nullptr) return;
  side.ended = true;
  if (to == kConnector) {
    connecting = false;
    net.queue_.cancel(std::exchange(timeout, 0));
  }
  side.undelivered = why;
  if (side.inbox.empty()) flush_inbox(to);
}

void Connection::flush_inbox(int at) {
  Side& side = sides[at];
  while (side.handler != nullptr && !side.inbox.empty()) {
    const Bytes bytes = std::move(side.inbox.front());
    side.inbox.pop_front();
    side.handler->on_bytes(bytes);
  }
  if (side.handler == nullptr || !side.undelivered) return;
  const Error why = std::move(*side.undelivered);
  side.undelivered.reset();
  std::exchange(side.handler, nullptr)->on_closed(why);
}

void Connection::set_handler(int at, Stream::Handler* handler) {
  Side& side = sides[at];
  if (side.crashed) return;
  side.handler = handler;
  if (handler == nullptr || (side.inbox.empty() && !side.undelivered)) return;
  net.queue_.add(net.queue_.now(), 0, [self = shared_from_this(), at] { self->flush_inbox(at); });
}

void Connection::close(int at) {
  Side& side = sides[at];
  side.handler = nullptr;
  if (side.ended) return;
  side.ended = true;
  record(TapRecord::Kind::kClose, at);
  if (at == kConnector && connecting) {
    connecting = false;
    net.queue_.cancel(std::exchange(timeout, 0));
  }
  if (silent || sides[1 - at].process == nullptr) return;
  tell_closed(1 - at, arrival(at),
              make_error(ErrorCode::kClosed, "the peer closed the connection"));
}

void Connection::abandon(int at) {
  close(at);
  sides[at].held = false;
  sides[at].inbox.clear();
  sides[at].undelivered.reset();
}

void Connection::crash(int at, bool silently) {
  Side& side = sides[at];
  if (side.crashed) return;
  side.crashed = true;
  side.inbox.clear();
  if (silently) {
    side.ended = true;
    give_up_in(1 - at, kUnanswered);
  }
  close(at);
}

}  // namespace amity::world::virtual_detail
