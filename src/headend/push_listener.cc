#include "headend/push_listener.h"

#include <algorithm>

#include "headend/limits.h"
#include "headend/push_body.h"
#include "headend/waiting.h"
#include "wire/decode/push.h"

namespace amity::headend {

namespace {

constexpr std::int64_t kOldestPush_s = 400 * 86'400;  // before: a clock that lost its year
constexpr std::int64_t kNewestAhead_s = 3'600;

}  // namespace

// The keys and counters of whoever pushes, fetched when a title is seen and wiped with the next.
class PushListener::Peers : public dlms::PushPeers {
 public:
  Peers(DriverContext& context, PushSink& sink) : c_(context), sink_(sink), counters_{&context.keys.counters(), {}} {}

  std::optional<dlms::PushPeer> find(const dlms::SystemTitle& title) override {
    device = sink_.device_of(title);
    if (!device) return std::nullopt;
    auto keys = c_.keys.keys(*device);
    if (!keys.ok()) return std::nullopt;
    keys_ = {dlms::Secret(keys->current.encryption), dlms::Secret(keys->current.authentication)};
    counters_.key = {*device, keys->generation};
    dlms::PushPeer peer;
    peer.title = title;
    peer.security = keys->policy;
    peer.keys = &keys_;
    peer.counters = &counters_;
    return peer;
  }

  std::optional<DeviceId> device;  // of the push in hand

 private:
  struct Counters : dlms::InvocationCounters {
    Counters(CounterBook* b, KeyName k) : book(b), key(k) {}
    Result<std::uint32_t> next_own() override { return make_error(ErrorCode::kInvalid, "a listener sends nothing"); }
    Status accept_peer(std::uint32_t counter) override { return book->accept_peer(key, {counter}); }
    CounterBook* book;
    KeyName key;
  };
  DriverContext& c_;
  PushSink& sink_;
  dlms::GlobalKeys keys_;
  Counters counters_;
};

struct PushListener::Connection : Stream::Handler {
  Connection(PushListener* l, std::unique_ptr<Stream> s)
      : listener(l), stream(std::move(s)), peers(l->c_, l->sink_), receiver(dlms::Transport::kWrapperStream, &peers) {}
  ~Connection() override { listener->c_.runtime.timers.cancel(timer); }

  void on_open() override {}
  void on_closed(const Error&) override { listener->drop(this); }
  void on_bytes(ByteView bytes) override {
    buffered += bytes.size();
    receiver.on_bytes(bytes, listener->c_.runtime.clock.now());
    bool closed = false;
    if (listener->drain(receiver, peers, stream->peer(), closed)) {
      buffered = 0;
      wait(kPushIdleTimeout_ms);
      in_frame = false;
    } else if (!in_frame) {
      in_frame = true;  // from the first byte of a push to its last
      wait(kPushFrameTimeout_ms);
    }
    if (closed || buffered > kPushBufferedMax) listener->drop(this);
  }
  void wait(std::int64_t ms) {
    Timers& timers = listener->c_.runtime.timers;
    timers.cancel(timer);
    timer = timers.at(listener->c_.runtime.clock.now() + std::chrono::milliseconds(ms), [this] {
      timer = 0;
      listener->drop(this);
    });
  }

  PushListener* listener;
  std::unique_ptr<Stream> stream;
  Peers peers;
  dlms::PushReceiver receiver;
  TimerId timer = 0;
  bool in_frame = false;
  std::size_t buffered = 0;
};

PushListener::PushListener(DriverContext& context, PushSink& sink) : c_(context), sink_(sink) {}
PushListener::~PushListener() = default;

Status PushListener::start(const PushPolicy& policy) {
  policy_ = policy;
  if (policy.tcp) {
    AMITY_TRY(listener_, c_.runtime.network.listen(*policy.tcp, [this](auto stream) { accept(std::move(stream)); }));
  }
  if (policy.udp) {
    AMITY_TRY(socket_, c_.runtime.network.open_datagram(*policy.udp, [this](const Endpoint& from, ByteView bytes) {
      datagram(from, bytes);
    }));
  }
  return {};
}

std::optional<Endpoint> PushListener::tcp() const {
  return listener_ ? std::optional<Endpoint>(listener_->local()) : std::nullopt;
}
std::optional<Endpoint> PushListener::udp() const {
  return socket_ ? std::optional<Endpoint>(socket_->local()) : std::nullopt;
}

void PushListener::accept(std::unique_ptr<Stream> stream) {
  if (connections_.size() >= policy_.connections_max) {
    ++c_.stats.pushes_refused;
    return;  // dropped: closes
  }
  connections_.push_back(std::make_unique<Connection>(this, std::move(stream)));
  Connection& connection = *connections_.back();
  connection.wait(kPushFrameTimeout_ms);
  connection.stream->set_handler(&connection);
}

void PushListener::drop(Connection* connection) {
  const auto at = std::find_if(connections_.begin(), connections_.end(),
                               [&](const auto& c) { return c.get() == connection; });
  if (at != connections_.end()) connections_.erase(at);
}

void PushListener::datagram(const Endpoint& from, ByteView bytes) {
  Peers peers(c_, sink_);
  dlms::PushReceiver receiver(dlms::Transport::kWrapperDatagram, &peers);
  receiver.on_bytes(bytes, c_.runtime.clock.now());
  bool closed = false;
  drain(receiver, peers, from, closed);
}

bool PushListener::drain(dlms::PushReceiver& receiver, Peers& peers, const Endpoint& from, bool& closed) {
  bool whole = false;
  while (auto event = receiver.poll_event()) {
    whole = true;
    if (const auto* pushed = std::get_if<dlms::Pushed>(&*event)) {
      take(*pushed, from);
    } else if (const auto* failed = std::get_if<dlms::Failed>(&*event)) {
      refused(failed->error, peers.device);
      closed |= failed->closed;
    }
  }
  return whole;
}

void PushListener::refused(const Error& why, std::optional<DeviceId> device) {
  ++c_.stats.pushes_refused;
  if (!device || why.code != ErrorCode::kSecurity) return;
  ++c_.stats.security_failures;
  const bool replay = why.reason.find("replay") != std::string::npos || why.reason.find("counter") != std::string::npos;
  report(*device, replay ? HeadEndEvent::kPushReplayed : HeadEndEvent::kPushDowngraded, why.reason);
}

void PushListener::report(DeviceId device, HeadEndEvent event, std::string detail) {
  EventsArrived delivery;
  delivery.source = "push";
  delivery.received = c_.runtime.clock.utc();
  delivery.events.push_back(headend_event(device, delivery.received, event, std::move(detail)));
  c_.intake.accept(std::move(delivery), [](Result<intake::Receipt>) {});
}

std::optional<DeviceId> PushListener::sender(const dlms::Pushed& pushed, const Endpoint& from) {
  return pushed.title ? sink_.device_of(*pushed.title) : sink_.device_at(from, pushed);
}

void PushListener::hear(const dlms::Pushed& pushed, const Endpoint& from) {
  const auto device = sender(pushed, from);
  Meter* const meter = device ? sink_.meter_of(*device) : nullptr;
  if (meter != nullptr) take(*device, *meter, pushed);
}

void PushListener::take(const dlms::Pushed& pushed, const Endpoint& from) {
  const auto device = sender(pushed, from);
  Meter* const meter = device ? sink_.meter_of(*device) : nullptr;
  if (meter != nullptr) return take(*device, *meter, pushed);
  if ((device || !pushed.title) && take_heard(device, pushed)) return;
  // A title that no key belongs to is nobody's; anything else may be another shard's.
  const bool nobodys = pushed.title && !device;
  if (nobodys || !sink_.forward(pushed, from)) ++c_.stats.pushes_refused;
}

// Nobody proved anything: only a meter that never protects may push so.
bool PushListener::lacks_protection(DeviceId device, const dlms::Pushed& pushed) {
  if (pushed.title) return false;
  const auto keys = c_.keys.keys(device);
  if (!keys.ok() || !keys->policy.needs_protection()) return false;
  ++c_.stats.pushes_refused;
  report(device, HeadEndEvent::kPushDowngraded, "a push without protection");
  return true;
}

// Its address says so: there is nowhere to call it.
bool PushListener::heard_only(DeviceId device) const {
  const auto known = c_.registry.device(device);
  return known.ok() && *known && (*known)->state == DeviceState::kActive &&
         !parse_address((*known)->address).ok();
}

bool PushListener::take_heard(std::optional<DeviceId> device, const dlms::Pushed& pushed) {
  wire::Report heard;
  heard.protocol = "dlms";
  if (pushed.title) {
    heard.security.mode = "authenc";
    heard.meter.manufacturer = decode::maker_of(*pushed.title);
  }
  const decode::PushConventions conventions{.zone = &c_.reports.zone(), .lists = &c_.reports.value_lists()};
  const Status read =
      decode::read_push(pushed.notification.date_time, pushed.notification.body, conventions, heard);
  if (!read.ok() || (heard.readings.empty() && heard.events.empty())) return false;
  const UtcSeconds now = c_.runtime.clock.utc();
  if (!device) {
    const auto found = c_.reports.find_device("dlms", heard.meter, now);
    if (found.ok()) device = found->device;
  }
  if (!device || !heard_only(*device)) return false;
  if (lacks_protection(*device, pushed)) return true;
  auto taken = c_.reports.take_report(*device, heard, now);
  for (Event& event : c_.reports.refusals()) {
    EventsArrived refusal{"push", now, {std::move(event)}};
    c_.intake.accept(std::move(refusal), [](Result<intake::Receipt>) {});
  }
  if (!taken.ok()) {
    ++c_.stats.pushes_refused;
    return true;
  }
  ++c_.stats.pushes_accepted;
  PushContent content;
  content.readings = std::move(taken->readings.readings);
  content.events = std::move(taken->events.events);
  deliveries_.spawn(deliver(*device, std::move(content), pushed.title.has_value()));
  return true;
}

void PushListener::take(DeviceId device, Meter& meter, const dlms::Pushed& pushed) {
  if (lacks_protection(device, pushed)) return;
  const UtcSeconds now = c_.runtime.clock.utc();
  auto content = parse_push(c_.registry, meter, pushed.notification, now, now - kOldestPush_s, now + kNewestAhead_s);
  if (!content.ok()) {
    ++c_.stats.pushes_refused;
    return sink_.wants_reading(device);
  }
  if (content->quarantined != 0) {
    report(device, HeadEndEvent::kRowsQuarantined, std::to_string(content->quarantined) + " pushed values");
  }
  for (const Reading& r : content->readings) {
    const auto known = c_.readings.read(r.channel, r.time - 1, r.time);
    if (known.ok() && !known->empty() && known->front().value != r.value) {
      report(device, HeadEndEvent::kPushConflict, std::to_string(known->front().value) + " at " + to_iso(r.time) +
                                                       ", pushed " + std::to_string(r.value));
      break;
    }
  }
  if (!content->events.empty()) sink_.wants_reading(device);
  ++c_.stats.pushes_accepted;
  deliveries_.spawn(deliver(device, std::move(content).value(), pushed.title.has_value()));
}

Task<void> PushListener::deliver(DeviceId device, PushContent content, bool secured) {
  if (secured) {
    const Status durable = co_await on_loop<Status>(c_.runtime.timers, [this](auto done) {
      c_.keys.counters().when_durable(std::move(done));
    });
    if (!durable.ok()) {
      sink_.wants_reading(device);
      co_return;
    }
  }
  if (!content.readings.empty()) {
    ReadingsArrived readings{"push", c_.runtime.clock.utc(), std::move(content.readings)};
    const auto receipt = co_await on_loop<Result<intake::Receipt>>(c_.runtime.timers, [this, &readings](auto done) {
      c_.intake.accept(std::move(readings), std::move(done));
    });
    if (receipt.ok()) {
      c_.stats.readings_accepted += receipt->accepted;
      mark_pushed(device, content.load_times);
    } else {
      sink_.wants_reading(device);  // not kept: to be read when there is room again
    }
  }
  if (!content.events.empty()) {
    EventsArrived events{"push", c_.runtime.clock.utc(), std::move(content.events)};
    const auto receipt = co_await on_loop<Result<intake::Receipt>>(c_.runtime.timers, [this, &events](auto done) {
      c_.intake.accept(std::move(events), std::move(done));
    });
    if (receipt.ok()) c_.stats.events_accepted += receipt->accepted;
  }
}

// What was pushed and kept need not be read: the next row only, and only where there is one load profile to confuse.
void PushListener::mark_pushed(DeviceId device, std::span<const UtcSeconds> times) {
  Meter* const meter = sink_.meter_of(device);
  if (meter == nullptr || !meter->layout || meter->layout->loads.size() != 1 || meter->loads.empty()) return;
  for (const UtcSeconds time : times) meter->loads[0].pushed(time, load_grid(meter->layout->loads[0]));
}

}  // namespace amity::headend
