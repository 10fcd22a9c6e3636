#include "api/http/parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cctype>
#include <optional>

#include "api/http/limits.h"

namespace amity::api {

namespace {

namespace beast_http = boost::beast::http;
using boost::beast::string_view;
using ErrorOut = boost::beast::error_code;

Method method_of(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::kGet;
    case beast_http::verb::head:
      return Method::kHead;
    case beast_http::verb::post:
      return Method::kPost;
    case beast_http::verb::put:
      return Method::kPut;
    case beast_http::verb::patch:
      return Method::kPatch;
    case beast_http::verb::delete_:
      return Method::kDelete;
    default:
      return Method::kOther;
  }
}

std::string lower(string_view text) {
  std::string out(text.data(), text.size());
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Beast finds the parts of the message; they go straight into our Request.
class Collector : public beast_http::basic_parser<true> {
 public:
  Collector(Request& request, HttpError& refused) : request_(request), refused_(refused) {
    eager(true);
    header_limit(kHeaderBytesMax);
    body_limit(kBodyBytesMax);
  }
  int version() const { return version_; }
  bool refused() const { return was_refused_; }
  // What is left of the chunk whose body is being read; 0: its successor's line comes next.
  std::uint64_t chunk_left() const { return chunk_left_; }
  bool chunk_seen() const { return chunk_seen_; }

 private:
  void refuse(int status, std::string detail, ErrorOut& error) {
    refused_ = {status, std::move(detail)};
    was_refused_ = true;
    error = beast_http::error::bad_target;  // any error stops the parser
  }

  void on_request_impl(beast_http::verb verb, string_view, string_view target, int version,
                       ErrorOut& error) override {
    request_.method = method_of(verb);
    version_ = version;
    request_.target.assign(target.data(), target.size());
    auto parsed = amity::api::parse_target(std::string_view(target.data(), target.size()));
    if (!parsed.ok()) {
      return refuse(parsed.error().code == ErrorCode::kLimit ? 414 : 400, parsed.error().reason,
                    error);
    }
    request_.uri = std::move(*parsed);
  }
  void on_field_impl(beast_http::field, string_view name, string_view value,
                     ErrorOut& error) override {
    if (request_.headers.size() == kHeaderCountMax)
      return refuse(431, "too many header fields", error);
    request_.headers.push_back({lower(name), std::string(value.data(), value.size())});
  }
  void on_header_impl(ErrorOut& error) override {
    std::size_t hosts = 0;
    for (const auto& h : request_.headers) hosts += h.name == "host";
    if (hosts > 1 || (hosts == 0 && version_ >= 11))
      refuse(400, "exactly one Host field is required", error);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorOut&) override {
    if (length) request_.body.reserve(std::min<std::size_t>(*length, kBodyBytesMax));
  }
  std::size_t on_body_impl(string_view body, ErrorOut&) override { return take(body); }
  void on_chunk_header_impl(std::uint64_t size, string_view, ErrorOut&) override {
    chunk_left_ = size;
    chunk_seen_ = true;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, ErrorOut& error) override {
    if (request_.body.size() + body.size() > kBodyBytesMax) {
      refuse(413, "the body is larger than " + std::to_string(kBodyBytesMax) + " bytes", error);
      return 0;
    }
    chunk_left_ -= body.size();
    return take(body);
  }
  void on_finish_impl(ErrorOut&) override {}
  void on_response_impl(int, string_view, int, ErrorOut&) override {}

  std::size_t take(string_view body) {
    request_.body.append(body.data(), body.size());
    return body.size();
  }

  Request& request_;
  HttpError& refused_;
  int version_ = 11;
  bool was_refused_ = false;
  bool chunk_seen_ = false;
  std::uint64_t chunk_left_ = 0;
};

// The first bytes of `bytes`, which begin where a chunk's line begins (behind the line end of the
// chunk before), that are that line; of the last chunk its trailer too. 0: it is not whole yet.
std::size_t chunk_line(ByteView bytes, bool first) {
  const std::string_view text = as_text(bytes);
  const std::size_t begin = first ? 0 : 2;
  if (text.size() <= begin) return 0;
  const std::size_t end = text.find("\r\n", begin);
  if (end == std::string_view::npos) return 0;
  const std::size_t digit = std::min(text.find_first_not_of('0', begin), end);
  const bool last = digit > begin && std::isxdigit(static_cast<unsigned char>(text[digit])) == 0;
  if (!last) return end + 2;
  const std::size_t trailer = text.find("\r\n\r\n", end);
  return trailer == std::string_view::npos ? 0 : trailer + 4;
}

HttpError explain(const ErrorOut& error) {
  if (error == beast_http::error::body_limit) {
    return {413, "the body is larger than " + std::to_string(kBodyBytesMax) + " bytes"};
  }
  if (error == beast_http::error::header_limit) {
    return {431, "the header is larger than " + std::to_string(kHeaderBytesMax) + " bytes"};
  }
  if (error == beast_http::error::bad_version)
    return {505, "HTTP/1.0 and HTTP/1.1 are spoken here"};
  return {400, "not an HTTP request: " + error.message()};
}

}  // namespace

struct RequestParser::State {
  Request request;
  HttpError refused;
  bool failed = false;
  std::optional<Collector> parser;

  void refuse(HttpError why) {
    failed = true;
    refused = std::move(why);
  }

  // How many of the bytes were taken; the rest waits for more of them.
  std::size_t put(ByteView bytes) {
    std::size_t taken = 0;
    while (!failed && !parser->is_done() && taken < bytes.size()) {
      ErrorOut error;
      taken += parser->put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
      if (error == beast_http::error::need_more) break;
      if (error) {
        failed = true;
        if (!parser->refused()) refused = explain(error);
      }
    }
    return taken;
  }

  // Beast sees a chunk's line once it is whole, and nothing behind it: where the network cuts
  // decides nothing. (Given part of a last chunk, Beast 1.81 asserts: boostorg/beast#2861, mended
  // in Boost 1.86.)
  std::size_t put_chunks(ByteView bytes) {
    std::size_t taken = 0;
    while (!failed && !parser->is_done() && taken < bytes.size()) {
      const ByteView rest = bytes.subspan(taken);
      if (parser->chunk_left() > 0) {
        taken += put(rest.first(
            static_cast<std::size_t>(std::min<std::uint64_t>(parser->chunk_left(), rest.size()))));
        continue;
      }
      const std::size_t line = chunk_line(rest, !parser->chunk_seen());
      if (line == 0 && rest.size() <= kHeaderBytesMax) break;
      if (line == 0 || line > kHeaderBytesMax) {
        refuse({400, "a chunk's line has no end"});
        break;
      }
      const std::size_t used = put(rest.first(line));
      taken += used;
      if (!failed && used < line)
        refuse({400, "not an HTTP request: a chunk's line ends too early"});
    }
    return taken;
  }
};

RequestParser::RequestParser() : state_(std::make_unique<State>()) {
  reset();
}
RequestParser::~RequestParser() = default;

std::size_t RequestParser::feed(ByteView bytes) {
  State& s = *state_;
  std::size_t taken = 0;
  if (!s.failed && !s.parser->is_header_done()) {
    // A head is looked at once it is whole, and alone, so that where the network cuts it decides
    // nothing.
    const std::size_t end = as_text(bytes).find("\r\n\r\n");
    if (end == std::string_view::npos && bytes.size() <= kHeaderBytesMax) return 0;
    const std::size_t head = end == std::string_view::npos ? bytes.size() : end + 4;
    taken = s.put(bytes.first(head));
    if (!s.failed && !s.parser->is_header_done())
      s.refuse({400, "not an HTTP request: the head ends too early"});
  }
  if (!s.failed && !s.parser->is_done()) {
    const ByteView body = bytes.subspan(taken);
    taken += s.parser->chunked() ? s.put_chunks(body) : s.put(body);
  }
  if (s.parser->is_done()) {
    s.request.keep_alive = s.parser->keep_alive();
    s.request.http10 = s.parser->version() < 11;
  }
  return taken;
}

bool RequestParser::done() const {
  return !state_->failed && state_->parser->is_done();
}
bool RequestParser::header_done() const {
  return !state_->failed && state_->parser->is_header_done();
}
bool RequestParser::wants_continue() const {
  return header_done() && !done() && state_->request.body.empty() &&
         state_->parser->version() >= 11 && state_->request.header("expect") == "100-continue";
}
const HttpError* RequestParser::error() const {
  return state_->failed ? &state_->refused : nullptr;
}
Request& RequestParser::request() {
  return state_->request;
}

void RequestParser::reset() {
  State& s = *state_;
  s.request = Request();
  s.refused = {};
  s.failed = false;
  s.parser.emplace(s.request, s.refused);
}

}  // namespace amity::api
