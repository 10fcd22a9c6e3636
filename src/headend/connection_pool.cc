#include "headend/connection_pool.h"

#include <algorithm>

#include "headend/limits.h"

namespace amity::headend {

// Bytes on an idle connection are the late answer to a question that was given up: it cannot be trusted for the next.
struct ConnectionPool::Idle : Stream::Handler {
  Idle(ConnectionPool* p, Place at) : pool(p), to(std::move(at)) {}
  ~Idle() override { pool->runtime_.timers.cancel(timer); }
  void on_open() override {}
  void on_bytes(ByteView) override { pool->drop(this); }
  void on_closed(const Error&) override { pool->drop(this); }

  ConnectionPool* pool;
  Place to;
  std::unique_ptr<Stream> stream;
  TimerId timer = 0;
};

ConnectionPool::ConnectionPool(Runtime runtime) : runtime_(runtime) {}
ConnectionPool::~ConnectionPool() { clear(); }

void ConnectionPool::clear() {
  idle_.clear();
  idle_count_ = 0;
}

std::unique_ptr<Stream> ConnectionPool::take(const Place& to) {
  const auto at = idle_.find(to);
  if (at == idle_.end()) return nullptr;
  std::unique_ptr<Stream> stream = std::move(at->second.back()->stream);
  stream->set_handler(nullptr);
  at->second.pop_back();
  --idle_count_;
  if (at->second.empty()) idle_.erase(at);
  return stream;
}

void ConnectionPool::give_back(const Place& to, std::unique_ptr<Stream> stream) {
  auto idle = std::make_unique<Idle>(this, to);
  Idle* const raw = idle.get();
  raw->stream = std::move(stream);
  raw->timer = runtime_.timers.at(runtime_.clock.now() + std::chrono::milliseconds(kIdleConnection_ms), [this, raw] {
    raw->timer = 0;
    drop(raw);
  });
  idle_[to].push_back(std::move(idle));
  ++idle_count_;
  raw->stream->set_handler(raw);
}

void ConnectionPool::drop(Idle* idle) {
  const auto at = idle_.find(idle->to);
  if (at == idle_.end()) return;
  auto& list = at->second;
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& i) { return i.get() == idle; });
  if (found == list.end()) return;
  list.erase(found);
  --idle_count_;
  if (list.empty()) idle_.erase(at);
}

}  // namespace amity::headend
