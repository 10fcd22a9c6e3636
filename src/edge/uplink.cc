#include "edge/uplink.h"

#include <algorithm>

namespace amity::edge {

using std::chrono::milliseconds;

struct Uplink::Line : Stream::Handler {
  explicit Line(Uplink* u) : uplink(u) {}
  void on_open() override { uplink->on_open(); }
  void on_bytes(ByteView bytes) override { uplink->on_bytes(bytes); }
  void on_closed(const Error& why) override { uplink->drop(why); }

  Uplink* uplink;
  std::unique_ptr<Stream> stream;
};

Uplink::Uplink(Runtime runtime, Buffer& buffer, UplinkConfig config, Events events)
    : runtime_(runtime), buffer_(buffer), config_(std::move(config)), events_(std::move(events)) {}

Uplink::~Uplink() {
  runtime_.timers.cancel(retry_);
  runtime_.timers.cancel(ticker_);
}

void Uplink::start() {
  connect();
}

void Uplink::connect() {
  retry_ = 0;
  messages_ = {};
  line_ = std::make_unique<Line>(this);
  line_->stream =
      runtime_.network.connect(config_.server, milliseconds(kConnectTimeout_ms), line_.get());
}

void Uplink::on_open() {
  heard_ = runtime_.clock.now();
  Hello hello;
  hello.protocol = kProtocol;
  hello.buffer = buffer_.id();
  hello.first = buffer_.first();
  hello.last = std::max(buffer_.durable(), buffer_.first() - 1);
  hello.configuration = events_.configuration();
  hello.version = config_.version;
  hello.target = config_.target;
  line_->stream->send(encode_message(hello));
  runtime_.timers.cancel(ticker_);
  ticker_ = runtime_.timers.at(heard_ + milliseconds(kStatusEvery_ms), [this] { tick(); });
}

void Uplink::tick() {
  ticker_ = 0;
  const Instant now = runtime_.clock.now();
  if (now - heard_ > milliseconds(kSilenceMax_ms))
    return drop(make_error(ErrorCode::kTimeout, "the server says nothing any more"));
  if (welcomed_) send(events_.status());
  ticker_ = runtime_.timers.at(now + milliseconds(kStatusEvery_ms), [this] { tick(); });
}

void Uplink::on_bytes(ByteView bytes) {
  heard_ = runtime_.clock.now();
  messages_.add(bytes);
  while (line_) {
    auto message = messages_.next();
    if (!message.ok()) return drop(message.error());
    if (!*message) return;
    take(**message);
  }
}

void Uplink::take(const Message& message) {
  if (const auto* refused = std::get_if<Refused>(&message))
    return drop(make_error(ErrorCode::kRefused, "the server refuses: " + refused->reason));
  if (const auto* welcome = std::get_if<Welcome>(&message)) return take_welcome(*welcome);
  if (!welcomed_) return drop(make_error(ErrorCode::kMalformed, "the server does not greet"));
  if (const auto* acknowledged = std::get_if<Acknowledged>(&message))
    return take_acknowledged(acknowledged->sequence);
  events_.received(message);
}

void Uplink::take_welcome(const Welcome& welcome) {
  if (welcomed_ || welcome.protocol != kProtocol)
    return drop(make_error(ErrorCode::kUnsupported,
                           "the server speaks protocol " + std::to_string(welcome.protocol)));
  if (welcome.acknowledged > buffer_.last()) {
    // An old copy of the buffer was brought back: its next numbers stand for other batches there.
    if (const Status renewed = buffer_.renew_id(runtime_.random); !renewed.ok())
      events_.failed(renewed.error());
    events_.rolled_back(welcome.acknowledged);
    return drop(make_error(ErrorCode::kConflict, "the buffer is numbered anew"));
  }
  welcomed_ = true;
  retry_ms_ = kRetryFirst_ms;
  sent_ = welcome.acknowledged;
  take_acknowledged(welcome.acknowledged);
  if (!line_) return;
  sent_ = std::max(sent_, buffer_.first() - 1);
  events_.welcomed(welcome);
  send(events_.status());
  pump();
}

void Uplink::take_acknowledged(Sequence sequence) {
  if (sequence > sent_)
    return drop(make_error(ErrorCode::kMalformed, "the server acknowledges what was not sent"));
  while (!in_flight_.empty() && in_flight_.front().first <= sequence) {
    bytes_in_flight_ -= in_flight_.front().second;
    in_flight_.pop_front();
  }
  acknowledged_ = std::max(acknowledged_, sequence);
  if (const Status forgotten = buffer_.acknowledge(sequence); !forgotten.ok()) {
    events_.failed(forgotten.error());
    return drop(forgotten.error());
  }
  events_.acknowledged(acknowledged_);
  pump();
}

void Uplink::drop(const Error& why) {
  if (!line_) return;
  // The line may be the caller: it lives until the loop goes round.
  line_->stream->set_handler(nullptr);
  ending_.push_back(std::move(line_));
  runtime_.timers.post([weak = std::weak_ptr<Uplink*>(self_)] {
    if (const auto self = weak.lock()) (*self)->ending_.clear();
  });
  welcomed_ = false;
  in_flight_.clear();
  bytes_in_flight_ = 0;
  runtime_.timers.cancel(ticker_);
  ticker_ = 0;
  const auto jitter_ms = static_cast<std::int64_t>(
      runtime_.random.below(static_cast<std::uint64_t>(retry_ms_ / 2 + 1)));
  retry_ = runtime_.timers.at(runtime_.clock.now() + milliseconds(retry_ms_ / 2 + jitter_ms),
                              [this] { connect(); });
  retry_ms_ = std::min(retry_ms_ * 2, kRetryMax_ms);
  events_.lost(why);
}

void Uplink::send(const Message& message) {
  if (line_ && welcomed_) line_->stream->send(encode_message(message));
}

void Uplink::wake() {
  pump();
}

void Uplink::pump() {
  if (!welcomed_ || pumping_) return;
  pumping_ = true;
  while (in_flight_.size() < kBatchesInFlightMax && bytes_in_flight_ < kBytesInFlightMax &&
         sent_ < buffer_.durable()) {
    auto records =
        buffer_.read(sent_, kBytesInFlightMax / 4, kBatchesInFlightMax - in_flight_.size());
    if (!records.ok()) {
      pumping_ = false;
      events_.failed(records.error());
      return drop(records.error());
    }
    if (records->empty()) break;
    for (Buffer::Record& record : *records) {
      sent_ = record.sequence;
      in_flight_.emplace_back(record.sequence, record.body.size());
      bytes_in_flight_ += record.body.size();
      line_->stream->send(encode_message(BatchSent{record.sequence, std::move(record.body)}));
    }
  }
  pumping_ = false;
}

}  // namespace amity::edge
