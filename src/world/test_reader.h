// For tests: one conversation with one meter, from connecting to releasing, over whatever network there is.
#pragma once

#include <deque>

#include "session/dlms/client.h"
#include "wire/dlms/data.h"
#include "world/fleet.h"

namespace amity::world {

class TestReader final : public Stream::Handler {
 public:
  TestReader(Runtime runtime, const DeviceSecrets& secrets, const std::string& host, std::uint16_t port,
             std::optional<dlms::GatewayRoute> gateway, std::deque<dlms::AttributeRequest> requests,
             dlms::Transport transport = dlms::Transport::kWrapperStream)
      : runtime_(runtime), client_(config(secrets, std::move(gateway), transport), &counters_, runtime.random),
          requests_(std::move(requests)) {
    // Another conversation with the same meter must use higher counters.
    counters_.set_next(static_cast<std::uint32_t>(runtime.clock.utc_us() / 1'000 % 1'000'000'000) + 1);
    stream_ = runtime.network.connect(Endpoint{host, port}, std::chrono::seconds(5), this);
  }
  ~TestReader() override { runtime_.timers.cancel(timer_); }

  bool done() const { return done_; }
  const std::string& error() const { return error_; }
  const std::vector<dlms::ItemResult>& results() const { return results_; }
  // Rows of the n-th result.
  std::size_t rows(std::size_t n) const {
    dlms::DataTree tree;
    return n < results_.size() && tree.parse(results_[n].data).ok() ? tree.root().size() : 0;
  }

  void on_open() override {
    const Status connected = client_.connect(runtime_.clock.now());
    if (!connected.ok()) return finish(connected.error().reason);
    client_.on_open(runtime_.clock.now());
    pump();
  }
  void on_bytes(ByteView bytes) override {
    client_.on_bytes(bytes, runtime_.clock.now());
    pump();
  }
  void on_closed(const Error& why) override {
    if (!done_) finish(why.reason);
  }

 private:
  static dlms::ClientConfig config(const DeviceSecrets& secrets, std::optional<dlms::GatewayRoute> gateway,
                                   dlms::Transport transport) {
    dlms::ClientConfig c;
    c.link.transport = transport;
    c.link.client_sap = kManagementClient;
    c.link.server_sap = kMeterSap;
    c.link.gateway = std::move(gateway);
    c.mechanism = dlms::Mechanism::kHighGmac;
    c.client_title = secrets.client_title;
    c.server_title = secrets.keys.title;
    c.security = {dlms::SecuritySuite::k0, true, true};
    c.keys.encryption = dlms::Secret(ByteView(secrets.keys.encryption));
    c.keys.authentication = dlms::Secret(ByteView(secrets.keys.authentication));
    c.response_timeout = std::chrono::seconds(3);
    return c;
  }

  void pump() {
    if (done_) return;
    const Instant now = runtime_.clock.now();
    Bytes out;
    while (client_.poll_output(out)) stream_->send(std::move(out));
    while (auto event = client_.poll_event()) {
      if (const auto* failed = std::get_if<dlms::Failed>(&*event)) return finish(to_string(failed->error));
      if (std::holds_alternative<dlms::Released>(*event)) return finish("");
      if (auto* response = std::get_if<dlms::Response>(&*event)) results_.push_back(std::move(response->items[0]));
      next(now);
      while (client_.poll_output(out)) stream_->send(std::move(out));
    }
    runtime_.timers.cancel(timer_);
    timer_ = 0;
    if (const auto due = client_.next_timeout()) {
      timer_ = runtime_.timers.at(*due, [this] {
        timer_ = 0;
        client_.on_timer(runtime_.clock.now());
        pump();
      });
    }
  }

  void next(Instant now) {
    if (requests_.empty()) {
      if (const Status released = client_.release(now); !released.ok()) finish(released.error().reason);
      return;
    }
    const dlms::AttributeRequest request = std::move(requests_.front());
    requests_.pop_front();
    if (const Status asked = client_.get(request, now); !asked.ok()) finish(asked.error().reason);
  }

  void finish(const std::string& error) {
    done_ = true;
    error_ = error;
    stream_->close();
  }

  Runtime runtime_;
  dlms::MemoryCounters counters_;
  dlms::Client client_;
  std::deque<dlms::AttributeRequest> requests_;
  std::unique_ptr<Stream> stream_;
  std::vector<dlms::ItemResult> results_;
  std::string error_;
  TimerId timer_ = 0;
  bool done_ = false;
};

// How to reach a meter of a fleet.
inline std::string host_of(Fleet& fleet, std::uint32_t meter) {
  const std::uint32_t concentrator = fleet.grid().meters[meter].concentrator;
  return concentrator == kNoConcentrator ? meter_host(meter) : concentrator_host(concentrator);
}
inline std::optional<dlms::GatewayRoute> route_of(Fleet& fleet, std::uint32_t meter) {
  if (fleet.grid().meters[meter].concentrator == kNoConcentrator) return std::nullopt;
  const std::string serial = fleet.meter(meter).serial();
  return dlms::GatewayRoute{0, Bytes(serial.begin(), serial.end())};
}
inline dlms::AttributeRequest whole(std::uint16_t class_id, const dlms::Obis& obis) {
  dlms::AttributeRequest request;
  request.attribute = {class_id, obis, 2};
  return request;
}
inline dlms::AttributeRequest rows_between(UtcSeconds from, UtcSeconds to) {
  dlms::AttributeRequest request = whole(7, kLoadProfileObis);
  request.selection = dlms::Selection::by_range(dlms::range_by_clock(dlms::date_time_utc(from),
      dlms::date_time_utc(to)));
  return request;
}

}  // namespace amity::world
