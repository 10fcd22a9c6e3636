// The server's side: edges connect with TLS and a certificate of their own, prove who they are, and
// hand over their batches. Each batch is kept once: what is repeated after a lost acknowledgement,
// or after a crash of this side, is known by its number (docs/formats/edge.md). One thread: the
// loop's.
//
// An edge is registered as a device of protocol "edge" whose serial is the common name of its
// certificate.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/runtime.h"
#include "edge/configurations.h"
#include "edge/marks.h"
#include "edge/programs.h"
#include "edge/settled.h"
#include "edge/unpack.h"
#include "intake/intake.h"
#include "store/journal.h"

namespace amity::edge {

inline constexpr const char* kEdgeProtocol = "edge";  // of the device that an edge is

// What one edge is known to be doing.
struct EdgePicture {
  bool connected = false;
  std::string version, target, buffer;
  std::uint64_t configuration = 0;    // in use; 0: its own
  std::string configuration_refusal;  // of the last one that was offered
  std::string update_refusal;         // likewise of a program
  Sequence acknowledged = 0;
  std::uint64_t batches = 0, repeated = 0, readings = 0, events = 0, refused_readings = 0;
  std::uint64_t put_aside = 0;  // batches that are kept unread
  std::uint64_t orders = 0;     // commands that it has not settled
  UtcSeconds last_seen;         // 0: not since this process began
  // The edge's clock less the server's, as the last status came in; with the time that took.
  std::optional<std::int64_t> clock_offset_ms;
  EdgeStatus status;
};

struct DeskCounters {
  std::uint64_t connections = 0;       // accepted
  std::uint64_t refused_tls = 0;       // no certificate, a wrong or expired one
  std::uint64_t refused_unknown = 0;   // a good certificate of nobody that is registered
  std::uint64_t refused_protocol = 0;  // nonsense, another protocol, too slow
};

struct DeskContext {
  Runtime runtime;  // whose network is TLS that asks for certificates
  // The name in the certificate that the peer has proved; "": it has proved none.
  std::function<std::string(const Stream& stream)> proved_name;
  store::Registry& registry;
  store::Journal& journal;
  intake::Intake& intake;
  std::function<void(const std::string& what)> warn;  // for the log
  std::string configurations;  // folder with NAME.toml of each edge; "": none is sent
  std::string programs;        // folder of programs.h; "": none is offered
  // Folder for batches that cannot be taken, NAME/BUFFER-NUMBER.batch with the reason in .txt; "":
  // such a batch holds up its edge.
  std::string quarantine;
};

// Of the batches that were put aside.
struct TriedAgain {
  std::uint64_t taken = 0, left = 0;
};

class Desk {
 public:
  explicit Desk(DeskContext context);
  ~Desk();

  // Finds what was kept after the marks that are on disk, then listens.
  Status start(const Endpoint& at);
  Endpoint listening() const;

  // A command of a meter behind an edge. It is told to the edge until that has settled it, at every
  // connection; what becomes of it are CommandChanged facts. On the loop's thread.
  void order(const Command& command);

  // The batches of an edge that were put aside are tried once more; what is taken is no longer kept
  // aside. `done` runs on the loop's thread. It is done for every edge after the start.
  using OnTriedAgain = std::function<void(const Result<TriedAgain>&)>;
  void try_again(const std::string& edge, OnTriedAgain done);

  // Every registered edge, and those that were.
  const std::map<std::string, EdgePicture>& edges() const { return pictures_; }
  const DeskCounters& counters() const { return counters_; }

 private:
  struct Connection;
  struct Edge;
  struct Retry;
  // Facts of the journal's end that came from an edge's buffer.
  struct Kept {
    std::set<Sequence> sequences;
    std::set<std::pair<DeviceId, std::int64_t>> contacts;
  };

  struct Order {
    Command command;
    std::string serial;
    bool handed = false;  // journaled as running: from now on the edge may have it
  };

  Status recover();
  void accept(std::unique_ptr<Stream> stream);
  void drop(Connection* connection);
  void refuse(Connection& connection, std::uint64_t& counter, const std::string& why);
  void take(Connection& connection, const Message& message);
  void greet(Connection& connection, const Hello& hello);
  Status open_buffer(Edge& edge, const Hello& hello);
  void take_batch(Connection& connection, const BatchSent& sent);
  Result<Unpacked> open_batch(Edge& edge, const BatchSent& sent);
  void deliver(const std::shared_ptr<Edge>& edge, Sequence sequence, Unpacked unpacked,
               const Bytes& body);
  void finished(const std::shared_ptr<Edge>& edge, Sequence sequence, Status status,
                const Bytes& body);
  void keep(const Edge& edge, const std::string& source, Unpacked unpacked,
            std::function<void(const Status&)> done);
  void tell_of(Edge& edge);
  Status look_at_aside();
  std::vector<std::string> aside_of(const std::string& edge) const;
  void try_next(const std::shared_ptr<Retry>& retry);
  std::string quarantine_of(const std::string& edge) const;
  Status put_aside(Edge& edge, Sequence sequence, const Bytes& body, const Error& why);
  Status save(Edge& edge);
  void look_at_files();
  void offer_configuration(Edge& edge);
  void take_report(Edge& edge, const ConfigurationReport& report);
  void offer_program(Edge& edge);
  void take_report(Edge& edge, const UpdateReport& report);
  void send_orders(Edge& edge);
  void hand(const std::string& edge, Order& order);
  void send_order(const Edge& edge, const Order& order);
  bool settle(const Edge& edge, const CommandChanged& changed);
  void change(const Command& command, CommandState state, std::string progress, std::string result,
              std::function<void(Result<store::Sequence>)> done);
  using OnDurable = std::function<void(Result<store::Sequence>)>;
  OnDurable noted(const CommandChanged& changed, OnDurable done);
  void save_settled_later();
  void expire_orders();
  void event(const Edge& edge, Severity severity, std::uint32_t code, std::string text);

  DeskContext c_;
  std::unique_ptr<Listener> listener_;
  std::map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> ending_;  // until the loop goes round
  std::map<std::string, std::shared_ptr<Edge>> edges_;
  std::map<std::string, EdgePicture> pictures_;
  std::map<std::string, Kept> kept_;  // by source prefix
  DeskCounters counters_;
  Settled settled_;
  Configurations configurations_;
  Programs programs_;
  std::map<std::string, std::map<CommandId, Order>> orders_;  // by edge
  std::set<std::string> retrying_;                            // edges
  TimerId looking_ = 0, expiring_ = 0, saving_settled_ = 0;
  std::shared_ptr<Desk*> self_ = std::make_shared<Desk*>(this);
};

}  // namespace amity::edge
