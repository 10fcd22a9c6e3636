#include "session/dlms/client.h"

#include "session/dlms/client_machine.h"

namespace amity::dlms {

Selection Selection::by_range(const RangeDescriptor& range) {
  Selection selection{kAccessByRange, {}};
  encode_parameters(range, selection.parameters);
  return selection;
}

Selection Selection::by_entry(const EntryDescriptor& entry) {
  Selection selection{kAccessByEntry, {}};
  encode_parameters(entry, selection.parameters);
  return selection;
}

Client::Client(ClientConfig config, InvocationCounters* counters, Random& random)
    : machine_(std::make_unique<Machine>(std::move(config), counters, random)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Status Client::connect(Instant now) {
  return machine_->connect(now);
}
void Client::on_open(Instant now) {
  machine_->on_open(now);
}
void Client::on_closed(Instant, std::string reason) {
  machine_->on_closed(std::move(reason));
}
Status Client::get(std::span<const AttributeRequest> attributes, Instant now) {
  return machine_->get(attributes, now);
}
Status Client::set(std::span<const AttributeWrite> writes, Instant now) {
  return machine_->set(writes, now);
}
Status Client::action(std::span<const MethodCall> calls, Instant now) {
  return machine_->action(calls, now);
}
Status Client::read_sn(std::span<const ShortNameRequest> names, Instant now) {
  return machine_->read_sn(names, now);
}
Status Client::access(std::span<const AccessCall> calls, const AccessOptions& options,
                      Instant now) {
  return machine_->access(calls, options, now);
}
Status Client::release(Instant now) {
  return machine_->release(now);
}
void Client::abort() {
  machine_->abort();
}
void Client::on_bytes(ByteView bytes, Instant now) {
  machine_->on_bytes(bytes, now);
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
bool Client::connected() const {
  return machine_->phase() == Machine::Phase::kConnected;
}
bool Client::busy() const {
  return machine_->busy();
}
bool Client::closed() const {
  return machine_->phase() == Machine::Phase::kClosed;
}
const ClientConfig& Client::config() const {
  return machine_->config();
}
const ClientStatistics& Client::statistics() const {
  return machine_->statistics();
}
std::size_t Client::heap_bytes() const {
  return sizeof(Machine) + machine_->heap_bytes();
}

}  // namespace amity::dlms
