#include "roles/edge_role.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <future>

#include "runtime/tls.h"

namespace amity::roles {
namespace {

constexpr Duration kPublishInterval = std::chrono::seconds(1);

}  // namespace

Status EdgeRole::open(const EdgeOptions& options) {
  AMITY_TRY(const auto tls,
            runtime::TlsContext::server(options.certificate, options.key, options.authority));
  const Runtime plain = reactor_.runtime();
  network_ = runtime::make_tls_network(plain, tls);
  desk_ = std::make_unique<edge::Desk>(
      edge::DeskContext{{plain.clock, plain.timers, plain.random, *network_},
                        runtime::proved_name,
                        store_.registry(),
                        store_.journal(),
                        intake_,
                        [](const std::string& what) { spdlog::warn("{}", what); },
                        options.configurations,
                        options.programs,
                        options.quarantine});
  AMITY_CHECK(desk_->start(*options.listen));
  listening_ = desk_->listening();
  publish();
  return {};
}

Status EdgeRole::start(const EdgeOptions& options) {
  if (!options.listen) return {};
  std::promise<Status> opened;
  auto result = opened.get_future();
  reactor_.runtime().timers.post([&] { opened.set_value(open(options)); });
  thread_ = std::thread([this] { reactor_.run(); });
  const Status status = result.get();
  if (status.ok()) return {};
  stop();
  return make_error(status.error().code,
                    "edges at " + options.listen->to_string() + ": " + status.error().reason);
}

void EdgeRole::stop() {
  if (!thread_.joinable()) return;
  reactor_.runtime().timers.post([this] {
    desk_.reset();
    network_.reset();
    reactor_.stop();
  });
  thread_.join();
}

void EdgeRole::submit(const Command& command) {
  if (thread_.joinable()) {
    reactor_.runtime().timers.post([this, command] {
      if (desk_) desk_->order(command);
    });
    return;
  }
  CommandChanged changed;
  changed.id = command.id;
  changed.device = command.device;
  changed.state = CommandState::kFailed;
  changed.at = reactor_.runtime().clock.utc();
  changed.result = "an edge reads this meter, and this platform listens to none";
  store_.journal().append(std::move(changed), [](const Result<store::Sequence>&) {});
}

void EdgeRole::try_again(const std::string& name,
                         std::function<void(const Result<edge::TriedAgain>&)> done) {
  const Error closed = make_error(ErrorCode::kConflict, "this platform listens to no edges");
  if (!thread_.joinable()) return done(closed);
  reactor_.runtime().timers.post([this, name, done = std::move(done), closed] {
    desk_ ? desk_->try_again(name, done) : done(closed);
  });
}

void EdgeRole::publish() {
  if (!desk_) return;
  {
    const std::lock_guard lock(mutex_);
    edges_ = desk_->edges();
    counters_ = desk_->counters();
  }
  const Runtime runtime = reactor_.runtime();
  runtime.timers.at(runtime.clock.now() + kPublishInterval, [this] { publish(); });
}

std::map<std::string, edge::EdgePicture> EdgeRole::edges() const {
  const std::lock_guard lock(mutex_);
  return edges_;
}

void EdgeRole::add_metrics(std::vector<api::Metric>& out) const {
  if (!listening_) return;
  const std::lock_guard lock(mutex_);
  const auto refused = [&](const char* why, std::uint64_t count) {
    out.push_back({"amity_edge_refused_total",
                   "Connections of edges that were refused.",
                   true,
                   {{"why", why}},
                   static_cast<double>(count)});
  };
  refused("tls", counters_.refused_tls);
  refused("unknown", counters_.refused_unknown);
  refused("protocol", counters_.refused_protocol);
  using Picture = edge::EdgePicture;
  struct Column {
    const char *name, *help;
    bool counter;
    double (*value)(const Picture&);
  };
  constexpr Column kColumns[] = {
      {"amity_edge_connected", "Whether the edge is connected.", false,
       [](const Picture& p) { return p.connected ? 1.0 : 0.0; }},
      {"amity_edge_batches_total", "Batches kept.", true,
       [](const Picture& p) { return static_cast<double>(p.batches); }},
      {"amity_edge_repeated_total", "Batches that came again and changed nothing.", true,
       [](const Picture& p) { return static_cast<double>(p.repeated); }},
      {"amity_edge_readings_total", "Readings kept.", true,
       [](const Picture& p) { return static_cast<double>(p.readings); }},
      {"amity_edge_refused_readings_total",
       "Readings that became events: not of a device of this edge, or another unit.", true,
       [](const Picture& p) { return static_cast<double>(p.refused_readings); }},
      {"amity_edge_put_aside_batches", "Batches that cannot be taken and are kept unread.", false,
       [](const Picture& p) { return static_cast<double>(p.put_aside); }},
      {"amity_edge_orders", "Commands that the edge has not settled.", false,
       [](const Picture& p) { return static_cast<double>(p.orders); }},
      {"amity_edge_configuration", "Version of the configuration in use; 0: the edge's own.", false,
       [](const Picture& p) { return static_cast<double>(p.configuration); }},
      {"amity_edge_buffered_bytes", "On the edge's disk, as it said last.", false,
       [](const Picture& p) { return static_cast<double>(p.status.buffered_bytes); }},
      {"amity_edge_resident_bytes", "Memory of the edge's process, as it said last.", false,
       [](const Picture& p) { return 1024.0 * p.status.resident_kib; }},
      {"amity_edge_meters_failing", "Meters that the edge does not reach, as it said last.", false,
       [](const Picture& p) { return static_cast<double>(p.status.meters_failing); }}};
  for (const Column& column : kColumns) {
    for (const auto& [name, picture] : edges_)
      out.push_back(
          {column.name, column.help, column.counter, {{"edge", name}}, column.value(picture)});
  }
}

}  // namespace amity::roles
