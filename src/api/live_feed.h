// The live stream of one I/O thread: follows the journal and hands each client what it asked for,
// as server-sent events. An event's id is the journal's sequence, so that a client resumes where it
// stopped; at least once.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "api/api.h"
#include "base/runtime.h"

namespace amity::api {

struct Subscription {
  bool readings = true, events = true, commands = true, overview = true, finals = true;
  DeviceId device;                       // none: the fleet
  std::optional<store::Sequence> after;  // resume behind this fact; nothing: from now on
};

class LiveFeed {
 public:
  using ClientId = std::uint64_t;
  // Sends to one client; the client may be removed inside.
  using Send = std::function<void(ClientId client, std::string_view text)>;

  LiveFeed(Api& api, Timers& timers, Send send);
  ~LiveFeed();

  bool full() const;
  void add(ClientId client, const Subscription& subscription);
  void remove(ClientId client);

 private:
  struct Client {
    Subscription wants;
    store::Sequence position = 0;  // handled up to here, while catching up
    bool live = false;             // moves with the feed
  };
  struct WatchedChannel {
    DeviceId device;
    const Channel* channel;
  };

  void tick();
  void follow();
  // Facts that cannot be read are skipped, and everybody concerned is told so.
  void skip_unreadable(ClientId id, Client& client);
  void catch_up();
  bool catch_up(ClientId id, Client& client);
  void once_a_second();
  void watch_channels();
  std::string render(const store::JournalEntry& entry, const Subscription& wants) const;
  std::string render_final(const ReadingsFinal& fact, const Subscription& wants) const;
  std::string render_reading(const Reading& reading, const WatchedChannel& watched) const;
  void send_all(const std::string& text, const std::function<bool(const Subscription&)>& wanted);
  std::vector<ClientId> ids() const;

  Api& api_;
  Timers& timers_;
  Send send_;
  std::map<ClientId, Client> clients_;
  store::Sequence position_ = 0;
  TimerId timer_ = 0;
  Instant second_, heartbeat_, overview_at_;
  std::string last_overview_;
  std::unordered_map<ChannelId, WatchedChannel> watched_;
  std::vector<Api::ChannelsPtr> watched_owners_;
};

}  // namespace amity::api
