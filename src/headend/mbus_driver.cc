#include "headend/mbus_driver.h"

#include "headend/limits.h"

namespace amity::headend {

namespace {

constexpr std::size_t kSecondaryDigits = 16;

}  // namespace

Result<mbus::Target> mbus_target(const Address& address) {
  const std::string secondary = address.option("secondary");
  if (secondary.empty()) {
    if (address.option("primary").empty())
      return make_error(ErrorCode::kInvalid, "an M-Bus address says primary= or secondary=");
    AMITY_TRY(const std::uint32_t primary,
              address.number_option("primary", 0, mbus::kPrimaryAddressMax));
    return mbus::Target::primary(static_cast<std::uint8_t>(primary));
  }
  const auto bytes = from_hex(secondary);
  if (!bytes.ok() || secondary.size() != kSecondaryDigits)
    return make_error(ErrorCode::kInvalid,
                      "secondary=" + secondary + " is not 16 hexadecimal digits IIIIIIIIMMMMVVTT");
  ByteReader in(*bytes);
  mbus::Address mask;
  AMITY_TRY(mask.id, in.u32());
  AMITY_TRY(mask.manufacturer, in.u16());
  AMITY_TRY(mask.version, in.u8());
  AMITY_TRY(mask.type, in.u8());
  return mbus::Target::selected(mask);
}

Task<Status> MbusDriver::open() {
  AMITY_CO_TRY(target_, mbus_target(meter_.address));
  AMITY_CO_TRY(Bytes key, from_hex(meter_.address.option("key")));
  if (c_.keys.has(meter_.device.id)) {
    AMITY_CO_TRY(const DeviceKeys kept, c_.keys.keys(meter_.device.id));
    if (!kept.current.encryption.empty()) key = kept.current.encryption;
  }
  if (!key.empty()) {
    AMITY_CO_CHECK(keys_.add_for_any(key));
  }
  mbus::MasterConfig config;
  // What the standard gives is over before a gateway has passed the answer on.
  const std::int64_t given = meter_.address.bearer.line_answer_ms;
  config.response_timeout = std::chrono::milliseconds(given != 0 ? given : kMbusAnswer_ms);
  mbus::Master session = mbus::Master(config);
  co_return co_await connect(std::move(session));
}

Task<void> MbusDriver::close() {
  if (link_) link_->close(!link_->session().busy());
  co_return;
}

Status MbusDriver::take_telegram(ByteView frame) {
  wire::Report part;
  part.protocol = "mbus";
  AMITY_CHECK(decoder_.decode_wired(frame, keys_, part));
  TakeOptions with = options();
  with.require_security = keys_.size() != 0;
  return take(part, with);
}

Task<Status> MbusDriver::read_clock() {
  AMITY_CO_CHECK(link_->session().read(target_, link_->now()));
  Status taken;
  while (true) {
    AMITY_CO_TRY(const mbus::MasterEvent event, co_await link_->next());
    if (const auto* telegram = std::get_if<mbus::TelegramRead>(&event)) {
      const Status one = take_telegram(telegram->frame);
      if (taken.ok()) taken = one;
    } else if (const auto* failed = std::get_if<mbus::Failed>(&event)) {
      co_return failed->error;
    } else if (std::holds_alternative<mbus::Conflict>(event)) {
      AMITY_CO_CHECK(co_await report(HeadEndEvent::kNumberConflict, meter_.device.address));
    } else if (std::holds_alternative<mbus::Done>(event)) {
      co_return taken;
    }
  }
}

}  // namespace amity::headend
