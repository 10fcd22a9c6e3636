#include "edge/buffer_intake.h"

#include <algorithm>
#include <set>

namespace amity::edge {
namespace {

// The parts of a list, at most `most` of each.
template <class Item, class Make>
std::vector<Fact> parts_of(const std::vector<Item>& all, std::size_t most, Make make) {
  std::vector<Fact> parts;
  for (std::size_t at = 0; at < all.size(); at += most) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), at + most));
    parts.push_back(make(std::vector<Item>(begin, end)));
  }
  return parts;
}

}  // namespace

Status BufferIntake::name(DeviceId id, Batch& batch) {
  const auto same = [id](const Device& d) { return d.id == id; };
  if (!id.valid() || std::any_of(batch.devices.begin(), batch.devices.end(), same)) return {};
  auto known = devices_.find(id);
  if (known == devices_.end()) {
    AMITY_TRY(const auto device, registry_.device(id));
    if (!device) return make_error(ErrorCode::kNotFound, "no device " + std::to_string(id.value));
    known = devices_.emplace(id, *device).first;
  }
  batch.devices.push_back(known->second);
  if (const auto place = service_points_.find(id); place != service_points_.end())
    batch.service_points[id] = place->second;
  return {};
}

Result<Bytes> BufferIntake::encode(Fact fact) {
  Batch batch;
  if (const auto* arrived = std::get_if<ReadingsArrived>(&fact)) {
    std::set<ChannelId> used;
    for (const Reading& reading : arrived->readings) used.insert(reading.channel);
    for (const ChannelId id : used) {
      auto known = channels_.find(id);
      if (known == channels_.end()) {
        AMITY_TRY(const auto channel, registry_.channel(id));
        if (!channel)
          return make_error(ErrorCode::kNotFound, "no channel " + std::to_string(id.value));
        known = channels_.emplace(id, *channel).first;
      }
      batch.channels.push_back(known->second);
      AMITY_CHECK(name(known->second.device, batch));
    }
  } else if (const auto* told = std::get_if<EventsArrived>(&fact)) {
    for (const Event& event : told->events) AMITY_CHECK(name(event.device, batch));
  } else if (const auto* contact = std::get_if<ContactMade>(&fact)) {
    AMITY_CHECK(name(contact->device, batch));
  }
  batch.fact = std::move(fact);
  return encode_batch(batch);
}

// All or nothing.
Status BufferIntake::append(const std::vector<Fact>& facts, bool urgent) {
  std::vector<Bytes> bodies;
  std::size_t bytes = 0;
  for (const Fact& fact : facts) {
    AMITY_TRY(Bytes body, encode(fact));
    bytes += body.size();
    bodies.push_back(std::move(body));
  }
  if (bodies.size() > 1 && !buffer_.has_room(bytes))
    return make_error(ErrorCode::kBusy, "the buffer is full");
  for (const Bytes& body : bodies) {
    AMITY_TRY([[maybe_unused]] const Sequence sequence, buffer_.append(body, urgent));
  }
  return {};
}

void BufferIntake::take(std::vector<Fact> facts, Pending pending, bool urgent) {
  const Status appended = append(facts, urgent);
  if (!appended.ok()) {
    const bool full = appended.error().code == ErrorCode::kBusy;
    if (full && ++refused_ == 1) full_ = true, on_.full(true, 0);
    if (appended.error().code == ErrorCode::kClosed) on_.failed(appended.error());
    if (pending.on_done) pending.on_done(appended.error());
    return;
  }
  if (full_ && !urgent) {
    full_ = false;
    on_.full(false, std::exchange(refused_, 0));
  }
  pending_.push_back(std::move(pending));
  // One sync for what was delivered in this round of the loop.
  if (flush_ == 0) flush_ = runtime_.timers.at(runtime_.clock.now(), [this] { flush(); });
}

void BufferIntake::flush() {
  flush_ = 0;
  const Status durable = buffer_.sync();
  for (Pending& pending : std::exchange(pending_, {})) {
    Status kept = durable;
    if (kept.ok()) {
      if (const auto known = readings_.apply(0, pending.readings); !known.ok())
        kept = known.error();
      if (const auto known = local_events_.apply(pending.events); !known.ok()) kept = known.error();
    }
    if (!pending.on_done) continue;
    kept.ok() ? pending.on_done(std::move(pending.receipt)) : pending.on_done(kept.error());
  }
  durable.ok() ? on_.durable() : on_.failed(durable.error());
}

void BufferIntake::accept(ReadingsArrived delivery, OnDone on_done) {
  auto facts =
      parts_of(delivery.readings, kReadingsPerBatchMax, [&](std::vector<Reading> part) -> Fact {
        return ReadingsArrived{delivery.source, delivery.received, std::move(part)};
      });
  Pending pending;
  pending.receipt.accepted = delivery.readings.size();
  pending.readings = std::move(delivery.readings);
  pending.on_done = std::move(on_done);
  take(std::move(facts), std::move(pending), false);
}

void BufferIntake::accept(EventsArrived delivery, OnDone on_done) {
  auto facts = parts_of(delivery.events, kEventsPerBatchMax, [&](std::vector<Event> part) -> Fact {
    return EventsArrived{delivery.source, delivery.received, std::move(part)};
  });
  Pending pending;
  pending.receipt.accepted = delivery.events.size();
  pending.events = std::move(delivery.events);
  pending.on_done = std::move(on_done);
  take(std::move(facts), std::move(pending), false);
}

void BufferIntake::accept(ContactMade contact) {
  std::vector<Fact> facts;
  facts.push_back(std::move(contact));
  take(std::move(facts), {}, false);
}

void BufferIntake::accept(CommandChanged changed, std::function<void(Status)> on_done) {
  changed.device = {};  // the server knows which it is of
  Pending pending;
  pending.on_done = [on_done = std::move(on_done)](Result<intake::Receipt> kept) {
    on_done(kept.ok() ? Status{} : Status(kept.error()));
  };
  std::vector<Fact> facts;
  facts.push_back(std::move(changed));
  take(std::move(facts), std::move(pending), true);
}

void BufferIntake::tell(Severity severity, std::uint32_t code, std::string text) {
  EventsArrived told;
  told.source = "edge";
  told.received = runtime_.clock.utc();
  told.events.push_back(
      {DeviceId(), told.received, EventCategory::kDevice, severity, code, "edge", std::move(text)});
  std::vector<Fact> facts;
  facts.push_back(std::move(told));
  take(std::move(facts), {}, true);
}

}  // namespace amity::edge
