#include "world/push_sender.h"

#include <algorithm>
#include <numeric>

#include "world/hash.h"
#include "world/limits.h"

namespace amity::world {
namespace {

constexpr std::uint16_t kPushReceiverSap = 103;  // wPort of the push listener
constexpr std::uint32_t kPushDelayS = 3;         // a meter needs a moment to close the interval

}  // namespace

struct PushSender::Link final : Stream::Handler {
  PushSender* owner = nullptr;
  Bytes frames;
  std::unique_ptr<Stream> stream;

  void on_open() override {
    stream->send(std::move(frames));
    stream->close();
    owner->finished(this, true);
  }
  void on_bytes(ByteView) override {}
  void on_closed(const Error&) override { owner->finished(this, false); }
};

namespace {

std::uint64_t moment(const Fleet& fleet, std::uint32_t meter) {
  const std::uint64_t spread = std::max<std::uint32_t>(1, fleet.config().push_spread_s);
  return mix(fleet.config().seed, 0x50555348u, meter) % spread;
}

}  // namespace

PushSender::PushSender(Fleet& fleet) : fleet_(fleet), order_(fleet.dlms_meters()), sent_until_(fleet.dlms_meters(), 0) {
  std::iota(order_.begin(), order_.end(), 0u);
  std::ranges::stable_sort(order_, {}, [&](std::uint32_t meter) { return moment(fleet, meter); });
  next_ = order_.size();
  if (!order_.empty()) begin_round();
}

PushSender::~PushSender() {
  *alive_ = false;
  fleet_.runtime_.timers.cancel(timer_);
}

void PushSender::begin_round() {
  const std::int64_t length = fleet_.book().interval_s();
  const UtcSeconds turn(fleet_.runtime_.clock.utc().value / length * length);
  round_ = round_ < turn ? turn : round_ + length;
  next_ = 0;
  arm();
}

void PushSender::arm() {
  const UtcSeconds due = round_ + kPushDelayS + static_cast<std::int64_t>(moment(fleet_, order_[next_]));
  const std::int64_t wait_us = due.value * 1'000'000 - fleet_.runtime_.clock.utc_us();
  timer_ = fleet_.runtime_.timers.at(fleet_.runtime_.clock.now() + Duration(std::max<std::int64_t>(wait_us, 1'000)),
                                     [this] {
                                       timer_ = 0;
                                       on_timer();
                                     });
}

void PushSender::on_timer() {
  const UtcSeconds now = fleet_.runtime_.clock.utc();
  for (; next_ < order_.size(); ++next_) {
    const UtcSeconds due = round_ + kPushDelayS + static_cast<std::int64_t>(moment(fleet_, order_[next_]));
    if (due > now || links_.size() >= kPushesInFlightMax) return arm();
    push(order_[next_]);
  }
  begin_round();
}

// What was not sent because the last push failed is not sent later: the head-end reads what is missing.
Result<Bytes> PushSender::frames_of(VirtualMeter& meter) {
  const UtcSeconds now = meter.meter_time();
  std::int64_t& until = sent_until_[meter.index()];
  const std::int64_t length = fleet_.book().interval_s();
  const UtcSeconds after(std::max(until, now.value / length * length - length));
  std::optional<dlms::GatewayRoute> gateway;
  if (fleet_.grid().meters[meter.index()].concentrator != kNoConcentrator) {
    gateway.emplace();
    const std::string serial = meter.serial();
    gateway->device_address.assign(serial.begin(), serial.end());
  }
  const dlms::ServerConfig config = server_config(meter, gateway);
  dlms::Push push;
  push.destination_sap = kPushReceiverSap;
  push.security = {dlms::SecuritySuite::k0, true, true};
  push.invoke_id = ++invoke_id_;
  push.body = meter.interval_push(after, now);
  AMITY_TRY(Bytes frames, dlms::encode_push(config, push, &meter.counters()));
  const bool alarms = !meter.log(0, after, now).empty() || !meter.log(1, after, now).empty();
  if (alarms) {
    push.invoke_id = ++invoke_id_;
    push.body = meter.alarm_push(after, now);
    AMITY_TRY(const Bytes more, dlms::encode_push(config, push, &meter.counters()));
    append(frames, more);
  }
  until = now.value;
  return frames;
}

void PushSender::push(std::uint32_t index) {
  VirtualMeter& meter = fleet_.meter(index);
  if (!meter.powered()) return;
  auto frames = frames_of(meter);
  const LinkQuality& link = fleet_.config().link;
  const bool lost = link.loss > 0 && fleet_.runtime_.random.unit() < link.loss;
  if (!frames.ok() || lost) {
    ++failed_;
    return;
  }
  auto created = std::make_unique<Link>();
  Link* raw = created.get();
  raw->owner = this;
  raw->frames = std::move(*frames);
  links_.emplace(raw, std::move(created));
  raw->stream = fleet_.runtime_.network.connect(*fleet_.config().push, std::chrono::seconds(10), raw);
}

void PushSender::finished(Link* link, bool good) {
  ++(good ? sent_ : failed_);
  fleet_.runtime_.timers.post([this, link, alive = alive_] {
    if (*alive) links_.erase(link);
  });
}

}  // namespace amity::world
