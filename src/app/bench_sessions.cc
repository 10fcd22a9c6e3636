// 100,000 associations (HLS 5, encrypted) held idle at the same time, across processes: a process may hold 20,000
// descriptors. The figure is what one idle session takes of the head-end's heap: machine, stream, timer, handler,
// all of it, by the allocator's own count. The kernel's socket buffers are not in it. AMITY_BENCH_SESSIONS sets
// another number.

#include <fmt/core.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "app/bench.h"
#include "app/bench_meter.h"
#include "app/process.h"
#include "runtime/reactor.h"

namespace amity::app {
namespace {

constexpr std::size_t kSessions = 100'000, kSessionsPerWorker = 16'700, kOpeningMax = 200;
constexpr Duration kSettle = std::chrono::seconds(5);  // idle sessions give their buffers back after two

struct Count {
  std::uint64_t sessions = 0, failed = 0, heap_bytes = 0, machine_bytes = 0, resident_bytes = 0;
};

std::uint64_t heap_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::uint64_t resident() {
  std::uint64_t pages = 0, total = 0;
  if (std::FILE* f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%lu %lu", &total, &pages) != 2) pages = 0;
    std::fclose(f);
  }
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

struct MeterEnd : Stream::Handler {
  MeterEnd(const dlms::ServerConfig* config, Energy* energy, Runtime r, std::unique_ptr<Stream> s)
      : runtime(r), stream(std::move(s)), server(config, energy, &counters, &runtime.random) {
    server.on_open(runtime.clock.now());
    stream->set_handler(this);
  }
  void on_open() override {}
  void on_closed(const Error&) override {}
  void on_bytes(ByteView bytes) override {
    server.on_bytes(bytes, runtime.clock.now());
    Bytes out;
    while (server.poll_output(out)) {
      stream->send(std::move(out));
      out = Bytes();
    }
    while (server.poll_event()) {
    }
  }
  Runtime runtime;
  std::unique_ptr<Stream> stream;
  dlms::MemoryCounters counters;
  dlms::Server server;
};

// Serves until it is killed.
[[noreturn]] void serve(int port_pipe) {
  raise_descriptor_limit();
  runtime::Reactor reactor;
  const dlms::ServerConfig config = bench_server();
  Energy energy;
  std::vector<std::unique_ptr<MeterEnd>> sessions;
  auto listener = reactor.runtime().network.listen({"127.0.0.1", 0}, [&](std::unique_ptr<Stream> stream) {
    sessions.push_back(std::make_unique<MeterEnd>(&config, &energy, reactor.runtime(), std::move(stream)));
  });
  const std::uint16_t port = listener.ok() ? (*listener)->local().port : 0;
  if (::write(port_pipe, &port, sizeof port) != sizeof port) _exit(1);
  reactor.run();
  _exit(0);
}

class Holder {
 public:
  Holder(std::uint16_t port, std::size_t count) : port_(port), left_(count) { sessions_.reserve(count); }

  Count hold() {
    const std::uint64_t heap = heap_in_use(), rss = resident();
    for (std::size_t i = 0; i < kOpeningMax; ++i) begin();
    reactor_.run_for(std::chrono::minutes(5));
    reactor_.restart();
    reactor_.run_for(kSettle);
    Count count;
    count.failed = failed_;
    for (const auto& s : sessions_) {
      count.sessions += s->client.connected() ? 1 : 0;
      count.machine_bytes += s->client.heap_bytes();
    }
    count.heap_bytes = heap_in_use() - heap;
    count.resident_bytes = resident() - rss;
    return count;
  }

 private:
  struct Session : Stream::Handler {
    explicit Session(Holder* h)
        : holder(h), counters(h->counters_), client(bench_client(), &counters, h->reactor_.runtime().random) {
      (void)client.connect(now());
      stream = h->reactor_.runtime().network.connect({"127.0.0.1", h->port_}, std::chrono::seconds(60), this);
    }
    Instant now() const { return holder->reactor_.runtime().clock.now(); }
    void on_open() override {
      client.on_open(now());
      pump();
    }
    void on_bytes(ByteView bytes) override {
      client.on_bytes(bytes, now());
      pump();
    }
    void on_closed(const Error&) override { opened(false); }
    void pump() {
      Bytes out;
      while (client.poll_output(out)) {
        stream->send(std::move(out));
        out = Bytes();
      }
      while (const auto event = client.poll_event()) opened(std::holds_alternative<dlms::Connected>(*event));
      arm();
    }
    void opened(bool ok) {
      if (std::exchange(settled, true)) return;
      if (!ok) ++holder->failed_;
      holder->opened();
    }
    void arm() {
      const auto wanted = client.next_timeout();
      if (!wanted || (timer != 0 && timer_at <= *wanted)) return;
      Timers& timers = holder->reactor_.runtime().timers;
      timers.cancel(timer);
      timer_at = *wanted;
      timer = timers.at(*wanted, [this] {
        timer = 0;
        client.on_timer(now());
        pump();
      });
    }
    Holder* holder;
    BenchCounters counters;
    dlms::Client client;
    std::unique_ptr<Stream> stream;
    bool settled = false;
    TimerId timer = 0;
    Instant timer_at;
  };

  void begin() {
    if (left_ == 0) return;
    --left_;
    sessions_.push_back(std::make_unique<Session>(this));
  }
  void opened() {
    ++opened_;
    reactor_.runtime().timers.post([this] { begin(); });
    if (opened_ == sessions_.capacity()) reactor_.stop();
  }

  std::uint16_t port_;
  std::size_t left_, opened_ = 0;
  std::uint64_t failed_ = 0;
  dlms::MemoryCounters counters_;
  runtime::Reactor reactor_;
  std::vector<std::unique_ptr<Session>> sessions_;
};

struct Worker {
  pid_t server = -1, client = -1;
  int result = -1;
};

// A pair of processes: the meters, and the head-end's end that holds sessions with them until it is killed.
Worker start_worker(std::size_t count) {
  Worker worker;
  int port_pipe[2], result_pipe[2];
  if (::pipe(port_pipe) != 0 || ::pipe(result_pipe) != 0) return worker;
  worker.server = ::fork();
  if (worker.server == 0) serve(port_pipe[1]);
  std::uint16_t port = 0;
  if (::read(port_pipe[0], &port, sizeof port) != sizeof port || port == 0) return worker;
  worker.client = ::fork();
  if (worker.client == 0) {
    raise_descriptor_limit();
    Holder holder(port, count);
    const Count held = holder.hold();
    if (::write(result_pipe[1], &held, sizeof held) != sizeof held) _exit(1);
    for (;;) ::pause();  // still holding, until all have counted
  }
  ::close(port_pipe[0]);
  ::close(port_pipe[1]);
  ::close(result_pipe[1]);
  worker.result = result_pipe[0];
  return worker;
}

}  // namespace

BenchResult bench_sessions() {
  const char* wanted = std::getenv("AMITY_BENCH_SESSIONS");
  const std::size_t sessions = wanted != nullptr ? static_cast<std::size_t>(std::atoll(wanted)) : kSessions;
  std::vector<Worker> workers;
  for (std::size_t left = sessions; left > 0;) {
    const std::size_t count = std::min(left, kSessionsPerWorker);
    workers.push_back(start_worker(count));
    left -= count;
  }
  Count total;
  for (const Worker& worker : workers) {
    Count count;
    if (worker.result < 0 || ::read(worker.result, &count, sizeof count) != sizeof count) continue;
    total.sessions += count.sessions;
    total.failed += count.failed;
    total.heap_bytes += count.heap_bytes;
    total.machine_bytes += count.machine_bytes;
    total.resident_bytes += count.resident_bytes;
  }
  for (const Worker& worker : workers) {  // our own children, by their ids
    for (const pid_t pid : {worker.client, worker.server}) {
      if (pid <= 0) continue;
      ::kill(pid, SIGTERM);
      ::waitpid(pid, nullptr, 0);
    }
  }
  const double held = static_cast<double>(std::max<std::uint64_t>(1, total.sessions));
  BenchResult result;
  result.name = "sessions";
  result.figure = total.sessions == sessions ? static_cast<double>(total.heap_bytes) / held : -1;
  result.unit = "bytes/session";
  result.lower_is_better = true;
  result.details = {{"sessions_held", static_cast<double>(total.sessions)},
                    {"failed", static_cast<double>(total.failed)},
                    {"worker_processes", static_cast<double>(workers.size())},
                    {"machine_bytes_per_session", static_cast<double>(total.machine_bytes) / held},
                    {"resident_bytes_per_session", static_cast<double>(total.resident_bytes) / held}};
  return result;
}

}  // namespace amity::app
