#include "api/live_feed.h"

#include <set>

#include "api/handler_support.h"
#include "api/limits.h"

namespace amity::api {

namespace {

// One event without its id and end: "event: NAME\ndata: JSON\n".
std::string event_text(std::string_view name, const std::string& json) {
  return "event: " + std::string(name) + "\ndata: " + json + "\n";
}

std::string with_id(const std::string& text, store::Sequence id) {
  return text + "id: " + std::to_string(id) + "\n\n";
}

std::string gap_text(store::Sequence from, store::Sequence to) {
  Json json;
  json.open().key("from").number(from).key("to").number(to).close();
  return with_id(event_text("gap", json.take()), to);
}

}  // namespace

LiveFeed::LiveFeed(Api& api, Timers& timers, Send send)
    : api_(api), timers_(timers), send_(std::move(send)) {}
LiveFeed::~LiveFeed() {
  timers_.cancel(timer_);
}

bool LiveFeed::full() const {
  return clients_.size() >= kStreamClientsMax;
}

void LiveFeed::add(ClientId id, const Subscription& subscription) {
  const store::Sequence last = api_.store.journal().last();
  if (clients_.empty()) {
    position_ = last;
    second_ = heartbeat_ = overview_at_ = api_.clock.now();
    last_overview_.clear();
    timers_.cancel(timer_);
    timer_ =
        timers_.at(api_.clock.now() + std::chrono::milliseconds(kFeedTickMs), [this] { tick(); });
  }
  Client client{subscription, 0, true};
  if (subscription.after && *subscription.after < position_) {
    client.live = false;
    client.position = *subscription.after;
  }
  clients_.emplace(id, client);
  api_.counters.streams.fetch_add(1, std::memory_order_relaxed);
  send_(id, "retry: 2000\n" +
                with_id(event_text("ping", "{}"), client.live ? position_ : client.position));
  if (subscription.overview) {
    last_overview_ = overview_json(api_.services.overview());
    send_(id, event_text("overview", last_overview_) + "\n");
  }
}

void LiveFeed::remove(ClientId id) {
  if (clients_.erase(id) != 0) api_.counters.streams.fetch_sub(1, std::memory_order_relaxed);
}

std::vector<LiveFeed::ClientId> LiveFeed::ids() const {
  std::vector<ClientId> all;
  for (const auto& [id, client] : clients_) all.push_back(id);
  return all;
}

void LiveFeed::send_all(const std::string& text,
                        const std::function<bool(const Subscription&)>& wanted) {
  for (const ClientId id : ids()) {
    const auto found = clients_.find(id);  // sending to one may remove another
    if (found != clients_.end() && wanted(found->second.wants)) send_(id, text);
  }
}

void LiveFeed::tick() {
  timer_ = 0;
  if (clients_.empty()) return;
  watch_channels();
  catch_up();
  follow();
  once_a_second();
  timer_ =
      timers_.at(api_.clock.now() + std::chrono::milliseconds(kFeedTickMs), [this] { tick(); });
}

void LiveFeed::watch_channels() {
  watched_.clear();
  watched_owners_.clear();
  std::set<DeviceId> devices;
  for (const auto& [id, client] : clients_) {
    if (client.wants.readings && client.wants.device.valid()) devices.insert(client.wants.device);
  }
  for (const DeviceId device : devices) {
    const auto channels = api_.channels_of(device);
    if (!channels.ok()) continue;
    watched_owners_.push_back(*channels);
    for (const auto& channel : **channels) watched_[channel.id] = {device, &channel};
  }
}

void LiveFeed::catch_up() {
  for (const ClientId id : ids()) {
    for (int page = 0; page < 8; ++page) {
      const auto found = clients_.find(id);
      if (found == clients_.end() || found->second.live || !catch_up(id, found->second)) break;
    }
  }
}

// One page; false when there is nothing more to do now.
bool LiveFeed::catch_up(ClientId id, Client& client) {
  store::Journal& journal = api_.store.journal();
  const auto first = journal.first();
  const store::Sequence oldest = first.ok() ? *first : 0;
  const bool trimmed = oldest > 0 && client.position + 1 < oldest;
  if (trimmed || position_ - client.position > kFeedBehindMax) {
    const store::Sequence from = client.position + 1;
    const store::Sequence floor = position_ > kFeedBehindMax ? position_ - kFeedBehindMax : 0;
    client.position = std::min(position_, std::max(trimmed ? oldest - 1 : 0, floor));
    const store::Sequence to = client.position;
    send_(id, gap_text(from, to));
    return true;
  }
  const auto entries = journal.read(client.position, kFeedEntriesPerTick);
  if (!entries.ok()) {
    skip_unreadable(id, client);
    return false;
  }
  std::string text;
  for (const auto& entry : *entries) {
    if (entry.sequence > position_) break;
    text += render(entry, client.wants);
    client.position = entry.sequence;
  }
  client.live = client.position >= position_ || entries->empty();
  const bool more = !client.live;
  if (!text.empty()) send_(id, text);  // may end the client
  return more;
}

void LiveFeed::skip_unreadable(ClientId id, Client& client) {
  api_.counters.stream_read_errors.fetch_add(1, std::memory_order_relaxed);
  const std::string gap = gap_text(client.position + 1, position_);
  client.position = position_;
  client.live = true;
  send_(id, gap);  // may end the client
}

void LiveFeed::follow() {
  store::Journal& journal = api_.store.journal();
  const store::Sequence last = journal.last();
  if (last - position_ > kFeedBehindMax) {
    const std::string gap = gap_text(position_ + 1, last);
    position_ = last;
    for (const ClientId id : ids()) {
      const auto found = clients_.find(id);
      if (found != clients_.end() && found->second.live) send_(id, gap);
    }
  }
  for (int page = 0; page < 8 && position_ < last; ++page) {
    const auto entries = journal.read(position_, kFeedEntriesPerTick);
    if (!entries.ok()) {
      const std::string gap = gap_text(position_ + 1, last);
      position_ = last;
      api_.counters.stream_read_errors.fetch_add(1, std::memory_order_relaxed);
      send_all(gap, [](const Subscription&) { return true; });
      return;
    }
    if (entries->empty()) return;
    for (const ClientId id : ids()) {
      const auto found = clients_.find(id);
      if (found == clients_.end() || !found->second.live) continue;
      std::string text;
      for (const auto& entry : *entries) text += render(entry, found->second.wants);
      if (!text.empty()) send_(id, text);
    }
    position_ = entries->back().sequence;
  }
}

// Only what was given out before and is another now.
std::string LiveFeed::render_final(const ReadingsFinal& fact, const Subscription& wants) const {
  std::uint64_t corrected = 0;
  for (const FinalVersion& v : fact.versions) corrected += v.before.has_value();
  if (corrected == 0) return "";
  const auto channel = api_.store.registry().channel(fact.day.channel);
  const DeviceId device = channel.ok() && *channel ? (*channel)->device : DeviceId();
  if (wants.device.valid() && wants.device != device) return "";
  Json json;
  json.open().key("device").number(device.value);
  json.key("serial").text(api_.directory.now()->serial(device));
  json.key("channel").number(fact.day.channel.value).key("date").text(date_text(fact.day.day));
  json.key("revision").number(fact.day.revision).key("intervals").number(corrected);
  json.key("who").text(fact.decision.who).key("why").text(fact.decision.why).close();
  return event_text("correction", json.take());
}

std::string LiveFeed::render_reading(const Reading& reading, const WatchedChannel& watched) const {
  std::string value;
  append_decimal(value, reading.value, watched.channel->exponent);
  Json json;
  json.open().key("device").number(watched.device.value);
  json.key("serial").text(api_.directory.now()->serial(watched.device));
  json.key("channel").number(reading.channel.value).key("name").text(watched.channel->name);
  json.key("time")
      .time(reading.time)
      .key("value")
      .raw(value)
      .key("unit")
      .text(symbol(watched.channel->unit));
  json.key("quality").text(std::string(1, quality_letter(reading.quality))).close();
  return event_text("reading", json.take());
}

// Everything of one fact that this client wants; the id stands at the last event, so that a client
// cut off in between gets the whole fact again.
std::string LiveFeed::render(const store::JournalEntry& entry, const Subscription& wants) const {
  std::vector<std::string> events;
  const auto concerns = [&](DeviceId device) {
    return !wants.device.valid() || wants.device == device;
  };
  if (const auto* arrived = std::get_if<ReadingsArrived>(&entry.fact)) {
    if (wants.readings && wants.device.valid()) {
      for (const auto& reading : arrived->readings) {
        const auto found = watched_.find(reading.channel);
        if (found != watched_.end() && found->second.device == wants.device) {
          events.push_back(render_reading(reading, found->second));
        }
      }
    }
  } else if (const auto* reported = std::get_if<EventsArrived>(&entry.fact)) {
    for (const auto& event : reported->events) {
      if (!wants.events || !concerns(event.device)) continue;
      Json json;
      put_event(json, event, api_.directory.now()->serial(event.device));
      events.push_back(event_text("event", json.take()));
    }
  } else if (const auto* final = std::get_if<ReadingsFinal>(&entry.fact)) {
    if (wants.finals) {
      if (std::string text = render_final(*final, wants); !text.empty())
        events.push_back(std::move(text));
    }
  } else if (const auto* edited = std::get_if<EditChanged>(&entry.fact)) {
    if (wants.finals && !wants.device.valid()) {
      Json json;
      put_edit(json, edited->edit);
      events.push_back(event_text("edit", json.take()));
    }
  } else if (wants.commands) {
    const auto* requested = std::get_if<CommandRequested>(&entry.fact);
    const auto* changed = std::get_if<CommandChanged>(&entry.fact);
    std::optional<Command> command;
    if (requested != nullptr && concerns(requested->command.device)) command = requested->command;
    if (changed != nullptr && concerns(changed->device)) {
      if (auto kept = api_.store.registry().command(changed->id); kept.ok() && *kept)
        command = **kept;
      if (!command) command.emplace();
      command->id = changed->id;
      command->device = changed->device;
      command->state = changed->state;
      command->changed = changed->at;
      command->progress = changed->progress;
      command->result = changed->result;
    }
    if (command) {
      Json json;
      put_command(json, *command, api_.directory.now()->serial(command->device));
      events.push_back(event_text("command", json.take()));
    }
  }
  std::string text;
  for (std::size_t i = 0; i < events.size(); ++i) {
    text += i + 1 == events.size() ? with_id(events[i], entry.sequence) : events[i] + "\n";
  }
  return text;
}

void LiveFeed::once_a_second() {
  const Instant now = api_.clock.now();
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    const Arrivals a = api_.services.arrivals();
    Json json;
    json.open().key("readings").number(a.readings).key("meters").number(a.meters);
    json.key("per_s").number(a.per_s).key("total").number(a.total).close();
    send_all(event_text("arrivals", json.take()) + "\n",
             [](const Subscription& s) { return s.readings; });
  }
  if (now - overview_at_ >= std::chrono::milliseconds(kOverviewEveryMs)) {
    overview_at_ = now;
    bool anyone = false;
    for (const auto& [id, client] : clients_) anyone = anyone || client.wants.overview;
    if (anyone) {
      std::string made = overview_json(api_.services.overview());
      if (made != last_overview_) {
        last_overview_ = std::move(made);
        send_all(event_text("overview", last_overview_) + "\n",
                 [](const Subscription& s) { return s.overview; });
      }
    }
  }
  if (now - heartbeat_ >= std::chrono::milliseconds(kHeartbeatMs)) {
    heartbeat_ = now;
    for (const ClientId id : ids()) {
      const auto found = clients_.find(id);
      if (found == clients_.end()) continue;
      send_(id, with_id(event_text("ping", "{}"),
                        found->second.live ? position_ : found->second.position));
    }
  }
}

}  // namespace amity::api
