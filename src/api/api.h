// What every handler works with, and the table of routes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/auth.h"
#include "api/directory.h"
#include "api/http/request.h"
#include "api/http/response.h"
#include "api/http/router.h"
#include "api/options.h"
#include "api/services.h"
#include "api/workers.h"
#include "base/civil.h"
#include "store/store.h"

namespace amity::api {

// Counters of the server itself, for /metrics.
struct Counters {
  std::atomic<std::uint64_t> by_class[6]{};  // [status / 100]
  std::atomic<std::uint64_t> duration_buckets[8]{};
  std::atomic<std::uint64_t> duration_sum_us{0}, requests{0}, bytes_out{0};
  std::atomic<std::uint64_t> logins_failed{0}, rate_limited{0}, dropped_streams{0},
      stream_read_errors{0}, refused_connections{0};
  std::atomic<std::int64_t> connections{0}, streams{0};
};
inline constexpr std::int64_t kDurationBucketsUs[7] = {100,    500,     1000,     5000,
                                                       10'000, 100'000, 1'000'000};

// Shared, so that what answers later (a command's journal entry) can tell whether it is still there.
class Api : public std::enable_shared_from_this<Api> {
 public:
  Api(store::Store& store, Services& services, const ServerOptions& options, const Clock& clock,
      Random& random);

  store::Store& store;
  Services& services;
  const ServerOptions& options;
  const Clock& clock;
  Auth auth;
  Directory directory;
  Workers workers, password_workers;
  Counters counters;

  // Of the utility; UTC when the services name a zone that is not known.
  const TimeZone& zone() const { return zone_; }
  // Every device's status, at most a second old.
  std::shared_ptr<const std::vector<DeviceStatus>> statuses();
  // A device's channels, at most kChannelCacheMs old.
  using ChannelsPtr = std::shared_ptr<const std::vector<Channel>>;
  Result<ChannelsPtr> channels_of(DeviceId device);
  // Only one request with the same Idempotency-Key at a time: false when there is one already.
  bool begin_exclusive(const std::string& key);
  void end_exclusive(const std::string& key);

 private:
  struct ChannelShard {
    struct Entry {
      ChannelsPtr channels;
      Instant until;
    };
    std::mutex mutex;
    std::unordered_map<DeviceId, Entry> entries;
  };

  TimeZone zone_ = TimeZone::utc();
  std::mutex statuses_mutex_;
  std::shared_ptr<const std::vector<DeviceStatus>> statuses_;
  Instant statuses_at_;
  ChannelShard channel_shards_[16];
  std::mutex exclusive_mutex_;
  std::vector<std::string> exclusive_;
};

// One request on its way through a handler.
struct Call {
  Request request;
  PathParameters path;     // what stood for {..}; views into `request`
  PrincipalPtr principal;  // null when nobody is signed in and the route allows that
  Endpoint peer;
  bool secure = false;  // over TLS
};

enum class Access : std::uint8_t {
  kAnyone,
  kViewer,
  kOperator,
  kEngineer,
  kAdmin,
  kMetrics  // a viewer; anyone where ServerOptions::open_metrics says so
};
// Where a handler runs: on the I/O thread (microseconds), on a worker (milliseconds), on a password
// thread.
enum class Place : std::uint8_t { kInline, kWorker, kPassword };

using Respond = std::function<void(Response)>;  // once, from any thread

struct Route {
  Method method = Method::kGet;
  std::string_view pattern;
  Access access = Access::kViewer;
  Place place = Place::kInline;
  Response (*handle)(Api&, const Call&) = nullptr;
  void (*handle_later)(Api&, const Call&, Respond) = nullptr;  // instead of `handle`
};

const std::vector<Route>& all_routes();

void add_session_routes(std::vector<Route>& routes);
void add_overview_routes(std::vector<Route>& routes);
void add_device_routes(std::vector<Route>& routes);
void add_reading_routes(std::vector<Route>& routes);
void add_export_routes(std::vector<Route>& routes);
void add_vee_routes(std::vector<Route>& routes);
void add_edit_routes(std::vector<Route>& routes);
void add_billing_routes(std::vector<Route>& routes);
void add_balance_routes(std::vector<Route>& routes);
void add_virtual_meter_routes(std::vector<Route>& routes);
void add_bill_trace_routes(std::vector<Route>& routes);  // by add_billing_routes()
void add_completeness_routes(std::vector<Route>& routes);
void add_command_routes(std::vector<Route>& routes);
void add_event_routes(std::vector<Route>& routes);
void add_uplink_routes(std::vector<Route>& routes);
void add_edge_routes(std::vector<Route>& routes);
void add_user_routes(std::vector<Route>& routes);
void add_backup_routes(std::vector<Route>& routes);
void add_stream_routes(std::vector<Route>& routes);
void add_metric_routes(std::vector<Route>& routes);

// The page: any path that is no route.
Response static_page(Api& api, const Request& request);

}  // namespace amity::api
