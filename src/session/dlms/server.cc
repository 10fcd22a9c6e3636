#include "session/dlms/server.h"

#include "session/dlms/server_machine.h"

namespace amity::dlms {

std::optional<AttributeRef> Objects::resolve(const AssociationContext& association,
                                             std::uint16_t short_name) {
  std::vector<ObjectEntry> objects;
  list(association, objects);
  for (const ObjectEntry& object : objects) {
    const int offset = short_name - object.short_name;
    if (object.short_name == 0 || offset < 0 || offset % 8 != 0 || offset / 8 >= object.attributes)
      continue;
    return AttributeRef{object.class_id, object.instance, static_cast<std::int8_t>(offset / 8 + 1)};
  }
  return std::nullopt;
}

Server::Server(const ServerConfig* config, Objects* objects, InvocationCounters* counters,
               Random* random)
    : machine_(std::make_unique<Machine>(config, objects, counters, random)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

void Server::on_open(Instant now) {
  machine_->on_open(now);
}
void Server::on_closed(Instant) {
  machine_->on_closed();
}
void Server::on_bytes(ByteView bytes, Instant now) {
  machine_->on_bytes(bytes, now);
}
void Server::on_timer(Instant now) {
  machine_->on_timer(now);
}
std::optional<Instant> Server::next_timeout() const {
  return machine_->next_timeout();
}
bool Server::poll_output(Bytes& out) {
  return machine_->poll_output(out);
}
std::optional<ServerEvent> Server::poll_event() {
  return machine_->poll_event();
}
Status Server::push(const Push& push, Instant now) {
  return machine_->push(push, now);
}
bool Server::associated() const {
  return machine_->associated();
}
std::size_t Server::heap_bytes() const {
  return sizeof(Machine) + machine_->heap_bytes();
}

}  // namespace amity::dlms
