#include "world/meter_host.h"

#include <algorithm>

#include "world/limits.h"

namespace amity::world {

dlms::ServerConfig server_config(const VirtualMeter& meter, const std::optional<dlms::GatewayRoute>& gateway,
                                 dlms::Transport transport) {
  const MeterKeys keys = meter.keys();
  dlms::ServerConfig config;
  config.link.server_sap = kMeterSap;
  config.link.transport = transport;
  config.link.gateway = gateway;
  config.title = keys.title;
  config.keys.encryption = dlms::Secret(ByteView(keys.encryption));
  config.keys.authentication = dlms::Secret(ByteView(keys.authentication));
  dlms::ServerAssociation management, open;
  management.client_sap = kManagementClient;
  management.mechanism = dlms::Mechanism::kHighGmac;
  management.security = {dlms::SecuritySuite::k0, true, true};
  open.client_sap = kPublicClient;
  config.associations = {management, open};
  config.receive_pdu_bytes_max = meter.model().pdu_bytes_max;
  config.prefer_general_block_transfer = meter.model().general_block_transfer;
  return config;
}

MeterSession::MeterSession(VirtualMeter& meter, std::optional<dlms::GatewayRoute> gateway, Random& random, Instant now,
                           dlms::Transport transport)
    : meter_(meter),
      config_(server_config(meter, gateway, transport)),
      server_(&config_, &meter, &meter.counters(), &random) {
  server_.on_open(now);
}

bool MeterSession::settle() {
  bool lost = false;
  while (auto event = server_.poll_event()) {
    if (std::holds_alternative<dlms::SecurityViolation>(*event)) meter_.note(1, kEventDecryptionFailed);
    lost |= std::holds_alternative<dlms::ServerFailed>(*event);
  }
  return lost;
}

void MeterSession::push_if_asked(Instant now) {
  if (!meter_.take_push_request()) return;
  const UtcSeconds until = meter_.meter_time();
  dlms::Push push;
  push.destination_sap = kManagementClient;
  push.security = {dlms::SecuritySuite::k0, true, true};
  push.body = meter_.interval_push(until - 2 * std::int64_t{meter_.interval_s()}, until);
  // What does not fit into the queue any more is lost, as any push may be.
  (void)server_.push(push, now);
}

Host::Host(const HostContext& context, std::unique_ptr<Stream> stream, OnDone on_done)
    : context_(context),
      stream_(std::move(stream)),
      link_(context.link, context.runtime, *stream_, [this] { finish(); }),
      on_done_(std::move(on_done)) {
  if (context_.stats != nullptr) ++context_.stats->connections;
  stream_->set_handler(this);
}

Host::~Host() {
  context_.runtime.timers.cancel(timer_);
}

void Host::on_closed(const Error&) { finish(); }

void Host::cut() { finish(); }

void Host::finish() {
  if (done_) return;
  done_ = true;
  stream_->close();
  on_done_(this);
}

void Host::flush(MeterSession& session) {
  session.push_if_asked(context_.runtime.clock.now());
  Bytes out;
  while (!done_ && session.server().poll_output(out)) {
    if (context_.stats != nullptr) context_.stats->bytes_out += out.size();
    link_.send(std::move(out));
    out = Bytes();
  }
}

// One timer, moved only when it would come too late: most conversations are over before it does.
void Host::arm(std::optional<Instant> timeout) {
  if (done_ || !timeout || (timer_ != 0 && timer_at_ <= *timeout)) return;
  context_.runtime.timers.cancel(timer_);
  timer_at_ = *timeout;
  timer_ = context_.runtime.timers.at(timer_at_, [this] {
    timer_ = 0;
    if (done_) return;
    const Instant now = context_.runtime.clock.now();
    if (const auto due = next_timeout(); due && *due <= now) on_timer(now);
    arm(next_timeout());
  });
}

MeterHost::MeterHost(const HostContext& context, VirtualMeter& meter, std::unique_ptr<Stream> stream, OnDone on_done,
                     dlms::Transport transport)
    : Host(context, std::move(stream), std::move(on_done)),
      session_(meter, std::nullopt, context.runtime.random, context.runtime.clock.now(), transport) {
  arm(next_timeout());
}

void MeterHost::on_bytes(ByteView bytes) {
  if (done_) return;
  if (!session_.meter().powered()) return finish();
  if (context_.stats != nullptr) {
    ++context_.stats->requests;
    context_.stats->bytes_in += bytes.size();
  }
  session_.server().on_bytes(bytes, context_.runtime.clock.now());
  flush(session_);
  if (session_.settle()) return finish();
  arm(next_timeout());
}

void MeterHost::on_timer(Instant now) {
  session_.server().on_timer(now);
  flush(session_);
  if (session_.settle()) finish();
}

ConcentratorHost::ConcentratorHost(const HostContext& context, Find find, std::unique_ptr<Stream> stream,
                                   OnDone on_done)
    : Host(context, std::move(stream), std::move(on_done)), find_(std::move(find)) {}

void ConcentratorHost::on_bytes(ByteView bytes) {
  if (done_) return;
  if (context_.stats != nullptr) {
    ++context_.stats->requests;
    context_.stats->bytes_in += bytes.size();
  }
  splitter_.feed(bytes);
  while (!done_) {
    const auto frame = splitter_.next();
    if (!frame.ok()) return finish();
    if (!*frame) break;
    on_frame(**frame);
  }
  if (!armed()) arm(next_timeout());  // looking at all sessions each time would cost more than being a little late
}

// The meter's own server reads the prefix again: it must answer over the same way. Who is unknown or without power
// does not answer at all.
void ConcentratorHost::on_frame(const dlms::WrapperFrame& frame) {
  ByteReader in(frame.apdu);
  const auto prefix = dlms::has_gateway_prefix(frame.apdu)
                          ? dlms::read_gateway_prefix(in)
                          : Result<dlms::GatewayPrefix>(make_error(ErrorCode::kMalformed, "no prefix"));
  VirtualMeter* meter = prefix.ok() && !prefix->from_device ? find_(prefix->device_address) : nullptr;
  if (meter == nullptr || !meter->powered()) {
    if (context_.stats != nullptr) ++context_.stats->stray_frames;
    return;
  }
  const Instant now = context_.runtime.clock.now();
  auto& session = sessions_[std::string(as_text(prefix->device_address))];
  if (!session) {
    if (sessions_.size() > kConcentratorSessionsMax) {
      sessions_.erase(std::string(as_text(prefix->device_address)));
      return;
    }
    dlms::GatewayRoute route;
    route.network_id = prefix->network_id;
    route.device_address.assign(prefix->device_address.begin(), prefix->device_address.end());
    session = std::make_unique<MeterSession>(*meter, std::move(route), context_.runtime.random, now);
  }
  Bytes whole;
  if (!dlms::encode(frame, whole).ok()) return;
  session->server().on_bytes(whole, now);
  flush(*session);
  const bool lost = session->settle();
  if (lost || (!session->server().associated() && !session->server().next_timeout())) {
    sessions_.erase(std::string(as_text(prefix->device_address)));
  }
}

void ConcentratorHost::on_timer(Instant now) {
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    MeterSession& session = *at->second;
    if (const auto due = session.server().next_timeout(); due && *due <= now) {
      session.server().on_timer(now);
      flush(session);
    }
    const bool over = session.settle() || (!session.server().associated() && !session.server().next_timeout());
    at = over ? sessions_.erase(at) : std::next(at);
  }
}

std::optional<Instant> ConcentratorHost::next_timeout() const {
  std::optional<Instant> soonest;
  for (const auto& [address, session] : sessions_) {
    const auto due = session->server().next_timeout();
    if (due && (!soonest || *due < *soonest)) soonest = due;
  }
  return soonest;
}

}  // namespace amity::world
