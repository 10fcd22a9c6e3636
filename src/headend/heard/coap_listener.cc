#include "headend/heard/coap_listener.h"

#include "headend/heard/together.h"

namespace amity::heard {
namespace {

const std::string kSource = "coap";
constexpr const char* kPath = "m";

std::uint8_t code_of(const Status& status) {
  if (status.ok()) return coap::kChanged;
  switch (status.error().code) {
    case ErrorCode::kSecurity:
      return coap::kUnauthorized;
    case ErrorCode::kBusy:
    case ErrorCode::kIo:
      return coap::kUnavailable;
    default:
      return coap::kBadRequest;
  }
}

}  // namespace

CoapListener::CoapListener(Sink& sink) : sink_(sink) {
  sink_.counters(kSource);
}
CoapListener::~CoapListener() = default;

Status CoapListener::listen(const Endpoint& at) {
  AMITY_TRY(socket_,
            sink_.context().runtime.network.open_datagram(
                at, [this](const Endpoint& from, ByteView bytes) { datagram(from, bytes); }));
  return {};
}

std::optional<Endpoint> CoapListener::listening() const {
  return socket_ ? std::optional(socket_->local()) : std::nullopt;
}

void CoapListener::forget_old() {
  const UtcSeconds now = sink_.context().runtime.clock.utc();
  if (exchanges_.size() >= kCoapExchangesMax)
    std::erase_if(exchanges_, [&](const auto& e) { return now - e.second.at > kCoapExchange_s; });
  if (transfers_.size() >= kCoapTransfersMax)
    std::erase_if(transfers_, [&](const auto& t) { return now - t.second.at > kCoapTransfer_s; });
}

void CoapListener::datagram(const Endpoint& from, ByteView bytes) {
  const auto message = coap::parse_message(bytes);
  if (!message.ok()) {
    ++sink_.counters(kSource).undecodable;
    return;
  }
  using coap::Type;
  if (message->type != Type::kConfirmable && message->type != Type::kNonConfirmable) return;
  if (message->code == coap::kEmpty) {  // a ping
    coap::Message reset;
    reset.type = Type::kReset;
    reset.id = message->id;
    if (message->type == Type::kConfirmable) socket_->send_to(from, *coap::encode_message(reset));
    return;
  }
  if (message->code >> 5 != 0) return;  // no request
  forget_old();
  const UtcSeconds now = sink_.context().runtime.clock.utc();
  const ExchangeKey key{from, message->id};
  const auto known = exchanges_.find(key);
  if (known != exchanges_.end() && now - known->second.at <= kCoapExchange_s) {
    ++sink_.counters(kSource).duplicates;
    if (!known->second.answer.empty()) socket_->send_to(from, known->second.answer);
    return;
  }
  if (exchanges_.size() >= kCoapExchangesMax && known == exchanges_.end())
    return answer(from, *message, coap::kUnavailable);
  exchanges_[key] = {now, {}};
  request(from, *message);
}

void CoapListener::request(const Endpoint& from, const coap::Message& message) {
  if (coap::unknown_critical(message)) return answer(from, message, coap::kBadOption);
  if (coap::path_of(message) != kPath) return answer(from, message, coap::kNotFound);
  if (message.code != coap::kPost && message.code != coap::kPut)
    return answer(from, message, coap::kMethodNotAllowed);
  const auto payload = join(from, message);
  if (payload) take(from, message, *payload);
}

std::optional<Bytes> CoapListener::join(const Endpoint& from, const coap::Message& message) {
  const auto refuse = [&](std::uint8_t code) {
    transfers_.erase(from);
    answer(from, message, code);
    return std::nullopt;
  };
  const auto block = coap::block1_of(message);
  if (!block.ok()) return refuse(coap::kBadOption);
  if (!*block) return message.payload;
  const coap::Block& b = **block;
  if (b.more && message.payload.size() != b.bytes()) return refuse(coap::kBadRequest);
  if (b.number == 0) transfers_.erase(from);
  const std::size_t before = transfers_.contains(from) ? transfers_[from].bytes.size() : 0;
  if (before != b.number * b.bytes()) return refuse(coap::kIncomplete);
  if (before + message.payload.size() > kDatagramBytesMax) return refuse(coap::kTooLarge);
  if (transfers_.size() >= kCoapTransfersMax && before == 0 && b.more)
    return refuse(coap::kUnavailable);
  Transfer& transfer = transfers_[from];
  transfer.at = sink_.context().runtime.clock.utc();
  append(transfer.bytes, message.payload);
  if (b.more) {
    answer(from, message, coap::kContinue, b);
    return std::nullopt;
  }
  Bytes whole = std::move(transfer.bytes);
  transfers_.erase(from);
  return whole;
}

void CoapListener::take(const Endpoint& from, const coap::Message& message, ByteView payload) {
  coap::Message head = message;
  head.payload.clear();
  Together all([this, alive = std::weak_ptr<bool>(alive_), from, head](const Status& status) {
    if (alive.expired()) return;
    const auto block = coap::block1_of(head);
    answer(from, head, code_of(status), block.ok() ? *block : std::nullopt);
  });
  decode::FrameStream frames;
  if (payload.size() <= kDatagramBytesMax) frames.add(payload);
  bool any = false;
  while (const auto frame = frames.next(true)) {
    any = true;
    sink_.take_frame(*frame, kSource, all.part());
  }
  if (!any) ++sink_.counters(kSource).undecodable;
  all.end(any ? Status() : make_error(ErrorCode::kMalformed, "the payload holds no frame"));
}

void CoapListener::answer(const Endpoint& from, const coap::Message& message, std::uint8_t code,
                          std::optional<coap::Block> block) {
  coap::Message reply;
  const bool confirmable = message.type == coap::Type::kConfirmable;
  reply.type = confirmable ? coap::Type::kAcknowledgement : coap::Type::kNonConfirmable;
  reply.code = code;
  reply.id = message.id;
  reply.token = message.token;
  if (block) reply.options.push_back(coap::block1_option(*block));
  Bytes bytes = *coap::encode_message(std::move(reply));
  socket_->send_to(from, bytes);
  if (const auto at = exchanges_.find({from, message.id}); at != exchanges_.end())
    at->second.answer = std::move(bytes);
}

}  // namespace amity::heard
