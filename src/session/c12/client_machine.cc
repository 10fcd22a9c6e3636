#include "session/c12/client_machine.h"

#include <algorithm>

namespace amity::c12 {
namespace {

template <std::size_t N>
std::array<std::uint8_t, N> padded(ByteView text, std::uint8_t padding) {
  std::array<std::uint8_t, N> out;
  out.fill(padding);
  std::copy_n(text.begin(), std::min(N, text.size()), out.begin());
  return out;
}

NetworkOptions with_keys(NetworkOptions options) {
  static const Keys none;
  if (options.keys == nullptr) options.keys = &none;
  return options;
}

}  // namespace

Client::Machine::Machine(ClientConfig config)
    : config_(std::move(config)), net_(with_keys(config_.network)) {}

Status Client::Machine::connect(Instant now) {
  if (busy() || connected_) return make_error(ErrorCode::kBusy, "connected, or about to be");
  if (config_.user.size() > 10 || config_.password.size() > 20) {
    return make_error(ErrorCode::kInvalid, "a user has 10 characters, a password 20");
  }
  line_.reset();
  net_.reset();
  found_ = {};
  steps_.clear();
  if (config_.identify) steps_.push_back(Kind::kIdentify);
  if (config_.negotiate && !network()) steps_.push_back(Kind::kNegotiate);
  if (config_.timing && config_.transport == Transport::kC1221) steps_.push_back(Kind::kTiming);
  if (config_.authenticator != nullptr && config_.transport == Transport::kC1221)
    steps_.push_back(Kind::kAuthenticate);
  if (config_.logon) steps_.push_back(Kind::kLogon);
  if (!config_.password.empty()) steps_.push_back(Kind::kSecurity);
  next_step(now);
  return {};
}

Status Client::Machine::release(Instant now) {
  if (busy()) return make_error(ErrorCode::kBusy, "a request is under way");
  if (!connected_) return make_error(ErrorCode::kClosed, "not connected");
  connected_ = false;
  steps_.clear();
  if (config_.logon) steps_.push_back(Kind::kLogoff);
  if (!network()) steps_.push_back(Kind::kTerminate);
  if (steps_.empty()) {
    finish(Released{});
  } else {
    next_step(now);
  }
  return {};
}

Result<Bytes> Client::Machine::step_service(Kind kind) {
  Request request = Identify{};
  Bytes data;
  switch (kind) {
    case Kind::kNegotiate:
      request = *config_.negotiate;
      break;
    case Kind::kTiming:
      request = *config_.timing;
      break;
    case Kind::kAuthenticate: {
      if (!found_.identity || found_.identity->ticket.empty()) {
        return make_error(ErrorCode::kSecurity, "the meter gave no ticket to authenticate with");
      }
      AMITY_TRY(data, config_.authenticator->answer(found_.identity->ticket));
      request = Authenticate{data};
      break;
    }
    case Kind::kLogon:
      request = Logon{config_.user_id, padded<10>(as_bytes(config_.user), ' '),
                      network() ? std::optional(config_.idle_timeout_s.value_or(0)) : std::nullopt};
      break;
    case Kind::kSecurity:
      request = Security{padded<20>(config_.password.view(), config_.password_padding),
                         network() ? std::optional(config_.user_id) : std::nullopt};
      break;
    case Kind::kLogoff:
      request = Logoff{};
      break;
    case Kind::kTerminate:
      request = Terminate{};
      break;
    default:
      break;
  }
  Bytes service;
  encode(request, service);
  return service;
}

void Client::Machine::next_step(Instant now) {
  if (steps_.empty()) {
    const bool released = job_.kind == Kind::kLogoff || job_.kind == Kind::kTerminate;
    connected_ = !released;
    if (released) return finish(Released{});
    return finish(found_);
  }
  job_ = Job{};
  job_.kind = steps_.front();
  steps_.pop_front();
  auto service = step_service(job_.kind);
  if (!service.ok()) return fail(std::move(service).error(), true);
  ask_bytes(*std::move(service), now);
}

Status Client::Machine::start(Job job, Instant now) {
  if (busy()) return make_error(ErrorCode::kBusy, "a request is under way");
  if (!connected_) return make_error(ErrorCode::kClosed, "not connected");
  if (job.data.size() > 0xFFFF) {
    return make_error(ErrorCode::kLimit, "a write has at most 65535 bytes");
  }
  job_ = std::move(job);
  switch (job_.kind) {
    case Kind::kRead:
      ask(Read{job_.table, {}, false}, now);
      break;
    case Kind::kReadPart:
      ask_part(now);
      break;
    case Kind::kWrite:
    case Kind::kProcedure: {
      Write write;
      write.table = job_.table;
      if (!job_.whole) write.offset = job_.offset;
      write.data = job_.data;
      if (job_.kind == Kind::kProcedure) {
        procedure_.assign(job_.data.begin(), job_.data.begin() + 3);
        polls_ = 0;
      }
      ask(write, now);
      break;
    }
    default:
      ask_bytes(std::move(job_.service), now);
      break;
  }
  return {};
}

Status Client::Machine::start_service(Kind kind, const Request& request, Instant now) {
  if (!network()) return make_error(ErrorCode::kUnsupported, "a service of C12.22 alone");
  Job job;
  job.kind = kind;
  encode(request, job.service);
  return start(std::move(job), now);
}

// What a partial read may bring, so that its response goes into the packets agreed.
std::size_t Client::Machine::part_bytes() const {
  const std::size_t limit = network() ? config_.part_bytes_max : line_.message_bytes_max() - 4;
  return std::clamp<std::size_t>(limit, 1, config_.part_bytes_max);
}

void Client::Machine::ask_part(Instant now) {
  const auto done = static_cast<std::uint32_t>(job_.data.size());
  const auto count = std::min<std::size_t>(job_.count - done, part_bytes());
  const std::uint32_t from = job_.offset + done;
  if (from > 0xFFFFFF) return fail(make_error(ErrorCode::kLimit, "a table beyond 16 MiB"), false);
  ask(Read{job_.table, Read::Offset{from, static_cast<std::uint16_t>(count)}, false}, now);
}

void Client::Machine::ask(const Request& request, Instant now) {
  Bytes service;
  encode(request, service);
  ask_bytes(std::move(service), now);
}

void Client::Machine::ask_bytes(Bytes service, Instant now) {
  service_ = std::move(service);
  attempts_left_ = repeatable() ? std::max(1u, config_.attempts) : 1;
  send(now);
}

// Writes and procedures may take effect twice. A line repeats its packets on its own: a late answer
// would be taken for that of the next request.
bool Client::Machine::repeatable() const {
  return network() && job_.kind != Kind::kWrite && job_.kind != Kind::kProcedure;
}

void Client::Machine::send(Instant now) {
  --attempts_left_;
  deadline_ = now + config_.response_timeout;
  if (network()) {
    auto id = net_.ask(service_);
    if (!id.ok()) return fail(std::move(id).error(), false);
    invocation_ = *id;
  } else if (Status sent = line_.send(service_, now); !sent.ok()) {
    fail(std::move(sent).error(), false);
  }
}

void Client::Machine::on_bytes(ByteView bytes, Instant now) {
  if (network()) {
    if (Status status = net_.on_bytes(bytes); !status.ok()) {
      return fail(std::move(status).error(), true);
    }
  } else {
    const std::uint64_t before = line_.received();
    line_.on_bytes(bytes, now);
    // A long answer is under way.
    if (deadline_ && line_.received() != before) deadline_ = now + config_.response_timeout;
  }
  pump(now);
}

void Client::Machine::pump(Instant now) {
  if (network()) {
    // What is not protected as agreed, or answers something else, is as if it had not come.
    while (const auto message = net_.poll_message()) {
      const auto id = message->header.called_invocation ? message->header.called_invocation
                                                        : message->header.calling_invocation;
      if (id != invocation_ || message->services.size() != 1 || !deadline_) continue;
      on_response(message->services[0], now);
    }
    return;
  }
  while (const auto message = line_.poll_message()) {
    if (deadline_) on_response(*message, now);
  }
  if (auto failure = line_.poll_failure()) fail(*std::move(failure), true);
}

void Client::Machine::on_response(ByteView bytes, Instant now) {
  const auto response = parse_response(bytes);
  if (!response.ok()) return;  // not an answer: the deadline goes on
  deadline_.reset();
  if (response->code != ResponseCode::kOk) return refuse(response->code);
  switch (job_.kind) {
    case Kind::kNone:
      return;
    case Kind::kRead:
    case Kind::kReadPart:
    case Kind::kProcedureResult:
      return on_table(response->body, now);
    case Kind::kWrite:
      return finish(Written{});
    case Kind::kProcedure:
      job_.kind = Kind::kProcedureResult;
      return ask(Read{8, {}, false}, now);
    case Kind::kDeregister:
      return finish(Deregistered{});
    case Kind::kRegister: {
      auto registered = parse_registered(response->body);
      if (!registered.ok()) return fail(std::move(registered).error(), false);
      return finish(RegisteredAs{*std::move(registered)});
    }
    case Kind::kResolve: {
      auto address = parse_resolved(response->body);
      if (!address.ok()) return fail(std::move(address).error(), false);
      return finish(ResolvedTo{Bytes(address->begin(), address->end())});
    }
    case Kind::kTrace: {
      auto hops = parse_traced(response->body);
      if (!hops.ok()) return fail(std::move(hops).error(), false);
      return finish(Traced{*std::move(hops)});
    }
    default:
      return on_step(response->body, now);
  }
}

void Client::Machine::on_step(ByteView body, Instant now) {
  if (job_.kind == Kind::kIdentify) {
    auto identity = parse_identity(body);
    if (!identity.ok()) return fail(std::move(identity).error(), true);
    found_.identity = *std::move(identity);
  } else if (job_.kind == Kind::kNegotiate) {
    auto negotiated = parse_negotiated(body);
    if (!negotiated.ok()) return fail(std::move(negotiated).error(), true);
    const Negotiate& offer = *config_.negotiate;
    if (negotiated->packet_size > offer.packet_size || negotiated->packets > offer.packets) {
      return fail(make_error(ErrorCode::kMalformed, "the meter agrees to more than was offered"),
                  true);
    }
    found_.negotiated = *negotiated;
    line_.agree(negotiated->packet_size, negotiated->packets);
  } else if (job_.kind == Kind::kAuthenticate) {
    ByteReader reader(body);
    const auto size = reader.u8();
    const auto data = size.ok() ? reader.take(*size) : Result<ByteView>(size.error());
    if (!data.ok()) return fail(data.error(), true);
    if (Status good = config_.authenticator->accept(*data); !good.ok())
      return fail(std::move(good).error(), true);
  }
  next_step(now);
}

void Client::Machine::on_table(ByteView body, Instant now) {
  const auto data = parse_table_data(body);
  if (!data.ok()) {
    return fail(data.error(), false);
  }
  if (job_.kind == Kind::kProcedureResult) return on_procedure_result(*data, now);
  if (job_.kind == Kind::kRead) {
    learn(job_.table, *data);
    return finish(TableRead{job_.table, 0, true, Bytes(data->begin(), data->end())});
  }
  if (data->empty() || data->size() > job_.count - job_.data.size()) {
    return fail(make_error(ErrorCode::kMalformed, "another number of bytes than was asked for"),
                false);
  }
  append(job_.data, *data);
  if (job_.data.size() < job_.count) return ask_part(now);
  finish(TableRead{job_.table, job_.offset, false, std::move(job_.data)});
}

void Client::Machine::on_procedure_result(ByteView table, Instant now) {
  constexpr std::uint8_t kNotYet = 1;
  const bool ours =
      table.size() >= 4 && std::equal(procedure_.begin(), procedure_.end(), table.begin());
  if (!ours || table[3] == kNotYet) {
    if (++polls_ < kProcedurePollsMax) {
      poll_at_ = now + config_.procedure_poll;
      return;
    }
    return fail(make_error(ErrorCode::kTimeout, ours ? "the procedure does not complete"
                                                     : "ST8 is of another procedure"),
                false);
  }
  finish(ProcedureDone{table[3], Bytes(table.begin() + 4, table.end())});
}

void Client::Machine::learn(std::uint16_t table, ByteView data) {
  TableData decoded;
  (void)decode_table(table, data, 0, true, context_, decoded);
}

void Client::Machine::refuse(ResponseCode code) {
  const bool step = !steps_.empty() || !connected_;
  const std::string_view word = to_string(code);
  Failed failed{
      make_error(ErrorCode::kRefused,
                 "the meter answers: " + (word.empty() ? "a reserved code" : std::string(word))),
      code, step};
  if (step) {
    connected_ = false;
    steps_.clear();
  }
  finish(std::move(failed));
}

void Client::Machine::finish(ClientEvent event) {
  job_ = Job{};
  service_.clear();
  deadline_.reset();
  poll_at_.reset();
  events_.push_back(std::move(event));
}

void Client::Machine::fail(Error error, bool closes) {
  if (closes || !connected_) {
    closes = true;
    connected_ = false;
    steps_.clear();
  }
  finish(Failed{std::move(error), std::nullopt, closes});
}

void Client::Machine::on_closed() {
  if (busy() || connected_) fail(make_error(ErrorCode::kClosed, "the stream was closed"), true);
}

void Client::Machine::on_timer(Instant now) {
  line_.on_timer(now);
  pump(now);
  if (poll_at_ && *poll_at_ <= now) {
    poll_at_.reset();
    ask(Read{8, {}, false}, now);
  }
  if (!deadline_ || *deadline_ > now) return;
  if (attempts_left_ > 0 && !line_.sending()) return send(now);
  fail(make_error(ErrorCode::kTimeout, "no answer"), true);
}

std::optional<Instant> Client::Machine::next_timeout() const {
  std::optional<Instant> next = line_.next_timeout();
  for (const auto& other : {deadline_, poll_at_}) {
    if (other && (!next || *other < *next)) next = other;
  }
  return next;
}

bool Client::Machine::poll_output(Bytes& out) {
  return network() ? net_.poll_output(out) : line_.poll_output(out);
}

std::optional<ClientEvent> Client::Machine::poll_event() {
  if (events_.empty()) return std::nullopt;
  ClientEvent out = std::move(events_.front());
  events_.pop_front();
  return out;
}

}  // namespace amity::c12
