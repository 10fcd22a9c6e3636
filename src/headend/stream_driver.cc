#include "headend/stream_driver.h"

#include "headend/limits.h"

namespace amity::headend {

void TelegramEar::on_bytes(ByteView bytes, Instant) {
  const auto keep = [this](std::optional<ByteView> telegram) {
    if (!telegram) return false;
    if (heard_.size() == kTelegramsHeardMax) heard_.pop_front();  // the newest counts
    heard_.emplace_back(telegram->begin(), telegram->end());
    return true;
  };
  if (scheme_ == Scheme::kP1) {
    p1_.add(bytes);
    while (keep(p1_.next())) {
    }
  } else {
    sml_.add(bytes);
    while (keep(sml_.next())) {
    }
  }
}

void TelegramEar::on_timer(Instant now) {
  if (!deadline_ || now < *deadline_) return;
  deadline_.reset();
  heard_.emplace_back();
}

std::optional<Bytes> TelegramEar::poll_event() {
  if (!deadline_ && heard_.empty()) return std::nullopt;
  if (heard_.empty()) return std::nullopt;
  Bytes next = std::move(heard_.front());
  heard_.pop_front();
  deadline_.reset();
  return next;
}

Task<Status> StreamDriver::open() {
  const Address& address = meter_.address;
  p1::SmartyKey key;
  AMITY_CO_TRY(key.encryption, from_hex(address.option("key")));
  AMITY_CO_TRY(key.authentication, from_hex(address.option("auth-key")));
  if (c_.keys.has(meter_.device.id)) {
    AMITY_CO_TRY(const DeviceKeys kept, c_.keys.keys(meter_.device.id));
    key.encryption = kept.current.encryption;
    key.authentication = kept.current.authentication;
  }
  has_key_ = !key.encryption.empty();
  std::vector<p1::SmartyKey> keys;
  if (has_key_) keys.push_back(std::move(key));
  p1_ = std::make_unique<p1::Decoder>(std::move(keys));
  const auto patience = std::chrono::milliseconds(address.bearer.reply_timeout_ms);
  TelegramEar session = TelegramEar(address.scheme, patience);
  co_return co_await connect(std::move(session));
}

Task<void> StreamDriver::close() {
  if (link_) link_->close(false);
  co_return;
}

// A telegram that was cut or damaged on the way is passed over: the next one comes soon.
Task<Status> StreamDriver::read_clock() {
  Status damaged;
  for (std::size_t i = 0; i < kTelegramsHeardMax; ++i) {
    link_->session().listen(link_->now());
    AMITY_CO_TRY(const Bytes telegram, co_await link_->next());
    if (telegram.empty()) {
      if (!damaged.ok()) co_return damaged;
      co_return make_error(ErrorCode::kTimeout, "no telegram came");
    }
    wire::Report heard;
    damaged = meter_.address.scheme == Scheme::kP1 ? p1_->decode(telegram, heard)
                                                   : sml_.decode(telegram, heard);
    if (!damaged.ok()) continue;
    TakeOptions with = options();
    with.require_security = has_key_;
    co_return take(heard, with);
  }
  co_return damaged;
}

}  // namespace amity::headend
