#include "session/dlms/push_receiver.h"

#include <fmt/core.h>

#include "session/dlms/general_blocks.h"
#include "session/dlms/protection.h"
#include "wire/dlms/wrapper.h"
#include "wire/hdlc/splitter.h"

namespace amity::dlms {
namespace {

constexpr unsigned kEnvelopesMax = 4;

Bytes copy(ByteView view) {
  return Bytes(view.begin(), view.end());
}

// The sender that a general ciphered APDU names.
std::optional<SystemTitle> named_sender(const Apdu& apdu) {
  ByteView title;
  if (const auto* general = std::get_if<GeneralGloDed>(&apdu)) title = general->system_title;
  if (const auto* ciphering = std::get_if<GeneralCiphering>(&apdu))
    title = ciphering->originator_system_title;
  const Result<SystemTitle> known = system_title_from(title);
  return known.ok() ? std::optional<SystemTitle>(*known) : std::nullopt;
}

}  // namespace

class PushReceiver::Machine {
 public:
  Machine(Transport transport, PushPeers* peers) : transport_(transport), peers_(peers) {}

  void on_bytes(ByteView bytes);
  std::optional<PushEvent> poll_event();

 private:
  void on_frame(ByteView apdu, std::uint16_t source);
  void on_hdlc_frame(const hdlc::Frame& frame);
  Status on_apdu(ByteView apdu, unsigned depth, Pushed& pushed);
  Status on_ciphered(ByteView apdu, unsigned depth, Pushed& pushed);
  Status on_block(ByteView apdu, unsigned depth, Pushed& pushed);
  Status on_plain(ByteView apdu, Pushed& pushed);
  void emit(PushEvent event);
  void fail(Error error, bool closed) { emit(Failed{std::move(error), closed, {}}); }

  Transport transport_;
  PushPeers* peers_;
  bool lost_ = false;  // wrapper framing is gone
  bool complete_ = false;
  WrapperSplitter wrapper_;
  hdlc::FrameSplitter hdlc_;
  hdlc::Reassembler segments_;
  std::unique_ptr<GeneralBlockReceiver> blocks_;
  std::vector<PushEvent> events_;
  std::size_t taken_ = 0;
};

void PushReceiver::Machine::on_bytes(ByteView bytes) {
  if (lost_) return;
  if (transport_ == Transport::kWrapperDatagram) {
    const Result<WrapperFrame> frame = decode_wrapper(bytes);
    return frame.ok() ? on_frame(frame->apdu, frame->source) : fail(frame.error(), false);
  }
  if (transport_ == Transport::kHdlc) {
    hdlc_.feed(bytes);
    while (const auto frame = hdlc_.next()) on_hdlc_frame(*frame);
    return;
  }
  wrapper_.feed(bytes);
  for (;;) {
    const auto frame = wrapper_.next();
    if (!frame.ok()) {
      lost_ = true;
      wrapper_.reset();
      return fail(frame.error(), true);
    }
    if (!frame->has_value()) return;
    on_frame((*frame)->apdu, (*frame)->source);
  }
}

void PushReceiver::Machine::on_hdlc_frame(const hdlc::Frame& frame) {
  if (frame.control.type != hdlc::FrameType::kUnnumberedInformation &&
      frame.control.type != hdlc::FrameType::kInformation) {
    return;
  }
  const auto message = segments_.add(frame.segmented, frame.information);
  if (!message.ok()) return fail(message.error(), false);
  if (!message->has_value()) return;
  const Result<ByteView> apdu = hdlc::strip_llc(**message);
  // Some meters send the LLC header with every segment's message, some not at all.
  on_frame(apdu.ok() ? *apdu : **message, frame.source.upper);
}

void PushReceiver::Machine::on_frame(ByteView apdu, std::uint16_t source) {
  Pushed pushed;
  pushed.source_sap = source;
  if (has_gateway_prefix(apdu)) {
    ByteReader in(apdu);
    const Result<GatewayPrefix> prefix = read_gateway_prefix(in);
    if (!prefix.ok()) return fail(prefix.error(), false);
    pushed.gateway = GatewayRoute{prefix->network_id, copy(prefix->device_address)};
    apdu = in.rest();
  }
  complete_ = false;
  if (Status taken = on_apdu(apdu, 0, pushed); !taken.ok())
    return fail(std::move(taken).error(), false);
  if (complete_) emit(std::move(pushed));
}

Status PushReceiver::Machine::on_apdu(ByteView apdu, unsigned depth, Pushed& pushed) {
  if (apdu.empty()) return make_error(ErrorCode::kTruncated, "an empty APDU");
  if (depth > kEnvelopesMax)
    return make_error(ErrorCode::kLimit, "too many envelopes around each other");
  if (apdu[0] == static_cast<std::uint8_t>(ApduTag::kGeneralBlockTransfer))
    return on_block(apdu, depth, pushed);
  if (is_ciphered_apdu(apdu[0])) return on_ciphered(apdu, depth, pushed);
  return on_plain(apdu, pushed);
}

Status PushReceiver::Machine::on_block(ByteView apdu, unsigned depth, Pushed& pushed) {
  AMITY_TRY(const Apdu decoded, decode_apdu(apdu));
  const auto* block = std::get_if<GeneralBlockTransfer>(&decoded);
  if (block == nullptr) return make_error(ErrorCode::kMalformed, "not a general block");
  if (block->block_number == 1 || !blocks_)
    blocks_ = std::make_unique<GeneralBlockReceiver>(kResponseBytesMax);
  AMITY_TRY(const auto outcome, blocks_->on_block(*block));
  if (outcome != GeneralBlockReceiver::Outcome::kComplete) return {};
  const Bytes whole = blocks_->take();
  blocks_.reset();
  return on_apdu(whole, depth + 1, pushed);
}

Status PushReceiver::Machine::on_ciphered(ByteView apdu, unsigned depth, Pushed& pushed) {
  AMITY_TRY(const Apdu decoded, decode_apdu(apdu));
  const std::optional<SystemTitle> title = named_sender(decoded);
  if (!title)
    return make_error(ErrorCode::kSecurity, "a ciphered push that does not name its sender");
  const std::optional<PushPeer> peer = peers_ == nullptr ? std::nullopt : peers_->find(*title);
  if (!peer || peer->keys == nullptr) {
    return make_error(ErrorCode::kNotFound,
                      "a push of meter " + to_string(*title) + ", whose keys are not known");
  }
  Protection protection(peer->keys, peer->counters, SystemTitle{});
  protection.set_peer_title(*title);
  Bytes plain;
  AMITY_TRY(const Protected was, protection.open(apdu, plain));
  AMITY_CHECK(check_policy(peer->security, was.control));
  pushed.notification.protection = was.control;
  if (was.control.authenticated()) pushed.title = *title;
  return on_apdu(plain, depth + 1, pushed);
}

Status PushReceiver::Machine::on_plain(ByteView apdu, Pushed& pushed) {
  AMITY_TRY(const Apdu decoded, decode_apdu(apdu));
  Notification& note = pushed.notification;
  if (const auto* data = std::get_if<DataNotification>(&decoded)) {
    note.invoke_id = data->invoke.id();
    note.date_time = copy(data->date_time);
    note.body = copy(data->body);
  } else if (const auto* event = std::get_if<EventNotification>(&decoded)) {
    note.date_time = copy(event->time);
    note.attribute = event->attribute;
    note.body = copy(event->value);
  } else {
    return make_error(ErrorCode::kUnsupported,
                      fmt::format("pushed APDU {:02X} is no notification", apdu[0]));
  }
  complete_ = true;
  return {};
}

void PushReceiver::Machine::emit(PushEvent event) {
  if (events_.size() - taken_ < kEventsQueuedMax) events_.push_back(std::move(event));
}

std::optional<PushEvent> PushReceiver::Machine::poll_event() {
  if (taken_ == events_.size()) {
    events_.clear();
    taken_ = 0;
    return std::nullopt;
  }
  return std::move(events_[taken_++]);
}

PushReceiver::PushReceiver(Transport transport, PushPeers* peers)
    : machine_(std::make_unique<Machine>(transport, peers)) {}
PushReceiver::PushReceiver(PushReceiver&&) noexcept = default;
PushReceiver& PushReceiver::operator=(PushReceiver&&) noexcept = default;
PushReceiver::~PushReceiver() = default;

void PushReceiver::on_bytes(ByteView bytes, Instant) {
  machine_->on_bytes(bytes);
}
std::optional<PushEvent> PushReceiver::poll_event() {
  return machine_->poll_event();
}

}  // namespace amity::dlms
