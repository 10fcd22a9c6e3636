#include "session/c12/server.h"

#include <algorithm>

namespace amity::c12 {
namespace {

Bytes code(ResponseCode c) {
  return {static_cast<std::uint8_t>(c)};
}

NetworkOptions options_of(const ServerConfig& config) {
  static const Keys none;
  NetworkOptions options = config.options;
  if (options.keys == nullptr) options.keys = &none;
  return options;
}

}  // namespace

ResponseCode MemoryTables::read(std::uint16_t table, Bytes& out) {
  const auto at = tables.find(table);
  if (at == tables.end()) return ResponseCode::kOperationNotPossible;
  append(out, at->second);
  return ResponseCode::kOk;
}

ResponseCode MemoryTables::write(std::uint16_t table, std::uint32_t offset, bool whole,
                                 ByteView data) {
  const auto at = tables.find(table);
  if (at == tables.end()) return ResponseCode::kOperationNotPossible;
  const std::size_t size = at->second.size();
  if (whole ? data.size() != size : offset > size || data.size() > size - offset)
    return ResponseCode::kInappropriateAction;
  std::copy(data.begin(), data.end(), at->second.begin() + offset);
  return ResponseCode::kOk;
}

Server::Server(const ServerConfig* config, TableStore* store, Registry* registry)
    : config_(config), store_(store), registry_(registry), net_(options_of(*config)) {}

void Server::on_bytes(ByteView bytes, Instant now) {
  if (config_->network) {
    if (Status status = net_.on_bytes(bytes); !status.ok()) {
      failure_ = std::move(status).error();
      net_.reset();
    }
    if (auto refused = net_.poll_refusal()) failure_ = std::move(refused);
    while (const auto message = net_.poll_message()) on_message(*message);
    return;
  }
  line_.on_bytes(bytes, now);
  while (const auto message = line_.poll_message()) {
    Bytes answer = respond(*message);
    if (answer.size() > line_.message_bytes_max())
      answer = code(ResponseCode::kOperationNotPossible);
    if (Status sent = line_.send(std::move(answer), now); !sent.ok()) failure_ = sent.error();
    if (agreed_) line_.agree(agreed_->packet_size, agreed_->packets);
    agreed_.reset();
  }
}

void Server::on_message(const NetworkLink::Message& message) {
  const std::pair asked{message.header.calling, message.header.calling_invocation.value_or(0)};
  if (answered_ == asked) return net_.repeat();
  protected_ = message.header.control.security != SecurityMode::kCleartext;
  std::vector<Bytes> responses;
  for (const Bytes& service : message.services) {
    if (is_response(service[0])) return;
    Bytes response = respond(service);
    if (config_->options.datagrams && response.size() > config_->response_bytes_max)
      response = code(ResponseCode::kResponseTooLarge);
    responses.push_back(std::move(response));
  }
  answered_ = asked;
  if (message.header.control.respond == RespondWhen::kNever) return;
  if (Status sent = net_.answer(message.header, responses); !sent.ok()) failure_ = sent.error();
}

void Server::on_timer(Instant now) {
  line_.on_timer(now);
}

bool Server::poll_output(Bytes& out) {
  return config_->network ? net_.poll_output(out) : line_.poll_output(out);
}

std::optional<Error> Server::poll_failure() {
  if (auto failure = line_.poll_failure()) {
    forget();
    return failure;
  }
  return std::exchange(failure_, std::nullopt);
}

void Server::forget() {
  logged_on_ = secure_ = false;
}

Bytes Server::respond(ByteView service) {
  const auto request = parse_request(service);
  if (!request.ok()) {
    return code(request.error().code == ErrorCode::kUnsupported ? ResponseCode::kServiceNotSupported
                                                                : ResponseCode::kError);
  }
  if (std::holds_alternative<Identify>(*request)) return on_identify();
  if (const auto* logon = std::get_if<Logon>(&*request)) return on_logon(*logon);
  if (const auto* security = std::get_if<Security>(&*request)) return on_security(*security);
  if (const auto* negotiate = std::get_if<Negotiate>(&*request)) return on_negotiate(*negotiate);
  if (const auto* read = std::get_if<Read>(&*request)) return on_read(*read);
  if (const auto* write = std::get_if<Write>(&*request)) return on_write(*write);
  if (std::holds_alternative<Wait>(*request) || std::holds_alternative<TimingSetup>(*request))
    return code(ResponseCode::kOk);
  if (std::holds_alternative<Logoff>(*request) || std::holds_alternative<Terminate>(*request) ||
      std::holds_alternative<Disconnect>(*request)) {
    forget();
    return code(ResponseCode::kOk);
  }
  return on_registry(*request);
}

Bytes Server::on_identify() {
  Bytes out;
  encode(config_->identity, out);
  return out;
}

Bytes Server::on_logon(const Logon& logon) {
  if (logged_on_) return code(ResponseCode::kInvalidSequence);
  logged_on_ = true;
  Bytes out = code(ResponseCode::kOk);
  if (config_->network) ByteWriter(out).u16(logon.idle_timeout_s.value_or(0));
  return out;
}

Bytes Server::on_security(const Security& security) {
  if (!logged_on_ && !config_->network) return code(ResponseCode::kInvalidSequence);
  secure_ = !config_->password.empty() &&
            constant_time_equal(config_->password.view(), security.password);
  if (config_->password.empty()) return code(ResponseCode::kOk);
  return code(secure_ ? ResponseCode::kOk : ResponseCode::kInsufficientSecurity);
}

Bytes Server::on_negotiate(const Negotiate& offer) {
  Negotiated agreed;
  agreed.packet_size =
      std::clamp<std::uint16_t>(offer.packet_size, kPacketOverhead + 1, config_->packet_size_max);
  agreed.packets = std::clamp<std::uint8_t>(offer.packets, 1, config_->packets_max);
  agreed.baud_code = config_->baud_code;
  agreed_ = agreed;
  Bytes out = code(ResponseCode::kOk);
  ByteWriter writer(out);
  writer.u16(agreed.packet_size);
  writer.u8(agreed.packets);
  writer.u8(agreed.baud_code);
  return out;
}

// Without a session C12.22 reads what is authenticated; a password, where there is one, is needed
// otherwise.
bool Server::may_read() const {
  if (config_->network && protected_) return true;
  return (logged_on_ || config_->network) && (secure_ || config_->password.empty());
}

Bytes Server::on_read(const Read& read) {
  if (!may_read()) return code(ResponseCode::kInsufficientSecurity);
  if (read.default_table || std::holds_alternative<Read::Index>(read.part))
    return code(ResponseCode::kServiceNotSupported);
  Bytes table;
  if (read.table == 8 && !procedure_response_.empty()) {
    table = procedure_response_;
  } else if (const ResponseCode c = store_->read(read.table, table); c != ResponseCode::kOk) {
    return code(c);
  }
  ByteView data = table;
  if (const auto* part = std::get_if<Read::Offset>(&read.part)) {
    if (part->offset >= data.size()) return code(ResponseCode::kInappropriateAction);
    data = data.subspan(part->offset);
    data = data.first(std::min<std::size_t>(part->count, data.size()));
  }
  if (data.size() > data_bytes_max()) {
    return code(config_->network ? ResponseCode::kResponseTooLarge
                                 : ResponseCode::kOperationNotPossible);
  }
  Bytes out;
  encode_table_data(data, out);
  return out;
}

std::size_t Server::data_bytes_max() const {
  if (config_->network) return std::min<std::size_t>(config_->response_bytes_max, 0xFFFF);
  return std::min<std::size_t>(line_.message_bytes_max() - 4, 0xFFFF);
}

Bytes Server::on_write(const Write& write) {
  if (!may_read()) return code(ResponseCode::kInsufficientSecurity);
  if (write.default_table || !write.indices.empty())
    return code(ResponseCode::kServiceNotSupported);
  if (write.table == 7 && !write.offset) return on_procedure(write.data);
  return code(store_->write(write.table, write.offset.value_or(0), !write.offset, write.data));
}

Bytes Server::on_procedure(ByteView table) {
  if (table.size() < 3) return code(ResponseCode::kInappropriateAction);
  const unsigned first = table[config_->big_endian ? 0 : 1],
                 second = table[config_->big_endian ? 1 : 0];
  const unsigned word = first << 8 | second;
  Bytes data;
  const std::uint8_t result = store_->run(static_cast<std::uint16_t>(word & 0x7FF),
                                          (word & 0x800) != 0, table.subspan(3), data);
  procedure_response_.assign(table.begin(), table.begin() + 3);
  procedure_response_.push_back(result);
  append(procedure_response_, data);
  return code(ResponseCode::kOk);
}

Bytes Server::on_registry(const Request& request) {
  if (registry_ == nullptr || !config_->network) return code(ResponseCode::kServiceNotSupported);
  Bytes out = code(ResponseCode::kOk);
  ResponseCode result = ResponseCode::kServiceNotSupported;
  if (const auto* enroll = std::get_if<Register>(&request)) {
    Registered registered;
    result = registry_->enroll(*enroll, registered);
    if (result == ResponseCode::kOk) {
      out.clear();
      encode(registered, out);
    }
  } else if (const auto* withdraw = std::get_if<Deregister>(&request)) {
    result = registry_->withdraw(withdraw->title);
  } else if (const auto* resolve = std::get_if<Resolve>(&request)) {
    Bytes address;
    result = registry_->resolve(resolve->title, address);
    if (address.size() > 0xFF) result = ResponseCode::kError;
    if (result == ResponseCode::kOk) out.push_back(static_cast<std::uint8_t>(address.size()));
    append(out, address);
  } else if (const auto* trace = std::get_if<Trace>(&request)) {
    std::vector<ApTitle> hops;
    result = registry_->trace(trace->title, hops);
    for (const ApTitle& hop : hops) encode(hop, out);
  }
  return result == ResponseCode::kOk ? out : code(result);
}

}  // namespace amity::c12
