#include "headend/device_link.h"

#include <algorithm>

#include "headend/limits.h"
#include "headend/open_stream.h"
#include "headend/waiting.h"

namespace amity::headend {

Result<std::uint32_t> DeviceLink::Counters::next_own() {
  AMITY_TRY(const dlms::InvocationCounter counter, book->next_own(key));
  return counter.value;
}

Status DeviceLink::Counters::accept_peer(std::uint32_t counter) { return book->accept_peer(key, {counter}); }

DeviceLink::DeviceLink(Runtime runtime, ConnectionPool& pool, Address address, dlms::ClientConfig config,
                       CounterBook* book, KeyName key)
    : runtime_(runtime),
      pool_(pool),
      address_(std::move(address)),
      counters_(book, key),
      client_(std::move(config), book == nullptr ? nullptr : &counters_, runtime.random) {}

DeviceLink::DeviceLink(Runtime runtime, ConnectionPool& pool, Address address, dlms::ClientConfig config,
                       dlms::InvocationCounters* counters)
    : runtime_(runtime),
      pool_(pool),
      address_(std::move(address)),
      counters_(nullptr, {}),
      client_(std::move(config), counters, runtime.random) {}

DeviceLink::~DeviceLink() { runtime_.timers.cancel(timer_); }

bool DeviceLink::EventAwaiter::await_ready() { return link->take_event(); }

dlms::ClientEvent DeviceLink::EventAwaiter::await_resume() {
  dlms::ClientEvent event = std::move(*link->event_);
  link->event_.reset();
  return event;
}

// Notifications in between are the push listener's business and not asked for here.
bool DeviceLink::take_event() {
  while (!event_) {
    event_ = client_.poll_event();
    if (!event_) return false;
    if (std::holds_alternative<dlms::Notification>(*event_)) event_.reset();
  }
  return true;
}

void DeviceLink::arm() {
  const std::optional<Instant> wanted = client_.next_timeout();
  if (!wanted) return;
  if (timer_ != 0 && timer_at_ <= *wanted) return;  // fires early and is then armed anew
  runtime_.timers.cancel(timer_);
  timer_at_ = *wanted;
  timer_ = runtime_.timers.at(*wanted, [this] { on_timer(); });
}

// The last thing any callback does: the task that goes on may destroy this link.
void DeviceLink::pump() {
  Bytes out;
  while (client_.poll_output(out)) {
    if (stream_) stream_->send(std::move(out));
    out = Bytes();
  }
  arm();
  if (waiter_ && take_event()) std::exchange(waiter_, {}).resume();
}

void DeviceLink::on_timer() {
  timer_ = 0;
  client_.on_timer(runtime_.clock.now());
  pump();
}

void DeviceLink::on_open() {
  client_.on_open(runtime_.clock.now());
  pump();
}

void DeviceLink::on_bytes(ByteView bytes) {
  client_.on_bytes(bytes, runtime_.clock.now());
  pump();
}

void DeviceLink::on_closed(const Error& why) {
  untrusted_ = is_untrusted(why);
  client_.on_closed(runtime_.clock.now(), why.reason);
  pump();
}

void DeviceLink::abort(Error why) {
  client_.abort();
  stream_.reset();
  if (!waiter_) return;
  event_ = dlms::Failed{std::move(why), true, std::nullopt};
  std::exchange(waiter_, {}).resume();
}

Error DeviceLink::failure(const dlms::Failed& failed) {
  if (failed.expected_counter) expected_counter_ = failed.expected_counter;
  if (failed.closed) stream_.reset();
  Error error = failed.error;
  if (untrusted_) error.code = ErrorCode::kSecurity;
  return error;
}

Task<Status> DeviceLink::reserve_counters() {
  if (counters_.book == nullptr || counters_.book->reserved(counters_.key) >= kOwnCounterHeadroom) co_return Status{};
  Status status = co_await on_loop<Status>(runtime_.timers, [this](auto done) {
    counters_.book->reserve(counters_.key, kOwnCounterHeadroom, std::move(done));
  });
  co_return status;
}

Task<Result<dlms::Connected>> DeviceLink::connect() {
  AMITY_CO_CHECK(co_await reserve_counters());
  AMITY_CO_CHECK(client_.connect(runtime_.clock.now()));
  if (address_.shared()) stream_ = pool_.take(address_.place());
  reused_ = stream_ != nullptr;
  if (reused_) {
    stream_->set_handler(this);
    client_.on_open(runtime_.clock.now());
  } else {
    auto opening = open_stream(runtime_, address_, this);
    if (!opening.ok()) {
      untrusted_ = is_untrusted(opening.error());
      client_.abort();
    }
    AMITY_CO_TRY(stream_, std::move(opening));
  }
  pump();
  const dlms::ClientEvent event = co_await next_event();
  if (const auto* failed = std::get_if<dlms::Failed>(&event)) co_return failure(*failed);
  const auto* connected = std::get_if<dlms::Connected>(&event);
  if (connected == nullptr) co_return make_error(ErrorCode::kMalformed, "an answer before the association stood");
  several_ = connected->conformance.has(dlms::Conformance::kMultipleReferences);
  co_return *connected;
}

Task<Result<std::vector<dlms::ItemResult>>> DeviceLink::answer() {
  pump();
  dlms::ClientEvent event = co_await next_event();
  if (const auto* failed = std::get_if<dlms::Failed>(&event)) co_return failure(*failed);
  auto* response = std::get_if<dlms::Response>(&event);
  if (response == nullptr) co_return make_error(ErrorCode::kMalformed, "another answer than was asked for");
  co_return std::move(response->items);
}

Task<Result<std::vector<dlms::ItemResult>>> DeviceLink::get(std::vector<dlms::AttributeRequest> attributes) {
  std::vector<dlms::ItemResult> all;
  std::span<const dlms::AttributeRequest> left(attributes);
  while (!left.empty()) {
    const std::size_t count = several_ ? std::min(left.size(), dlms::kRequestItemsMax) : 1;
    AMITY_CO_CHECK(co_await reserve_counters());
    AMITY_CO_CHECK(client_.get(left.first(count), runtime_.clock.now()));
    AMITY_CO_TRY(auto items, co_await answer());
    if (items.size() != count) co_return make_error(ErrorCode::kMalformed, "fewer answers than attributes asked");
    for (auto& item : items) all.push_back(std::move(item));
    left = left.subspan(count);
  }
  co_return all;
}

Task<Result<Bytes>> DeviceLink::get_value(dlms::AttributeRequest attribute) {
  std::vector<dlms::AttributeRequest> one;
  one.push_back(std::move(attribute));
  AMITY_CO_TRY(auto items, co_await get(std::move(one)));
  if (!items[0].ok()) {
    co_return make_error(ErrorCode::kRefused, "the meter says: " + std::string(dlms::to_string(items[0].access)));
  }
  co_return std::move(items[0].data);
}

Task<Status> DeviceLink::set(dlms::AttributeWrite write) {
  AMITY_CO_CHECK(co_await reserve_counters());
  AMITY_CO_CHECK(client_.set(std::span(&write, 1), runtime_.clock.now()));
  AMITY_CO_TRY(const auto items, co_await answer());
  if (items.size() != 1 || !items[0].ok()) {
    const std::string_view says = items.empty() ? "nothing" : dlms::to_string(items[0].access);
    co_return make_error(ErrorCode::kRefused, "the meter says: " + std::string(says));
  }
  co_return Status{};
}

Task<Result<dlms::ItemResult>> DeviceLink::action(dlms::MethodCall call) {
  AMITY_CO_CHECK(co_await reserve_counters());
  AMITY_CO_CHECK(client_.action(std::span(&call, 1), runtime_.clock.now()));
  AMITY_CO_TRY(auto items, co_await answer());
  if (items.size() != 1) co_return make_error(ErrorCode::kMalformed, "an action without its answer");
  co_return std::move(items[0]);
}

Task<void> DeviceLink::release() {
  if (!client_.connected() || !client_.release(runtime_.clock.now()).ok()) co_return;
  pump();
  const dlms::ClientEvent event = co_await next_event();
  if (!stream_) co_return;
  stream_->set_handler(nullptr);
  if (!std::holds_alternative<dlms::Released>(event)) {
    stream_.reset();
  } else if (address_.shared()) {
    pool_.give_back(address_.place(), std::move(stream_));
  } else {
    stream_->close();
    stream_.reset();
  }
}

}  // namespace amity::headend
