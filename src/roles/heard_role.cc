#include "roles/heard_role.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>

#include "driver/embedded_models.h"

namespace amity::roles {
namespace {

constexpr Duration kPublishInterval = std::chrono::seconds(1);

Status named(Status status, const std::string& what) {
  if (status.ok()) return status;
  return make_error(status.error().code, what + ": " + status.error().reason);
}

}  // namespace

HeardRole::HeardRole(store::Store& store, intake::Intake& intake, headend::KeyRing& keys,
                     TimeZone zone)
    : store_(store), intake_(intake), keys_(keys), zone_(std::move(zone)) {}

HeardRole::~HeardRole() {
  stop();
}

Status HeardRole::open(const HeardOptions& options) {
  const Runtime runtime = reactor_.runtime();
  reports_ = std::make_unique<headend::ReportIntake>(store_.registry(), models_, zone_, "heard");
  const auto emit = [this](Fact fact) {
    store_.journal().append(fact, [](Result<store::Sequence> durable) {
      if (!durable.ok())
        spdlog::error("heard: a fact was not kept: {}", to_string(durable.error()));
    });
  };
  sink_ = std::make_unique<heard::Sink>(
      heard::SinkContext{runtime, store_.registry(), keys_, *reports_, intake_, emit});
  listener_ = std::make_unique<heard::FrameListener>(
      *sink_, [](const Endpoint& peer, const std::string& why) {
        spdlog::warn("frames: {} was cut off: {}", peer.to_string(), why);
      });
  for (const Endpoint& at : options.frames_tcp)
    AMITY_CHECK(named(listener_->listen_tcp(at), "frames at " + at.to_string()));
  for (const Endpoint& at : options.frames_udp)
    AMITY_CHECK(named(listener_->listen_udp(at), "frames at " + at.to_string()));
  frames_ = listener_->listening();
  if (options.coap) {
    coap_ = std::make_unique<heard::CoapListener>(*sink_);
    AMITY_CHECK(named(coap_->listen(*options.coap), "CoAP at " + options.coap->to_string()));
    coap_at_ = coap_->listening();
  }
  stg_ = std::make_unique<heard::StgReports>(*sink_);
  if (!options.stg_drop.empty()) {
    drop_ = std::make_unique<heard::DropFolder>(
        runtime, options.stg_drop,
        [this](ByteView content, heard::Sink::Done done) { stg_->take(content, std::move(done)); });
    AMITY_CHECK(named(drop_->start(), "reports in " + options.stg_drop));
  }
  map_ = options.uplinks;
  uplinks_ = std::make_unique<heard::Uplinks>(*sink_, map_);
  publish();
  return {};
}

void HeardRole::close() {
  uplinks_.reset();
  drop_.reset();
  coap_.reset();
  listener_.reset();
  stg_.reset();
  sink_.reset();
  reports_.reset();
}

void HeardRole::publish() {
  if (!sink_) return;
  {
    const std::lock_guard lock(mutex_);
    totals_ = sink_->all_counters();
  }
  const Runtime runtime = reactor_.runtime();
  runtime.timers.at(runtime.clock.now() + kPublishInterval, [this] { publish(); });
}

Status HeardRole::start(const HeardOptions& options) {
  AMITY_TRY(models_, driver::load_models());
  std::promise<Status> opened;
  auto result = opened.get_future();
  reactor_.runtime().timers.post([&] { opened.set_value(open(options)); });
  thread_ = std::thread([this] { reactor_.run(); });
  Status status = result.get();
  if (status.ok()) status = start_mqtt(options);
  if (!status.ok()) stop();
  return status;
}

void HeardRole::stop() {
  mqtt_.reset();
  if (!thread_.joinable()) return;
  reactor_.runtime().timers.post([this] {
    close();
    reactor_.stop();
  });
  thread_.join();
}

Status HeardRole::start_mqtt(const HeardOptions& options) {
  if (options.mqtt_url.empty()) return {};
  runtime::MqttOptions mqtt;
  mqtt.url = options.mqtt_url;
  for (const heard::UplinkSource& source : options.uplinks.sources)
    mqtt.topics.insert(mqtt.topics.end(), source.topics.begin(), source.topics.end());
  const auto on_message = [this](std::string topic, Bytes payload, heard::Sink::Done done) {
    reactor_.runtime().timers.post(
        [this, topic = std::move(topic), payload = std::move(payload), done = std::move(done)] {
          if (uplinks_) uplinks_->take_topic(topic, payload, done);
        });
  };
  const auto on_state = [](bool connected, const std::string& why) {
    connected ? spdlog::info("MQTT: connected") : spdlog::warn("MQTT: not connected: {}", why);
  };
  auto started = runtime::MqttListener::start(mqtt, on_message, on_state);
  if (!started.ok()) return named(started.error(), "MQTT");
  mqtt_ = std::move(*started);
  return {};
}

void HeardRole::take_upload(std::string source, std::string body,
                            std::function<void(Status)> done) {
  if (!thread_.joinable())
    return done(make_error(ErrorCode::kUnsupported, "this process listens to no devices"));
  reactor_.runtime().timers.post(
      [this, source = std::move(source), body = std::move(body), done = std::move(done)] {
        if (!uplinks_) return done(make_error(ErrorCode::kBusy, "nothing is taken at the moment"));
        if (source == "stg") return stg_->take(as_bytes(body), done);
        uplinks_->take_named(source, as_bytes(body), done);
      });
}

void HeardRole::refresh(DeviceId device) {
  reactor_.runtime().timers.post([this, device] {
    if (reports_) reports_->refresh(device);
  });
}

std::map<std::string, heard::Counters> HeardRole::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace amity::roles
