#include "headend/heard/sink.h"

#include <charconv>

#include "headend/event_codes.h"
#include "headend/waiting.h"
#include "wire/decode/dlms_conversation.h"
#include "wire/decode/readable_recording.h"

namespace amity::heard {
namespace {

using headend::HeadEndEvent;

constexpr std::size_t kP1TitleAt = 2, kP1CounterAt = 14;

std::optional<std::uint64_t> message_counter(const wire::Report& report) {
  for (const auto& [name, value] : report.details) {
    std::uint64_t counter = 0;
    if (name == "message_counter" &&
        std::from_chars(value.data(), value.data() + value.size(), counter).ec == std::errc())
      return counter;
  }
  return std::nullopt;
}

}  // namespace

Sink::Sink(SinkContext context) : c_(std::move(context)) {}
Sink::~Sink() = default;

Counters& Sink::counters(const std::string& source) {
  const bool known = counters_.contains(source) || counters_.size() < kSourcesMax;
  return counters_[known ? source : std::string("others")];
}

void Sink::finish(const Done& done, Status status) {
  if (done) done(std::move(status));
}

std::optional<DeviceId> Sink::find(const wire::Report& report) {
  auto found = c_.reports.find_device(report.protocol, report.meter, c_.runtime.clock.utc());
  if (!found.ok()) return std::nullopt;
  if (!found->events.empty()) take_events(std::move(found->events), "heard");
  return found->device;
}

Bytes Sink::key_of(DeviceId device) {
  auto keys = c_.keys.keys(device);
  return keys.ok() ? keys->current.encryption : Bytes();
}

Sink::Opened Sink::open(const decode::StreamFrame& frame) {
  counter_used_ = false;
  if (frame.protocol == decode::Protocol::kP1) return open_p1(frame);
  if (frame.protocol == decode::Protocol::kDlms) return open_dlms(frame);
  if (frame.protocol == decode::Protocol::kIec62056_21) {
    report_.clear();
    Status status = decode::read_readout(frame.bytes, report_);
    return {status.ok() ? find(report_) : std::nullopt, std::move(status)};
  }
  if (frame.protocol != decode::Protocol::kSml) return open_mbus(frame);
  Status status = sml_.decode(frame.bytes, report_);
  return {status.ok() ? find(report_) : std::nullopt, std::move(status)};
}

Sink::Opened Sink::open_mbus(const decode::StreamFrame& frame) {
  const bool wireless = frame.protocol == decode::Protocol::kWmbus;
  const auto decode = [&](const mbus::KeyStore& keys) {
    return wireless ? mbus_.decode_wireless(frame.bytes, keys, report_)
                    : mbus_.decode_wired(frame.bytes, keys, report_);
  };
  if (Status status = decode(no_keys_); !status.ok()) return {std::nullopt, std::move(status)};
  const auto device = find(report_);
  Bytes key = device ? key_of(*device) : Bytes();
  if (key.size() != 8 && key.size() != 16) return {device, {}};
  mbus::KeyStore keys;
  Status status = keys.add_for_any(key);
  crypto::wipe(key);
  if (status.ok()) status = decode(keys);
  return {device, std::move(status)};
}

Sink::Opened Sink::open_p1(const decode::StreamFrame& frame) {
  if (frame.bytes[0] != p1::kEncryptedTag) {
    Status status = p1_.decode(frame.bytes, report_);
    return {status.ok() ? find(report_) : std::nullopt, std::move(status)};
  }
  report_.clear();
  AMITY_ASSERT(frame.bytes.size() > kP1CounterAt + 4);
  const auto title = dlms::system_title_from(frame.bytes.subspan(kP1TitleAt, 8));
  const auto device = title.ok() ? c_.keys.device_of(*title) : std::nullopt;
  const auto keys = device ? c_.keys.keys(*device)
                           : Result<headend::DeviceKeys>(make_error(ErrorCode::kNotFound, ""));
  if (!keys.ok()) return {std::nullopt, {}};
  p1::Decoder decoder({{keys->current.encryption, keys->current.authentication}});
  Status status = decoder.decode(frame.bytes, report_);
  if (!status.ok() || !report_.security.ok) {  // a push of DLMS has the same envelope
    Opened push = open_dlms(frame);
    if (push.status.ok() && report_.security.ok) return push;
    report_.clear();
    status = decoder.decode(frame.bytes, report_);
  }
  if (!status.ok()) return {device, status};
  if (!report_.security.ok) return {device, {}};
  ByteReader counter(frame.bytes.subspan(kP1CounterAt, 4));
  report_.details.emplace_back("message_counter", std::to_string(*counter.u32()));
  return {device, {}};
}

// A push that is ciphered names its sender; a plain one is whose its contents say.
Sink::Opened Sink::open_dlms(const decode::StreamFrame& frame) {
  report_.clear();
  auto apdu = decode::apdu_of_frames(frame.bytes);
  if (!apdu.ok()) return {std::nullopt, std::move(apdu).error()};
  const auto title = decode::sender_title(*apdu);
  const auto device = title ? c_.keys.device_of(*title) : std::nullopt;
  decode::Keys keys;
  if (device) {
    if (auto known = c_.keys.keys(*device); known.ok()) {
      keys.encryption.push_back(std::move(known->current.encryption));
      keys.authentication.push_back(std::move(known->current.authentication));
    }
  } else if (title) {
    return {std::nullopt, {}};
  }
  const TimeZone& zone = c_.reports.zone();
  decode::DlmsConversation conversation;
  Status status =
      conversation.read(*apdu, keys, {.zone = &zone, .lists = &c_.reports.value_lists()}, report_);
  for (auto* some : {&keys.encryption, &keys.authentication}) {
    for (Bytes& key : *some) crypto::wipe(key);
  }
  if (!status.ok()) return {device, std::move(status)};
  if (const auto counter = report_.security.invocation_counter; counter && report_.security.ok)
    report_.details.emplace_back("message_counter", std::to_string(*counter));
  return {device ? device : find(report_), {}};
}

Sink::Order Sink::order_of(DeviceId device, std::uint64_t counter) {
  const auto keys = c_.keys.keys(device);
  if (!keys.ok()) return Order::kNew;
  const headend::KeyName name{device, keys->generation};
  const auto value = static_cast<std::uint32_t>(counter);
  if (c_.keys.counters().accept_peer(name, {value}).ok()) {
    counter_used_ = true;
    return Order::kNew;
  }
  return c_.keys.counters().peer_high_water(name) == value ? Order::kSame : Order::kReplayed;
}

// Told once, until a frame of the device is right again.
void Sink::refused(DeviceId device, HeadEndEvent event, const std::string& why) {
  if (!refused_[device].insert(static_cast<std::uint32_t>(event)).second) return;
  take_events({headend_event(device, c_.runtime.clock.utc(), event, why)}, "heard");
}

void Sink::take_frame(const decode::StreamFrame& frame, const std::string& source, Done done) {
  Counters& count = counters(source);
  ++count.frames;
  const Opened opened = open(frame);
  if (!opened.status.ok() && opened.status.error().code != ErrorCode::kSecurity) {
    ++count.undecodable;
    return finish(done, opened.status);
  }
  if (!opened.device) {
    ++count.unknown_meters;
    return finish(done, {});
  }
  const DeviceId device = *opened.device;
  if (!opened.status.ok() || !report_.security.ok) {
    ++count.failed_security;
    const std::string why =
        opened.status.ok() ? report_.security.reason : opened.status.error().reason;
    refused(device, HeadEndEvent::kPushDowngraded, why);
    return finish(done, make_error(ErrorCode::kSecurity, why));
  }
  Delivery delivery;
  delivery.source = source;
  delivery.options.require_security = !key_of(device).empty();
  const bool sealed = report_.security.mode != "none";
  if (const auto counter = message_counter(report_); counter && sealed) {
    const Order order = order_of(device, *counter);
    if (order == Order::kSame) ++count.duplicates;
    if (order == Order::kReplayed) {
      ++count.failed_security;
      refused(device, HeadEndEvent::kPushReplayed,
              "message counter " + std::to_string(*counter) + " was passed already");
    }
    if (order != Order::kNew) return finish(done, {});
  } else if (report_.protocol == "wmbus" &&
             repeats_.repeated(device, digest_of(report_), c_.runtime.clock.utc())) {
    ++count.duplicates;
    return finish(done, {});
  }
  take_report(device, report_, delivery, std::move(done));
}

void Sink::take_report(const wire::Report& report, const Delivery& delivery, Done done) {
  counter_used_ = false;
  Counters& count = counters(delivery.source);
  ++count.frames;
  const auto device = find(report);
  if (!device) {
    ++count.unknown_meters;
    return finish(done, {});
  }
  take_report(*device, report, delivery, std::move(done));
}

void Sink::take_report(DeviceId device, const wire::Report& report, const Delivery& delivery,
                       Done done) {
  Counters& count = counters(delivery.source);
  const UtcSeconds now = c_.runtime.clock.utc();
  if (deliveries_.size() >= kDeliveriesMax) {
    ++count.not_kept;
    repeats_.forget(device);
    return finish(done, make_error(ErrorCode::kBusy, "too many deliveries are under way"));
  }
  if (delivery.once && repeats_.repeated(device, digest_of(report), now)) {
    ++count.duplicates;
    return finish(done, {});
  }
  auto taken = c_.reports.take_report(device, report, now, delivery.options);
  if (auto refusals = c_.reports.refusals(); !refusals.empty())
    take_events(std::move(refusals), "heard");
  if (!taken.ok()) {
    if (taken.error().code == ErrorCode::kSecurity) ++count.failed_security;
    return finish(done, taken.error());
  }
  refused_.erase(device);
  auto& readings = taken->readings.readings;
  const UtcSeconds as_of = now + taken->clock_offset_s.value_or(0);
  const bool first = delivery.batch || repeats_.first_in_slot(device, as_of);
  if (!first) readings.clear();
  // What has no time but that of its arrival: two receivers of one telegram agree on the minute.
  for (Reading& reading : readings) {
    if (!delivery.batch && taken->clock_offset_s != 0 && reading.time == now)
      reading.time = UtcSeconds(now.value - now.value % kSlot_s);
  }
  if (c_.emit && repeats_.contact_due(device, now)) {
    ContactMade contact;
    contact.device = device;
    contact.at = now;
    contact.ok = true;
    contact.clock_known = taken->clock_offset_s.has_value() && !delivery.batch;
    contact.clock_offset_s = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(taken->clock_offset_s.value_or(0), INT32_MIN, INT32_MAX));
    c_.emit(std::move(contact));
  }
  taken->readings.source = taken->events.source = delivery.source;
  deliveries_.spawn(deliver(std::move(taken->readings), std::move(taken->events), delivery.source,
                            device, counter_used_, std::move(done)));
}

void Sink::take_events(std::vector<Event> events, const std::string& source, Done done) {
  EventsArrived arrived;
  arrived.source = source;
  arrived.received = c_.runtime.clock.utc();
  arrived.events = std::move(events);
  deliveries_.spawn(deliver({}, std::move(arrived), source, DeviceId(), false, std::move(done)));
}

Task<void> Sink::deliver(ReadingsArrived readings, EventsArrived events, std::string source,
                         DeviceId device, bool counted, Done done) {
  Status kept;
  Timers& timers = c_.runtime.timers;
  if (counted) {
    kept = co_await headend::on_loop<Status>(
        timers, [this](auto ready) { c_.keys.counters().when_durable(std::move(ready)); });
  }
  if (kept.ok() && !readings.readings.empty()) {
    const auto receipt = co_await headend::on_loop<Result<intake::Receipt>>(
        timers, [&](auto ready) { c_.intake.accept(std::move(readings), std::move(ready)); });
    if (receipt.ok()) {
      counters(source).readings += receipt->accepted;
    } else {
      kept = receipt.error();
    }
  }
  if (kept.ok() && !events.events.empty()) {
    const auto receipt = co_await headend::on_loop<Result<intake::Receipt>>(
        timers, [&](auto ready) { c_.intake.accept(std::move(events), std::move(ready)); });
    if (receipt.ok()) {
      counters(source).events += receipt->accepted;
    } else {
      kept = receipt.error();
    }
  }
  if (!kept.ok()) {
    ++counters(source).not_kept;
    repeats_.forget(device);
  }
  finish(done, std::move(kept));
}

}  // namespace amity::heard
