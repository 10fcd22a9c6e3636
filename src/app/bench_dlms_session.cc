// Short conversations over loopback sockets, both ends here, 1,000 in flight: connect, associate with HLS 5 (GMAC),
// one authenticated and encrypted GET, release, close. Then the same round trips with the same sizes as bare TCP: what
// the sockets alone cost. The two take turns, because a machine's own pace changes from one second to the next; what
// is told is the median of the turns.

#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <list>
#include <memory>
#include <thread>

#include "app/bench.h"
#include "app/bench_meter.h"
#include "runtime/reactor.h"

namespace amity::app {
namespace {

constexpr std::size_t kInFlight = 1'000, kWarmUp = 4'000, kConversations = 10'000;
constexpr int kTurns = 9;
constexpr int kAddresses = 32;  // of the server, so that no pair of ports is used again too soon

// Bytes of each message, by turns: client, server, client, ...
using Script = std::vector<std::size_t>;

// ---- the meter's end ----

class ServerEnd {
 public:
  // With a script: bare answers of those sizes. Without: DLMS.
  explicit ServerEnd(Script script) : script_(std::move(script)) {
    config_ = bench_server();
    auto made = reactor_.runtime().network.listen({"0.0.0.0", 0}, [this](auto s) { accept(std::move(s)); });
    listener_ = std::move(made).value();
    thread_ = std::thread([this] { reactor_.run(); });
  }
  ~ServerEnd() {
    reactor_.stop();
    thread_.join();
    sessions_.clear();
    listener_.reset();
  }
  std::uint16_t port() const { return listener_->local().port; }

 private:
  struct Session : Stream::Handler {
    Session(ServerEnd* e, std::unique_ptr<Stream> s) : end(e), stream(std::move(s)) {
      if (!end->script_.empty()) return;
      server.emplace(&end->config_, &end->energy_, &counters, &end->reactor_.runtime().random);
      server->on_open(end->reactor_.runtime().clock.now());
    }
    void on_open() override {}
    void on_bytes(ByteView bytes) override {
      if (!server) return on_bare(bytes.size());
      server->on_bytes(bytes, end->reactor_.runtime().clock.now());
      Bytes out;
      while (server->poll_output(out)) {
        stream->send(std::move(out));
        out = Bytes();
      }
      while (server->poll_event()) {
      }
    }
    void on_bare(std::size_t count) {
      received += count;
      while (turn + 1 < end->script_.size() && received >= end->script_[turn]) {
        received -= end->script_[turn];
        stream->send(Bytes(end->script_[turn + 1], 0x55));
        turn += 2;
      }
    }
    void on_closed(const Error&) override { end->sessions_.erase(self); }  // last: this is gone

    ServerEnd* end;
    std::unique_ptr<Stream> stream;
    dlms::MemoryCounters counters;
    std::optional<dlms::Server> server;
    std::size_t turn = 0, received = 0;
    std::list<std::unique_ptr<Session>>::iterator self;
  };

  void accept(std::unique_ptr<Stream> stream) {
    sessions_.push_back(std::make_unique<Session>(this, std::move(stream)));
    Session& session = *sessions_.back();
    session.self = std::prev(sessions_.end());
    session.stream->set_handler(&session);
  }

  Script script_;
  dlms::ServerConfig config_;
  Energy energy_;
  runtime::Reactor reactor_;
  std::unique_ptr<Listener> listener_;
  std::list<std::unique_ptr<Session>> sessions_;
  std::thread thread_;
};

// ---- the head-end's end ----

class ClientEnd {
 public:
  ClientEnd(std::uint16_t port, Script script) : port_(port), script_(std::move(script)) {
    config_ = bench_client();
    request_.attribute = kEnergy;
  }

  // Conversations a second; 0 when one failed.
  double run(std::size_t count) {
    left_ = count;
    done_ = 0;
    wanted_ = count;
    const Runtime runtime = reactor_.runtime();
    const Instant start = runtime.clock.now();
    for (std::size_t i = 0; i < kInFlight && left_ > 0; ++i) begin();
    reactor_.restart();
    reactor_.run_for(std::chrono::minutes(2));
    const double seconds = static_cast<double>((runtime.clock.now() - start).count()) * 1e-6;
    if (done_ != wanted_ || failed_ != 0) {
      fmt::print(stderr, "{} of {} conversations, {} failed: {}\n", done_, wanted_, failed_, why_);
      return 0;
    }
    return static_cast<double>(done_) / seconds;
  }
  const Script& recorded() const { return recorded_; }

 private:
  struct Conversation : Stream::Handler {
    explicit Conversation(ClientEnd* e) : end(e), counters(e->counters_) {
      if (end->script_.empty()) {
        client.emplace(end->config_, &counters, end->reactor_.runtime().random);
        (void)client->connect(now());
      }
      const std::string host = "127.2.0." + std::to_string(1 + end->next_address_++ % kAddresses);
      stream = end->reactor_.runtime().network.connect({host, end->port_}, std::chrono::seconds(30), this);
    }
    Instant now() const { return end->reactor_.runtime().clock.now(); }
    void on_open() override {
      if (!client) return send_bare();
      client->on_open(now());
      pump();
    }
    void on_bytes(ByteView bytes) override {
      if (!client) return on_bare(bytes.size());
      note(bytes.size(), false);
      client->on_bytes(bytes, now());
      pump();
    }
    void on_closed(const Error& why) override { finish(why.reason); }

    void pump() {
      flush();
      while (const auto event = client->poll_event()) {
        if (std::holds_alternative<dlms::Connected>(*event)) {
          (void)client->get(end->request_, now());
        } else if (std::holds_alternative<dlms::Response>(*event)) {
          (void)client->release(now());
        } else if (std::holds_alternative<dlms::Released>(*event)) {
          return finish("");
        } else if (const auto* failed = std::get_if<dlms::Failed>(&*event)) {
          return finish(failed->error.reason);
        }
        flush();
      }
    }
    void flush() {
      Bytes out;
      while (client->poll_output(out)) {
        note(out.size(), true);
        stream->send(std::move(out));
        out = Bytes();
      }
    }
    // The first conversation is written down for the bare exchange.
    void note(std::size_t size, bool ours) {
      if (end->recorded_whole_ || end->recording_ != this) return;
      Script& script = end->recorded_;
      if ((script.size() % 2 == 1) == ours) {
        script.back() += size;
      } else {
        script.push_back(size);
      }
    }

    void send_bare() { stream->send(Bytes(end->script_[turn], 0xAA)); }
    void on_bare(std::size_t count) {
      received += count;
      if (received < end->script_[turn + 1]) return;
      received = 0;
      turn += 2;
      turn + 1 < end->script_.size() ? send_bare() : finish("");
    }

    void finish(std::string why) {
      stream->set_handler(nullptr);
      stream->close();
      end->finished(this, std::move(why));  // last: this is gone
    }

    ClientEnd* end;
    std::unique_ptr<Stream> stream;
    BenchCounters counters;
    std::optional<dlms::Client> client;
    std::size_t turn = 0, received = 0;
    std::list<std::unique_ptr<Conversation>>::iterator self;
  };

  void begin() {
    --left_;
    conversations_.push_back(std::make_unique<Conversation>(this));
    conversations_.back()->self = std::prev(conversations_.end());
    if (recording_ == nullptr) recording_ = conversations_.back().get();
  }
  void finished(Conversation* conversation, std::string why) {
    ++done_;
    if (conversation == recording_) recorded_whole_ = true;
    if (!why.empty()) {
      ++failed_;
      why_ = std::move(why);
    }
    conversations_.erase(conversation->self);
    if (left_ > 0) begin();
    if (done_ == wanted_) reactor_.stop();
  }

  std::uint16_t port_;
  Script script_, recorded_;
  dlms::ClientConfig config_;
  dlms::AttributeRequest request_;
  dlms::MemoryCounters counters_;
  runtime::Reactor reactor_;
  std::list<std::unique_ptr<Conversation>> conversations_;
  Conversation* recording_ = nullptr;
  bool recorded_whole_ = false;
  std::size_t left_ = 0, done_ = 0, wanted_ = 0, failed_ = 0, next_address_ = 0;
  std::string why_;
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// One kind of exchange: both of its ends, and what its turns gave.
struct Exchange {
  explicit Exchange(const Script& script) : server(script), client(server.port(), script) {}

  bool warm_up() { return client.run(kWarmUp) > 0; }
  bool take_turn() {
    const double cpu = cpu_seconds();
    per_s.push_back(client.run(kConversations));
    cpu_us.push_back((cpu_seconds() - cpu) * 1e6 / kConversations);
    return per_s.back() > 0;
  }

  ServerEnd server;
  ClientEnd client;
  std::vector<double> per_s, cpu_us;
};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

BenchResult bench_dlms_session() {
  Exchange dlms({});
  bool good = dlms.warm_up();
  const Script script = dlms.client.recorded();
  std::vector<double> ratios;
  std::optional<Exchange> bare;
  if (good) good = bare.emplace(script).warm_up();
  for (int turn = 0; good && turn < kTurns; ++turn) {
    good = dlms.take_turn() && bare->take_turn();
    if (good) ratios.push_back(bare->per_s.back() / dlms.per_s.back());
  }
  BenchResult result;
  result.name = "dlms-session";
  result.figure = good ? median(dlms.per_s) : -1;
  result.unit = "conversations/s";
  if (!good) return result;
  std::size_t bytes = 0;
  for (const std::size_t size : script) bytes += size;
  result.details = {{"bare_tcp_per_s", median(bare->per_s)},
                    {"cost_over_bare", median(ratios)},
                    {"cost_over_bare_least", *std::min_element(ratios.begin(), ratios.end())},
                    {"cost_over_bare_most", *std::max_element(ratios.begin(), ratios.end())},
                    {"cpu_us", median(dlms.cpu_us)},
                    {"bare_cpu_us", median(bare->cpu_us)},
                    {"turns", static_cast<double>(kTurns)},
                    {"round_trips", static_cast<double>(script.size()) / 2},
                    {"bytes", static_cast<double>(bytes)},
                    {"in_flight", static_cast<double>(kInFlight)}};
  return result;
}

}  // namespace amity::app
