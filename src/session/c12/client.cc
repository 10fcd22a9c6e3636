#include "session/c12/client.h"

#include "session/c12/client_machine.h"

namespace amity::c12 {

Client::Client(ClientConfig config) : machine_(std::make_unique<Machine>(std::move(config))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Status Client::connect(Instant now) {
  return machine_->connect(now);
}

Status Client::read(std::uint16_t table, Instant now) {
  return machine_->start({Job::Kind::kRead, table, 0, 0, true, {}, {}}, now);
}
Status Client::read_part(std::uint16_t table, std::uint32_t offset, std::uint32_t count,
                         Instant now) {
  if (offset > 0xFFFFFF || count == 0 || count > kTableBytesMax) {
    return make_error(ErrorCode::kInvalid, "an offset has 24 bits, a part some bytes");
  }
  return machine_->start({Job::Kind::kReadPart, table, offset, count, false, {}, {}}, now);
}
Status Client::write(std::uint16_t table, Bytes data, Instant now) {
  return machine_->start({Job::Kind::kWrite, table, 0, 0, true, std::move(data), {}}, now);
}
Status Client::write_part(std::uint16_t table, std::uint32_t offset, Bytes data, Instant now) {
  if (offset > 0xFFFFFF) return make_error(ErrorCode::kInvalid, "an offset has 24 bits");
  return machine_->start({Job::Kind::kWrite, table, offset, 0, false, std::move(data), {}}, now);
}

Status Client::run(const Procedure& procedure, Instant now) {
  const auto order = context().get(Var::kDataOrder);
  if (!order) return make_error(ErrorCode::kNotFound, "ST0 has to be read first: the byte order");
  if (procedure.number > 0x7FF) return make_error(ErrorCode::kInvalid, "procedures end at 2047");
  Job job{Job::Kind::kProcedure, 7, 0, 0, true, {}, {}};
  const auto word =
      static_cast<std::uint16_t>(procedure.number | (procedure.manufacturer ? 0x800 : 0));
  ByteWriter writer(job.data);
  *order != 0 ? writer.u16(word) : writer.u16_le(word);
  writer.u8(machine_->next_sequence());
  writer.bytes(procedure.parameters);
  return machine_->start(std::move(job), now);
}

Status Client::set_clock(const wire::MeterTime& time, std::uint8_t qualifier, Instant now) {
  Procedure procedure{10, false, {}};
  procedure.parameters.push_back(0x07);  // time, date and qualifier
  AMITY_CHECK(encode_long_time(time, context(), procedure.parameters));
  procedure.parameters.push_back(qualifier);
  return run(procedure, now);
}

Status Client::enroll(const Register& request, Instant now) {
  if (request.native_address.size() > 0xFF || request.period_minutes > 0xFFFFFF) {
    return make_error(ErrorCode::kInvalid, "an address has 255 bytes, a period 24 bits");
  }
  return machine_->start_service(Job::Kind::kRegister, request, now);
}
Status Client::withdraw(const ApTitle& title, Instant now) {
  return machine_->start_service(Job::Kind::kDeregister, Deregister{title}, now);
}
Status Client::resolve(const ApTitle& title, Instant now) {
  return machine_->start_service(Job::Kind::kResolve, Resolve{title}, now);
}
Status Client::trace(const ApTitle& title, Instant now) {
  return machine_->start_service(Job::Kind::kTrace, Trace{title}, now);
}
Status Client::release(Instant now) {
  return machine_->release(now);
}

void Client::on_bytes(ByteView bytes, Instant now) {
  machine_->on_bytes(bytes, now);
}
void Client::on_closed() {
  machine_->on_closed();
}
void Client::on_timer(Instant now) {
  machine_->on_timer(now);
}
std::optional<Instant> Client::next_timeout() const {
  return machine_->next_timeout();
}
bool Client::poll_output(Bytes& out) {
  return machine_->poll_output(out);
}
std::optional<ClientEvent> Client::poll_event() {
  return machine_->poll_event();
}
bool Client::busy() const {
  return machine_->busy();
}
const TableContext& Client::context() const {
  return machine_->context();
}

}  // namespace amity::c12
