#include "session/modbus/client.h"

#include <algorithm>

namespace amity::modbus {

Client::Client(ClientConfig config) : config_(config) {
  config_.attempts = std::clamp(config_.attempts, 1u, kAttemptsMax);
}

Status Client::submit(Request request, Instant now) {
  if (queue_.size() >= kQueueMax) return make_error(ErrorCode::kBusy, "too many requests wait");
  Bytes pdu;
  AMITY_CHECK(encode_request(request, pdu));
  queue_.push_back(std::move(request));
  if (queue_.size() == 1) {
    attempts_left_ = config_.attempts;
    send(now);
  }
  return {};
}

void Client::send(Instant now) {
  Frame frame{++transaction_, config_.unit, {}};
  AMITY_ASSERT(encode_request(queue_.front(), frame.pdu).ok());  // was encoded when submitted
  stream_.drop(stream_.size());
  encode_frame(config_.transport, frame, output_);
  --attempts_left_;
  deadline_ = now + config_.answer_timeout;
}

void Client::finish(Result<Response> response, Instant now) {
  answers_.push_back({std::move(queue_.front()), std::move(response)});
  queue_.pop_front();
  deadline_.reset();
  if (queue_.empty()) return;
  attempts_left_ = config_.attempts;
  send(now);
}

void Client::on_bytes(ByteView bytes, Instant now) {
  stream_.add(bytes);
  while (!stream_.empty() && !queue_.empty()) {
    auto found = find_frame(config_.transport, Sender::kServer, stream_.rest());
    if (!found.ok()) {
      // Noise, or a damaged frame: the next place may be the beginning of the answer.
      stream_.drop(1);
      continue;
    }
    if (!found->has_value()) return;
    const Frame& frame = (*found)->frame;
    stream_.take((*found)->size);
    const bool ours = frame.unit == config_.unit &&
                      (config_.transport == Transport::kRtu || frame.transaction == transaction_);
    if (!ours) continue;
    auto response = decode_response(frame.pdu);
    if (!response.ok()) continue;
    if (response->exception == Exception::kAcknowledge || response->exception == Exception::kBusy)
      return;  // asked again when the time is over
    const Status checked = check_response(queue_.front(), *response);
    if (!checked.ok() && checked.error().code == ErrorCode::kMalformed) continue;
    if (!checked.ok()) return finish(checked.error(), now);
    finish(std::move(response), now);
  }
  if (queue_.empty()) stream_.drop(stream_.size());
}

void Client::on_timer(Instant now) {
  if (!deadline_ || now < *deadline_ || queue_.empty()) return;
  if (attempts_left_ == 0)
    return finish(make_error(ErrorCode::kTimeout, "no right answer came"), now);
  ++repetitions_;
  send(now);
}

bool Client::poll_output(Bytes& out) {
  if (output_.empty()) return false;
  append(out, output_);
  output_.clear();
  return true;
}

std::optional<Answer> Client::poll_answer() {
  if (answers_.empty()) return std::nullopt;
  Answer answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

}  // namespace amity::modbus
