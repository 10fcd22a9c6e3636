// Takes what edges forward, on a thread of its own: the desk of src/edge over real TLS.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "api/services.h"
#include "edge/desk.h"
#include "runtime/reactor.h"
#include "store/store.h"

namespace amity::roles {

struct EdgeOptions {
  std::optional<Endpoint> listen;  // none: no edge is listened to
  std::string certificate, key;    // PEM files of this server
  std::string authority;           // PEM file of who vouches for edges
  std::string configurations;      // folder with NAME.toml of each edge; "": none is sent
  std::string programs;            // folder of edge/programs.h; "": none is offered
  std::string quarantine;          // folder for batches that cannot be taken
};

class EdgeRole {
 public:
  // `store` and `intake` are not touched after stop().
  EdgeRole(store::Store& store, intake::Intake& intake) : store_(store), intake_(intake) {}
  ~EdgeRole() { stop(); }

  Status start(const EdgeOptions& options);
  void stop();

  // A command of a device with an address edge://NAME. Any thread.
  void submit(const Command& command);

  // The batches of an edge that were put aside, once more. `done` runs once, on any thread.
  void try_again(const std::string& name,
                 std::function<void(const Result<edge::TriedAgain>&)> done);

  std::optional<Endpoint> listening() const { return listening_; }  // once started
  // Any thread; at most a second old.
  std::map<std::string, edge::EdgePicture> edges() const;
  void add_metrics(std::vector<api::Metric>& out) const;

 private:
  Status open(const EdgeOptions& options);  // on the loop's thread
  void publish();

  store::Store& store_;
  intake::Intake& intake_;
  runtime::Reactor reactor_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<edge::Desk> desk_;
  std::optional<Endpoint> listening_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::map<std::string, edge::EdgePicture> edges_;  // guarded by mutex_
  edge::DeskCounters counters_;                     // guarded by mutex_
};

}  // namespace amity::roles
