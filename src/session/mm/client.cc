#include <algorithm>

#include "session/mm/session.h"
#include "session/mm/stream.h"

namespace amity::mm {

Result<Client> Client::make(ClientConfig config) {
  const std::size_t size = config.key.view().size();
  if (size != 0 && size != kKeyBytes)
    return make_error(ErrorCode::kInvalid, "a key has 16 bytes, not " + std::to_string(size));
  return Client(std::move(config));
}

Status Client::ask(Attribute attribute, std::uint16_t item, Bytes data, Instant now, Part part) {
  if (busy_) return make_error(ErrorCode::kBusy, "a request is under way");
  if (is_answer(attribute)) return make_error(ErrorCode::kInvalid, "an answer's code asks nothing");
  if (const std::string_view why = why_not(attribute); !why.empty())
    return make_error(ErrorCode::kUnsupported, std::string(to_string(attribute)) +
                                                   " is not implemented: " + std::string(why));
  if (!config_.key.view().empty() && config_.number == UINT32_MAX)
    return make_error(ErrorCode::kSecurity, "the numbers of this key are used up");
  Message request;
  request.attribute = attribute;
  request.authenticated = !config_.key.view().empty();
  request.source = config_.own;
  request.destination = config_.meter;
  request.number = ++config_.number;
  request.item = item;
  request.offset = part.offset;
  request.count = part.count;
  request.data = std::move(data);
  sent_.clear();
  AMITY_CHECK(encode(request, config_.key.view(), sent_));
  busy_ = true;
  asked_ = attribute;
  output_ = sent_;
  attempts_left_ = std::max(1u, config_.attempts) - 1;
  deadline_ = now + config_.response_timeout;
  return {};
}

void Client::on_bytes(ByteView bytes, Instant) {
  append(input_, bytes);
  const Status sound = take_messages(input_, [this](ByteView message) { take(message); });
  if (!sound.ok() && busy_) finish(Failed{sound.error()});
}

void Client::take(ByteView bytes) {
  const auto parsed = parse(bytes);
  if (!parsed.ok() || !busy_) return;  // as if it had not come
  const Message& m = parsed->message;
  const bool mine = m.kind != Kind::kRequest && m.number == config_.number &&
                    m.source == config_.meter && m.destination == config_.own;
  if (!mine) return;
  const ByteView key = config_.key.view();
  if (!key.empty() && !verify(*parsed, key).ok()) return;
  if (m.kind == Kind::kRefusal && m.attribute == asked_)
    return finish(Failed{
        make_error(ErrorCode::kRefused, "the meter refuses: " + std::string(as_text(m.data)))});
  if (m.attribute != answer_of(asked_)) return;
  finish(Answered{m});
}

void Client::finish(Event event) {
  busy_ = false;
  deadline_.reset();
  event_ = std::move(event);
}

void Client::on_timer(Instant now) {
  if (!deadline_ || now < *deadline_) return;
  if (attempts_left_-- == 0) return finish(Failed{make_error(ErrorCode::kTimeout, "no answer")});
  deadline_ = now + config_.response_timeout;
  output_ = sent_;
}

bool Client::poll_output(Bytes& out) {
  out.clear();
  out.swap(output_);
  return !out.empty();
}

std::optional<Event> Client::poll_event() {
  return std::exchange(event_, std::nullopt);
}

}  // namespace amity::mm
