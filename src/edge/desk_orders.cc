// Commands for meters behind edges, on their way there and back.
#include "edge/desk_parts.h"

namespace amity::edge {

using std::chrono::milliseconds;

void Desk::change(const Command& command, CommandState state, std::string progress,
                  std::string result, std::function<void(Result<store::Sequence>)> done) {
  CommandChanged changed;
  changed.id = command.id;
  changed.device = command.device;
  changed.state = state;
  changed.at = c_.runtime.clock.utc();
  changed.progress = std::move(progress);
  changed.result = std::move(result);
  if (!is_settled(state)) return c_.journal.append(std::move(changed), std::move(done));
  settled_.add(changed.id, state);
  OnDurable durable = noted(changed, std::move(done));
  c_.journal.append(std::move(changed), std::move(durable));
}

// What settles a command is remembered once it is in the journal.
Desk::OnDurable Desk::noted(const CommandChanged& changed, OnDurable done) {
  return [weak = std::weak_ptr<Desk*>(self_), timers = &c_.runtime.timers, id = changed.id,
          state = changed.state, done = std::move(done)](const Result<store::Sequence>& kept) {
    timers->post([weak, id, state, durable = kept.ok()] {
      const auto self = weak.lock();
      if (!self) return;
      (*self)->settled_.arrived(id, state, durable);
      (*self)->save_settled_later();
    });
    done(kept);
  };
}

void Desk::save_settled_later() {
  if (saving_settled_ != 0) return;
  saving_settled_ =
      c_.runtime.timers.at(c_.runtime.clock.now() + milliseconds(kSettledEvery_ms), [this] {
        saving_settled_ = 0;
        const store::Sequence last = c_.journal.last();
        if (!settled_.to_be_saved(last)) return;
        if (const Status saved = settled_.save(last); !saved.ok())
          c_.warn("edge: what is settled was not kept: " + to_string(saved.error()));
      });
}

void Desk::order(const Command& command) {
  const auto ignore = [](const Result<store::Sequence>&) {};
  const auto device = c_.registry.device(command.device);
  const std::string behind = address_behind("");
  if (!device.ok() || !*device || !(*device)->address.starts_with(behind))
    return change(command, CommandState::kFailed, "", "no edge reads this device", ignore);
  const std::string name = (*device)->address.substr(behind.size());
  auto& orders = orders_[name];
  // The journal gives facts at least once; and who asks may not have read yet how it ended.
  if (orders.contains(command.id) || settled_.has(command.id)) return;
  if (orders.size() >= kOrdersPerEdgeMax)
    return change(command, CommandState::kFailed, "", "too many commands wait for edge " + name,
                  ignore);
  Order& order = orders[command.id] = {command, (*device)->serial, false};
  pictures_[name].orders = orders.size();
  const auto edge = edges_.find(name);
  const bool hears = edge != edges_.end() && edge->second->connection != nullptr &&
                     edge->second->protocol >= kProtocolOrders;
  if (hears) hand(name, order);
  if (expiring_ == 0) expire_orders();
}

// Journaled as running before the edge hears of it: after a crash of this side nobody can take it
// for one that was never sent.
void Desk::hand(const std::string& name, Order& order) {
  const CommandId id = order.command.id;
  const auto durable = [weak = std::weak_ptr<Desk*>(self_), timers = &c_.runtime.timers, name,
                        id](const Result<store::Sequence>& kept) {
    if (!kept.ok()) return;  // tried again at the next connection
    timers->post([weak, name, id] {
      const auto self = weak.lock();
      if (!self) return;
      auto& orders = (*self)->orders_[name];
      const auto at = orders.find(id);
      if (at == orders.end()) return;
      at->second.handed = true;
      const auto edge = (*self)->edges_.find(name);
      if (edge != (*self)->edges_.end()) (*self)->send_order(*edge->second, at->second);
    });
  };
  change(order.command, CommandState::kRunning, "handed to edge " + name, "", durable);
}

void Desk::send_order(const Edge& edge, const Order& order) {
  if (edge.connection == nullptr || edge.protocol < kProtocolOrders) return;
  CommandOrder message;
  message.id = order.command.id.value;
  message.serial = order.serial;
  message.kind = order.command.kind;
  message.argument = order.command.argument;
  const std::int64_t left_s = order.command.deadline.value - c_.runtime.clock.utc().value;
  message.left_s = left_s > 0 ? static_cast<std::uint64_t>(left_s) : 0;
  edge.connection->stream->send(encode_message(message));
}

void Desk::send_orders(Edge& edge) {
  if (edge.protocol < kProtocolOrders) return;  // they expire
  for (auto& [id, order] : orders_[edge.name])
    order.handed ? send_order(edge, order) : hand(edge.name, order);
}

// False: it was said before.
bool Desk::settle(const Edge& edge, const CommandChanged& changed) {
  if (!is_settled(changed.state)) return true;
  auto& orders = orders_[edge.name];
  orders.erase(changed.id);
  pictures_[edge.name].orders = orders.size();
  return settled_.add(changed.id, changed.state);
}

void Desk::expire_orders() {
  expiring_ = 0;
  const UtcSeconds now = c_.runtime.clock.utc();
  std::size_t open = 0;
  for (auto& [name, orders] : orders_) {
    for (auto at = orders.begin(); at != orders.end();) {
      const Order& order = at->second;
      const auto late_s = now - order.command.deadline;
      const bool over = late_s > (order.handed ? kOrderAnswerMax_s : 0);
      if (!over) {
        ++at;
        continue;
      }
      const auto ignore = [](const Result<store::Sequence>&) {};
      order.handed ? change(order.command, CommandState::kUnknown, "",
                            "edge " + name + " was told and has not answered", ignore)
                   : change(order.command, CommandState::kExpired, "",
                            "edge " + name + " was not reached before its deadline", ignore);
      at = orders.erase(at);
    }
    open += orders.size();
    if (const auto picture = pictures_.find(name); picture != pictures_.end())
      picture->second.orders = orders.size();
  }
  if (open == 0) return;
  expiring_ = c_.runtime.timers.at(c_.runtime.clock.now() + milliseconds(kOrdersEvery_ms),
                                   [this] { expire_orders(); });
}

}  // namespace amity::edge
