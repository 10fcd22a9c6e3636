// The edge's process: head-end and listeners over a buffer on disk instead of a store, and the
// uplink that empties it. One loop on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "driver/model_set.h"
#include "edge/buffer_intake.h"
#include "edge/config.h"
#include "edge/orders.h"
#include "edge/update.h"
#include "edge/uplink.h"
#include "headend/heard/frame_listener.h"
#include "headend/heard/frame_source.h"
#include "runtime/reactor.h"
#include "store/sqlite_registry.h"

namespace amity::roles {

struct EdgeAgentOptions {
  edge::EdgeConfig config;
  std::string version, target;  // of this program
  std::string program;          // its path; "": it is never on trial
};

class EdgeAgent {
 public:
  // Takes the data directory; nothing runs yet.
  static Result<std::unique_ptr<EdgeAgent>> open(EdgeAgentOptions options);
  ~EdgeAgent();

  Status start();
  void stop();
  // Why it ended by itself; any thread.
  std::optional<Error> ended() const;
  // Another program is in place: this process is to end and to be started again. Any thread.
  bool restart_wanted() const { return restart_; }
  // Any thread: what the server has acknowledged, what is durable here.
  edge::Sequence acknowledged() const { return acknowledged_; }
  edge::Sequence durable() const { return durable_; }
  std::vector<Endpoint> listening() const { return listening_; }  // once started
  std::uint64_t configuration() const { return configuration_; }

 private:
  struct Readers;

  explicit EdgeAgent(EdgeAgentOptions options);
  Status begin();  // on the loop's thread
  void end(Error why);
  // The meters of the configuration, and no others, are active in the registry.
  Status register_meters(const edge::ReadingConfig& reading);
  Status register_meter(const edge::MeterEntry& entry, std::set<DeviceId>& active);
  Status apply(const edge::ReadingConfig& reading);
  Result<edge::ReadingConfig> kept_configuration();
  void take_offer(const edge::ConfigurationOffer& offer);
  Status take_configuration(const edge::ConfigurationOffer& offer);
  Status connect();
  void save_later();
  edge::EdgeStatus status();
  std::string program_directory() const { return options_.config.data + "/program"; }
  void begin_trial();
  void end_trial(bool reached);

  EdgeAgentOptions options_;
  driver::ModelSet models_;
  runtime::Reactor reactor_;
  std::unique_ptr<store::SqliteRegistry> registry_;
  std::unique_ptr<headend::KeyRing> keys_;
  std::unique_ptr<edge::LocalReadings> readings_;
  std::unique_ptr<edge::LocalEvents> events_;
  std::unique_ptr<edge::Buffer> buffer_;
  std::unique_ptr<edge::BufferIntake> intake_;
  std::unique_ptr<edge::Orders> orders_;
  std::unique_ptr<Readers> readers_;
  std::unique_ptr<Network> tls_;
  std::unique_ptr<edge::Uplink> uplink_;
  std::unique_ptr<edge::Updater> updater_;
  TimerId trial_ = 0;            // of this program, until it has reached the server
  edge::ReadingConfig reading_;  // in use
  std::set<DeviceId> failing_;   // meters that are not reached
  std::vector<Endpoint> listening_;
  std::atomic<std::uint64_t> configuration_{0};
  std::atomic<edge::Sequence> acknowledged_{0}, durable_{0};
  std::atomic<bool> restart_{false};
  std::thread thread_;
  mutable std::mutex mutex_;
  std::optional<Error> ended_;  // guarded by mutex_
};

}  // namespace amity::roles
