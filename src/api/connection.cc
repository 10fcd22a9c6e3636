#include "api/connection.h"

#include "api/limits.h"

namespace amity::api {

namespace {
constexpr std::int64_t kLingerMs = 1000;
}

Connection::Connection(ConnectionHost& host, std::uint64_t id, std::unique_ptr<Stream> stream,
                       bool secure)
    : host_(host), id_(id), stream_(std::move(stream)), peer_(stream_->peer()), secure_(secure) {
  since_ = progress_ = host_.now();
  stream_->set_handler(this);
}

Connection::~Connection() = default;

void Connection::on_bytes(ByteView bytes) {
  if (state_ == State::kLingering || state_ == State::kLive || state_ == State::kOver) return;
  const bool busy = state_ == State::kServing || state_ == State::kStreaming;
  if (pending_.empty() && !busy) {
    const std::size_t used = process(bytes);
    if (state_ != State::kOver && state_ != State::kLingering)
      append(pending_, bytes.subspan(used));
    return;
  }
  append(pending_, bytes);
  if (!busy && stream_->queued_bytes() < kSendHighWaterBytes) process_pending();
  if (pending_.size() > kPipelineBytesMax) end();  // it asks and asks and does not listen
}

void Connection::process_pending() {
  const Bytes taken = std::exchange(pending_, {});
  const std::size_t used = process(taken);
  if (used < taken.size() && state_ != State::kOver && state_ != State::kLingering) {
    pending_.insert(pending_.begin(), taken.begin() + static_cast<std::ptrdiff_t>(used),
                    taken.end());
  }
}

// Takes whole requests from the front as long as they are answered at once and the client reads its
// answers; returns how many bytes it took.
std::size_t Connection::process(ByteView bytes) {
  processing_ = true;
  std::size_t used = 0;
  while ((state_ == State::kIdle || state_ == State::kReading) && used < bytes.size()) {
    if (out_.size() >= kSendHighWaterBytes) flush();
    if (stream_->queued_bytes() >= kSendHighWaterBytes) break;  // on_drained goes on
    if (state_ == State::kIdle) begin_request();
    used += parser_->feed(bytes.subspan(used));
    if (const HttpError* error = parser_->error()) {
      refuse(error->status, error->detail);
      used = bytes.size();
      break;
    }
    if (!parser_->done()) {
      if (parser_->wants_continue() && !continued_) {
        continued_ = true;
        append(out_, as_bytes("HTTP/1.1 100 Continue\r\n\r\n"));
      }
      break;
    }
    Request request = std::move(parser_->request());
    parser_->reset();
    host_.give_parser(std::move(parser_));
    keep_alive_ = request.keep_alive;
    head_only_ = request.method == Method::kHead;
    http10_ = request.http10;
    method_ = to_string(request.method);
    target_ = request.target;
    state_ = State::kServing;
    since_ = host_.now();
    host_.serve(*this, std::move(request));
  }
  processing_ = false;
  flush();
  return used;
}

void Connection::begin_request() {
  state_ = State::kReading;
  since_ = host_.now();
  continued_ = false;
  principal_.reset();
  parser_ = host_.take_parser();
}

void Connection::refuse(int status, std::string_view detail) {
  const std::string said(detail);  // may be the parser's own words
  parser_.reset();                 // in the middle of something that cannot be trusted
  keep_alive_ = false;
  linger_ = true;
  head_only_ = http10_ = false;
  method_ = "?";
  target_ = "?";
  write_answer(problem(status, said));
}

void Connection::answer(Response response) {
  if (state_ != State::kServing) return;  // the client has left
  write_answer(std::move(response));
  if (!processing_) {
    flush();
    if (state_ == State::kIdle && !pending_.empty()) process_pending();
  }
}

void Connection::write_answer(Response response) {
  if (response.subscription) {
    if (head_only_ || !host_.may_subscribe()) {
      response = problem(503, "too many clients of the live stream");
      response.headers.emplace_back("Retry-After", "10");
    } else {
      keep_alive_ = false;
    }
  }
  const bool live = response.subscription != nullptr;
  const bool streamed = live || (response.source && !head_only_);
  const Framing framing = !streamed && !response.source ? Framing::kLength
                          : http10_                     ? Framing::kUntilClose
                                                        : Framing::kChunked;
  if (framing == Framing::kUntilClose) keep_alive_ = false;
  const std::size_t before = out_.size();
  write_head(response, framing, keep_alive_, host_.http_date(), out_);
  if (!streamed) {
    if (!head_only_ && response.status != 204 && response.status != 304)
      append(out_, as_bytes(response.text()));
    log(response.status, out_.size() - before);
    return finish_request();
  }
  streamed_bytes_ = 0;
  streamed_status_ = response.status;
  if (live) {
    state_ = State::kLive;
    log(response.status, 0);
    return host_.subscribe(*this, *response.subscription);
  }
  state_ = State::kStreaming;
  source_ = std::move(response.source);
  flush();
  pump();
}

void Connection::finish_request() {
  since_ = host_.now();
  if (keep_alive_) {
    state_ = State::kIdle;
  } else if (linger_) {
    state_ = State::kLingering;
  } else {
    end();
  }
}

// Sends pieces while the network takes them; a fast client gives others their turn.
void Connection::pump() {
  for (int i = 0; source_ && stream_->queued_bytes() < kSendHighWaterBytes; ++i) {
    if (i == kPiecesPerTurn) {
      if (!std::exchange(pump_posted_, true)) {
        host_.timers().post([&host = host_, id = id_] {
          Connection* self = host.find(id);
          if (self == nullptr) return;
          self->pump_posted_ = false;
          self->pump();
        });
      }
      return;
    }
    piece_.clear();
    const bool more = source_->next(piece_);
    streamed_bytes_ += piece_.size();
    if (http10_) {
      append(out_, as_bytes(piece_));
    } else {
      write_chunk(piece_, out_);
      if (!more) write_last_chunk(out_);
    }
    flush();
    if (more) continue;
    source_.reset();
    piece_ = {};
    log(streamed_status_, streamed_bytes_);
    finish_request();
    if (!processing_ && state_ == State::kIdle && !pending_.empty()) return process_pending();
  }
}

void Connection::on_drained() {
  progress_ = host_.now();
  if (state_ == State::kStreaming) return pump();
  if ((state_ == State::kIdle || state_ == State::kReading) && !pending_.empty()) process_pending();
}

void Connection::flush() {
  if (out_.empty() || state_ == State::kOver) return;
  stream_->send(std::exchange(out_, {}));
}

void Connection::send_event(std::string_view text) {
  if (state_ != State::kLive) return;
  const bool too_slow = stream_->queued_bytes() + text.size() > kStreamQueueBytesMax;
  if (too_slow) text = "event: overflow\ndata: {\"reason\":\"the client does not keep up\"}\n\n";
  if (http10_) {
    append(out_, as_bytes(text));
  } else {
    write_chunk(text, out_);
    if (too_slow) write_last_chunk(out_);
  }
  if (!processing_) flush();
  if (too_slow) {
    host_.api().counters.dropped_streams.fetch_add(1, std::memory_order_relaxed);
    end();
  }
}

void Connection::check_time(Instant now) {
  const ServerOptions& limits = host_.api().options;
  const auto past = [&](Instant from, std::int64_t ms) {
    return now - from > std::chrono::milliseconds(ms);
  };
  const std::size_t queued = stream_->queued_bytes();
  if (queued == 0 || queued < queued_before_) progress_ = now;
  queued_before_ = queued;
  if (past(progress_, limits.send_timeout_ms)) return end();
  switch (state_) {
    case State::kIdle:
      if (past(since_, limits.idle_timeout_ms)) end();
      return;
    case State::kReading:
      if (!past(since_, limits.request_timeout_ms)) return;
      refuse(408, "the request did not arrive in time");
      return flush();
    case State::kLingering:
      if (past(since_, kLingerMs) && queued == 0) end();
      return;
    case State::kLive:
      if (!past(std::max(since_, checked_), limits.auth_cache_ms)) return;
      checked_ = now;
      if (principal_ && !host_.api().auth.still_valid(*principal_)) end();
      return;
    case State::kServing:
    case State::kStreaming:
    case State::kOver:
      return;
  }
}

void Connection::on_closed(const Error&) {
  state_ = State::kOver;
  host_.retire(id_);
}

void Connection::end() {
  if (state_ == State::kOver) return;
  flush();
  state_ = State::kOver;
  source_.reset();
  stream_->close();
  host_.retire(id_);
}

void Connection::log(int status, std::size_t bytes) {
  Api& api = host_.api();
  Counters& c = api.counters;
  const std::int64_t duration_us = (host_.now() - since_).count();
  c.requests.fetch_add(1, std::memory_order_relaxed);
  c.by_class[status / 100 % 6].fetch_add(1, std::memory_order_relaxed);
  c.bytes_out.fetch_add(bytes, std::memory_order_relaxed);
  c.duration_sum_us.fetch_add(static_cast<std::uint64_t>(duration_us), std::memory_order_relaxed);
  std::size_t bucket = 0;
  while (bucket < 7 && duration_us > kDurationBucketsUs[bucket]) ++bucket;
  c.duration_buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  if (!api.options.on_access) return;
  AccessEntry entry;
  entry.method = method_;
  entry.target = target_;
  entry.status = status;
  entry.bytes = bytes;
  entry.duration_us = duration_us;
  if (principal_) entry.principal = principal_->name;
  entry.peer = &peer_;
  api.options.on_access(entry);
}

}  // namespace amity::api
