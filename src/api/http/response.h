// What a handler answers, and its head on the wire.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace amity::api {

// A body made piece by piece while it is sent, so that its size needs no memory.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // Appends the next piece (tens of kilobytes); false when this was the last one.
  virtual bool next(std::string& out) = 0;
};

struct Subscription;  // to the live stream; see live_feed.h

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string_view static_body;  // instead of `body`: lives as long as the program
  std::vector<std::pair<std::string, std::string>> headers;
  std::unique_ptr<BodySource> source;                // instead of both: chunked
  std::shared_ptr<const Subscription> subscription;  // the connection stays with the live stream

  Response() = default;
  Response(int code, std::string type, std::string text)
      : status(code), content_type(std::move(type)), body(std::move(text)) {}
  std::string_view text() const {
    return static_body.empty() ? std::string_view(body) : static_body;
  }
};

std::string_view reason_phrase(int status);

enum class Framing { kLength, kChunked, kUntilClose };

// Status line and fields, with the security fields every answer carries. `date` is an IMF-fixdate.
void write_head(const Response& response, Framing framing, bool keep_alive, std::string_view date,
                Bytes& out);
void write_chunk(std::string_view piece, Bytes& out);  // nothing for an empty piece
void write_last_chunk(Bytes& out);

// RFC 9457 problem+json.
Response problem(int status, std::string_view detail, std::string_view instance = {});

// "Sat, 21 Nov 2026 01:30:57 GMT" (RFC 9110 section 5.6.7)
std::string http_date(std::int64_t utc_s);

}  // namespace amity::api
