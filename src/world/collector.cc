#include "world/collector.h"

#include <algorithm>

#include "world/hash.h"
#include "world/limits.h"

namespace amity::world {

struct Collectors::Uplink final : Stream::Handler {
  explicit Uplink(Collectors& collectors) : owner(collectors) {}
  ~Uplink() override {
    owner.runtime_.timers.cancel(retry);
    if (stream) stream->set_handler(nullptr);
  }

  void send(Bytes telegram) {
    if (waiting.size() >= kCollectorQueueMax) {
      waiting.pop_front();
      ++owner.stats_.dropped;
    }
    waiting.push_back(std::move(telegram));
    if (open) return flush();
    if (!stream && retry == 0) connect();
  }
  void connect() {
    retry = 0;
    ++owner.stats_.connections;
    stream = owner.runtime_.network.connect(owner.config_.target, std::chrono::seconds(10), this);
  }
  void flush() {
    for (; !waiting.empty(); waiting.pop_front(), ++owner.stats_.sent)
      stream->send(std::move(waiting.front()));
  }
  void on_open() override {
    open = true;
    flush();
  }
  void on_bytes(ByteView) override {}
  // What was sent and not yet received is lost with the connection, as on any real one without
  // acknowledgement.
  void on_closed(const Error&) override {
    open = false;
    retry = owner.runtime_.timers.at(owner.runtime_.clock.now() + kCollectorRetry, [this] {
      stream.reset();
      connect();
    });
  }

  Collectors& owner;
  std::unique_ptr<Stream> stream;
  std::deque<Bytes> waiting;
  TimerId retry = 0;
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
  uplinks_[turn.collector]->send(std::move(*telegram));
}

}  // namespace amity::world
