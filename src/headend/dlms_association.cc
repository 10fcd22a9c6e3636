// How a conversation begins: keys, the dual-key window, invocation counters in step.
#include "headend/delivery.h"
#include "headend/dlms_driver.h"
#include "headend/waiting.h"

namespace amity::headend {

namespace {

constexpr std::uint16_t kPublicClient = 16;
constexpr dlms::Obis kFrameCounterObis{0, 0, 43, 1, 0, 255};

}  // namespace

// A meter that rejects an association for good rejects who we are or what we know; asking again changes nothing.
bool DlmsDriver::is_security(const Error& error) const {
  return !untrusted() &&
         (error.code == ErrorCode::kSecurity ||
          (error.code == ErrorCode::kRefused && error.reason.find("transient") == std::string::npos));
}

dlms::ClientConfig DlmsDriver::client_config(const DeviceKeys* keys, const KeySet* set) const {
  dlms::ClientConfig config;
  config.link = meter_.address.link;
  const Bearer& bearer = meter_.address.bearer;
  config.response_timeout = std::chrono::milliseconds(bearer.reply_timeout_ms);
  if (bearer.pdu_bytes_max != 0)
    config.receive_pdu_bytes_max = config.send_pdu_bytes_max = bearer.pdu_bytes_max;
  config.attempts = 1;
  if (keys == nullptr) return config;
  config.mechanism = keys->mechanism;
  config.password = dlms::Secret(keys->password);
  config.client_title = keys->client_title;
  config.server_title = keys->meter_title;
  config.security = keys->policy;
  config.form = keys->dedicated_key ? dlms::CipherForm::kDedicated : dlms::CipherForm::kGlobal;
  config.keys = {dlms::Secret(set->encryption), dlms::Secret(set->authentication)};
  return config;
}

Task<Status> DlmsDriver::associate(const DeviceKeys* keys, const KeySet* set, std::uint32_t generation) {
  const bool ciphered = set != nullptr && !set->encryption.empty();
  past_traffic_ = traffic();
  link_ = std::make_unique<DeviceLink>(
      c_.runtime, c_.pool, meter_.address, client_config(keys, set),
      ciphered ? &c_.keys.counters() : nullptr, KeyName{meter_.device.id, generation});
  auto connected = co_await link_->connect();
  if (!connected.ok()) co_return std::move(connected).error();
  secured_ = ciphered;
  meter_.ever_connected = true;
  co_return Status{};
}

Task<Status> DlmsDriver::open() {
  security_failure_ = false;
  auto keys = c_.keys.keys(meter_.device.id);
  Status status;
  if (keys.ok()) {
    status = co_await open_secured(std::move(keys).value());
  } else if (keys.error().code == ErrorCode::kNotFound) {
    status = co_await associate(nullptr, nullptr, 1);
  } else {
    co_return std::move(keys).error();
  }
  if (!status.ok()) security_failure_ = is_security(status.error());
  co_return status;
}

Task<Status> DlmsDriver::open_secured(DeviceKeys keys) {
  const KeyName current{meter_.device.id, keys.generation};
  Status status = co_await associate(&keys, &keys.current, keys.generation);
  if (!status.ok() && is_security(status.error())) {
    std::optional<std::uint32_t> expected = link_->expected_counter();
    if (!expected && !meter_.ever_connected && c_.keys.counters().peer_high_water(current) == 0) {
      const auto counter = co_await read_counter_publicly();
      if (counter.ok()) expected = *counter + 1;
    }
    bool adopted = false;
    if (expected) adopted = co_await adopt_counter(current, *expected);
    if (adopted) status = co_await associate(&keys, &keys.current, keys.generation);
  }
  if (!keys.previous) co_return status;
  if (status.ok()) {  // the meter has proved the new key
    AMITY_CO_CHECK(c_.keys.finish_rotation(meter_.device.id));
    co_return status;
  }
  if (!is_security(status.error())) co_return status;
  status = co_await associate(&keys, &*keys.previous, keys.generation - 1);
  if (status.ok()) {
    AMITY_CO_CHECK(co_await report(HeadEndEvent::kOldKeyInUse, ""));
  }
  co_return status;
}

// What a meter without proof says it expects: followed only forward, and not far, or anybody on the line could use
// up the key's counters.
Task<bool> DlmsDriver::adopt_counter(KeyName key, std::uint32_t expected) {
  CounterBook& book = c_.keys.counters();
  const std::uint32_t mine = book.next(key);
  if (expected <= mine || expected - mine > kRestoreSkip) co_return false;
  book.raise_own(key, expected);
  Status reported = co_await report(HeadEndEvent::kCounterRaised, std::to_string(mine) + " to " +
                                                                    std::to_string(expected));
  co_return reported.ok();
}

Task<Result<std::uint32_t>> DlmsDriver::read_counter_publicly() {
  Address address = meter_.address;
  address.link.client_sap = kPublicClient;
  dlms::ClientConfig config = client_config(nullptr, nullptr);
  config.link = address.link;
  DeviceLink link(c_.runtime, c_.pool, address, std::move(config), nullptr, {});
  AMITY_CO_CHECK(co_await link.connect());
  dlms::AttributeRequest request;
  request.attribute = {1, kFrameCounterObis, 2};
  AMITY_CO_TRY(const Bytes encoded, co_await link.get_value(std::move(request)));
  co_await link.release();
  dlms::DataTree tree;
  AMITY_CO_CHECK(tree.parse(encoded));
  AMITY_CO_TRY(const std::uint64_t value, tree.root().as_uint());
  if (value >= kCounterLast) co_return make_error(ErrorCode::kLimit, "the meter's counter is at its end");
  co_return static_cast<std::uint32_t>(value);
}

Task<void> DlmsDriver::close() {
  if (link_) co_await link_->release();
}

Traffic DlmsDriver::traffic() const {
  Traffic all = past_traffic_;
  if (!link_) return all;
  all.bytes_sent += link_->statistics().bytes_out;
  all.bytes_received += link_->statistics().bytes_in;
  return all;
}

void DlmsDriver::abort(Error why) {
  if (link_) link_->abort(std::move(why));
}

Task<Status> DlmsDriver::deliver() {
  if (secured_) {
    Status durable = co_await on_loop<Status>(c_.runtime.timers, [this](auto done) {
      c_.keys.counters().when_durable(std::move(done));
    });
    AMITY_CO_CHECK(durable);
  }
  AMITY_CO_TRY(const std::size_t accepted, co_await hand_over(c_, readings_, events_));
  readings_accepted_ += accepted;
  co_return Status{};
}

Task<Status> DlmsDriver::report(HeadEndEvent event, std::string detail) {
  EventsArrived own;
  own.events.push_back(
      headend_event(meter_.device.id, c_.runtime.clock.utc(), event, std::move(detail)));
  ReadingsArrived none;
  AMITY_CO_CHECK(co_await hand_over(c_, none, own));
  co_return Status{};
}

}  // namespace amity::headend
