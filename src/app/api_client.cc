#include "app/api_client.h"

#include <charconv>
#include <optional>

#include "app/platform_options.h"
#include "base/bytes.h"
#include "runtime/reactor.h"
#include "runtime/tls.h"

namespace amity::app {
namespace {

constexpr Duration kConnectPatience = std::chrono::seconds(10);
constexpr std::size_t kAnswerBytesMax = 1 << 20;

// One request; the server closes after its answer, which ends the loop.
class Exchange : public Stream::Handler {
 public:
  Exchange(runtime::Reactor& reactor, Network& network, const Endpoint& to, std::string request)
      : reactor_(reactor),
        request_(std::move(request)),
        stream_(network.connect(to, kConnectPatience, this)) {}

  void on_open() override { stream_->send(Bytes(request_.begin(), request_.end())); }
  void on_bytes(ByteView bytes) override {
    received_.append(as_text(bytes));
    if (received_.size() > kAnswerBytesMax)
      on_closed(make_error(ErrorCode::kLimit, "the answer is too long"));
  }
  void on_closed(const Error& why) override {
    why_ = why;
    reactor_.stop();
  }

  Result<ApiAnswer> answer() const {
    const std::size_t head_end = received_.find("\r\n\r\n");
    const std::size_t length_at = received_.find("\r\nContent-Length: ");
    if (head_end == std::string::npos || length_at > head_end ||
        !received_.starts_with("HTTP/1.1 ")) {
      return why_.value_or(make_error(ErrorCode::kTimeout, "no answer"));
    }
    ApiAnswer answer;
    std::size_t length = 0;
    number(9, answer.status);
    number(length_at + 18, length);
    answer.body = received_.substr(head_end + 4);
    if (answer.body.size() != length)
      return make_error(ErrorCode::kTruncated, "the answer broke off");
    return answer;
  }

 private:
  template <class Number>
  void number(std::size_t at, Number& out) const {
    std::from_chars(received_.data() + at, received_.data() + received_.size(), out);
  }

  runtime::Reactor& reactor_;
  std::string request_, received_;
  std::optional<Error> why_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

Result<ApiServer> api_server_from(const std::string& url) {
  ApiServer server;
  server.tls = url.starts_with("https://");
  if (!server.tls && !url.starts_with("http://"))
    return make_error(ErrorCode::kInvalid,
                      "'" + url + "' is not http://HOST[:PORT] or https://HOST[:PORT]");
  std::string place = url.substr(server.tls ? 8 : 7);
  if (place.ends_with('/')) place.pop_back();
  if (place.empty() || place.find_first_of("/?#@ \r\n") != std::string::npos)
    return make_error(ErrorCode::kInvalid,
                      "'" + url + "' is not http://HOST[:PORT] or https://HOST[:PORT]");
  const std::size_t colon = place.rfind(':');
  if (colon == std::string::npos || place.find(']', colon) != std::string::npos)
    place += server.tls ? ":443" : ":80";
  AMITY_TRY(server.at, endpoint_from(place));
  return server;
}

Result<ApiAnswer> post(const ApiServer& server, std::string_view path, std::string_view body,
                       Duration patience) {
  runtime::Reactor reactor;
  Runtime runtime = reactor.runtime();
  std::unique_ptr<Network> tls;
  if (server.tls) {
    AMITY_TRY(const auto context, runtime::TlsContext::client(server.authority_file));
    tls = runtime::make_tls_network(runtime, context);
  }
  std::string request =
      "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + server.at.host + ":" +
      std::to_string(server.at.port) + "\r\nAuthorization: Bearer " + server.key +
      "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  Exchange exchange(reactor, tls ? *tls : runtime.network, server.at, std::move(request));
  reactor.run_for(patience);
  return exchange.answer();
}

}  // namespace amity::app
