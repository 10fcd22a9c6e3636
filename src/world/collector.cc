#include "world/collector.h"

#include <algorithm>

#include "world/hash.h"
#include "world/limits.h"
#include "world/network_limits.h"

namespace amity::world {

struct Collectors::Uplink final : Stream::Handler {
  explicit Uplink(Collectors& collectors) : owner(collectors) {}
  ~Uplink() override {
    owner.runtime_.timers.cancel(retry);
    if (stream) stream->set_handler(nullptr);
  }

  struct Telegram {
    std::uint32_t resource = 0;
    Bytes bytes;
    Instant sent;
  };

  void send(std::uint32_t resource, Bytes bytes) {
    keep({resource, std::move(bytes), {}});
    if (open) return flush();
    if (!stream && retry == 0) connect();
  }
  void keep(Telegram telegram) {
    waiting.push_back(std::move(telegram));
    if (waiting.size() <= kCollectorQueueMax) return;
    waiting.pop_front();
    ++owner.stats_.dropped;
  }
  void connect() {
    retry = 0;
    ++owner.stats_.connections;
    stream = owner.runtime_.network.connect(owner.config_.target, std::chrono::seconds(10), this);
  }
  void flush() {
    const Instant now = owner.runtime_.clock.now();
    while (!unsure.empty() &&
           (unsure.front().sent + kCollectorUnsure < now || unsure.size() > kCollectorQueueMax)) {
      unsure.pop_front();
    }
    for (; !waiting.empty(); waiting.pop_front(), ++owner.stats_.sent) {
      unsure.push_back(std::move(waiting.front()));
      unsure.back().sent = now;
      stream->send(unsure.back().bytes);
    }
  }
  void on_open() override {
    open = true;
    flush();
  }
  void on_bytes(ByteView) override {}
  // What may have been lost with the connection is sent again, of each meter the last one: a
  // message counter that is behind the one taken last would be refused.
  void on_closed(const Error&) override {
    failures = std::exchange(open, false) ? 0 : failures + 1;
    const Instant now = owner.runtime_.clock.now();
    std::deque<Telegram> later = std::exchange(waiting, {});
    for (std::size_t i = 0; i < unsure.size(); ++i) {
      const bool newer =
          std::any_of(unsure.begin() + static_cast<std::ptrdiff_t>(i) + 1, unsure.end(),
                      [&](const Telegram& t) { return t.resource == unsure[i].resource; });
      if (newer || unsure[i].sent + kCollectorUnsure < now) continue;
      keep(std::move(unsure[i]));
      ++owner.stats_.repeated;
    }
    unsure.clear();
    for (Telegram& telegram : later) keep(std::move(telegram));
    retry = owner.runtime_.timers.at(now + pause(), [this] {
      stream.reset();
      connect();
    });
  }
  // Doubles with each connection that did not come about, and is never that of its neighbours.
  Duration pause() {
    Duration wait = kCollectorRetry;
    for (int i = 0; i < failures && wait < kCollectorRetryMax; ++i) wait *= 2;
    wait = std::min<Duration>(wait, kCollectorRetryMax);
    return wait / 2 + Duration(static_cast<std::int64_t>(
                          owner.runtime_.random.below(static_cast<std::uint64_t>(wait.count()))));
  }

  Collectors& owner;
  std::unique_ptr<Stream> stream;
  std::deque<Telegram> waiting;
  std::deque<Telegram> unsure;  // sent on this connection and perhaps not received
  TimerId retry = 0;
  int failures = 0;  // connections in a row that did not open
  bool open = false;
};

Collectors::Collectors(Runtime runtime, const CollectorConfig& config, SideMeters& side)
    : runtime_(runtime), config_(config), side_(side) {
  for (std::uint32_t c = 0; c < side.collectors(); ++c)
    uplinks_.push_back(std::make_unique<Uplink>(*this));
  const Instant now = runtime_.clock.now();
  for (const SideDevice& device : side.devices()) {
    if (device.protocol != MeterProtocol::kWmbus) continue;
    const std::uint64_t spread =
        std::max<std::uint64_t>(1, std::uint64_t{config.first_s} * 1'000'000);
    const Duration after(mix(config.seed, 0x574D4253u, device.meter) % spread);
    turns_.push_back({now + after, device.meter, device.carrier});
  }
  std::ranges::make_heap(turns_, std::greater{});
  arm();
}

Collectors::~Collectors() {
  runtime_.timers.cancel(timer_);
}

void Collectors::arm() {
  if (turns_.empty()) return;
  timer_ = runtime_.timers.at(turns_.front().due, [this] { on_timer(); });
}

void Collectors::on_timer() {
  const Instant now = runtime_.clock.now();
  while (turns_.front().due <= now) {
    std::ranges::pop_heap(turns_, std::greater{});
    Turn& turn = turns_.back();
    hear(turn);
    turn.due = turn.due + std::chrono::seconds(std::max<std::uint32_t>(1, config_.every_s));
    std::ranges::push_heap(turns_, std::greater{});
  }
  arm();
}

void Collectors::hear(const Turn& turn) {
  auto telegram = side_.resource(turn.resource).telegram(encoder_);
  AMITY_ASSERT(telegram.ok());
  if (config_.loss > 0 && runtime_.random.unit() < config_.loss) {
    ++stats_.lost;
    return;
  }
  uplinks_[turn.collector]->send(turn.resource, std::move(*telegram));
}

}  // namespace amity::world
