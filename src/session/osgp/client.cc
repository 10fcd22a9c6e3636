#include <algorithm>

#include "session/osgp/session.h"
#include "wire/c12/limits.h"

namespace amity::osgp {

Result<Client> Client::make(ClientConfig config) {
  AMITY_CHECK(check_suite(config.suite));
  AMITY_CHECK([&]() -> Status {
    AMITY_TRY(const OmaDigest digest, OmaDigest::make(config.key.view()));
    (void)digest;
    return {};
  }());
  return Client(std::move(config));
}

Status Client::read(std::uint16_t table, Instant now) {
  return start(Request{Service::kRead, table, 0, 0, {}, 0}, {}, 0, now);
}
Status Client::read_part(std::uint16_t table, std::uint32_t offset, std::uint32_t count,
                         Instant now) {
  if (count == 0 || count > c12::kTableBytesMax || offset > 0xFFFFFF - count) {
    return make_error(ErrorCode::kInvalid, "a part has some bytes, an offset 24 bits");
  }
  return start(Request{Service::kReadPart, table, offset, 0, {}, 0}, {}, count, now);
}
Status Client::write(std::uint16_t table, Bytes data, Instant now) {
  return start(Request{Service::kWrite, table, 0, 0, {}, 0}, std::move(data), 0, now);
}
Status Client::write_part(std::uint16_t table, std::uint32_t offset, Bytes data, Instant now) {
  if (offset > 0xFFFFFF) return make_error(ErrorCode::kInvalid, "an offset has 24 bits");
  return start(Request{Service::kWritePart, table, offset, 0, {}, 0}, std::move(data), 0, now);
}

Status Client::start(Request request, Bytes data, std::uint32_t total, Instant now) {
  if (busy_) return make_error(ErrorCode::kBusy, "a request is under way");
  if (data.size() > 0xFFFF) return make_error(ErrorCode::kLimit, "a write of at most 65535 bytes");
  busy_ = true;
  resynchronized_ = false;
  request_ = request;
  data_ = std::move(data);
  total_ = total;
  read_.clear();
  ask(now);
  return {};
}

void Client::ask(Instant now) {
  Request request = request_;
  request.sequence = ++config_.sequence;
  request.data = data_;
  if (request.service == Service::kReadPart) {
    request.offset += static_cast<std::uint32_t>(read_.size());
    request.count = static_cast<std::uint16_t>(std::min<std::size_t>(
        std::max<std::uint16_t>(1, config_.part_bytes_max), total_ - read_.size()));
  }
  digest_ = *OmaDigest::make(config_.key.view());  // checked by make()
  sent_.clear();
  encode(request, *digest_, sent_);
  output_ = sent_;
  attempts_left_ = std::max(1u, config_.attempts) - 1;
  deadline_ = now + config_.response_timeout;
}

void Client::on_message(ByteView message, Instant now) {
  if (!busy_) return;
  const auto parsed = parse_response(message);
  if (!parsed.ok()) return;  // as if it had not come
  OmaDigest digest = *digest_;
  if (!verify(digest, parsed->digested, parsed->digest).ok()) return;
  on_response(parsed->response, now);
}

void Client::on_response(const Response& response, Instant now) {
  if (response.code == Code::kSequenceError && !resynchronized_) {
    resynchronized_ = true;
    config_.sequence = *response.sequence;
    return ask(now);
  }
  if (response.code != Code::kOk) {
    return finish(Failed{make_error(ErrorCode::kRefused,
                                    "the meter answers: " + std::string(to_string(response.code))),
                         response.code});
  }
  if (request_.service == Service::kWrite || request_.service == Service::kWritePart)
    return finish(Written{});
  append(read_, response.data);
  if (request_.service == Service::kReadPart) {
    if (response.data.empty() || read_.size() > total_) {
      return finish(
          Failed{make_error(ErrorCode::kMalformed, "another number of bytes than asked for"), {}});
    }
    if (read_.size() < total_) {
      resynchronized_ = false;
      return ask(now);
    }
  }
  finish(TableRead{request_.table, request_.offset, std::move(read_)});
}

void Client::finish(Event event) {
  busy_ = false;
  deadline_.reset();
  digest_.reset();
  events_.push_back(std::move(event));
}

void Client::on_timer(Instant now) {
  if (!deadline_ || *deadline_ > now) return;
  if (attempts_left_ == 0) return finish(Failed{make_error(ErrorCode::kTimeout, "no answer"), {}});
  --attempts_left_;
  output_ = sent_;
  deadline_ = now + config_.response_timeout;
}

bool Client::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  out = std::exchange(output_, {});
  return true;
}

std::optional<Event> Client::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event out = std::move(events_.front());
  events_.pop_front();
  return out;
}

}  // namespace amity::osgp
