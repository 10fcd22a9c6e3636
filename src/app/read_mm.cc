#include "app/read_mm.h"

#include <fmt/core.h>

#include <charconv>

#include "app/exit_codes.h"
#include "base/json_text.h"
#include "headend/open_stream.h"
#include "session/mm/session.h"

namespace amity::app {
namespace {

constexpr std::string_view kScheme = "mm+tcp://", kOverTls = "mm+tls://";

struct Plan {
  headend::Address at;  // what of one is of any scheme
  mm::ClientConfig client;
  std::vector<std::pair<mm::Attribute, std::uint16_t>> items;
};

Error invalid(std::string reason) {
  return make_error(ErrorCode::kInvalid, std::move(reason));
}

template <class Number>
Result<Number> number_from(std::string_view text, std::string_view what) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return invalid("\"" + std::string(text) + "\" is no " + std::string(what));
  return number;
}

Status take_option(mm::ClientConfig& client, std::string_view name, std::string_view value) {
  if (name == "meter") {
    AMITY_TRY(client.meter, mm::address_from(value));
  } else if (name == "own") {
    AMITY_TRY(client.own, mm::address_from(value));
  } else if (name == "key") {
    AMITY_TRY(const Bytes key, from_hex(value));
    client.key = dlms::Secret(key);
  } else if (name == "number") {
    AMITY_TRY(client.number, number_from<std::uint32_t>(value, "number"));
  } else {
    return invalid("the URL has an unknown option \"" + std::string(name) + "\"");
  }
  return {};
}

// "attribute:7", "table:5"; none: the meter's address.
Result<Plan> plan_of(const ReadOptions& options, UtcSeconds now) {
  Plan plan;
  std::string_view rest = std::string_view(options.url).substr(kScheme.size());
  const std::string_view authority = rest.substr(0, rest.find('?'));
  // How a connection is made is said as of every other scheme.
  std::string connection = (options.url.starts_with(kOverTls) ? "sml+tls://" : "sml+tcp://");
  connection += std::string(authority) + "?";
  // Of authenticated requests no number may come twice: the second of the clock, and upward.
  plan.client.number = static_cast<std::uint32_t>(now.value);
  rest.remove_prefix(std::min(rest.size(), authority.size() + 1));
  while (!rest.empty()) {
    const std::string_view option = rest.substr(0, rest.find('&'));
    const std::size_t equal = std::min(option.find('='), option.size());
    if (option.starts_with("tls-")) {
      connection += (connection.back() == '?' ? "" : "&") + std::string(option);
    } else {
      AMITY_CHECK(take_option(plan.client, option.substr(0, equal),
                              option.substr(std::min(option.size(), equal + 1))));
    }
    rest.remove_prefix(std::min(rest.size(), option.size() + 1));
  }
  if (connection.back() == '?') connection.pop_back();
  AMITY_TRY(plan.at, headend::parse_address(connection));
  plan.at.bearer.connect_timeout_ms = std::int64_t{options.timeout_s} * 1'000;
  plan.client.response_timeout = std::chrono::seconds(options.timeout_s);
  for (const std::string& item : options.obis) {
    const bool table = item.starts_with("table:"), attribute = item.starts_with("attribute:");
    if (!table && !attribute) return invalid("\"" + item + "\" is neither attribute:N nor table:N");
    AMITY_TRY(const auto number, number_from<std::uint16_t>(
                                     std::string_view(item).substr(item.find(':') + 1), "item"));
    plan.items.emplace_back(table ? mm::Attribute::kReadTable : mm::Attribute::kRead, number);
  }
  if (plan.items.empty()) plan.items.emplace_back(mm::Attribute::kAddress, std::uint16_t{0});
  return plan;
}

class Reader : public Stream::Handler {
 public:
  Reader(Plan plan, mm::Client client, const ReadOptions& options, runtime::Reactor& reactor)
      : plan_(std::move(plan)), client_(std::move(client)), options_(options), reactor_(reactor) {
    auto stream = headend::open_stream(reactor_.runtime(), plan_.at, this);
    if (stream.ok()) {
      stream_ = std::move(*stream);
    } else {
      fail(stream.error());
    }
  }
  ~Reader() override { reactor_.runtime().timers.cancel(timer_); }
  int code() const { return code_; }

 private:
  void on_open() override { next(); }
  void on_bytes(ByteView bytes) override {
    client_.on_bytes(bytes, reactor_.runtime().clock.now());
    look();
  }
  void on_closed(const Error& why) override { fail(why); }

  void next() {
    if (at_ == plan_.items.size()) return reactor_.stop();
    const auto [attribute, item] = plan_.items[at_];
    const Status asked = client_.ask(attribute, item, {}, reactor_.runtime().clock.now());
    asked.ok() ? flush() : fail(asked.error());
  }
  void flush() {
    Bytes out;
    while (client_.poll_output(out)) stream_->send(out);
    const Runtime runtime = reactor_.runtime();
    runtime.timers.cancel(timer_);
    timer_ = 0;
    if (const auto due = client_.next_timeout())
      timer_ = runtime.timers.at(*due, [this] {
        timer_ = 0;
        client_.on_timer(reactor_.runtime().clock.now());
        look();
      });
  }
  void look() {
    const auto event = client_.poll_event();
    if (!event) return flush();
    if (const auto* failed = std::get_if<mm::Failed>(&*event)) {
      if (failed->error.code != ErrorCode::kRefused) return fail(failed->error);
      fmt::print(stderr, "amity read: item {}: {}\n", plan_.items[at_].second,
                 to_string(failed->error));
      code_ = kExitFailed;
    } else {
      print(std::get<mm::Answered>(*event).answer);
    }
    ++at_;
    next();
  }
  void print(const mm::Message& answer) const {
    const std::string what(to_string(plan_.items[at_].first));
    if (options_.json)
      fmt::print(
          "{{\"protocol\":\"mm\",\"conformance\":{},\"meter\":\"{}\",\"service\":{},\"item\":{},"
          "\"authenticated\":{},\"data\":\"{}\"}}\n",
          json_string(mm::kLabel), to_hex(answer.source), json_string(what), answer.item,
          answer.authenticated, to_hex(answer.data));
    else
      fmt::print("{:<12} {:>5}  {}\n", what, answer.item, to_hex(answer.data));
  }
  void fail(const Error& why) {
    fmt::print(stderr, "amity read: {}\n", to_string(why));
    code_ = kExitFailed;
    reactor_.stop();
  }

  Plan plan_;
  mm::Client client_;
  const ReadOptions& options_;
  runtime::Reactor& reactor_;
  std::unique_ptr<Stream> stream_;
  TimerId timer_ = 0;
  std::size_t at_ = 0;
  int code_ = kExitDone;
};

}  // namespace

bool is_mm(const std::string& url) {
  return url.starts_with(kScheme) || url.starts_with(kOverTls);
}

int read_mm(const ReadOptions& options, runtime::Reactor& reactor) {
  auto plan = plan_of(options, reactor.runtime().clock.utc());
  auto client = plan.ok() ? mm::Client::make(plan->client) : Result<mm::Client>(plan.error());
  if (!client.ok()) {
    fmt::print(stderr, "amity read: {}\n", to_string(client.error()));
    return kExitBadInput;
  }
  if (!options.json)
    fmt::print(stderr, "Meters and More: {}; what the data mean is in no public text\n",
               mm::kLabel);
  Reader reader(std::move(*plan), std::move(*client), options, reactor);
  reactor.run();
  return reader.code();
}

}  // namespace amity::app
